/// CRC-32 as Ethernet and zlib have it (ISO 3309): reflected, polynomial 0x04C11DB7. Of "123456789"
/// it is 0xCBF43926.
public struct CRC32: Equatable, Sendable {
  private var state: UInt32 = 0xffff_ffff

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { word, _ in word & 1 == 1 ? word >> 1 ^ 0xedb8_8320 : word >> 1 }
  }

  public init() {}

  /// Of all bytes so far.
  public var value: UInt32 { ~state }

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let table = CRC32.table
    for byte in bytes { state = state >> 8 ^ table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] }
  }
}
