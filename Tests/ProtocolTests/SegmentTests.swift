import Protocol
import TestSupport
import Testing

@Suite struct SegmentTests {
  @Test(arguments: 0..<UInt64(8))
  func `any legal measurements survive encoding, each source in its order`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<250 {
      let count = Int.random(in: 1...60, using: &generator)
      let sent = (0..<count).map { _ in Measurement.random(using: &generator) }
      let segment = try Segment(decoding: Segment.encode(sent, receivedMs: 7)[...])
      #expect(segment.receivedMs == 7)
      #expect(segment.count == count)
      for key in Set(sent.map(Group.init)) {
        #expect(
          segment.measurements.filter { Group($0) == key } == sent.filter { Group($0) == key },
          "seed \(seed)")
      }
    }
  }

  private struct Group: Hashable {
    let kind: Kind
    let isSimulated: Bool
    let source: String

    init(_ measurement: Measurement) {
      kind = measurement.kind
      isSimulated = measurement.isSimulated
      source = measurement.source
    }
  }

  @Test(arguments: 0..<UInt64(8))
  func `random and mutated bytes give a segment of legal values or an error`(
    seed: UInt64
  ) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      var bytes: [UInt8]
      if generator.once(in: 4) {
        bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        }
      } else {
        bytes = Segment.encode(
          (0..<Int.random(in: 1...20, using: &generator)).map { _ in .random(using: &generator) },
          receivedMs: 1)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          bytes[Int.random(in: bytes.indices, using: &generator)] =
            UInt8.random(in: 0...255, using: &generator)
        }
        if generator.once(in: 4) {
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
        }
      }
      guard let segment = try? Segment(decoding: bytes[...]) else { continue }
      for measurement in segment.measurements {
        #expect(LegalRange.time.contains(measurement.timeMs))
        guard case .coverage(let coverage) = measurement.body else { continue }
        #expect(LegalRange.latitude.contains(Int64(coverage.latitudeMicrodegrees)))
        #expect(coverage.ssRsrpTenths.map { LegalRange.ssRsrp.contains(Int64($0)) } ?? true)
      }
    }
  }

  @Test func `a column that claims a million rows from ten bytes is refused`() {
    // [unit 1, [delta 0, repeated 1,000,000 times], form 1] in a block of 1 row
    var block = head()
    block.integer(2)
    block.array(1)
    block.array(4)
    block.integer(1)
    block.boolean(false)
    block.integer(1)
    block.map(1)
    block.integer(2)
    block.array(3)
    block.integer(1)
    block.array(2)
    block.integer(0)
    block.integer(1_000_000)
    block.integer(1)
    #expect(throws: WireError(.range("1000000, legal 0…1"), at: 17)) {
      try Segment(decoding: block.bytes[...])
    }
  }

  @Test func `a level outside 3GPP's range is an error that names column, value and range`() throws
  {
    var bytes = Segment.encode(
      [
        Measurement(
          source: "a", timeMs: 0,
          body: .coverage(
            Coverage(
              latitudeMicrodegrees: 0, longitudeMicrodegrees: 0, radioAccess: .nrSA,
              ssRsrpTenths: -1_000)))
      ], receivedMs: 0)
    // −1000 is 0x39 0x03e7; −2000 is 0x39 0x07cf.
    let place = try #require(
      bytes.indices.first { Array(bytes[$0...].prefix(3)) == [0x39, 3, 0xe7] })
    bytes.replaceSubrange((place + 1)...(place + 2), with: [0x07, 0xcf])
    #expect(throws: WireError(.range("column ssRsrp holds -2000, legal -1560…-310"), at: place)) {
      try Segment(decoding: bytes[...])
    }
  }

  @Test func `a segment of a newer version is refused and says what to do`() throws {
    var writer = CBORWriter()
    writer.map(1)
    writer.integer(0)
    writer.integer(9)
    let error = #expect(throws: WireError.self) { try Segment(decoding: writer.bytes[...]) }
    #expect(error?.description == "byte 3: version 9, this program reads 1; upgrade it")
  }

  @Test func `steady samples of one source cost at most 10 bytes each`() {
    var generator = SeededGenerator(seed: 1)
    var latitude: Int32 = 20_541_000
    let samples = (0..<100).map { index in
      latitude += Int32.random(in: -120...120, using: &generator)
      return Measurement(
        source: "xe-01", timeMs: 1_732_000_000_000 + Int64(index) * 1_000,
        body: .coverage(
          Coverage(
            latitudeMicrodegrees: latitude, longitudeMicrodegrees: 105_913_000 + Int32(index) * 90,
            radioAccess: .nrNSA, isActive: true,
            ssRsrpTenths: -950 + 10 * Int32.random(in: -9...9, using: &generator),
            ssRsrqTenths: -110 + 10 * Int32.random(in: -3...3, using: &generator),
            plmn: "45204")))
    }
    let bytes = Segment.encode(samples, receivedMs: 1_732_000_100_000)
    #expect(bytes.count <= 1_000)
  }

  @Test func `noisy samples of 60 sources cost at most 20 bytes each`() throws {
    var generator = SeededGenerator(seed: 2)
    let samples = (0..<60).map { index in
      Measurement(
        source: "xe-buýt-tuyến-\(index)", timeMs: 1_732_000_000_000 + Int64(index) * 3,
        body: .coverage(
          Coverage(
            latitudeMicrodegrees: Int32.random(in: 20_400_000...20_650_000, using: &generator),
            longitudeMicrodegrees: Int32.random(in: 105_800_000...106_100_000, using: &generator),
            radioAccess: .nrNSA, isActive: true,
            ssRsrpTenths: Int32.random(in: -1_200 ... -700, using: &generator),
            ssRsrqTenths: Int32.random(in: -150 ... -90, using: &generator), plmn: "45204",
            band: "n78", cell: "45204\(Int.random(in: 100_000...199_999, using: &generator))")))
    }
    let bytes = Segment.encode(samples, receivedMs: 1_732_000_100_000)
    #expect(bytes.count <= 60 * 20)
    #expect(try Segment(decoding: bytes[...]).measurements == samples)
  }

  /// A segment of three members up to the last: version and time are 1.
  private func head() -> CBORWriter {
    var writer = CBORWriter()
    writer.map(3)
    for key in 0...1 {
      writer.integer(Int64(key))
      writer.integer(1)
    }
    return writer
  }

  /// A segment of packed blocks that says what a test wants it to say.
  private func packed(_ count: Int, _ bytes: [UInt8]) -> ArraySlice<UInt8> {
    var writer = head()
    writer.integer(4)
    writer.array(2)
    writer.integer(Int64(count))
    writer.byteString(bytes)
    return writer.bytes[...]
  }

  /// Of a byte: the array's head, DEFLATE's stored block (RFC 1951, section 3.2.4).
  private static let stored: [UInt8] = [1, 1, 0, 0xfe, 0xff, 0x80]

  @Test(
    arguments: [
      (0, [], "packed blocks that are no DEFLATE of 0 bytes"),
      (1, stored, "segment without rows"),
      (2, stored, "packed blocks that are no DEFLATE of 2 bytes"),
      (1, stored + [0], "packed blocks that are no DEFLATE of 1 bytes"),
      (1, stored.dropLast(), "packed blocks that are no DEFLATE of 1 bytes"),
      (97, stored, "6 packed bytes said to be 97, legal 16 times"),
      (4_194_305, stored, "4194305, legal 0…4194304"),
    ] as [(Int, [UInt8], String)])
  func `packed blocks that lie about themselves are refused`(
    _ count: Int, _ bytes: [UInt8], _ text: String
  ) {
    let error = #expect(throws: WireError.self) {
      try Segment(decoding: self.packed(count, bytes))
    }
    #expect(error?.fault == .range(text))
  }

  @Test func `blocks both plain and packed are refused`() throws {
    let sample = Measurement(
      source: "a", timeMs: 1,
      body: .service(ServiceCount(area: nil, counter: "hồ-sơ", value: 1)))
    // A map of 4: the packed ones follow the plain ones.
    let plain = Segment.encode([sample], receivedMs: 1)
    let both = [0xa4] + plain.dropFirst() + packed(1, SegmentTests.stored).dropFirst(5)
    let error = #expect(throws: WireError.self) { try Segment(decoding: both[...]) }
    #expect(error?.fault == .range("blocks twice"))
  }
}
