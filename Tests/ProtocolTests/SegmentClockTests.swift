import Protocol
import Testing

/// What a segment says of the clock that stamped it, and what becomes of its times.
@Suite struct SegmentClockTests {
  private static let receivedMs: Int64 = 40_000
  private static let byMs: Int64 = 1_795_000_000_000

  private static func measurement(
    _ timeMs: Int64, _ origin: TimeOrigin, source: String = "a"
  ) -> Measurement {
    Measurement(
      source: source, timeMs: timeMs, timeOrigin: origin,
      body: .service(ServiceCount(counter: "payments", value: 1)))
  }

  /// Stamped by the agent; by a probe beside it, 30 s before; by a device that knows the time; by
  /// one that is as wrong as it likes.
  private static let rows = [
    measurement(39_990, .arrival), measurement(10_000, .device, source: "b"),
    measurement(byMs + 39_000, .device, source: "c"), measurement(700_000, .device, source: "d"),
  ]

  private func decoded(_ clock: SegmentClock?) throws -> Segment {
    let bytes = Segment.encode(SegmentClockTests.rows, receivedMs: SegmentClockTests.receivedMs)
    return try Segment(decoding: (clock?.added(to: bytes[...]) ?? bytes)[...])
  }

  @Test func `a correction moves what the wrong clock stamped, and nothing else`() throws {
    let by = SegmentClockTests.byMs
    let segment = try decoded(.corrected(byMs: by, accuracyMs: 12, .aggregator))
    #expect(
      segment.measurements.map(\.timeMs) == [by + 39_990, by + 10_000, by + 39_000, 700_000])
    #expect(segment.clock == .corrected(byMs: by, accuracyMs: 12, .aggregator))
    #expect(segment.receivedMs == 40_000)
    #expect((0..<4).map { segment.blocks[0].isOfClock($0) } == [true, true, false, false])
    #expect(segment.blocks[0].clockRowCount == 2)
  }

  @Test func `a correction of a minute leaves a device's time, which may be right`() throws {
    let segment = try decoded(.corrected(byMs: 60_000, accuracyMs: 0, .kernel))
    #expect(segment.measurements.map(\.timeMs)[0] == 99_990)
    #expect(segment.measurements.map(\.timeMs)[1] == 10_000)
  }

  @Test func `what is not known, and what is not verified, moves nothing and is marked`() throws {
    for (clock, marked) in [
      (SegmentClock.unverified, 2), (.unknown(afterMs: 5, beforeMs: SegmentClockTests.byMs), 2),
      (.corrected(byMs: 0, accuracyMs: 900, .hardware), 1),
    ] {
      let segment = try decoded(clock)
      #expect(segment.clock == clock)
      #expect(segment.measurements == SegmentClockTests.rows)
      #expect((0..<4).map { segment.blocks[0].isOfClock($0) }.filter { $0 }.count == marked)
    }
    #expect(try decoded(nil).blocks[0].clockRowCount == 0)
  }

  @Test func `a newer word for the clock makes the time unknown, not the segment unreadable`()
    throws
  {
    var bytes = SegmentClock.unverified.added(
      to: Segment.encode(SegmentClockTests.rows, receivedMs: 40_000)[...])
    bytes[bytes.count - 3] = 9
    #expect(try Segment(decoding: bytes[...]).clock == .unknown(afterMs: 0, beforeMs: 0))
  }

  @Test func `a correction beyond all legal times is an error`() throws {
    for by in [Int64.max, .min, 7_258_118_400_001, -40_000] {
      #expect(throws: WireError.self) {
        try decoded(.corrected(byMs: by, accuracyMs: 0, .kernel))
      }
    }
  }
}
