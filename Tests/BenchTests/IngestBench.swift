import Aggregator
import Daemon
import Protocol
import TestSupport
import Testing

/// Not a test of what is right: `make bench` runs it for its numbers. Skipped otherwise.
@Suite(.enabled(if: Bench.isOn), .serialized) struct IngestBench {
  @Test func `the aggregator from bytes to COMMIT, in batches of 1000`() throws {
    let samples = BenchFleet.coverage()
    let folder = TemporaryFolder()
    let store = try SQLiteStore(path: folder.file("hatang.db"))
    let ingestor = Ingestor(store: store, rules: StateRules())
    let groups = try batches(of: samples, rounds: 8)
    let nowMs = BenchFleet.nowMs
    // Once before it counts: names are made and pages are warm.
    _ = try ingestor.ingest(groups[0], nowMs: nowMs)

    let began = monotonicNow()
    var count: UInt64 = 0
    for group in groups.dropFirst() {
      count += try ingestor.ingest(group, nowMs: nowMs).measurements
    }
    let seconds = (monotonicNow() - began).inSeconds
    Bench.report(
      "aggregator, decode to COMMIT, batches of 1,000, one thread", Double(count) / seconds,
      unit: "/s", goal: 500_000, more: true)
  }

  /// Groups of 32 batches; each round has the same places on other days.
  private func batches(of samples: [Measurement], rounds: Int) throws -> [[Arrival]] {
    let stream = StreamID(high: 1, low: 2)
    var groups: [[Arrival]] = [[]]
    var next: SequenceNumber = 0
    for round in 0..<rounds {
      for start in stride(from: 0, to: samples.count - 999, by: 1_000) {
        let rows = samples[start..<(start + 1_000)].map { sample in
          var sample = sample
          sample.timeMs -= Int64(round) * 20 * 86_400_000
          return sample
        }
        let bytes = Segment.encode(rows, receivedMs: BenchFleet.nowMs)
        let batch = Batch(
          stream: stream, acknowledged: next, oldestHeld: 0, sentMs: BenchFleet.nowMs, holes: [],
          segments: [.init(first: next, count: rows.count, bytes: bytes[...])])
        next += 1_000
        if groups[groups.count - 1].count == 32 { groups.append([]) }
        groups[groups.count - 1].append(
          Arrival(
            topic: Topic.batch(agent: "bench-1"), payload: batch.encoded(),
            arrivedMs: BenchFleet.nowMs))
      }
    }
    return groups
  }
}
