import Glibc
import Synchronization

/// The log: one line to standard error for each event, `text key=value …`. Under systemd each line
/// begins with its priority, `<3>`, as the journal reads it.
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
    var line = isJournal ? "<\(level.rawValue)>" : ""
    line += "\(text)"
    for (key, value) in pairs { line += " \(key)=\(quoted(value.description))" }
    return line + "\n"
  }

  private static func log(_ level: Level, _ text: StaticString, _ pairs: Pairs) {
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
