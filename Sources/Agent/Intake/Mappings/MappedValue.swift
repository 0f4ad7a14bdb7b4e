import Daemon

/// A single value of a payload or of the configuration, before it is known to be legal for a field.
enum MappedValue: Equatable, Sendable {
  case text(String)
  /// With its digits as they were given, for messages and for texts such as `"cell": 11016972`.
  case number(DecimalNumber, shown: String)
  case flag(Bool)

  /// `nil` for `null`, and for objects and arrays.
  init?(_ value: JSONScanner.Value, in scanner: JSONScanner) {
    switch value.token {
    case .null, .nested: return nil
    case .boolean(let flag): self = .flag(flag)
    case .number(let number): self = .number(number, shown: scanner.shown(value.range))
    case .string(let text):
      guard let string = scanner.string(text) else { return nil }
      self = .text(string)
    }
  }

  /// As a message shows it.
  var shown: String {
    switch self {
    case .text(let text):
      let cut = text.prefix(JSONScanner.shownBytesMax)
      return cut.endIndex < text.endIndex ? "\"\(cut)…\"" : "\"\(cut)\""
    case .number(_, let shown): return shown
    case .flag(let flag): return "\(flag)"
    }
  }

  /// The same for values that `values` and `absent` take for one: 98, 98.0 and "98".
  var key: String {
    switch self {
    case .flag(let flag): return "\(flag)"
    case .number(let number, _): return MappedValue.key(number)
    case .text(let text): return MappedValue.key(text)
    }
  }

  static func key(_ text: String) -> String {
    DecimalNumber(json: text).map { key($0) } ?? text
  }

  private static func key(_ number: DecimalNumber) -> String {
    guard number.digits != 0 else { return "0" }
    var (digits, exponent) = (number.digits, number.exponent)
    while digits % 10 == 0 {
      digits /= 10
      exponent += 1
    }
    return "\(number.isNegative ? "-" : "")\(digits)e\(exponent)"
  }

  /// The value as a number; a text that is one, as many devices send them, too.
  var number: DecimalNumber? {
    switch self {
    case .number(let number, _): number
    case .text(let text): DecimalNumber(json: String(MappedValue.trimmed(text)))
    case .flag: nil
    }
  }

  private static func trimmed(_ text: String) -> Substring {
    var rest = text[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}

/// A text with parts of the topic in it, such as `router-{source}`.
struct TopicTemplate: Equatable, Sendable {
  private let parts: [Part]

  private enum Part: Equatable, Sendable {
    case literal(String)
    case named(String)
  }

  /// - Throws: the name that the topic does not have, or the text after a `{` that has no `}`.
  init(_ text: String, names: [String]) throws(UnknownName) {
    var parts: [Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
      let inside = rest[rest.index(after: open)...]
      guard let close = inside.firstIndex(of: "}") else {
        throw UnknownName(name: String(inside))
      }
      let name = String(inside[..<close])
      guard names.contains(name) else { throw UnknownName(name: name) }
      parts.append(.named(name))
      rest = inside[inside.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.literal(String(rest))) }
    self.parts = parts
  }

  struct UnknownName: Error {
    let name: String
  }

  func text(_ topic: [String: String]) -> String {
    parts.map { part in
      switch part {
      case .literal(let text): text
      case .named(let name): topic[name] ?? ""
      }
    }.joined()
  }
}
