import CSQLite
import Glibc

/// What SQLite refused to do.
public struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was tried: `open`, `prepare`, `bind`, `step`, `execute`, `backup`, `migrate`.
  public let operation: String
  /// The file for `open`, `backup` and `migrate`, the SQL for everything else.
  public let subject: String
  /// The database's file; empty where `subject` is one.
  public let file: String
  /// SQLite's extended result code, https://sqlite.org/rescode.html.
  public let code: Int32
  /// SQLite's own words.
  public let message: String
  /// What to do; `nil` where only the message helps.
  public let hint: String?

  public init(
    operation: String, subject: String, file: String = "", code: Int32, message: String,
    hint: String? = nil
  ) {
    self.operation = operation
    self.subject = subject
    self.file = file
    self.code = code
    self.message = message
    self.hint = hint ?? SQLiteError.hint(for: code)
  }

  /// For damage that SQLite does not see: a row that is not as it was written.
  public static func damage(_ file: String, _ message: String) -> SQLiteError {
    SQLiteError(operation: "read", subject: file, code: SQLITE_CORRUPT, message: message)
  }

  /// The file system or the file's own bound has no room.
  public var isFull: Bool { primary == SQLITE_FULL }
  /// The file is damaged, or no database at all, or the disk cannot read a part of it.
  public var isCorrupt: Bool {
    primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLiteError.badSector
  }
  /// `SQLITE_IOERR_CORRUPTFS`, a macro that Swift does not import. Where a statement meets it,
  /// SQLite itself makes SQLITE_CORRUPT of it; while a file is opened it does not.
  private static let badSector = SQLITE_IOERR | 33 << 8
  /// Says nothing of what the file holds: a disk, the memory, the number of open files or somebody
  /// else did not let it be read or written, and later may.
  public var mayPass: Bool {
    switch primary {
    case SQLITE_IOERR: !isCorrupt
    case SQLITE_FULL, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL, SQLITE_CANTOPEN,
      SQLITE_NOMEM, SQLITE_READONLY, SQLITE_PERM, SQLITE_INTERRUPT:
      true
    default: false
    }
  }
  /// A database whose pages contradict one another.
  public var isMalformed: Bool { primary == SQLITE_CORRUPT }
  /// Another connection held the lock longer than the busy timeout.
  public var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }
  /// The disk or file system failed.
  public var isInputOutput: Bool { primary == SQLITE_IOERR }

  public var description: String {
    let place = file.isEmpty || file == subject ? subject : "\(file): \(subject)"
    let text = "\(operation) \(place): \(message) (SQLite code \(code))"
    return hint.map { "\(text); \($0)" } ?? text
  }

  /// The lower byte of an extended code is its primary code.
  private var primary: Int32 { code & 0xff }

  /// SQLite has one code for a folder that is missing and for a file too many.
  static func hint(for code: Int32, _ database: OpaquePointer?) -> String? {
    guard code & 0xff == SQLITE_CANTOPEN,
      [EMFILE, ENFILE].contains(unsafe sqlite3_system_errno(database))
    else { return nil }
    return "too many open files: raise the limit, LimitNOFILE= of a systemd unit"
  }

  private static func hint(for code: Int32) -> String? {
    switch code & 0xff {
    case SQLITE_FULL: "free space on the disk"
    case SQLITE_CORRUPT: "the file is damaged: restore it, or let the daemon set it aside"
    case SQLITE_NOTADB: "the file is no SQLite database: check the path"
    case SQLITE_BUSY, SQLITE_LOCKED: "another program uses the file: end it"
    case SQLITE_CANTOPEN: "check that the folder exists and may be written"
    case SQLITE_READONLY, SQLITE_PERM: "check the owner and the permissions of file and folder"
    case SQLITE_IOERR: "check the disk: see the kernel's log"
    default: nil
    }
  }
}
