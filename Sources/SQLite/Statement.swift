import CSQLite

/// A prepared statement: bind, step, read, reset, again. Finalized in `deinit`. Belongs to the
/// thread of its database.
///
/// Parameters count from 1, columns from 0, as SQLite has it.
@safe
public struct Statement: ~Copyable {
  /// Owned; never `nil`.
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { unsafe self.handle = handle }

  deinit { unsafe sqlite3_finalize(handle) }

  // MARK: Parameters

  public func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
    try check("bind", unsafe sqlite3_bind_int64(handle, index, value))
  }

  @_disfavoredOverload
  public func bind(_ index: Int32, _ value: Int64?) throws(SQLiteError) {
    guard let value else { return try bindNull(index) }
    try bind(index, value)
  }

  @_disfavoredOverload
  public func bind(_ index: Int32, _ value: Double) throws(SQLiteError) {
    try check("bind", unsafe sqlite3_bind_double(handle, index, value))
  }

  @_disfavoredOverload
  public func bind(_ index: Int32, _ value: Double?) throws(SQLiteError) {
    guard let value else { return try bindNull(index) }
    try bind(index, value)
  }

  public func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
    var text = value
    let code = text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        unsafe sqlite3_bind_text(
          handle, index, characters.baseAddress ?? Statement.nothing, Int32(characters.count),
          Statement.copied)
      }
    }
    try check("bind", code)
  }

  @_disfavoredOverload
  public func bind(_ index: Int32, _ value: String?) throws(SQLiteError) {
    guard let value else { return try bindNull(index) }
    try bind(index, value)
  }

  public func bind(_ index: Int32, _ value: [UInt8]) throws(SQLiteError) {
    try bind(index, value[...])
  }

  public func bind(_ index: Int32, _ value: ArraySlice<UInt8>) throws(SQLiteError) {
    // A null pointer would bind NULL in place of an empty blob.
    if value.isEmpty {
      return try check("bind", unsafe sqlite3_bind_zeroblob(handle, index, 0))
    }
    let code = unsafe value.withUnsafeBytes { bytes in
      unsafe sqlite3_bind_blob64(
        handle, index, bytes.baseAddress, UInt64(bytes.count), Statement.copied)
    }
    try check("bind", code)
  }

  public func bindNull(_ index: Int32) throws(SQLiteError) {
    try check("bind", unsafe sqlite3_bind_null(handle, index))
  }

  // MARK: Running

  /// Whether there is a row. After `false` or an error the statement is reset.
  public func step() throws(SQLiteError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      reset()
      return false
    case let code:
      let failure = error("step", code)
      reset()
      throw failure
    }
  }

  /// Back to the start; parameters stay bound.
  public func reset() {
    // "If the most recent call to sqlite3_step(S) … indicated an error, then sqlite3_reset(S)
    // returns an appropriate error code" https://sqlite.org/c3ref/reset.html; `step` threw it.
    unsafe sqlite3_reset(handle)
  }

  /// Steps to the end, ignores rows.
  public func run() throws(SQLiteError) {
    while try step() {}
  }

  // MARK: The present row

  public var columnCount: Int32 { unsafe sqlite3_column_count(handle) }

  public func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  public func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  public func optionalInteger(_ column: Int32) -> Int64? {
    isNull(column) ? nil : integer(column)
  }

  public func double(_ column: Int32) -> Double { unsafe sqlite3_column_double(handle, column) }

  public func optionalDouble(_ column: Int32) -> Double? {
    isNull(column) ? nil : double(column)
  }

  /// Invalid UTF-8 is repaired; NULL is the empty text.
  public func text(_ column: Int32) -> String {
    guard let start = unsafe sqlite3_column_text(handle, column) else { return "" }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  public func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  /// NULL is the empty blob.
  public func blob(_ column: Int32) -> [UInt8] {
    guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  // MARK: Private helpers

  /// `SQLITE_TRANSIENT`, which is a cast that Swift does not import: SQLite makes a copy.
  private static var copied: sqlite3_destructor_type {
    unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  /// Any address that is not null, for a text of no bytes.
  private static var nothing: UnsafePointer<CChar>? { unsafe UnsafePointer(bitPattern: 1) }

  private func check(_ operation: String, _ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw error(operation, code) }
  }

  private func error(_ operation: String, _ code: Int32) -> SQLiteError {
    let sql = unsafe sqlite3_sql(handle).map { unsafe String(cString: $0) } ?? ""
    let database = unsafe sqlite3_db_handle(handle)
    let message = unsafe String(cString: sqlite3_errmsg(database))
    let file = unsafe sqlite3_db_filename(database, "main").map { unsafe String(cString: $0) }
    return SQLiteError(
      operation: operation, subject: sql, file: file ?? "", code: code, message: message,
      hint: unsafe SQLiteError.hint(for: code, database))
  }
}
