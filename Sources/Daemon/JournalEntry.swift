/// An event as the journal's own protocol has it (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): the
/// same line that a terminal shows, and each of its parts as a field to filter by:
/// `journalctl HATANG_EVENT="batch refused" HATANG_AGENT=kcn-1`.
struct JournalEntry {
  private(set) var bytes: [UInt8] = []

  /// Where journald listens.
  static let socket = "/run/systemd/journal/socket"

  /// - Parameters:
  ///   - identifier: as `journalctl -t` wants it.
  ///   - event: the fixed text of the event.
  ///   - message: text and pairs in one line.
  init(
    _ level: Log.Level, identifier: String, event: String, message: String,
    fields: [(name: String, value: String)]
  ) {
    add("PRIORITY", "\(level.rawValue)")
    add("SYSLOG_IDENTIFIER", identifier)
    add("MESSAGE", message)
    add("HATANG_EVENT", event)
    for field in fields { add(JournalEntry.name(field.name), field.value) }
  }

  /// "Field names … may only consist of uppercase letters, digits and underscores", 64 at most.
  static func name(_ key: String) -> String {
    let legal = key.uppercased().utf8.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      default: UInt8(ascii: "_")
      }
    }
    return String(decoding: "HATANG_".utf8 + legal.prefix(57), as: UTF8.self)
  }

  /// A value with a line break is preceded by its length, 64 bits, little endian.
  private mutating func add(_ name: String, _ value: String) {
    bytes += Array(name.utf8)
    if value.utf8.contains(UInt8(ascii: "\n")) {
      bytes.append(UInt8(ascii: "\n"))
      let count = UInt64(value.utf8.count)
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: count >> UInt64(shift)))
      }
    } else {
      bytes.append(UInt8(ascii: "="))
    }
    bytes += Array(value.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }
}
