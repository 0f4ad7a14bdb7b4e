import Agent
import Glibc
import Protocol
import SQLite
import TestSupport
import Testing

/// The table of numbered ranges stays small whatever devices make of it.
@Suite struct NumberedRangesTests {
  let fixture = BufferFixture()

  /// What of a payload was new.
  @discardableResult
  private func new(
    _ writer: BufferWriter, _ id: String, from first: Int64, _ count: Int = 1
  ) throws -> Int {
    var payload = ParsedPayload(
      measurements: BufferFixture.measurements(count, from: Int(first)),
      numbered: .init(id: id, first: first, count: count, places: Array(0..<count)))
    try writer.keepNew(&payload)
    return payload.measurements.count
  }

  private func commit(_ writer: BufferWriter, nowMs: Int64 = 1) throws {
    try writer.commit(BufferWriter.Group(), nowMs: nowMs)
  }

  private func rows() throws -> Int64 {
    try Database(path: fixture.path, mode: .readOnly).integer("SELECT count(*) FROM numbered")
  }

  @Test func `10,000 ids of a device fill no buffer of a megabyte`() throws {
    fixture.bytesMax = 1_000_000
    let open = try fixture.open()
    for round in 0..<10 {
      for number in 0..<1_000 {
        let id = "\(round * 1_000 + number)"
        try new(open.writer, String(repeating: "x", count: 64 - id.count) + id, from: 7)
      }
      try commit(open.writer)
    }
    #expect(try rows() <= 244)
    try open.store(1_000)
    let live = try open.live()
    #expect(try open.held(live.id) == [0..<1_000] && open.holes(live.id) == [])
    #expect(try open.reader.figures().bytes < 500_000)
  }

  @Test func `of 20,000 numbers with gaps between, the newest are known and the oldest forgotten`()
    throws
  {
    fixture.bytesMax = 10_000_000
    let last: Int64 = 2 * 19_999
    do {
      let writer = try fixture.open().writer
      for number in Int64(0)..<20_000 {
        try new(writer, "tram-1", from: 2 * number)
        if number % 500 == 499 { try commit(writer) }
      }
      #expect(try (1_500...2_441).contains(rows()))
      #expect(try new(writer, "tram-1", from: last) == 0)
    }
    let writer = try fixture.open().writer
    for number in 0..<1_000 {
      #expect(try new(writer, "tram-1", from: last - 2 * Int64(number)) == 0)
    }
    // The gaps are new, and so is what was forgotten.
    #expect(try new(writer, "tram-1", from: last - 3, 2) == 1)
    #expect(try new(writer, "tram-1", from: 0) == 1)
  }

  @Test func `an id that is used is not forgotten for others, also where the clock goes back`()
    throws
  {
    fixture.bytesMax = 1_000_000
    let writer = try fixture.open().writer
    for round in Int64(0)..<100 {
      #expect(try new(writer, "steady", from: 10 * round, 10) == 10)
      for number in 0..<20 { try new(writer, "\(round)/\(number)", from: 0) }
      try commit(writer, nowMs: 1_000_000 - round)
    }
    #expect(try rows() <= 244)
    #expect(try new(writer, "steady", from: 0, 1_000) == 0)
    #expect(try new(writer, "0/0", from: 0) == 1)
  }

  @Test func `numbers that fill a gap join what stands on both sides, also in the table`() throws {
    do {
      let writer = try fixture.open().writer
      for first in [0, 20, 40, 10] as [Int64] { try new(writer, "a", from: first, 10) }
      try commit(writer)
      #expect(try rows() == 2)
      #expect(try new(writer, "a", from: 25, 20) == 10)
      try commit(writer)
      #expect(try rows() == 1)
      #expect(try new(writer, "a", from: 60) == 1)
      #expect(try new(writer, "a", from: 5, 60) == 14)
      try commit(writer)
    }
    let writer = try fixture.open().writer
    #expect(try rows() == 1)
    #expect(try new(writer, "a", from: 0, 70) == 5)
  }
}
