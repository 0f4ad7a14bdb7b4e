import CSQLite

/// One connection to one SQLite file. Not Sendable: the thread that opens it uses and closes it,
/// so the connection is opened without SQLite's own mutexes.
///
/// Nothing is configured but the busy timeout: a caller says `PRAGMA journal_mode = WAL` itself,
/// after it has made sure by `migrate` that the file is one that it may change.
@safe
public final class Database {
  /// As it was given to `init`.
  public let path: String

  /// Owned; closed in `deinit`. Never `nil` after `init`.
  private let handle: OpaquePointer

  public enum Mode: Sendable {
    /// Made where it does not exist.
    case create
    case readWrite
    case readOnly

    fileprivate var flags: Int32 {
      switch self {
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .readWrite: SQLITE_OPEN_READWRITE
      case .readOnly: SQLITE_OPEN_READONLY
      }
    }
  }

  /// - Parameter busyTimeoutMs: how long a statement waits for another connection's lock.
  public init(
    path: String, mode: Mode = .create, busyTimeoutMs: Int32 = 5_000
  ) throws(SQLiteError) {
    var opened: OpaquePointer?
    let flags = mode.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      // "Whether or not an error occurs when it is opened, resources associated with the database
      // connection handle should be released by passing it to sqlite3_close()"
      // https://sqlite.org/c3ref/open.html
      let message =
        unsafe opened.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      let hint = unsafe SQLiteError.hint(for: code, opened)
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(
        operation: "open", subject: path, code: code, message: message, hint: hint)
    }
    unsafe handle = opened
    self.path = path
    unsafe sqlite3_busy_timeout(handle, busyTimeoutMs)
  }

  /// Bytes that SQLite holds in this process, of all connections; most are cached pages.
  public static var memoryBytes: Int64 { sqlite3_memory_used() }

  deinit {
    // Statements may live longer: "the database connection becomes an unusable zombie which will
    // automatically be deallocated when the last prepared statement is finalized"
    // https://sqlite.org/c3ref/close.html
    unsafe sqlite3_close_v2(handle)
  }

  /// Rows changed by the last statement.
  public var changes: Int64 { unsafe sqlite3_changes64(handle) }

  public var lastInsertRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// Whether a transaction is open.
  public var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Runs statements, separated by `;`, without parameters or results.
  public func execute(_ sql: String) throws(SQLiteError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error("execute", sql, code) }
  }

  /// One statement, to be kept and run many times.
  public func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    var prepared: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK else { throw error("prepare", sql, code) }
    guard let prepared = unsafe prepared else {
      throw SQLiteError(
        operation: "prepare", subject: sql, file: path, code: SQLITE_MISUSE,
        message: "no statement")
    }
    return unsafe Statement(prepared)
  }

  /// The first column of the first row: a pragma's value, a count.
  public func integer(_ sql: String) throws(SQLiteError) -> Int64 {
    let statement = try prepare(sql)
    guard try statement.step() else {
      throw SQLiteError(
        operation: "step", subject: sql, file: path, code: SQLITE_DONE, message: "no row")
    }
    return statement.integer(0)
  }

  /// `BEGIN IMMEDIATE`, the body, `COMMIT`; `ROLLBACK` where the body or the commit fails.
  ///
  /// A commit that failed left nothing: either SQLite rolled it back itself, or this did.
  public func transaction<T, E: Error>(_ body: () throws(E) -> T) throws -> T {
    try execute("BEGIN IMMEDIATE")
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // "If the transaction has already been rolled back automatically by the error response, then
      // the ROLLBACK command will fail with an error, but no harm is caused by this."
      // https://sqlite.org/lang_transaction.html
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }

  /// Copies the whole database, as of one moment, into a file that is made or replaced.
  public func backup(to path: String) throws(SQLiteError) {
    let copy = try Database(path: path, mode: .create)
    // The copy is one transaction with a journal beside it, and ends when that is deleted. With
    // less than this a power cut can bring the journal back, and it takes the copy to nothing.
    // "EXTRA … is like FULL with the addition that the directory containing a rollback journal is
    // synced after that journal is unlinked" https://sqlite.org/pragma.html#pragma_synchronous
    try copy.execute("PRAGMA synchronous = EXTRA")
    guard let backup = unsafe sqlite3_backup_init(copy.handle, "main", handle, "main") else {
      throw copy.error("backup", path, unsafe sqlite3_extended_errcode(copy.handle))
    }
    // All pages in one step: a writer of another connection waits meanwhile, but the copy never
    // starts over.
    let code = unsafe sqlite3_backup_step(backup, -1)
    let finished = unsafe sqlite3_backup_finish(backup)
    guard code == SQLITE_DONE, finished == SQLITE_OK else {
      throw copy.error("backup", path, code == SQLITE_DONE ? finished : code)
    }
  }

  func error(_ operation: String, _ subject: String, _ code: Int32) -> SQLiteError {
    SQLiteError(
      operation: operation, subject: subject, file: path, code: code,
      message: unsafe String(cString: sqlite3_errmsg(handle)),
      hint: unsafe SQLiteError.hint(for: code, handle))
  }
}
