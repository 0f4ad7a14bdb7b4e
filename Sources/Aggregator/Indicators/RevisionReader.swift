import Daemon
import SQLite

/// What the web server and the commands read of the revisions.
extension StoreReader {
  /// The latest JSON object of each of the codes that has one.
  package func latestIndicators(_ codes: [String]) throws(StoreError) -> [String: String] {
    do throws(SQLiteError) {
      // One seek a code. Grouping by code would read every revision that is kept.
      let row = try database.prepare(
        "SELECT json FROM revisions WHERE code = ?1 ORDER BY revision DESC LIMIT 1")
      var latest: [String: String] = [:]
      for code in codes {
        try row.bind(1, code)
        if try row.step() { latest[code] = row.text(0) }
        row.reset()
      }
      return latest
    } catch {
      throw StoreError(error)
    }
  }

  /// The revisions that are kept, the latest first, without areas and details.
  ///
  /// - Parameter revision: those before it.
  package func history(
    _ code: String, before revision: Int64 = .max, limit: Int = .max
  ) throws(StoreError) -> [(revision: Int64, json: String)] {
    do throws(SQLiteError) {
      let row = try database.prepare(
        """
        SELECT json_object('revision', revision, 'computed_at', json_extract(json, '$.computed_at'),
          'cause', cause, 'status', json_extract(json, '$.status'),
          'verdict', json_extract(json, '$.verdict'), 'value', json_extract(json, '$.value'),
          'interval', json(json_extract(json, '$.interval')),
          'bounds', json(json_extract(json, '$.bounds')),
          'unmeasured_share', json_extract(json, '$.unmeasured_share'),
          'samples', json_extract(json, '$.samples'),
          'simulated', json(iif(json_extract(json, '$.simulated'), 'true', 'false'))), revision
        FROM revisions WHERE code = ?1 AND revision < ?2 ORDER BY revision DESC LIMIT ?3
        """)
      try row.bind(1, code)
      try row.bind(2, revision)
      try row.bind(3, Int64(limit))
      var found: [(revision: Int64, json: String)] = []
      while try row.step() { found.append((row.integer(1), row.text(0))) }
      return found
    } catch {
      throw StoreError(error)
    }
  }
}
