/// Reads CBOR (RFC 8949) item by item from bytes that may be anything: each call gives a value or
/// an error, reads only inside the bytes, and allocates no more than the bytes themselves hold.
///
/// Indefinite lengths and floating point are refused: the protocol has neither.
public struct CBORReader {
  private let bytes: ArraySlice<UInt8>
  /// Index of the next byte, in the indices of `bytes`.
  private var index: Int

  /// How deep `skip` follows nested items.
  static let depthMax = 16

  public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  /// Bytes read so far.
  public var offset: Int { index - bytes.startIndex }
  public var isAtEnd: Bool { index == bytes.endIndex }

  public mutating func integer() throws(WireError) -> Int64 {
    // Most deltas of a column lie in their item's first byte.
    if index < bytes.endIndex {
      let first = bytes[index]
      if first < 0x18 {
        index += 1
        return Int64(first)
      }
      if first >= 0x20, first < 0x38 {
        index += 1
        return ~Int64(first - 0x20)
      }
    }
    let start = offset
    let (type, argument) = try head()
    guard type == .unsigned || type == .negative else {
      throw WireError(.type(expected: "integer"), at: start)
    }
    guard let magnitude = Int64(exactly: argument) else {
      throw WireError(.range("integer beyond 64 bits"), at: start)
    }
    return type == .unsigned ? magnitude : ~magnitude
  }

  /// An integer or `null`.
  public mutating func optionalInteger() throws(WireError) -> Int64? {
    if readNull() { return nil }
    return try integer()
  }

  /// A whole number from 0 to `limit`.
  public mutating func unsigned(atMost limit: UInt64) throws(WireError) -> UInt64 {
    let start = offset
    let value = try integer()
    guard value >= 0, UInt64(value) <= limit else {
      throw WireError(.range("\(value), legal 0…\(limit)"), at: start)
    }
    return UInt64(value)
  }

  public mutating func boolean() throws(WireError) -> Bool {
    let start = offset
    switch try byte() {
    case 0xf4: return false
    case 0xf5: return true
    default: throw WireError(.type(expected: "boolean"), at: start)
    }
  }

  public mutating func byteString(atMost limit: Int) throws(WireError) -> ArraySlice<UInt8> {
    try run(.bytes, "byte string", atMost: limit)
  }

  /// Text of at most `limit` bytes of valid UTF-8.
  public mutating func text(atMost limit: Int) throws(WireError) -> String {
    let start = offset
    let utf8 = try run(.text, "text", atMost: limit)
    guard let text = String(validating: utf8, as: UTF8.self) else {
      throw WireError(.range("text that is not UTF-8"), at: start)
    }
    return text
  }

  /// The number of items that follow.
  public mutating func array(atMost limit: Int) throws(WireError) -> Int {
    try count(.array, "array", atMost: limit, bytesPerItem: 1)
  }

  /// The number of pairs that follow.
  public mutating func map(atMost limit: Int) throws(WireError) -> Int {
    try count(.map, "map", atMost: limit, bytesPerItem: 2)
  }

  public func nextIs(_ type: PeekedType) -> Bool {
    guard index < bytes.endIndex else { return false }
    let major = CBORMajorType(rawValue: bytes[index] >> 5)
    switch type {
    case .integer: return major == .unsigned || major == .negative
    case .text: return major == .text
    case .array: return major == .array
    }
  }

  public enum PeekedType: Sendable { case integer, text, array }

  /// Passes over one item, whatever it is: how an older reader meets a newer writer's keys.
  public mutating func skip() throws(WireError) { try skip(depth: 0) }

  /// Nothing may follow the last item.
  public func expectEnd() throws(WireError) {
    guard isAtEnd else {
      throw WireError(.range("\(bytes.endIndex - index) bytes after the end"), at: offset)
    }
  }

  mutating func readNull() -> Bool {
    guard index < bytes.endIndex, bytes[index] == 0xf6 else { return false }
    index += 1
    return true
  }

  private mutating func skip(depth: Int) throws(WireError) {
    let start = offset
    guard depth < CBORReader.depthMax else {
      throw WireError(.range("nested deeper than \(CBORReader.depthMax)"), at: start)
    }
    let (type, argument) = try head()
    switch type {
    case .unsigned, .negative, .simple: return
    case .bytes, .text:
      guard argument <= UInt64(bytes.endIndex - index) else { throw WireError(.ended, at: start) }
      index += Int(argument)
    case .tag: try skip(depth: depth + 1)
    case .array, .map:
      let (items, overflow) = argument.multipliedReportingOverflow(by: type == .map ? 2 : 1)
      guard !overflow, items <= UInt64(bytes.endIndex - index) else {
        throw WireError(.ended, at: start)
      }
      for _ in 0..<items { try skip(depth: depth + 1) }
    }
  }

  private mutating func run(
    _ type: CBORMajorType, _ name: String, atMost limit: Int
  ) throws(WireError) -> ArraySlice<UInt8> {
    let start = offset
    let length = try count(type, name, atMost: limit, bytesPerItem: 1)
    guard length <= bytes.endIndex - index else { throw WireError(.ended, at: start) }
    defer { index += length }
    return bytes[index..<(index + length)]
  }

  private mutating func count(
    _ type: CBORMajorType, _ name: String, atMost limit: Int, bytesPerItem: Int
  ) throws(WireError) -> Int {
    let start = offset
    let (found, argument) = try head()
    guard found == type else { throw WireError(.type(expected: name), at: start) }
    guard argument <= UInt64(limit) else {
      throw WireError(.range("\(name) of \(argument), at most \(limit)"), at: start)
    }
    guard Int(argument) * bytesPerItem <= bytes.endIndex - index else {
      throw WireError(.ended, at: start)
    }
    return Int(argument)
  }

  @inline(__always)
  private mutating func byte() throws(WireError) -> UInt8 {
    guard index < bytes.endIndex else { throw WireError(.ended, at: offset) }
    defer { index += 1 }
    return bytes[index]
  }

  private mutating func head() throws(WireError) -> (CBORMajorType, UInt64) {
    let start = offset
    let first = try byte()
    guard let type = CBORMajorType(rawValue: first >> 5) else {
      throw WireError(.type(expected: "item"), at: start)
    }
    let information = first & 0x1f
    if information < 24 { return (type, UInt64(information)) }
    guard information <= 27, type != .simple else {
      throw WireError(.type(expected: "item of definite length, not floating point"), at: start)
    }
    let length = 1 << Int(information - 24)
    guard length <= bytes.endIndex - index else { throw WireError(.ended, at: start) }
    var argument: UInt64 = 0
    for _ in 0..<length {
      argument = argument << 8 | UInt64(bytes[index])
      index += 1
    }
    return (type, argument)
  }
}

/// Why bytes from the wire are no message.
public struct WireError: Error, Equatable, CustomStringConvertible {
  public let fault: Fault
  /// Byte offset of the item at fault, from the start of what was being decoded.
  public let offset: Int

  public enum Fault: Equatable, Sendable {
    /// The bytes end inside an item.
    case ended
    case type(expected: String)
    /// A value outside what is legal; the text says which.
    case range(String)
    /// A required key is missing.
    case missing(String)
    /// Written by a newer program; the receiver must be upgraded first.
    case version(Int64)
  }

  public init(_ fault: Fault, at offset: Int) {
    self.fault = fault
    self.offset = offset
  }

  public var description: String {
    switch fault {
    case .ended: "byte \(offset): the message ends inside an item"
    case .type(let expected): "byte \(offset): expected \(expected)"
    case .range(let text): "byte \(offset): \(text)"
    case .missing(let key): "byte \(offset): \(key) is missing"
    case .version(let version):
      "byte \(offset): version \(version), this program reads \(wireVersion); upgrade it"
    }
  }
}

/// Version of batches, receipts, status messages and segments.
public let wireVersion: Int64 = 1
