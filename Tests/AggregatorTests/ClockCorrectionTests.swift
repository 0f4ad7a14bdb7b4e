import Aggregator
import Daemon
import Protocol
import TestSupport
import Testing

/// What becomes of segments that an agent's clock stamped before it was right.
@Suite struct ClockCorrectionTests {
  private let stream = StreamID(high: 1, low: 2)
  private static let stampedMs: Int64 = 40_000

  /// Two rows by the agent's clock in 1970, one by a device that knows the time.
  private func batch(_ clock: SegmentClock?, from first: SequenceNumber = 0) -> Batch {
    var rows = [
      Measurement.coverage(at: ClockCorrectionTests.stampedMs),
      Measurement.coverage(at: ClockCorrectionTests.stampedMs - 1_000), .coverage(at: dayStartMs),
    ]
    rows[0].timeOrigin = .arrival
    rows[1].timeOrigin = .arrival
    let bytes = Segment.encode(rows, receivedMs: ClockCorrectionTests.stampedMs)
    return Batch(
      stream: stream, acknowledged: first, oldestHeld: 0, sentMs: 1, holes: [],
      segments: [
        .init(first: first, count: 3, bytes: (clock?.added(to: bytes[...]) ?? bytes)[...])
      ])
  }

  private func samples(_ site: Site) throws -> [String] {
    try site.rows(
      "SELECT sum(samples), min(oldest_ms), max(newest_ms) FROM coverage_days", columns: 3)
  }

  @Test func `a corrected segment counts by its right times, and the correction is kept`() throws {
    let site = try Site()
    let byMs = dayStartMs + 10_000 - ClockCorrectionTests.stampedMs
    let first = batch(.corrected(byMs: byMs, accuracyMs: 30, .aggregator))
    try site.ingest([.batch("a", first, at: dayStartMs + 60_000)], at: dayStartMs + 60_000)
    #expect(try samples(site) == ["3|\(dayStartMs)|\(dayStartMs + 10_000)"])
    #expect(try site.ledger().setAside.isEmpty)
    // Sent again with another correction it is a duplicate: the first one counts.
    let again = batch(.corrected(byMs: byMs + 700, accuracyMs: 10, .kernel))
    try site.ingest([.batch("a", again, at: dayStartMs + 70_000)], at: dayStartMs + 70_000)
    #expect(try samples(site) == ["3|\(dayStartMs)|\(dayStartMs + 10_000)"])
    let second = batch(.corrected(byMs: byMs + 5_000, accuracyMs: 30, .aggregator), from: 3)
    try site.ingest([.batch("a", second, at: dayStartMs + 80_000)], at: dayStartMs + 80_000)
    let agents = try AgentsReport(try StoreReader(path: site.path))
    var json = JSONWriter()
    agents.write(to: &json)
    #expect(
      json.text.contains(
        """
        "clock_corrections":[{"evidence":"aggregator","measurements":4,\
        "last_at":"\(RFC3339.format(ms: dayStartMs + 80_000))","last_ms":\(byMs + 5_000),\
        "least_ms":\(byMs),"most_ms":\(byMs + 5_000)}]
        """), "\(json.text)")
    // The state made again from what is kept is the same.
    let state = try site.state()
    var rules = StateRules()
    rules.coveredTenths = -900
    _ = try Rebuild(store: site.store, rules: rules).run()
    _ = try Rebuild(store: site.store, rules: StateRules()).run()
    #expect(try site.state() == state)
    #expect(try AgentsReport(try StoreReader(path: site.path)) == agents)
  }

  @Test func `what nobody can date is kept and set aside, and the device's own time counts`() throws
  {
    let site = try Site()
    let unknown = batch(.unknown(afterMs: dayStartMs - 5_000, beforeMs: dayStartMs))
    try site.ingest([.batch("a", unknown, at: dayStartMs + 60_000)], at: dayStartMs + 60_000)
    #expect(try samples(site) == ["1|\(dayStartMs)|\(dayStartMs)"])
    #expect(
      try site.ledger().setAside.map { "\($0.kind) \($0.reason) \($0.count): \($0.last)" } == [
        "coverage clock_unknown 2: source car-1, measured at 40000 ms, arrived at "
          + "\(dayStartMs + 60_000) ms; the agent's clock was wrong, nobody knows by how much; "
          + "after 2026-05-31T16:59:55Z; before 2026-05-31T17:00:00Z"
      ])
    #expect(try site.ledger().streams.map(\.received) == [3])
  }

  @Test func `an unverified clock is used where its times can be, and counted`() throws {
    let site = try Site()
    try site.ingest([.batch("a", batch(.unverified), at: dayStartMs)], at: dayStartMs)
    #expect(try site.ledger().setAside.map { "\($0.reason) \($0.count)" } == ["too_old 2"])
    #expect(
      try site.rows("SELECT evidence, count FROM clock_corrections", columns: 2) == ["none|2"])
  }
}
