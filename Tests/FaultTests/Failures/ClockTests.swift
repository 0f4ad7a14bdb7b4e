import Agent
import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// What holds where a clock is wrong: docs/reliability.md says it in words.
@Suite struct ClockTests {
  private static let in1970: Int64 = 40_000
  private static let in2026 = FaultTraffic.startMs
  private static let in2037: Int64 = 2_114_380_800_000

  @Test func `an agent whose clock began in 1970 forgets only what is receipted when it jumps`()
    throws
  {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let host = try EdgeHost(folder, EdgeHost.Settings(keepHours: 72))
    defer { host.close() }
    var group = BufferWriter.Group()
    for first in [0, 10, 20] as [Int64] {
      group.measurements = EdgeHost.measurements(10, from: first)
      try host.writer.commit(group, nowMs: ClockTests.in1970)
    }
    let stream = try #require(try host.reader.streams().last).id
    try host.acknowledge(stream, 10)
    // The test's own clock is right.
    try host.prune()
    #expect(try host.held(stream).keys.sorted() == Array(10..<30))
    #expect(try host.holes(stream) == [])
  }

  @Test func `a device's time of 1970 or 2037 is received and kept, and set aside for its time`()
    throws
  {
    for (timeMs, reason) in [(ClockTests.in1970, "too_old"), (ClockTests.in2037, "future")] {
      let folder = Folder.make()
      defer { Folder.remove(folder) }
      let report = try ingest([timeMs], at: ClockTests.in2026, in: folder)
      #expect(report.isBalanced && report.streams.map(\.received) == [1])
      #expect(report.setAside.map(\.reason) == [reason])
    }
  }

  @Test func `an aggregator whose clock jumps past keep_raw_days deletes nothing by it`() throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    _ = try ingest([ClockTests.in2026], at: ClockTests.in2026, in: folder)
    let store = try SQLiteStore(path: "\(folder)/hatang.db")
    let segments = {
      try StoreReader(path: "\(folder)/hatang.db").rows("SELECT count(*) FROM segments") {
        $0.integer(0)
      }
    }
    var retention = Retention(rules: StateRules()) { false }
    while try retention.step(store, nowMs: ClockTests.in2037) {}
    #expect(try segments() == [1])
    #expect((retention.clock?.lagMs ?? 0) > 3_000 * 86_400_000)
    // Started again, it still knows what it believed.
    var again = Retention(rules: StateRules()) { false }
    while try again.step(store, nowMs: ClockTests.in2037) {}
    #expect(try segments() == [1])
    // The kernel vouches for the time: really eleven years later. The state stays.
    var vouched = Retention(rules: StateRules()) { true }
    while try vouched.step(store, nowMs: ClockTests.in2037) {}
    #expect(try segments() == [0])
    let reader = try StoreReader(path: "\(folder)/hatang.db")
    #expect(try reader.rows("SELECT samples FROM coverage_days") { $0.integer(0) } == [1])
    #expect(try LedgerReport(reader).isBalanced)
  }

  private func ingest(
    _ times: [Int64], at nowMs: Int64, in folder: String
  ) throws -> LedgerReport {
    let measurements = times.map { timeMs in
      var measurement = EdgeHost.measurements(1, from: 0)[0]
      measurement.timeMs = timeMs
      return measurement
    }
    let bytes = Segment.encode(measurements, receivedMs: nowMs)
    let batch = Batch(
      stream: StreamID(high: 1, low: 2), acknowledged: 0, oldestHeld: 0, sentMs: nowMs, holes: [],
      segments: [Batch.Piece(first: 0, count: times.count, bytes: bytes[...])])
    let store = try SQLiteStore(path: "\(folder)/hatang.db")
    _ = try Rebuild(store: store, rules: StateRules()).run()
    _ = try Ingestor(store: store, rules: StateRules()).ingest(
      [Arrival(topic: "hatang/v1/a/batch", payload: batch.encoded(), arrivedMs: nowMs)],
      nowMs: nowMs)
    return try LedgerReport(try StoreReader(path: "\(folder)/hatang.db"))
  }
}
