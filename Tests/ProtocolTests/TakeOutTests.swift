import Protocol
import TestSupport
import Testing

/// The take-out file: what was written comes back, and nothing else ever does.
@Suite struct TakeOutTests {
  private static let head = TakeOut.Head(
    agent: "kcn-1", madeMs: 1_795_486_650_000, program: "hatang-agent 0.1.0")
  private static let batches = (0..<4).map { index in
    let first = SequenceNumber(index * 3)
    let rows = (0..<3).map { row in
      Measurement(
        source: "x", timeMs: Int64(index * 3 + row),
        body: .service(ServiceCount(area: nil, counter: "payments", value: Int64(row))))
    }
    let piece = Batch.Piece(
      first: first, count: 3, bytes: Segment.encode(rows, receivedMs: 0)[...])
    return Batch(
      stream: StreamID(high: 1, low: 2), acknowledged: first, oldestHeld: 0, sentMs: 5, holes: [],
      segments: [piece])
  }

  private static func file() -> [UInt8] {
    var writer = TakeOutWriter()
    var bytes = writer.begin(head)
    for batch in batches { bytes += writer.add(batch) }
    return bytes + writer.end()
  }

  /// Every record up to the end or to the fault.
  private func read(_ bytes: [UInt8]) -> (records: [TakeOut.Record], error: TakeOutError?) {
    var reader = TakeOutReader()
    var place = 0
    var records: [TakeOut.Record] = []
    do throws(TakeOutError) {
      while let record = try reader.next({ count in
        defer { place = min(bytes.count, place + count) }
        return Array(bytes[place..<min(bytes.count, place + count)])
      }) {
        records.append(record)
      }
      return (records, nil)
    } catch { return (records, error) }
  }

  private func text(_ bytes: [UInt8]) -> String { read(bytes).error?.description ?? "whole" }

  @Test func `the sum is the one that zlib has`() {
    var sum = CRC32()
    sum.update("12345".utf8)
    sum.update("6789".utf8)
    #expect(sum.value == 0xcbf4_3926)
  }

  @Test func `what was written is read`() throws {
    let found = read(Self.file())
    #expect(found.error == nil)
    var totals = TakeOut.Totals()
    totals.batches = 4
    totals.measurements = 12
    #expect(
      found.records == [.head(Self.head)] + Self.batches.map { .batch($0.encoded()) }
        + [.end(totals)])
    #expect(Self.file().starts(with: Array("hatang-takeout 1\n".utf8)))
  }

  @Test func `cut short at any byte, it says so, and gives only what was whole`() {
    let bytes = Self.file()
    let whole = read(bytes).records
    for count in 0..<bytes.count {
      let found = read(Array(bytes.prefix(count)))
      #expect(whole.starts(with: found.records))
      let expected: TakeOutError.Fault = count < 16 ? .foreign : .cutShort
      #expect(found.error?.fault == expected, "\(count) bytes")
    }
    #expect(
      text(Array(bytes.dropLast())) == "is cut short after 4 batches, 12 measurements; copy it "
        + "again, or take out again")
    #expect(text([]) == "is no take-out file; name the one that hatang-agent buffer take-out wrote")
  }

  @Test func `with any bit turned, it says so, and gives only what was written`() {
    let bytes = Self.file()
    let whole = read(bytes).records
    for place in bytes.indices {
      for bit in 0..<8 {
        var turned = bytes
        turned[place] ^= 1 << UInt8(bit)
        let found = read(turned)
        #expect(found.error != nil, "byte \(place), bit \(bit)")
        #expect(whole.starts(with: found.records), "byte \(place), bit \(bit)")
      }
    }
  }

  @Test func `a record that is missing, doubled or moved is noticed`() {
    var writer = TakeOutWriter()
    let head = writer.begin(Self.head)
    let pieces = Self.batches.map { writer.add($0) }
    let end = writer.end()
    for order in [[0, 1, 3], [0, 1, 1, 2, 3], [0, 2, 1, 3], []] {
      let found = read(head + order.flatMap { pieces[$0] } + end)
      guard case .damaged("a record's sum is wrong")? = found.error?.fault else {
        Issue.record("\(order): \(String(describing: found.error))")
        continue
      }
    }
    #expect(
      text(head + pieces[0] + pieces[2]) == "is damaged after 1 batches, 3 measurements (a "
        + "record's sum is wrong); copy it again, or take out again")
  }

  @Test func `what follows the end is noticed`() {
    #expect(
      text(Self.file() + [0]) == "is damaged after 4 batches, 12 measurements (bytes follow the "
        + "end record); copy it again, or take out again")
  }

  @Test func `a newer version is refused as a whole`() {
    let bytes = Array("hatang-takeout 12\n".utf8) + Self.file().dropFirst(17)
    let found = read(bytes)
    #expect(found.records.isEmpty && found.error?.isPartial == false)
    #expect(
      text(bytes) == "has version 12, this program reads 1; install a newer one here")
  }
}
