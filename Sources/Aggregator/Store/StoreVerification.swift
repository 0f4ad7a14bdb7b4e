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
    dừng dịch vụ; cất riêng kho cùng các tệp -wal và -shm (đừng xoá, phần lớn còn lành), đặt bản \
    sao lưu mới nhất vào chỗ của kho, xoá tệp .damaged rồi khởi động: các trạm gửi lại những gì \
    còn giữ
    """,
    """
    stop the daemon; move the store aside with its -wal and -shm (keep them, most is sound), put \
    the last backup in its place, remove the .damaged file, and start it: the agents send again \
    what they still hold
    """)

  /// The same, for errors and the journal.
  package static var remedy: String { help.en }

  /// Findings of one kind that are told.
  private static let findingsMax = 8

  /// Above this only what is read in the order of the file: it takes minutes otherwise, in which no
  /// page of the write-ahead log can be taken back.
  private static let orderedBytes: Int64 = 1_000_000_000
  /// Segments of one snapshot.
  private static let segmentsPerLook = 4_096

  /// Reads the whole file once, a part at a time, each of them as it was at one moment.
  ///
  /// - Returns: what is wrong; empty: nothing is.
  /// - Throws: what is no fault of the file, such as another program's lock.
  package static func findings(_ reader: StoreReader) throws(StoreError) -> [String] {
    do {
      let isSmall = (Files.byteCount(reader.database.path) ?? 0) <= orderedBytes
      let look = isSmall ? "integrity_check" : "quick_check"
      let structure = try reader.rows("PRAGMA \(look)(\(findingsMax))") { $0.text(0) }
      // What follows would only say the same in other words.
      guard structure == ["ok"] else { return structure }
      let known = try reader.snapshot { try ledger(reader) + rows(reader) }
      return try known + segments(reader)
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
      "FROM service_days WHERE points < 1 OR first_ms > last_ms OR resets < 0"
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
    var held: [Int64: Int64] = [:]
    var last: Int64?
    repeat {
      let after = last ?? -Int64.max
      last = nil
      try reader.each(
        """
        SELECT id, first, count, arrived_ms, bytes, digest, fault, stream FROM segments
        WHERE id > \(after) ORDER BY id LIMIT \(segmentsPerLook)
        """
      ) { row in
        last = row.integer(0)
        let (sum, isBeyond) = held[row.integer(7), default: 0]
          .addingReportingOverflow(row.integer(2))
        held[row.integer(7)] = isBeyond ? .max : sum
        // Of a store from before there were digests.
        guard !row.isNull(5), findings.count < findingsMax else { return }
        let digest = SegmentRecord.digest(
          first: row.integer(1), count: row.integer(2), arrivedMs: row.integer(3),
          fault: row.isNull(6) ? nil : row.text(6), row.blob(4)[...])
        if digest != row.integer(5) {
          findings.append("segment \(row.integer(0)) is not what came")
        }
      }
    } while last != nil
    // Asked for last: it only grows.
    let received = try reader.rows("SELECT id, received FROM streams") {
      ($0.integer(0), $0.integer(1))
    }
    let count = received.count { $0.1 < held[$0.0, default: 0] }
    if count > 0 { findings.append("\(count) streams that hold more than they received") }
    return findings
  }
}

/// The state made again from the kept segments, in a copy, and compared with what is there.
extension StoreVerification {
  /// What is compared with: as the store was when the copy was made.
  package static func kept(beside copy: String) -> String { copy + ".kept" }

  /// - Parameter copy: a file that is made, worked on, and that the caller removes, together with
  ///   the one that is `kept` beside it.
  /// - Returns: what is wrong; empty: nothing is.
  /// - Throws: also where the state was made by other rules than these, so that it has to differ.
  package static func findings(
    _ reader: StoreReader, rules: StateRules, copy: String
  ) throws(StoreError) -> [String] {
    var findings: [String] = []
    let kept = kept(beside: copy)
    try reader.backup(to: copy)
    try StoreReader(path: copy).backup(to: kept)
    let store = try SQLiteStore(path: copy)
    let others = try Rebuild(store: store, rules: rules).kindsDue()
    guard others.isEmpty else {
      throw StoreError(
        "compare", reader.database.path,
        "its state of \(others.map(\.name).sorted().joined(separator: ", ")) was made by other "
          + "settings than the configuration's, or is being made again",
        hint: "verify it with the configuration that it was made with, or when the daemon is done")
    }
    for kind in Kind.measuring { try store.setMeta(Rebuild.Key.state(kind), "to be verified") }
    _ = try Rebuild(store: store, rules: rules).run()
    let again = try StoreReader(path: copy)
    do throws(SQLiteError) {
      let name = kept.split(separator: "'").joined(separator: "''")
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
