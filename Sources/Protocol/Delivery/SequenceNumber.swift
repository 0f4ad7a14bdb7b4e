/// Place of a measurement in its stream: 0, 1, 2, … without a gap. Whatever is missing is a `Hole`.
public typealias SequenceNumber = UInt64

/// Largest sequence number that the wire can carry. At a million measurements a second a stream
/// reaches it after 292,000 years.
public let sequenceNumberMax: SequenceNumber = SequenceNumber(Int64.max)

/// Names one stream: 128 random bits, made with the buffer file that numbers it.
public struct StreamID: Hashable, Sendable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public init(using generator: inout some RandomNumberGenerator) {
    self.init(high: generator.next(), low: generator.next())
  }

  /// `nil` unless there are 16 bytes.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == StreamID.byteCount else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      if index < 8 {
        words.0 = words.0 << 8 | UInt64(byte)
      } else {
        words.1 = words.1 << 8 | UInt64(byte)
      }
    }
    self.init(high: words.0, low: words.1)
  }

  /// `nil` unless it is 32 hexadecimal digits.
  public init?(hexadecimal text: String) {
    guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  public static let byteCount = 16

  public var bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
  }

  /// 32 hexadecimal digits.
  public var description: String { StreamID.hexadecimal(high) + StreamID.hexadecimal(low) }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
