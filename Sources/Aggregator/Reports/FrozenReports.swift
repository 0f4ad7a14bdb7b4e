import Daemon
import SQLite

/// A report as it was signed.
package struct FrozenReport: Sendable {
  package let number: Int64
  package let frozenAtMs: Int64
  /// Of the content, as it was computed then; printed on the page.
  package let sha256: String
  package let content: ReportContent

  /// The content is still what was signed.
  package var isGenuine: Bool { content.sha256 == sha256 }

  /// In place of the digest where it is not.
  static let alteredText = LocalText(
    vi: "NỘI DUNG TRONG KHO KHÔNG KHỚP SHA-256 LÚC CHỐT: kho đã bị sửa. Hãy đối chiếu bản giấy.",
    en: "WHAT IS STORED DOES NOT MATCH ITS SHA-256: the store was changed. Compare the paper.")
}

/// A frozen report without its content.
struct FrozenEntry: Sendable {
  let period: String
  let number: Int64
  let frozenAtMs: Int64
  let sha256: String
}

extension StoreReader {
  /// The first comes first.
  package func frozenReports(_ period: ReportPeriod) throws -> [FrozenReport] {
    let statement = try database.prepare(
      """
      SELECT number, frozen_at_ms, sha256, content FROM reports WHERE period = ?1 ORDER BY number
      """)
    try statement.bind(1, period.text)
    var found: [FrozenReport] = []
    while try statement.step() {
      found.append(
        FrozenReport(
          number: statement.integer(0), frozenAtMs: statement.integer(1),
          sha256: statement.text(2), content: try ReportContent(json: statement.text(3))))
    }
    return found
  }

  /// Period, number and time of each, the latest first.
  func frozenList() throws(StoreError) -> [FrozenEntry] {
    try rows(
      "SELECT period, number, frozen_at_ms, sha256 FROM reports ORDER BY frozen_at_ms DESC"
    ) { row in
      FrozenEntry(
        period: row.text(0), number: row.integer(1), frozenAtMs: row.integer(2),
        sha256: row.text(3))
    }
  }
}

/// Puts reports into the store, beside a daemon that runs or without one.
///
/// The store's lock keeps a second daemon away; this is none. Like `Revisions` it has a connection
/// of its own whose only transaction is one statement, so SQLite lets it in between two of ingest.
package final class FrozenReports {
  private let database: Database

  package init(path: String) throws(StoreError) {
    // Says what is wrong with the file, and never migrates it under a daemon.
    _ = try StoreReader(path: path)
    do throws(SQLiteError) {
      database = try Database(path: path, mode: .readWrite)
      try database.execute("PRAGMA synchronous=FULL")
    } catch {
      throw StoreError(error)
    }
  }

  /// - Returns: its number within the period.
  package func keep(_ content: ReportContent, nowMs: Int64) throws(StoreError) -> Int64 {
    do throws(SQLiteError) {
      let insert = try database.prepare(
        """
        INSERT INTO reports(period, number, frozen_at_ms, sha256, content)
        VALUES(?1, (SELECT ifnull(max(number), 0) + 1 FROM reports WHERE period = ?1), ?2, ?3, ?4)
        RETURNING number
        """)
      try insert.bind(1, content.period.text)
      try insert.bind(2, nowMs)
      try insert.bind(3, content.sha256)
      try insert.bind(4, content.json)
      let number = try insert.step() ? insert.integer(0) : 0
      try insert.run()
      return number
    } catch {
      throw StoreError(error)
    }
  }
}
