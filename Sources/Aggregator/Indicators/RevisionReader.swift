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

  /// Every revision that is kept, the latest first, without areas and details.
  package func history(_ code: String) throws(StoreError) -> [String] {
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
          'simulated', json(iif(json_extract(json, '$.simulated'), 'true', 'false')))
        FROM revisions WHERE code = ?1 ORDER BY revision DESC
        """)
      try row.bind(1, code)
      var found: [String] = []
      while try row.step() { found.append(row.text(0)) }
      return found
    } catch {
      throw StoreError(error)
    }
  }
}
