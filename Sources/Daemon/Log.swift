import Glibc
import Synchronization

/// The log: one line to standard error for each event, `text key=value …`. Under systemd it goes
/// to the journal with a field for each key; where the journal does not take it, to standard error
/// with its priority, `<3>`, before it.
public enum Log {
  /// Syslog's priorities.
  public enum Level: Int, Sendable {
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7
  }

  public typealias Pairs = [(String, any CustomStringConvertible)]

  /// Whether `debug` lines are written.
  public static var isVerbose: Bool {
    get { verbose.load(ordering: .relaxed) }
    set { verbose.store(newValue, ordering: .relaxed) }
  }

  private static let verbose = Atomic<Bool>(false)

  /// Fields of every journal entry from now on, such as whose daemon this is.
  public static func setFields(_ pairs: [(String, String)]) {
    common.withLock { $0 = pairs.map { ($0.0, $0.1) } }
  }

  private static let common = Mutex<[(name: String, value: String)]>([])

  /// Somebody must act.
  public static func error(_ text: StaticString, _ pairs: Pairs = []) { log(.error, text, pairs) }

  /// It goes on, but not as it should.
  public static func warning(_ text: StaticString, _ pairs: Pairs = []) {
    log(.warning, text, pairs)
  }

  /// Rare and normal: started, connected, configuration read again.
  public static func notice(_ text: StaticString, _ pairs: Pairs = []) { log(.notice, text, pairs) }

  public static func info(_ text: StaticString, _ pairs: Pairs = []) { log(.info, text, pairs) }

  public static func debug(_ text: StaticString, _ pairs: Pairs = []) {
    if isVerbose { log(.debug, text, pairs) }
  }

  /// A value with spaces, quotes or control characters is quoted and escaped, so that a line is
  /// always one line and no value can pass for another.
  package static func line(
    _ level: Level, _ text: StaticString, _ pairs: Pairs, isJournal: Bool
  ) -> String {
    (isJournal ? "<\(level.rawValue)>" : "") + message(text, pairs) + "\n"
  }

  private static func message(_ text: StaticString, _ pairs: Pairs) -> String {
    var line = "\(text)"
    for (key, value) in pairs { line += " \(key)=\(quoted(value.description))" }
    return line
  }

  /// The event for the journal.
  package static func entry(_ level: Level, _ text: StaticString, _ pairs: Pairs) -> [UInt8] {
    var fields = pairs.map { (name: $0.0, value: $0.1.description) }
    fields += common.withLock { $0 }.filter { field in
      !pairs.contains { $0.0 == field.name }
    }
    return JournalEntry(
      level, identifier: identifier, event: "\(text)", message: message(text, pairs),
      fields: fields
    ).bytes
  }

  private static let identifier =
    CommandLine.arguments.first?.split(separator: "/").last.map { String($0) } ?? "hatang"

  private static func log(_ level: Level, _ text: StaticString, _ pairs: Pairs) {
    if isJournal, ServiceManager.send(entry(level, text, pairs), to: JournalEntry.socket) { return }
    let bytes = Array(line(level, text, pairs, isJournal: isJournal).utf8)
    // One write a line, so that the lines of several threads do not mix. There is nowhere to report
    // that the log itself cannot be written.
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        $0.value > 0x20 && $0.value != 0x7f && $0 != "\"" && $0 != "\\" && $0 != "="
          && !(0x80...0x9f).contains($0.value)
      }
    if isPlain { return text }
    var writer = JSONWriter()
    writer.string(text)
    return writer.text
  }

  /// Whether standard error goes to the journal: `$JOURNAL_STREAM` holds its device and inode.
  private static let isJournal: Bool = {
    guard let value = unsafe getenv("JOURNAL_STREAM") else { return false }
    var facts = stat()
    guard unsafe fstat(2, &facts) == 0 else { return false }
    return unsafe String(cString: value) == "\(facts.st_dev):\(facts.st_ino)"
  }()
}

/// Lets through at most one event in a time, and counts those between.
public struct RateLimit: Sendable {
  private let interval: Duration
  private var last: Duration?
  private var held = 0
  /// Events that were held back before the one that was let through last.
  public private(set) var suppressed = 0

  /// - Parameter perSeconds: one event in so many seconds.
  public init(perSeconds: Int) { interval = .seconds(perSeconds) }

  public mutating func allows(now: Duration) -> Bool {
    if let last, now - last < interval {
      held += 1
      return false
    }
    last = now
    suppressed = held
    held = 0
    return true
  }
}
