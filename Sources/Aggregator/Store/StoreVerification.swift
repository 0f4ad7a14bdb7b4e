package import Daemon
import Protocol
import SQLite

/// Whether a store is still what was written. SQLite's pages have no checksums, so this looks at
/// what must hold between them: their structure, the ledger, what rows say of one another; `again`
/// adds what the kept segments say of the state.
package enum StoreVerification {
  /// What to do about anything that is found.
  package static let help = Bilingual(
    """
    dừng dịch vụ, đặt bản sao lưu mới nhất vào chỗ của kho rồi khởi động lại: các trạm sẽ gửi lại \
    những gì đến sau bản đó
    """,
    """
    stop the daemon, put the last backup in the store's place, and start it: the agents send again \
    what came since
    """)

  /// The same, for errors and the journal.
  package static var remedy: String { help.en }

  /// Findings of one kind that are told.
  private static let findingsMax = 8

  /// Reads the whole file once, in one snapshot.
  ///
  /// - Returns: what is wrong; empty: nothing is.
  /// - Throws: what is no fault of the file, such as another program's lock.
  package static func findings(_ reader: StoreReader) throws(StoreError) -> [String] {
    do {
      return try reader.snapshot {
        let structure = try reader.rows("PRAGMA integrity_check(\(findingsMax))") { $0.text(0) }
        // What follows would only say the same in other words.
        guard structure == ["ok"] else { return structure }
        return try ledger(reader) + rows(reader) + segments(reader)
      }
    } catch let error as StoreError {
      guard error.nature == .corrupt else { throw error }
      return [error.message]
    } catch let error as SQLiteError {
      throw StoreError(error)
    } catch {
      throw StoreError("read", reader.database.path, "\(error)")
    }
  }

  /// As an error, for who cannot go on.
  package static func expectSound(_ path: String) throws(StoreError) {
    let reader = try StoreReader(path: path)
    guard let first = try findings(reader).first else { return }
    throw damaged(path, first)
  }

  package static func damaged(_ path: String, _ finding: String) -> StoreError {
    StoreError("use", path, "the store is damaged: \(finding)", hint: remedy, nature: .corrupt)
  }

  private static func ledger(_ reader: StoreReader) throws -> [String] {
    let report = try LedgerReport(reading: reader)
    return report.streams.filter { !$0.isBalanced }.prefix(findingsMax).map { stream in
      """
      stream \(stream.stream) of \(stream.agent) does not add up: next \(stream.next), received \
      \(stream.received), lost \(stream.lost), in holes \(stream.lostInHoles)
      """
    }
  }

  /// What no row may be, by what it would be.
  private static let illegal = [
    ("streams with negative numbers", "FROM streams WHERE min(received, lost, duplicates) < 0"),
    (
      "segments beyond what their stream has received",
      """
      FROM segments JOIN streams ON streams.id = segments.stream
      WHERE count < 1 OR first < 0 OR first + count > next
      """
    ),
    (
      "streams that hold more than they received",
      """
      FROM streams WHERE received <
        (SELECT coalesce(sum(count), 0) FROM segments WHERE segments.stream = streams.id)
      """
    ),
    (
      "cells of coverage whose counts contradict one another",
      """
      FROM coverage_days WHERE samples <> conclusive + inconclusive + inaccurate + roaming
        OR NOT (0 <= strong AND strong <= covered AND covered <= conclusive)
        OR min(inconclusive, inaccurate, roaming) < 0 OR oldest_ms > newest_ms
      """
    ),
    (
      "days of a line whose counts contradict one another",
      """
      FROM broadband_days WHERE tests < 1 OR NOT (0 <= counted_tests AND counted_tests <= tests)
        OR best_down_bps < 0 OR link_bps < 0 OR oldest_ms > newest_ms
      """
    ),
    (
      "days of a counter that contradict themselves",
      "FROM service_days WHERE points < 1 OR first_ms > last_ms OR increase < 0 OR resets < 0"
    ),
  ]

  private static func rows(_ reader: StoreReader) throws(StoreError) -> [String] {
    var findings: [String] = []
    for (name, condition) in illegal {
      let count = try reader.rows("SELECT count(*) \(condition)") { $0.integer(0) }.first ?? 0
      if count > 0 { findings.append("\(count) \(name)") }
    }
    let orphans = try reader.rows("PRAGMA foreign_key_check") { $0.text(0) }
    let names = LossReason.allCases.map { "'\($0.name)'" }.joined(separator: ", ")
    let reasons = try reader.rows("SELECT count(*) FROM holes WHERE reason NOT IN (\(names))") {
      $0.integer(0)
    }
    if let count = reasons.first, count > 0 { findings.append("\(count) holes without a reason") }
    for table in Set(orphans).sorted() {
      findings.append("rows of \(table) that belong to nothing")
    }
    return findings
  }
}

/// Bytes of measurements as they came.
extension StoreVerification {
  private static func segments(_ reader: StoreReader) throws(StoreError) -> [String] {
    var findings: [String] = []
    try reader.each(
      "SELECT id, first, count, arrived_ms, bytes, digest FROM segments WHERE digest IS NOT NULL"
    ) { row in
      guard findings.count < findingsMax else { return }
      let digest = SegmentRecord.digest(
        first: row.integer(1), count: row.integer(2), arrivedMs: row.integer(3), row.blob(4)[...])
      if digest != row.integer(5) {
        findings.append("segment \(row.integer(0)) is not what came")
      }
    }
    return findings
  }
}

/// The state made again from the kept segments, in a copy, and compared with what is there.
extension StoreVerification {
  /// - Parameter copy: a file that is made, worked on, and that the caller removes.
  /// - Returns: what is wrong; empty: nothing is.
  package static func findings(
    _ reader: StoreReader, rules: StateRules, copy: String
  ) throws(StoreError) -> [String] {
    var findings: [String] = []
    try reader.backup(to: copy)
    let store = try SQLiteStore(path: copy)
    for kind in Kind.measuring { try store.setMeta(Rebuild.Key.state(kind), "to be verified") }
    _ = try Rebuild(store: store, rules: rules).run()
    let again = try StoreReader(path: copy)
    do throws(SQLiteError) {
      let name = reader.database.path.split(separator: "'").joined(separator: "''")
      try again.database.execute("ATTACH '\(name)' AS kept")
    } catch { throw StoreError(error) }
    for comparison in comparisons {
      let count = try again.rows(comparison.sql) { $0.integer(0) }.first ?? 0
      if count > 0 { findings.append("\(count) \(comparison.name) are not what the segments say") }
    }
    return findings
  }

  /// Rows made of the same measurements must be the same; those of which some segments are deleted
  /// are made of more than can be made again.
  private struct Comparison {
    let name: String
    let table: String
    let key: [String]
    /// How many measurements a row is made of; `nil`: each row is of one.
    let size: String?
    let values: [String]

    /// All that was measured from then on is among the segments; where some were deleted, those of
    /// the day after which they end.
    private static let wholeFromMs = """
      iif((SELECT coalesce(sum(count), 0) FROM kept.segments)
        = (SELECT coalesce(sum(received), 0) FROM kept.streams), 0,
        (SELECT coalesce(min(arrived_ms), 0) + 172800000 FROM kept.segments))
      """

    var sql: String {
      let isSame = (key + (size.map { [$0] } ?? [])).map { "a.\($0) = k.\($0)" }
        .joined(separator: " AND ")
      let isOther = values.map { "a.\($0) IS NOT k.\($0)" }.joined(separator: " OR ")
      let isThere = key.map { "a.\($0) = k.\($0)" }.joined(separator: " AND ")
      let absent =
        size == nil
        ? """
         + (SELECT count(*) FROM kept.\(table) k WHERE time_ms >= \(Comparison.wholeFromMs)
          AND NOT EXISTS (SELECT 1 FROM main.\(table) a WHERE \(isThere)))
        """
        : """
         + (SELECT count(*) FROM main.\(table) a
          WHERE NOT EXISTS (SELECT 1 FROM kept.\(table) k WHERE \(isThere)))
        """
      return """
        SELECT (SELECT count(*) FROM main.\(table) a JOIN kept.\(table) k ON \(isSame)
          WHERE \(isOther))\(absent)
        """
    }
  }

  private static let comparisons = [
    Comparison(
      name: "cells of coverage", table: "coverage_days",
      key: ["operator", "cell", "day", "source"], size: "samples",
      values: [
        "conclusive", "covered", "strong", "inconclusive", "inaccurate", "roaming", "oldest_ms",
        "newest_ms",
      ]),
    Comparison(
      name: "days of a line", table: "broadband_days", key: ["line", "day"], size: "tests",
      values: [
        "counted_tests", "best_down_bps", "link_bps", "wired", "area", "area_ms",
        "provisioned_bps", "provisioned_ms", "offered_bps", "offered_ms", "oldest_ms", "newest_ms",
      ]),
    Comparison(
      name: "readings of a counter", table: "service_points", key: ["series", "time_ms"],
      size: nil, values: ["value"]),
    Comparison(
      name: "days of a counter", table: "service_days", key: ["series", "day"], size: "points",
      values: ["first_ms", "first", "last_ms", "last", "increase", "resets"]),
  ]
}
