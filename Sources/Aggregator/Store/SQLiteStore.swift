import SQLite

/// The store in one SQLite file. Owned and used by one thread.
///
/// WAL, so that readers (web, commands) never wait for ingest; `synchronous=FULL`, because a
/// receipt says "on disk".
package final class SQLiteStore: Store {
  let database: Database
  let ledger: LedgerStatements
  let state: StateStatements
  let services: ServiceStatements

  /// Bytes of the log after which SQLite moves it into the file: fewer, larger moves cost less
  /// than the 4 MB that are usual, and 64 MB is little beside the file.
  private static let walPages = 16_384
  private static let walBytesKept = 128 << 20

  /// Opens or makes the file, and brings it up to this program's version. The caller holds the
  /// `StoreLock`.
  package init(path: String) throws(StoreError) {
    do {
      database = try Database(path: path)
      // First: a file that is not ours, or newer, is not touched, not even by WAL mode.
      try database.migrate(Schema.migrations, applicationID: Schema.applicationID)
      try database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
      let pages = SQLiteStore.walPages
      try database.execute("PRAGMA wal_autocheckpoint=\(pages); PRAGMA cache_size=-65536")
      // What the log had to grow by while somebody read for long is given back.
      try database.execute("PRAGMA journal_size_limit=\(SQLiteStore.walBytesKept)")
      ledger = try LedgerStatements(database)
      state = try StateStatements(database)
      services = try ServiceStatements(database)
    } catch {
      throw StoreError(error)
    }
  }

  package func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    do {
      try database.transaction(body)
    } catch let error as StoreError {
      throw error
    } catch let error as SQLiteError {
      throw StoreError(error)
    } catch {
      throw StoreError("commit", database.path, "\(error)")
    }
  }

  package func meta(_ key: String) throws(StoreError) -> String? {
    try attempt { () throws(SQLiteError) in
      defer { state.getMeta.reset() }
      try state.getMeta.bind(1, key)
      return try state.getMeta.step() ? state.getMeta.text(0) : nil
    }
  }

  package func setMeta(_ key: String, _ value: String?) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      guard let value else {
        try state.deleteMeta.bind(1, key)
        return try state.deleteMeta.run()
      }
      try state.setMeta.bind(1, key)
      try state.setMeta.bind(2, value)
      try state.setMeta.run()
    }
  }

  /// SQLite's error in the store's words.
  @inline(__always)
  func attempt<T>(_ body: () throws(SQLiteError) -> T) throws(StoreError) -> T {
    do {
      return try body()
    } catch {
      throw StoreError(error)
    }
  }
}

extension StoreError {
  init(_ error: SQLiteError) {
    let nature: Nature =
      if error.isCorrupt {
        .corrupt
      } else if error.isFull || error.isBusy || error.isInputOutput {
        .passing
      } else {
        .lasting
      }
    let isFile = error.file.isEmpty || error.file == error.subject
    self.init(
      error.operation, isFile ? error.subject : "\(error.file): \(error.subject)",
      "\(error.message) (SQLite code \(error.code))",
      hint: error.isMalformed ? StoreVerification.remedy : error.hint ?? "", nature: nature)
  }
}
