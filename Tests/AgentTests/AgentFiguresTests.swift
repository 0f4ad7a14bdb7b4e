import Agent
import Protocol
import TestSupport
import Testing

/// The figures that status and check are made of.
@Suite struct AgentFiguresTests {
  @Test func `the recent intake covers 24 hours of the clock, the present one included`() {
    var recent = RecentIntake(now: .seconds(3_000))
    recent.add(rows: 10, bytes: 100, now: .seconds(3_100))
    recent.add(rows: 1, bytes: 10, now: .seconds(3_700))
    expect(recent.total(now: .seconds(4_000)), seconds: 1_000, rows: 11, bytes: 110)
    let next = Duration.seconds(24 * 3_600 + 100)
    // The first hour is no longer among them.
    expect(recent.total(now: next), seconds: 23 * 3_600 + 100, rows: 1, bytes: 10)
    recent.add(rows: 2, bytes: 20, now: next)
    expect(recent.total(now: next), seconds: 23 * 3_600 + 100, rows: 3, bytes: 30)
  }

  private func expect(_ total: RecentIntake.Total, seconds: Int64, rows: Int, bytes: Int) {
    #expect(total.seconds == seconds && total.rows == rows && total.bytes == bytes, "\(total)")
  }

  @Test func `the aggregator's commit lies in the middle of the round trip, give or take half`() {
    let found = ClockComparison(sentMs: 1_000, committedMs: 1_700, receivedMs: 1_200)
    #expect(found?.offsetMs == 600 && found?.accuracyMs == 100)
    #expect(ClockComparison(sentMs: 0, committedMs: 1, receivedMs: 1) == nil)
    #expect(ClockComparison(sentMs: 10, committedMs: 1, receivedMs: 9) == nil)
  }

  @Test func `a more exact comparison wins, and an old one never`() {
    let exact = ClockComparison(sentMs: 1_000, committedMs: 1_000, receivedMs: 1_010)
    let vague = ClockComparison(sentMs: 2_000, committedMs: 2_000, receivedMs: 2_500)
    let late = ClockComparison(sentMs: 90_000, committedMs: 90_000, receivedMs: 90_500)
    #expect(ClockComparison.better(exact, vague) == exact)
    #expect(ClockComparison.better(vague, exact) == exact)
    #expect(ClockComparison.better(exact, late) == late)
    #expect(ClockComparison.better(exact, nil) == exact)
    #expect(ClockComparison.better(nil, vague) == vague)
  }

  @Test func `the backlog's trend needs ten seconds, and looks back a minute`() {
    var trend = BacklogTrend()
    for second in 0...9 {
      trend.add(UInt64(1_000 - 10 * second), now: .seconds(second))
      #expect(trend.shrinkingPerSecond == nil)
    }
    for second in 10...100 { trend.add(UInt64(1_000 - 10 * second), now: .seconds(second)) }
    #expect(trend.shrinkingPerSecond == 10)
    for second in 101...170 { trend.add(UInt64(second - 100), now: .seconds(second)) }
    #expect(trend.shrinkingPerSecond == -1)
  }

  @Test func `a check's record lies in a segment of its own, and its receipt is seen`() throws {
    let fixture = BufferFixture()
    let open = try fixture.open()
    var group = BufferWriter.Group()
    let check = Measurement(source: "check-1", timeMs: 5, body: .check)
    group.measurements = [check] + BufferFixture.measurements(2, from: 1)
    try open.writer.commit(group, nowMs: 1_000)
    let stream = try #require(try open.reader.streams().last)
    let pieces = try open.reader.segments(
      of: stream.id, from: 0, bytesMax: 1 << 20, countMax: 10
    ).segments
    try #require(pieces.map(\.count) == [2, 1])
    #expect(try Segment(decoding: pieces[1].bytes).measurements == [check])
    #expect(open.buffer.currentCheck?.number == 2)
    #expect(open.buffer.currentIntake.rows == 3)
    try open.reader.setAcknowledged(stream.id, 2)
    #expect(open.buffer.currentCheck?.receiptedMs == nil)
    try open.reader.setAcknowledged(stream.id, 3)
    #expect(open.buffer.currentCheck?.source == "check-1")
    #expect(open.buffer.currentCheck?.receiptedMs != nil)
  }

  @Test func `a check's payload needs nothing but its topic`() {
    var parser = PayloadParser(payloadBytesMax: 1_024)
    let found = parser.parse(
      topic: "measure/check/check-1", payload: Array(#"{"time": 5}"#.utf8), arrivalMs: 7)
    #expect(
      found.measurements == [Measurement(source: "check-1", timeMs: 5_000, body: .check)])
    let bare = parser.parse(
      topic: "measure/check/check-1", payload: Array("{}".utf8), arrivalMs: 7)
    #expect(
      bare.measurements == [
        Measurement(source: "check-1", timeMs: 7, timeOrigin: .arrival, body: .check)
      ])
  }
}
