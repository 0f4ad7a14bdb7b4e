import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// Every page of an aggregator's store rots, one at a time and in several ways: it is found, by
/// what the daemon looks at or by `verify`, or all that counts is as it was.
@Suite struct StoreRotTests {
  @Test(arguments: BitRotTests.Rot.allCases)
  func `wherever a store rots, it is found, or no figure has changed`(
    rot: BitRotTests.Rot
  ) throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let files = try store(folder)
    let truth = try Facts(folder)
    let bytes = try #require(files["hatang.db"])
    let pageBytes = Int(bytes[16]) << 8 | Int(bytes[17])
    let pages = bytes.count / pageBytes
    #expect(pages > 40)
    var found = (byLook: 0, byVerify: 0, without: 0)
    for round in 0..<max(1, Effort.points / 300) {
      for page in 0..<pages {
        let seed = UInt64(round) << 32 | UInt64(page)
        if let wanted = Effort.seed, wanted != seed { continue }
        var generator = SeededGenerator(seed: seed)
        var rotten = files
        rot.hit(
          &rotten["hatang.db", default: []], page: page, of: pageBytes, using: &generator)
        Folder.write(rotten, to: folder)
        switch try outcome(folder, truth) {
        case .byLook: found.byLook += 1
        case .byVerify: found.byVerify += 1
        case .same: found.without += 1
        case .wrong(let text):
          Issue.record("HATANG_SEED=\(seed) (\(rot.rawValue) of page \(page)): \(text)")
        }
      }
    }
    print(
      """
      store rot: \(rot.rawValue): \(pages) pages in turn: \(found.byLook) found by the daemon and \
      check, \(found.byVerify) by verify, \(found.without) without effect
      """)
    #expect(found.byLook > 0)
  }

  private enum Outcome {
    case byLook
    case byVerify
    case same
    case wrong(String)
  }

  private func outcome(_ folder: String, _ truth: Facts) throws -> Outcome {
    let path = "\(folder)/hatang.db"
    do {
      // As the daemon does: it opens for writing, and then looks.
      _ = try SQLiteStore(path: path)
      try StoreVerification.expectSound(path)
    } catch {
      let isNamed =
        error.hint == StoreVerification.remedy || error.nature == .corrupt
        || error.description.contains("is no store of this program")
      return isNamed ? .byLook : .wrong("says: \(error)")
    }
    do throws(StoreError) {
      let findings = try StoreVerification.findings(
        try StoreReader(path: path), rules: StateRules(), copy: "\(folder)/copy.db")
      if !findings.isEmpty { return .byVerify }
    } catch {
      // The mark of the rules by which the state was made has rotted.
      guard error.operation == "compare" else { throw error }
      return .byVerify
    }
    let facts = try Facts(folder)
    return facts == truth ? .same : .wrong("unnoticed: \(facts.difference(from: truth))")
  }

  /// What figures are made of.
  private struct Facts: Equatable {
    var rows: [String] = []

    init(_ folder: String) throws {
      let reader = try StoreReader(path: "\(folder)/hatang.db")
      // What an agent last said of itself, and when something came, are no figures.
      for (table, columns) in [
        ("streams", "id, agent, hex(stream), next, received, lost"),
        ("holes", "stream, first, last, reason"),
        ("segments", "stream, first, count, arrived_ms, hex(bytes)"), ("coverage_days", "*"),
        ("broadband_days", "*"), ("service_days", "*"), ("service_points", "*"),
        ("operators", "*"), ("sources", "*"), ("lines", "*"), ("service_series", "*"),
        ("agents", "id, name"),
      ] {
        rows += try reader.rows("SELECT \(columns) FROM \(table)") { row in
          "\(table) "
            + (0..<row.columnCount).map { row.isNull($0) ? "-" : row.text($0) }
            .joined(separator: "|")
        }
      }
    }

    func difference(from other: Facts) -> String {
      Set(rows).subtracting(other.rows).sorted().first
        ?? "\(other.rows.count - rows.count) rows are missing"
    }
  }

  /// With everything that figures are made of; closed, so that all is in the file.
  private func store(_ folder: String) throws -> [String: [UInt8]] {
    let traffic = FaultTraffic(seed: 11)
    let store = try SQLiteStore(path: "\(folder)/hatang.db")
    _ = try Rebuild(store: store, rules: StateRules()).run()
    let ingestor = Ingestor(store: store, rules: StateRules())
    for group in traffic.groups { _ = try ingestor.ingest(group.arrivals, nowMs: group.atMs) }
    _ = try Database(path: "\(folder)/hatang.db").integer("PRAGMA wal_checkpoint(TRUNCATE)")
    return try Folder.files(folder).filter { $0.key == "hatang.db" }
  }
}
