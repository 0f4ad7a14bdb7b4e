import Daemon
package import SQLite

/// Reads what ingest has committed, beside the daemon or without it. Owned by one thread.
package final class StoreReader {
  package let database: Database

  /// - Throws: where there is no store, or one of another version.
  package init(path: String) throws(StoreError) {
    guard Files.exists(path) else {
      throw StoreError(
        "read", path, "there is no such file", hint: "start the daemon once, or check store.path")
    }
    do throws(SQLiteError) {
      database = try Database(path: path, mode: .readOnly)
      let found = try database.integer("PRAGMA user_version")
      let isOurs = try database.integer("PRAGMA application_id") == Schema.applicationID
      let known = Schema.migrations.count
      try database.expectPlainTables()
      guard isOurs, found == known else {
        let message =
          isOurs
          ? "schema version \(found), this program knows \(known)" : "is no store of this program"
        let hint =
          found > known
          ? "install the program that wrote it" : "start the daemon once, or check store.path"
        throw SQLiteError(
          operation: "read", subject: path, code: 0, message: message, hint: hint)
      }
    } catch {
      throw error.code == 0
        ? StoreError("read", path, error.message, hint: error.hint ?? "") : StoreError(error)
    }
  }

  /// Every row of a query, made into something.
  package func rows<T>(
    _ sql: String, _ make: (borrowing Statement) throws(SQLiteError) -> T
  ) throws(StoreError) -> [T] {
    var rows: [T] = []
    try each(sql) { row throws(SQLiteError) in rows.append(try make(row)) }
    return rows
  }

  /// One row of a query after another, none of which is kept: there may be millions.
  package func each(
    _ sql: String, _ body: (borrowing Statement) throws(SQLiteError) -> Void
  ) throws(StoreError) {
    do throws(SQLiteError) {
      let statement = try database.prepare(sql)
      while try statement.step() { try body(statement) }
    } catch {
      throw StoreError(error)
    }
  }

  /// A copy of all that is committed; ingest goes on meanwhile.
  package func backup(to path: String) throws(StoreError) {
    do throws(SQLiteError) {
      try database.backup(to: path)
    } catch {
      throw StoreError(error)
    }
  }

  /// All queries of the body see the same moment.
  package func snapshot<T>(_ body: () throws -> T) throws -> T {
    try database.execute("BEGIN")
    defer { try? database.execute("COMMIT") }
    return try body()
  }
}
