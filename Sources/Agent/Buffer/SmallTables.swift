import Daemon
import SQLite

/// What is quickly copied from a damaged file, before the intake goes on with the new one: the
/// counts, the numbered ranges, the first-hop window and the boots. As far as it can be read:
/// counts lost are a pity, ranges and window lost may let a measurement in twice that comes again,
/// boots lost leave times unknown.
enum SmallTables {
  private static let tables = [
    ("counts", 6), ("numbered", 4), ("arrivals", 2), ("boots", 10),
  ]

  /// Within a transaction of the new file.
  ///
  /// - Parameter mayWait: throw what may pass, so that it is tried again.
  static func copy(
    from path: String, into database: Database, mayWait: Bool
  ) throws(SQLiteError) {
    for (table, columnCount) in tables {
      do throws(SQLiteError) {
        try copy(table, columnCount, from: path, into: database)
      } catch {
        // It was the new file that failed, and SQLite has ended the transaction.
        guard database.isInTransaction, !(mayWait && error.mayPass) else { throw error }
        Log.warning("salvage: only in part", [("table", table), ("error", error)])
      }
    }
  }

  private static func copy(
    _ table: String, _ columnCount: Int, from path: String, into database: Database
  ) throws(SQLiteError) {
    let old = try Database(path: path, mode: .readWrite)
    let marks = Array(repeating: "?", count: columnCount).joined(separator: ", ")
    let select = try old.prepare("SELECT * FROM \(table)")
    let insert = try database.prepare("INSERT OR IGNORE INTO \(table) VALUES (\(marks))")
    while try select.step() {
      for column in 0..<Int32(columnCount) {
        if table == "arrivals", column == 1 {
          try insert.bind(column + 1, select.blob(column))
        } else if select.isNull(column) {
          try insert.bindNull(column + 1)
        } else {
          // A text of digits is bound as text; the column's affinity makes it a number.
          try insert.bind(column + 1, select.text(column))
        }
      }
      try insert.run()
    }
  }
}
