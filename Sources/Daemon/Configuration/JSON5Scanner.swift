/// The tokens of JSON5, and the place where the parser stands.
struct JSON5Scanner {
  let bytes: [UInt8]
  let file: String
  private(set) var index = 0
  /// 1, 2, …
  private(set) var line = 1

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  var isAtEnd: Bool { index >= bytes.count }

  var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// What stands here, for a message.
  var found: String {
    guard let byte = peek else { return "the end of the file" }
    switch byte {
    case 0x0a, 0x0d: return "the end of the line"
    case 0x21...0x7e: return "\(Character(Unicode.Scalar(byte)))"
    default: return "byte 0x\(String(byte, radix: 16))"
    }
  }

  func error(_ text: String) -> ConfigError { ConfigError(file: file, line: line, text: text) }

  mutating func advance() {
    guard index < bytes.count else { return }
    let byte = bytes[index]
    index += 1
    let isLoneReturn = byte == 0x0d && peek != 0x0a
    if byte == 0x0a || isLoneReturn { line += 1 }
  }

  mutating func skip(_ character: Character) -> Bool {
    guard let byte = peek, byte == character.asciiValue else { return false }
    advance()
    return true
  }

  /// White space and comments.
  mutating func skipSpace() throws(ConfigError) {
    while let byte = peek {
      switch byte {
      case 0x09...0x0d, 0x20: advance()
      case UInt8(ascii: "/"): try skipComment()
      case 0xc2 where starts(with: [0xc2, 0xa0]): index += 2
      case 0xe2 where starts(with: [0xe2, 0x80, 0xa8]) || starts(with: [0xe2, 0x80, 0xa9]):
        index += 3
      case 0xef where starts(with: [0xef, 0xbb, 0xbf]): index += 3
      default: return
      }
    }
  }

  private mutating func skipComment() throws(ConfigError) {
    if starts(with: Array("//".utf8)) {
      while let byte = peek, byte != 0x0a, byte != 0x0d { advance() }
    } else if starts(with: Array("/*".utf8)) {
      let first = line
      index += 2
      while !starts(with: Array("*/".utf8)) {
        guard !isAtEnd else {
          throw ConfigError(
            file: file, line: first, text: "the comment that begins here has no end; add */")
        }
        advance()
      }
      index += 2
    } else {
      throw error("expected a comment after /, found /; use // or /*")
    }
  }

  private func starts(with prefix: [UInt8]) -> Bool { bytes[index...].starts(with: prefix) }

  // MARK: Words

  static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }

  mutating func identifier() throws(ConfigError) -> String {
    let start = index
    while let byte = peek, JSON5Scanner.isIdentifier(byte) { advance() }
    return try text(Array(bytes[start..<index]))
  }

  private func text(_ bytes: [UInt8]) throws(ConfigError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error("bytes that are no UTF-8; save the file as UTF-8")
    }
    return text
  }

  // MARK: Texts

  mutating func quoted() throws(ConfigError) -> String {
    let first = line
    let quote = peek
    advance()
    var content: [UInt8] = []
    while let byte = peek, byte != quote {
      switch byte {
      case 0x0a, 0x0d:
        throw error(
          "the text has no closing quote on its line; add it, or write \\n for a new line")
      case UInt8(ascii: "\\"): try escape(into: &content)
      default:
        content.append(byte)
        advance()
      }
    }
    guard !isAtEnd else {
      throw ConfigError(
        file: file, line: first, text: "the text that begins here has no closing quote; add it")
    }
    advance()
    return try text(content)
  }

  private mutating func escape(into content: inout [UInt8]) throws(ConfigError) {
    advance()
    guard let byte = peek else { return }
    switch byte {
    case 0x0d:
      // A line continued: nothing is added.
      advance()
      if peek == 0x0a { advance() }
      return
    case UInt8(ascii: "u"):
      advance()
      content.append(contentsOf: String(try unicodeEscape()).utf8)
      return
    case UInt8(ascii: "x"):
      advance()
      let scalar = Unicode.Scalar(UInt8(try hexadecimal(digits: 2)))
      content.append(contentsOf: String(scalar).utf8)
      return
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      throw error("\\\(Character(Unicode.Scalar(byte))) is no escape of JSON5; write \\\\ for \\")
    default: break
    }
    switch byte {
    case 0x0a: break
    case UInt8(ascii: "0"): content.append(0)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "v"): content.append(0x0b)
    default: content.append(byte)
    }
    advance()
  }

  /// The digits of `\uXXXX`, with those of the second half of a surrogate pair.
  private mutating func unicodeEscape() throws(ConfigError) -> Unicode.Scalar {
    let unit = try hexadecimal(digits: 4)
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xdc00, starts(with: Array("\\u".utf8)) else { throw loneSurrogate(unit) }
    index += 2
    let low = try hexadecimal(digits: 4)
    guard (0xdc00...0xdfff).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
    else { throw loneSurrogate(unit) }
    return scalar
  }

  private func loneSurrogate(_ unit: UInt32) -> ConfigError {
    error("\\u\(String(unit, radix: 16)) is half of a surrogate pair; give both halves")
  }

  private mutating func hexadecimal(digits: Int) throws(ConfigError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("expected \(digits) hexadecimal digits in the escape, found \(found)")
      }
      value = value << 4 | UInt32(digit)
      advance()
    }
    return value
  }

  // MARK: Numbers

  static func startsNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// A whole number keeps every digit as `Int64`; with a point, an exponent or too many digits it
  /// is the nearest `Double`.
  mutating func number() throws(ConfigError) -> ConfigNode.Value {
    let start = index
    while let byte = peek, JSON5Scanner.startsNumber(byte) || JSON5Scanner.isIdentifier(byte) {
      advance()
    }
    let text = try self.text(Array(bytes[start..<index]))
    guard let value = JSON5Number.parse(text) else {
      throw error("\(text) is no number; write it like 12, -0.5, 1e6 or 0x1f")
    }
    return value
  }
}

/// What a number of JSON5 means.
enum JSON5Number {
  /// `nil` for what JSON5 does not take for a number, and for one too large for a `Double`.
  static func parse(_ text: String) -> ConfigNode.Value? {
    var digits = text[...]
    let isNegative = digits.hasPrefix("-")
    if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      return hexadecimal(digits.dropFirst(2), isNegative: isNegative)
    }
    guard isDecimal(digits.utf8) else { return nil }
    if let value = Int64((isNegative ? "-" : "") + digits) { return .integer(value) }
    guard let value = Double((isNegative ? "-" : "") + digits), value.isFinite else { return nil }
    return .number(value, text: text)
  }

  private static func hexadecimal(_ digits: Substring, isNegative: Bool) -> ConfigNode.Value? {
    guard digits.allSatisfy({ $0.isHexDigit && $0.isASCII }) else { return nil }
    return Int64((isNegative ? "-" : "") + digits, radix: 16).map { .integer($0) }
  }

  /// Digits with at most one point and one exponent, and no leading zero.
  private static func isDecimal(_ text: Substring.UTF8View) -> Bool {
    var whole = 0
    var fraction = 0
    var rest = Array(text)[...]
    let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
    if rest.count > 1, rest.first == 0x30, let second = rest.dropFirst().first, isDigit(second) {
      return false
    }
    while let byte = rest.first, isDigit(byte) {
      whole += 1
      rest.removeFirst()
    }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      while let byte = rest.first, isDigit(byte) {
        fraction += 1
        rest.removeFirst()
      }
    }
    guard whole + fraction > 0 else { return false }
    guard let mark = rest.first else { return true }
    guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
    rest.removeFirst()
    if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      rest.removeFirst()
    }
    return !rest.isEmpty && rest.allSatisfy(isDigit)
  }
}
