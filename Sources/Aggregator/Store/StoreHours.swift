import Daemon
import SQLite

/// What the store keeps by hour for the operators, and for how long.
enum StoreHours {
  static let msPerHour: Int64 = 3_600_000
  /// Hours that are shown: a week.
  static let shown: Int64 = 7 * 24
  /// A day more than is shown.
  fileprivate static let kept: Int64 = shown + 24
  /// Of the store's size: its growth is judged by a longer time.
  fileprivate static let sizesKept: Int64 = 60 * 24

  static func hour(ofMs ms: Int64) -> Int64 {
    ms >= 0 ? ms / msPerHour : (ms + 1) / msPerHour - 1
  }
}

extension SQLiteStore {
  package func noteSize(nowMs: Int64) throws(StoreError) {
    let hour = StoreHours.hour(ofMs: nowMs)
    let bytes = Files.byteCount(database.path) ?? 0
    let free: Int64
    do throws(FileError) {
      free = try Files.freeBytes(database.path)
    } catch {
      throw StoreError("measure", database.path, "\(error)", nature: .passing)
    }
    try transaction { () throws(StoreError) in
      try attempt { () throws(SQLiteError) in
        try database.execute(
          """
          REPLACE INTO store_hours VALUES(\(hour), \(bytes), \(free));
          DELETE FROM store_hours WHERE hour < \(hour - StoreHours.sizesKept);
          DELETE FROM received_hours WHERE hour < \(hour - StoreHours.kept);
          """)
      }
    }
  }
}

extension StoreReader {
  /// Measurements received in each of the last hours, the oldest first, the current one last.
  ///
  /// - Parameter agent: its number; 0: all of them.
  package func receivedByHour(agent: Int64, nowMs: Int64) throws(StoreError) -> [Int64] {
    do throws(SQLiteError) {
      // One seek an hour: the table is ordered by hour, and holds all agents of each.
      let row = try database.prepare(
        "SELECT count FROM received_hours WHERE hour = ?1 AND agent = ?2")
      let last = StoreHours.hour(ofMs: nowMs)
      var counts: [Int64] = []
      for hour in (last - StoreHours.shown + 1)...last {
        try row.bind(1, hour)
        try row.bind(2, agent)
        counts.append(try row.step() ? row.integer(0) : 0)
        row.reset()
      }
      return counts
    } catch {
      throw StoreError(error)
    }
  }
}
