import Aggregator
import Daemon
import Glibc
import Protocol
import Simulator
import TestSupport
import Testing

/// How fast ingest takes batches of 1,000 coverage samples from bytes to COMMIT, on one thread, and
/// how fast the state is made again from what it kept.
///
/// The samples are of cars at 10 m/s that measure each second, two an agent, as a backlog of drive
/// tests comes; every batch is decoded, entered in the ledger, kept as it came and added to the
/// state by day.
@Suite(.enabled(if: Bench.isOn), .serialized) struct IngestBench {
  private static let batchCount = 2_000
  private static let segmentsPerBatch = 10
  private static let samplesPerSegment = 100
  private static let agentCount = 8
  /// A fixed time, or the state would be another in each run.
  private static let startMs = BenchFleet.nowMs - 86_400_000

  @Test(arguments: [1, 16, 64]) func `batches of 1,000 from bytes to COMMIT`(
    groupSize: Int
  ) throws {
    let batches = IngestBench.makeBatches()
    // Beside the build, for /tmp may be memory, which waits for no disk.
    let path = "\(Bench.folder)/ingest.db"
    defer { for ending in ["", "-wal", "-shm"] { try? Files.remove(path + ending) } }
    let store = try SQLiteStore(path: path)
    let rules = StateRules()
    _ = try Rebuild(store: store, rules: rules).run()
    let ingestor = Ingestor(store: store, rules: rules)
    let began = (monotonicNow(), IngestBench.cpuTime())
    var measurements: UInt64 = 0
    for start in stride(from: 0, to: batches.count, by: groupSize) {
      let group = Array(batches[start..<min(start + groupSize, batches.count)])
      measurements += try ingestor.ingest(group, nowMs: group[0].arrivedMs).measurements
    }
    let wall = (monotonicNow() - began.0).inSeconds
    let cpu = (IngestBench.cpuTime() - began.1).inSeconds
    let total =
      IngestBench.batchCount * IngestBench.segmentsPerBatch * IngestBench.samplesPerSegment
    #expect(measurements == UInt64(total))
    Bench.report(
      "aggregator, bytes to COMMIT, one thread, \(groupSize) batches of 1,000 a commit",
      Double(measurements) / wall, unit: "/s", goal: groupSize == 64 ? 500_000 : nil, more: true)
    Bench.report("  for a CPU second of that thread", Double(measurements) / cpu, unit: "/s")
    if groupSize == 64 { try measureRebuild(store, measurements) }
  }

  /// As after a change of parameters.
  private func measureRebuild(_ store: SQLiteStore, _ measurements: UInt64) throws {
    var rules = StateRules()
    rules.coveredTenths -= 1
    let began = monotonicNow()
    #expect(try Rebuild(store: store, rules: rules).run())
    Bench.report(
      "  the state made again from the kept segments",
      Double(measurements) / (monotonicNow() - began).inSeconds, unit: "/s")
  }

  /// The messages of all agents, by turns; the same in each run.
  private static func makeBatches() -> [Arrival] {
    var random = Random(seed: 42)
    var agents = (0..<agentCount).map { index in
      AgentLog(
        name: "bench-\(index)", stream: StreamID(using: &random),
        cars: (0..<2).map { _ in
          PlayedModem(metresPerSecond: 10, using: &random)
        }, timeMs: startMs)
    }
    return (0..<batchCount).map { index in
      let payload = agents[index % agentCount].batch(
        segments: segmentsPerBatch, samples: samplesPerSegment, using: &random)
      return Arrival(
        topic: Topic.batch(agent: agents[index % agentCount].name), payload: payload,
        arrivedMs: BenchFleet.nowMs)
    }
  }

  private static func cpuTime() -> Duration {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
  }

  private struct AgentLog {
    let name: String
    let stream: StreamID
    var cars: [PlayedModem]
    var timeMs: Int64
    var place: SequenceNumber = 0

    mutating func batch(segments: Int, samples: Int, using random: inout Random) -> [UInt8] {
      var pieces: [Batch.Piece] = []
      for _ in 0..<segments {
        var measurements: [Measurement] = []
        for index in 0..<samples {
          let car = index % cars.count
          if car == 0 { timeMs += 1_000 + Int64.random(in: -20...20, using: &random) }
          measurements.append(
            Measurement(
              source: "car-\(car)", timeMs: timeMs,
              body: .coverage(cars[car].next(using: &random))))
        }
        let bytes = Segment.encode(measurements, receivedMs: timeMs)
        pieces.append(.init(first: place, count: samples, bytes: bytes[...]))
        place += UInt64(samples)
      }
      return Batch(
        stream: stream, acknowledged: 0, oldestHeld: 0, sentMs: timeMs, holes: [],
        segments: pieces
      ).encoded()
    }
  }
}
