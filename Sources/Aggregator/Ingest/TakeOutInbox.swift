import Daemon
import Protocol

/// How `hatang-aggregator ingest` hands a take-out file to the running daemon: a folder beside the
/// store. The store has one writer, and while the daemon runs that is ingest's thread; so the
/// command puts a copy here, ingest takes it in between two groups from the network, and leaves a
/// result, which the command shows.
///
/// A file stays until its result is written: after a crash it is taken again, and the ledger knows
/// what it has.
package final class TakeOutInbox {
  private let folder: String
  private var current: (name: String, ingest: TakeOutIngest)?
  /// When to look again.
  private var lookAt: Duration = .zero
  private var troubleLog = RateLimit(perSeconds: 30)

  private static let fileSuffix = ".takeout"
  private static let resultSuffix = ".result"
  private static let lookEvery: Duration = .milliseconds(500)

  package static func folder(ofStore path: String) -> String { "\(path).inbox" }

  package init(storePath: String) { folder = TakeOutInbox.folder(ofStore: storePath) }

  /// Makes the folder, and forgets results that nobody fetched.
  package func open() {
    do throws(FileError) {
      try Files.makeFolder(folder, mode: 0o770)
      for name in try Files.names(in: folder) where name.hasSuffix(TakeOutInbox.resultSuffix) {
        try Files.remove("\(folder)/\(name)")
      }
    } catch {
      Log.warning("no take-out file can be handed over", [("error", error)])
    }
  }

  /// Takes one group of a waiting file in.
  ///
  /// - Returns: what came of it; `nil`: nothing waits.
  package func step(_ ingestor: Ingestor, nowMs: Int64) throws -> IngestOutcome? {
    guard let (name, ingest) = current ?? next() else { return nil }
    do {
      if let outcome = try ingest.step(ingestor, nowMs: nowMs) { return outcome }
      finish(name, TakeOutResult(ingest))
    } catch let error as StoreError {
      throw error
    } catch {
      finish(name, TakeOutResult(failure: "\(error)"))
    }
    return IngestOutcome(replies: [], refusals: [], measurements: 0, duplicates: 0)
  }

  private func next() -> (name: String, ingest: TakeOutIngest)? {
    guard monotonicNow() >= lookAt else { return nil }
    lookAt = monotonicNow() + TakeOutInbox.lookEvery
    guard let names = try? Files.names(in: folder),
      let name = names.first(where: { $0.hasSuffix(TakeOutInbox.fileSuffix) })
    else { return nil }
    do {
      let ingest = try TakeOutIngest("\(folder)/\(name)")
      Log.notice("takes a take-out file in", [("agent", ingest.head.agent), ("file", name)])
      current = (name, ingest)
      return current
    } catch {
      finish(name, TakeOutResult(failure: "\(error)"))
      return nil
    }
  }

  private func finish(_ name: String, _ result: TakeOutResult) {
    current = nil
    do throws(FileError) {
      let path = "\(folder)/\(name)"
      try Files.writeAtomically(path + TakeOutInbox.resultSuffix, Array(result.encoded.utf8))
      try Files.remove(path)
      Log.notice("a take-out file is done", [("file", name), ("whole", result.isWhole)])
    } catch {
      // It is taken once more: all of it is known then.
      if troubleLog.allows(now: monotonicNow()) {
        Log.warning("a take-out file's result cannot be left", [("error", error)])
      }
    }
  }
}

/// The command's side.
extension TakeOutInbox {
  /// A file that waits for the daemon.
  package struct Handover {
    let path: String

    /// Puts a copy into the folder.
    package init(_ file: String, storePath: String, nowMs: Int64, process: Int32) throws {
      let folder = TakeOutInbox.folder(ofStore: storePath)
      path = "\(folder)/\(nowMs)-\(process)\(TakeOutInbox.fileSuffix)"
      let input = try InputFile(file)
      let copy = try AtomicFile(path)
      while case let bytes = input.read(1 << 16), !bytes.isEmpty { try copy.write(bytes) }
      if let failure = input.failure { throw failure }
      try copy.commit()
    }

    /// What the daemon said; `nil`: nothing yet.
    package func result() throws -> TakeOutResult? {
      let file = path + TakeOutInbox.resultSuffix
      guard Files.exists(file) else { return nil }
      let result = TakeOutResult(decoding: try Files.text(file, bytesMax: 1 << 20))
      try Files.remove(file)
      return result
    }

    /// Takes it back.
    package func withdraw() throws { try Files.remove(path) }
  }
}

/// What came of a take-out file, for a person.
package struct TakeOutResult: Equatable {
  package let isWhole: Bool
  package let text: String

  package init(_ ingest: TakeOutIngest) {
    let summary = ingest.summary
    isWhole = summary.isWhole
    var text = """
      \(ingest.head.agent): \(summary.measurements) số đo mới, \(summary.duplicates) đã có từ \
      trước, \(summary.batches) gói.
        \(summary.measurements) measurements are new, \(summary.duplicates) were here already, \
      \(summary.batches) batches

      """
    for fault in summary.faults { text += "✗ \(fault)\n" }
    if summary.faultCount > summary.faults.count {
      text += "✗ … \(summary.faultCount) faults in all; see hatang-aggregator ledger\n"
    }
    self.text = text
  }

  package init(failure: String) {
    isWhole = false
    text = "✗ \(failure)\n"
  }

  private static let wholeWord = "whole\n"
  private static let partWord = "part\n"

  var encoded: String { (isWhole ? TakeOutResult.wholeWord : TakeOutResult.partWord) + text }

  init(decoding encoded: String) {
    isWhole = encoded.hasPrefix(TakeOutResult.wholeWord)
    let word = isWhole ? TakeOutResult.wholeWord : TakeOutResult.partWord
    text = String(encoded.dropFirst(word.count))
  }
}
