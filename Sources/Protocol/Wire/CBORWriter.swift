/// Writes CBOR (RFC 8949) in its preferred form: shortest heads, definite lengths.
public struct CBORWriter {
  public private(set) var bytes: [UInt8] = []

  public init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  public mutating func integer(_ value: Int64) {
    if value >= 0 {
      head(.unsigned, UInt64(value))
    } else {
      head(.negative, UInt64(bitPattern: ~value))
    }
  }

  public mutating func boolean(_ value: Bool) { bytes.append(value ? 0xf5 : 0xf4) }

  public mutating func null() { bytes.append(0xf6) }

  public mutating func text(_ value: String) {
    head(.text, UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  public mutating func byteString(_ value: [UInt8]) {
    head(.bytes, UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// The `count` items of the array follow.
  public mutating func array(_ count: Int) { head(.array, UInt64(count)) }

  /// `count` pairs of key and value follow.
  public mutating func map(_ count: Int) { head(.map, UInt64(count)) }

  /// Items that were already encoded.
  public mutating func encoded(_ items: [UInt8]) { bytes.append(contentsOf: items) }

  /// Bytes that `integer` takes for this value.
  static func byteCount(of value: Int64) -> Int {
    let magnitude = UInt64(bitPattern: value >= 0 ? value : ~value)
    if magnitude < 24 { return 1 }
    if magnitude <= 0xff { return 2 }
    if magnitude <= 0xffff { return 3 }
    return magnitude <= 0xffff_ffff ? 5 : 9
  }

  private mutating func head(_ type: CBORMajorType, _ argument: UInt64) {
    let top = type.rawValue << 5
    if argument < 24 {
      bytes.append(top | UInt8(argument))
    } else if argument <= 0xff {
      bytes.append(top | 24)
      bytes.append(UInt8(argument))
    } else if argument <= 0xffff {
      bytes.append(top | 25)
      bigEndian(argument, byteCount: 2)
    } else if argument <= 0xffff_ffff {
      bytes.append(top | 26)
      bigEndian(argument, byteCount: 4)
    } else {
      bytes.append(top | 27)
      bigEndian(argument, byteCount: 8)
    }
  }

  private mutating func bigEndian(_ value: UInt64, byteCount: Int) {
    for index in (0..<byteCount).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))))
    }
  }
}

/// The top three bits of an item's first byte (RFC 8949, section 3.1).
enum CBORMajorType: UInt8 {
  case unsigned = 0
  case negative = 1
  case bytes = 2
  case text = 3
  case array = 4
  case map = 5
  case tag = 6
  case simple = 7
}
