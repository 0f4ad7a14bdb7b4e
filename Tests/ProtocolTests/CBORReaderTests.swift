import Protocol
import Testing

@Suite struct CBORReaderTests {
  /// RFC 8949, appendix A.
  @Test(
    arguments: [
      (Int64(0), [0x00]), (23, [0x17]), (24, [0x18, 0x18]), (1_000, [0x19, 0x03, 0xe8]),
      (1_000_000, [0x1a, 0x00, 0x0f, 0x42, 0x40]), (-1, [0x20]), (-100, [0x38, 0x63]),
      (-1_000, [0x39, 0x03, 0xe7]), (Int64.max, [0x1b, 0x7f] + Array(repeating: 0xff, count: 7)),
      (Int64.min, [0x3b, 0x7f] + Array(repeating: 0xff, count: 7)),
    ] as [(Int64, [UInt8])])
  func `an integer of RFC 8949 is written and read as its appendix says`(
    value: Int64, bytes: [UInt8]
  ) throws {
    var writer = CBORWriter()
    writer.integer(value)
    #expect(writer.bytes == bytes)
    var reader = CBORReader(bytes)
    #expect(try reader.integer() == value)
    #expect(reader.isAtEnd)
  }

  @Test func `an integer beyond 64 bits is an error with its offset`() {
    var reader = CBORReader([0x1b] + Array(repeating: 0xff, count: 8))
    #expect(throws: WireError(.range("integer beyond 64 bits"), at: 0)) { try reader.integer() }
  }

  @Test func `a length beyond the bytes is an error before anything is allocated`() {
    var reader = CBORReader([0x9b, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff])
    #expect(throws: WireError(.ended, at: 0)) { try reader.array(atMost: .max) }
  }

  @Test func `text that is not UTF-8 is an error`() {
    var reader = CBORReader([0x62, 0xff, 0xfe])
    #expect(throws: WireError(.range("text that is not UTF-8"), at: 0)) {
      try reader.text(atMost: 10)
    }
  }

  @Test func `items nested without end are skipped no deeper than the limit`() {
    var reader = CBORReader(Array(repeating: 0x81, count: 100_000) + [0x00])
    #expect(throws: WireError(.range("nested deeper than 16"), at: 16)) { try reader.skip() }
  }

  @Test func `floating point and indefinite lengths are refused`() {
    for bytes: [UInt8] in [[0xf9, 0x3c, 0x00], [0x9f, 0xff], [0x5f, 0xff]] {
      var reader = CBORReader(bytes)
      #expect(throws: WireError.self) { try reader.skip() }
    }
  }
}
