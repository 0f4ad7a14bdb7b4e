/// Walks over the bytes of one JSON text (RFC 8259), strictly and once. Nothing is built but what
/// the caller asks for.
///
/// The bytes belong to the caller and outlive the scanner, which never leaves the call of
/// `withUnsafeBufferPointer` that lends them; every access is checked against `count`.
@safe
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let count: Int
  /// Offset of the next byte.
  private(set) var index = 0

  /// Objects and arrays inside one another.
  static let depthMax = 16

  /// What stands in a value's place.
  enum Token {
    case null
    case boolean(Bool)
    case number(DecimalNumber)
    /// Between the quotes.
    case string(Text)
    /// An object or array; it has been walked over.
    case nested
  }

  /// The content of a string literal.
  struct Text {
    let range: Range<Int>
    let hasEscapes: Bool
  }

  /// A token and where it stands.
  struct Value {
    let token: Token
    let range: Range<Int>
  }

  @unsafe init(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe self.bytes = unsafe bytes
    count = bytes.count
  }

  // MARK: Structure

  /// The next byte after white space, not taken; `nil` at the end.
  mutating func next() -> UInt8? {
    while index < count {
      let byte = unsafe bytes[index]
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return byte }
      index += 1
    }
    return nil
  }

  /// Takes `{` or `[`.
  /// - Returns: whether something stands inside.
  mutating func open(_ bracket: Bracket) throws(JSONFault) -> Bool {
    try expect(bracket.opening)
    if next() == bracket.closing {
      index += 1
      return false
    }
    return true
  }

  /// Takes the comma after a member, or the closing bracket.
  /// - Returns: whether another member follows.
  mutating func goesOn(_ bracket: Bracket) throws(JSONFault) -> Bool {
    switch next() {
    case UInt8(ascii: ","):
      index += 1
      return true
    case bracket.closing:
      index += 1
      return false
    default: throw JSONFault(index, bracket == .object ? "expected , or }" : "expected , or ]")
    }
  }

  enum Bracket {
    case object
    case array

    var opening: UInt8 { self == .object ? UInt8(ascii: "{") : UInt8(ascii: "[") }
    var closing: UInt8 { self == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
  }

  /// Takes a key and the colon after it.
  mutating func key() throws(JSONFault) -> Text {
    guard next() == UInt8(ascii: "\"") else { throw JSONFault(index, "expected a key in quotes") }
    let key = try string()
    try expect(UInt8(ascii: ":"))
    return key
  }

  mutating func expectEnd() throws(JSONFault) {
    if next() != nil { throw JSONFault(index, "expected the end") }
  }

  /// Takes a value; nested ones are walked over.
  mutating func value(depth: Int = 1) throws(JSONFault) -> Value {
    guard let first = next() else { throw JSONFault(index, "the text ends where a value must be") }
    let start = index
    let token: Token
    switch first {
    case UInt8(ascii: "\""): token = .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): token = .number(try number())
    case UInt8(ascii: "t"): token = try word("true", .boolean(true))
    case UInt8(ascii: "f"): token = try word("false", .boolean(false))
    case UInt8(ascii: "n"): token = try word("null", .null)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try skipNested(first == UInt8(ascii: "{") ? .object : .array, depth: depth)
      token = .nested
    default: throw JSONFault(index, "expected a value")
    }
    return Value(token: token, range: start..<index)
  }

  /// Goes back to an offset that `index` had before.
  mutating func rewind(to offset: Int) { index = min(offset, count) }

  private mutating func expect(_ byte: UInt8) throws(JSONFault) {
    guard next() == byte else {
      throw JSONFault(
        index,
        byte == UInt8(ascii: ":")
          ? "expected :" : byte == UInt8(ascii: "{") ? "expected {" : "expected [")
    }
    index += 1
  }

  private mutating func skipNested(_ bracket: Bracket, depth: Int) throws(JSONFault) {
    guard depth < JSONScanner.depthMax else { throw JSONFault(index, "too deep a nesting") }
    guard try open(bracket) else { return }
    repeat {
      if bracket == .object { _ = try key() }
      _ = try value(depth: depth + 1)
    } while try goesOn(bracket)
  }

  private mutating func word(_ word: StaticString, _ token: Token) throws(JSONFault) -> Token {
    let length = word.utf8CodeUnitCount
    guard index + length <= count else { throw JSONFault(index, "expected a value") }
    for offset in 0..<length {
      guard unsafe bytes[index + offset] == word.utf8Start[offset] else {
        throw JSONFault(index, "expected a value")
      }
    }
    index += length
    return token
  }

  // MARK: Numbers

  private mutating func number() throws(JSONFault) -> DecimalNumber {
    var number = DecimalNumber.zero
    let start = index
    if unsafe bytes[index] == UInt8(ascii: "-") {
      number.isNegative = true
      index += 1
    }
    let first = index
    var kept = digits(into: &number, kept: 0, isFraction: false)
    let isPadded = unsafe index - first > 1 && bytes[first] == UInt8(ascii: "0")
    guard index > first, !isPadded else { throw JSONFault(start, "expected a number") }
    if index < count, unsafe bytes[index] == UInt8(ascii: ".") {
      index += 1
      let fraction = index
      kept = digits(into: &number, kept: kept, isFraction: true)
      guard index > fraction else { throw JSONFault(index, "expected a digit after the point") }
    }
    try exponent(into: &number)
    return number
  }

  /// - Parameter kept: significant digits so far.
  private mutating func digits(
    into number: inout DecimalNumber, kept before: Int, isFraction: Bool
  ) -> Int {
    var kept = before
    while index < count {
      let digit = unsafe bytes[index] &- 0x30
      guard digit <= 9 else { break }
      if kept < DecimalNumber.digitsMax {
        number.digits = number.digits &* 10 &+ UInt64(digit)
        if number.digits != 0 { kept += 1 }
        if isFraction { number.exponent -= 1 }
      } else if !isFraction {
        number.exponent += 1
      }
      index += 1
    }
    return kept
  }

  private mutating func exponent(into number: inout DecimalNumber) throws(JSONFault) {
    guard index < count, unsafe bytes[index] | 0x20 == UInt8(ascii: "e") else { return }
    index += 1
    var isNegative = false
    if index < count {
      let sign = unsafe bytes[index]
      isNegative = sign == UInt8(ascii: "-")
      if isNegative || sign == UInt8(ascii: "+") { index += 1 }
    }
    let start = index
    var exponent = 0
    while index < count {
      let digit = unsafe bytes[index] &- 0x30
      guard digit <= 9 else { break }
      exponent = min(exponent * 10 + Int(digit), DecimalNumber.exponentMax)
      index += 1
    }
    guard index > start else { throw JSONFault(index, "expected a digit of the exponent") }
    number.exponent += isNegative ? -exponent : exponent
  }

  // MARK: Texts

  private mutating func string() throws(JSONFault) -> Text {
    index += 1
    let start = index
    var hasEscapes = false
    while index < count {
      let byte = unsafe bytes[index]
      if byte == UInt8(ascii: "\"") {
        index += 1
        return Text(range: start..<(index - 1), hasEscapes: hasEscapes)
      }
      guard byte >= 0x20 else { throw JSONFault(index, "a control character in a text") }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try skipEscape()
      } else {
        index += 1
      }
    }
    throw JSONFault(start - 1, "the text that begins here has no end")
  }

  private mutating func skipEscape() throws(JSONFault) {
    let start = index
    index += 1
    guard index < count else { throw JSONFault(start, "an escape without its letter") }
    switch unsafe bytes[index] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index += 1
    case UInt8(ascii: "u"):
      guard index + 4 < count, hexadecimal(at: index + 1) != nil else {
        throw JSONFault(start, "\\u needs four hexadecimal digits")
      }
      index += 5
    default: throw JSONFault(start, "no escape of JSON")
    }
  }

  private func hexadecimal(at offset: Int) -> UInt32? {
    var value: UInt32 = 0
    for place in offset..<(offset + 4) {
      guard place < count,
        let digit = unsafe Character(Unicode.Scalar(bytes[place])).hexDigitValue
      else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// The text with its escapes resolved; `nil` if it is no UTF-8 or half a surrogate pair.
  func string(_ text: Text) -> String? {
    let content = unsafe UnsafeBufferPointer(rebasing: bytes[text.range])
    if !text.hasEscapes { return unsafe String(validating: content, as: UTF8.self) }
    return resolved(text.range).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Up to 24 bytes of a key as three words; `nil` for a longer one.
  @inline(__always)
  func name(_ text: Text) -> ShortName? {
    if text.hasEscapes { return resolved(text.range).flatMap { ShortName($0) } }
    return unsafe ShortName(UnsafeBufferPointer(rebasing: bytes[text.range]))
  }

  /// Bytes of the payload for a message: cut, repaired and without control characters.
  func shown(_ range: Range<Int>) -> String {
    let cut = range.prefix(JSONScanner.shownBytesMax)
    let content = unsafe UnsafeBufferPointer(rebasing: bytes[cut.startIndex..<cut.endIndex])
    let text = unsafe String(decoding: content, as: UTF8.self)
    let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    let plain =
      isPlain
      ? text
      : String(text.map { $0.unicodeScalars.contains { $0.value < 0x20 } ? " " : $0 })
    return cut.count < range.count ? plain + "…" : plain
  }

  static let shownBytesMax = 48

  private func resolved(_ range: Range<Int>) -> [UInt8]? {
    var content: [UInt8] = []
    var place = range.lowerBound
    while place < range.upperBound {
      let byte = unsafe bytes[place]
      place += 1
      guard byte == UInt8(ascii: "\\") else {
        content.append(byte)
        continue
      }
      let letter = unsafe bytes[place]
      place += 1
      switch letter {
      case UInt8(ascii: "b"): content.append(0x08)
      case UInt8(ascii: "f"): content.append(0x0c)
      case UInt8(ascii: "n"): content.append(0x0a)
      case UInt8(ascii: "r"): content.append(0x0d)
      case UInt8(ascii: "t"): content.append(0x09)
      case UInt8(ascii: "u"):
        guard let scalar = scalar(at: &place) else { return nil }
        content.append(contentsOf: String(Character(scalar)).utf8)
      default: content.append(letter)
      }
    }
    return content
  }

  private func scalar(at place: inout Int) -> Unicode.Scalar? {
    guard let unit = hexadecimal(at: place) else { return nil }
    place += 4
    if let scalar = Unicode.Scalar(unit) { return scalar }
    let isPair =
      unsafe unit < 0xdc00 && place + 6 <= count && bytes[place] == UInt8(ascii: "\\")
      && bytes[place + 1] == UInt8(ascii: "u")
    guard isPair, let low = hexadecimal(at: place + 2), (0xdc00...0xdfff).contains(low) else {
      return nil
    }
    place += 6
    return Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
  }
}

/// Why bytes are no JSON.
struct JSONFault: Error, Equatable {
  /// Of the byte at fault, from 0.
  let offset: Int
  let expected: String

  init(_ offset: Int, _ expected: String) {
    self.offset = offset
    self.expected = expected
  }
}

/// A name of at most 24 bytes without memory of its own, quick to compare.
struct ShortName: Hashable {
  private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private let count: Int

  static let bytesMax = 24

  @inline(__always)
  init?(_ bytes: some Collection<UInt8>) {
    count = bytes.count
    guard count <= ShortName.bytesMax else { return nil }
    var place = 0
    for byte in bytes {
      let shifted = UInt64(byte) << UInt64(8 * (place & 7))
      if place < 8 {
        words.0 |= shifted
      } else if place < 16 {
        words.1 |= shifted
      } else {
        words.2 |= shifted
      }
      place += 1
    }
  }

  @inline(__always)
  static func == (left: ShortName, right: ShortName) -> Bool {
    left.count == right.count && left.words == right.words
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
  }
}
