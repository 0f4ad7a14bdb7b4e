/// Writes JSON in the order in which it is told, compact or for people.
public struct JSONWriter: Sendable {
  public private(set) var text = ""
  private let isPretty: Bool
  /// For each open object or array: whether it has a member yet.
  private var hasMembers: [Bool] = []
  /// A key was written and its value has not come yet.
  private var isAfterKey = false

  public init(isPretty: Bool = false) { self.isPretty = isPretty }

  public mutating func beginObject() { open("{") }
  public mutating func endObject() { close("}") }
  public mutating func beginArray() { open("[") }
  public mutating func endArray() { close("]") }

  public mutating func key(_ name: String) {
    separate()
    quote(name)
    text += isPretty ? ": " : ":"
    isAfterKey = true
  }

  public mutating func string(_ value: String) {
    separate()
    quote(value)
  }

  public mutating func integer(_ value: some BinaryInteger) { raw("\(value)") }

  /// The shortest digits that give the same number back. JSON has no form for infinity and for what
  /// is not a number: they are written as `null`.
  /// Whole numbers that a `Double` holds exactly have no fraction: `99`, as a person writes it.
  public mutating func number(_ value: Double) {
    if let whole = Int64(exactly: value), whole.magnitude <= 1 << 53 {
      raw("\(whole)")
    } else {
      raw(value.isFinite ? "\(value)" : "null")
    }
  }

  public mutating func boolean(_ value: Bool) { raw(value ? "true" : "false") }

  public mutating func null() { raw("null") }

  /// A value that is JSON already.
  public mutating func raw(_ json: String) {
    separate()
    text += json
  }

  private mutating func open(_ bracket: String) {
    separate()
    text += bracket
    hasMembers.append(false)
  }

  private mutating func close(_ bracket: String) {
    precondition(!isAfterKey, "a key without a value")
    let isEmpty = hasMembers.removeLast() == false
    if isPretty, !isEmpty { newLine() }
    text += bracket
  }

  private mutating func separate() {
    if isAfterKey {
      isAfterKey = false
      return
    }
    guard let hasMember = hasMembers.last else { return }
    if hasMember { text += "," }
    hasMembers[hasMembers.count - 1] = true
    if isPretty { newLine() }
  }

  private mutating func newLine() {
    text += "\n" + String(repeating: "  ", count: hasMembers.count)
  }

  private mutating func quote(_ value: String) {
    text += "\""
    // Most text needs no escape; as a whole it costs a tenth.
    if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c && $0 != 0x7f }) {
      text += value
      text += "\""
      return
    }
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<" ", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

/// Members of an object in one call each.
extension JSONWriter {
  public mutating func member(_ name: String, _ value: String?) {
    key(name)
    if let value { string(value) } else { null() }
  }

  public mutating func member(_ name: String, _ value: (some BinaryInteger)?) {
    key(name)
    if let value { integer(value) } else { null() }
  }

  public mutating func member(_ name: String, _ value: Double?) {
    key(name)
    if let value { number(value) } else { null() }
  }

  public mutating func member(_ name: String, _ value: Bool?) {
    key(name)
    if let value { boolean(value) } else { null() }
  }

  /// RFC 3339 in UTC.
  public mutating func member(_ name: String, timeMs: Int64?) {
    member(name, timeMs.map(RFC3339.format))
  }
}
