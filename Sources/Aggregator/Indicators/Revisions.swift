import Daemon
import Indicators
import SQLite

/// Every value that was ever shown, with its time and cause. Owned by the thread that computes; its
/// transactions are single statements, so that ingest hardly waits.
package final class Revisions {
  private let database: Database
  private let insert: Statement

  package struct Stored: Equatable, Sendable {
    package let header: IndicatorResult.Header
    package let json: String
  }

  package init(path: String) throws(StoreError) {
    do throws(SQLiteError) {
      database = try Database(path: path, mode: .readWrite)
      try database.execute("PRAGMA synchronous=FULL")
      insert = try database.prepare(
        """
        INSERT INTO revisions(code, revision, computed_at_ms, cause, json) VALUES(?1,?2,?3,?4,?5)
        """)
    } catch {
      throw StoreError(error)
    }
  }

  /// The latest value, and its newest measurement, ms; `nil`: the code has no value yet.
  package func latest(
    _ code: String
  ) throws(StoreError) -> (revision: Stored, newestMs: Int64?)? {
    try attempt { () throws(SQLiteError) in
      let row = try database.prepare(
        """
        SELECT revision, computed_at_ms, cause, json, json_extract(json, '$.newest')
        FROM revisions WHERE code = ?1 ORDER BY revision DESC LIMIT 1
        """)
      try row.bind(1, code)
      guard try row.step() else { return nil }
      // A cause that a newer program knew: what it means is only shown.
      let cause = IndicatorResult.Cause(rawValue: row.text(2)) ?? .newData
      let stored = Stored(
        header: .init(computedAtMs: row.integer(1), revision: row.integer(0), cause: cause),
        json: row.text(3))
      return (stored, RFC3339.parse(row.text(4)))
    }
  }

  package func append(_ revision: Stored, code: String) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try insert.bind(1, code)
      try insert.bind(2, revision.header.revision)
      try insert.bind(3, revision.header.computedAtMs)
      try insert.bind(4, revision.header.cause.rawValue)
      try insert.bind(5, revision.json)
      try insert.run()
    }
  }

  /// The value at the end of every month before one, for the trend; simulated and real apart.
  package func monthlyShares(
    _ code: String, before month: Int, isSimulated: Bool, utcOffsetMinutes: Int
  ) throws(StoreError) -> [(month: Int, share: Double)] {
    try attempt { () throws(SQLiteError) in
      // "if exactly one of the aggregate functions is max(), the bare columns take values from the
      // row that contains the maximum" https://sqlite.org/lang_select.html#bareagg
      let rows = try database.prepare(
        """
        SELECT computed_at_ms, json_extract(json, '$.value'), max(revision) FROM revisions
        WHERE code = ?1 AND json_extract(json, '$.simulated') = ?2
        GROUP BY strftime('%Y-%m', computed_at_ms / 1000 + ?3, 'unixepoch') ORDER BY 1
        """)
      try rows.bind(1, code)
      try rows.bind(2, Int64(isSimulated ? 1 : 0))
      try rows.bind(3, Int64(utcOffsetMinutes * 60))
      var shares: [(month: Int, share: Double)] = []
      while try rows.step() {
        let day = LocalDay.day(ofMs: rows.integer(0), utcOffsetMinutes: utcOffsetMinutes)
        let found = LocalDay.month(ofDay: day)
        guard found < month, !rows.isNull(1) else { continue }
        shares.append((found, rows.double(1) / 100))
      }
      return shares
    }
  }

  /// Deletes what `RevisionThinning` lets go.
  package func thin(
    _ code: String, nowMs: Int64, utcOffsetMinutes: Int
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let rows = try database.prepare(
        "SELECT revision, computed_at_ms, cause FROM revisions WHERE code = ?1 ORDER BY revision")
      try rows.bind(1, code)
      var entries: [RevisionThinning.Entry] = []
      while try rows.step() {
        entries.append(
          .init(
            revision: rows.integer(0), computedAtMs: rows.integer(1), cause: rows.text(2)))
      }
      let expired = RevisionThinning.expired(
        entries, nowMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
      if expired.isEmpty { return }
      let list = expired.map(String.init).joined(separator: ",")
      let delete = try database.prepare(
        "DELETE FROM revisions WHERE code = ?1 AND revision IN (\(list))")
      try delete.bind(1, code)
      try delete.run()
    }
  }

  private func attempt<T>(_ body: () throws(SQLiteError) -> T) throws(StoreError) -> T {
    do {
      return try body()
    } catch {
      throw StoreError(error)
    }
  }
}
