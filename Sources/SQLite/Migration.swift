import CSQLite

extension Database {
  /// Brings the file to the newest schema: migration *i* (from 0) leads from version *i* to
  /// *i* + 1 and runs in a transaction of its own. `PRAGMA user_version` holds the version.
  ///
  /// A file of a newer version, or of another program, is refused and not touched, and so is one
  /// with a trigger or a view in it: no migration makes any, so somebody else did.
  ///
  /// - Parameter applicationID: what `PRAGMA application_id` holds in files of this kind; not 0.
  public func migrate(_ migrations: [String], applicationID: Int64) throws(SQLiteError) {
    precondition(applicationID > 0 && applicationID <= Int64(Int32.max))
    let version = try integer("PRAGMA user_version")
    let found = try integer("PRAGMA application_id")
    let isEmpty = try integer("SELECT count(*) FROM sqlite_schema") == 0
    guard found == applicationID || (found == 0 && isEmpty && version == 0) else {
      throw SQLiteError(
        operation: "migrate", subject: path, code: SQLITE_NOTADB,
        message: "application id is \(found), expected \(applicationID)",
        hint: "the file belongs to another program: check the path")
    }
    guard version <= Int64(migrations.count), version >= 0 else {
      throw SQLiteError(
        operation: "migrate", subject: path, code: SQLITE_MISMATCH,
        message: "the file has schema version \(version), this program knows 0…\(migrations.count)",
        hint: "install the newer program that wrote it, or choose another file")
    }
    try expectPlainTables()
    for index in Int(version)..<migrations.count {
      try migrate(migrations[index], to: index + 1, applicationID: applicationID)
    }
  }

  /// Refuses what would run by itself, or answer in a table's place.
  public func expectPlainTables() throws(SQLiteError) {
    let found = try prepare(
      """
      SELECT type, name FROM sqlite_schema
      WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
      """)
    guard try found.step() else { return }
    throw SQLiteError(
      operation: "open", subject: path, code: SQLITE_NOTADB,
      message: "holds the \(found.text(0)) \(found.text(1)), which this program never makes",
      hint: "somebody changed the file: restore a copy that you trust")
  }

  /// Not by `transaction`, whose error is not typed.
  private func migrate(
    _ migration: String, to version: Int, applicationID: Int64
  ) throws(SQLiteError) {
    try execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      try execute(migration)
      try execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
      try execute("COMMIT")
    } catch {
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }
}
