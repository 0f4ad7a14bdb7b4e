package import Daemon
import Synchronization

/// Looks once a day whether the store is still what was written, beside the daemon's work, and ends
/// the daemon where it is not: a number that nobody can vouch for is not to be shown. Then a file
/// beside the store keeps it from starting until a person has seen to it.
package enum StoreWatch {
  /// Files up to this are looked at before anything is shown, which takes a blink.
  private static let smallBytes = 32_000_000
  private static let every: Duration = .seconds(86_400)

  /// - Throws: where the store was found damaged before.
  package static func expectUnmarked(_ path: String) throws(StoreError) {
    let marker = marker(of: path)
    if Files.exists(marker) {
      let finding = (try? Files.text(marker))?.split(separator: "\n").first ?? ""
      throw StoreError(
        "use", path, "the store was found damaged: \(finding)",
        hint: StoreVerification.remedy, nature: .corrupt)
    }
  }

  /// - Throws: where the store is damaged, as far as that is seen in a blink.
  static func expectSound(_ path: String) throws(StoreError) {
    guard (Files.byteCount(path) ?? 0) <= smallBytes else { return }
    try StoreVerification.expectSound(path)
  }

  /// For who shows figures.
  ///
  /// - Throws: where nobody can vouch for them.
  static func reader(_ path: String) throws(StoreError) -> StoreReader {
    try expectUnmarked(path)
    return try StoreReader(path: path)
  }

  package static func marker(of path: String) -> String { path + ".damaged" }

  /// One look: shared by the thread that looks and the one that waits for it.
  private final class Look: Sendable {
    let error = Mutex<StoreError?>(nil)
    let hasEnded = Atomic<Bool>(false)
  }

  /// The service. Its thread only waits, so that a long look does not starve the watchdog.
  ///
  /// - Parameter first: from the start to the first look; other things are more urgent then.
  package static func start(
    _ path: String, first: Duration = .seconds(60)
  ) throws(FileError) -> ThreadService {
    try ThreadService(name: "store watch") { stop, progress in
      var due = monotonicNow() + first
      var look: Look?
      var poller = Poller()
      while !stop.isSet {
        poller.removeAll()
        poller.add(stop.fileDescriptor, .readable)
        _ = try? poller.wait(timeout: .seconds(1))
        progress.turn()
        if let present = look, present.hasEnded.load(ordering: .acquiring) {
          look = nil
          due = monotonicNow() + every
          if let error = present.error.withLock({ $0 }) { return mark(path, error) }
        }
        if look == nil, monotonicNow() >= due { look = try? begin(path) }
      }
      return nil
    }
  }

  private static func begin(_ path: String) throws(FileError) -> Look {
    let look = Look()
    _ = try Thread(name: "store look") {
      // Twice: to SQLite a page that cannot be read, for a moment, is a damaged one.
      if find(path) != nil, let error = find(path) { look.error.withLock { $0 = error } }
      look.hasEnded.store(true, ordering: .releasing)
    }
    return look
  }

  /// - Returns: what is wrong with the file; `nil`: nothing, or what passes by itself.
  private static func find(_ path: String) -> StoreError? {
    let began = monotonicNow()
    do throws(StoreError) {
      try StoreVerification.expectSound(path)
      Log.notice(
        "the store was looked through, and is sound",
        [("seconds", (monotonicNow() - began).components.seconds)])
      return nil
    } catch {
      if error.nature == .corrupt { return error }
      Log.warning("the store could not be looked through", [("error", error)])
      return nil
    }
  }

  private static func mark(_ path: String, _ error: StoreError) -> String {
    do throws(FileError) {
      try Files.writeAtomically(marker(of: path), Array("\(error.message)\n".utf8))
    } catch { Log.error("the damage cannot be noted", [("error", error)]) }
    return error.description
  }
}
