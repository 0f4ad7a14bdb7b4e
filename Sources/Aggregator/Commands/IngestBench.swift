import Daemon
import Glibc
import Protocol

/// `hatang-aggregator bench-ingest [FOLDER [BATCHES…]]`: how fast ingest takes batches of 1,000
/// coverage samples from bytes to COMMIT, on one thread. For `make bench`; not in the help text.
///
/// The samples are of cars at 10 m/s that measure each second, two an agent, as a backlog of drive
/// tests comes; every batch is decoded, entered in the ledger, kept as it came and added to the
/// state by day.
enum IngestBench {
  static let word = "bench-ingest"
  private static let batchCount = 2_000
  private static let segmentsPerBatch = 10
  private static let samplesPerSegment = 100
  private static let agentCount = 8

  static func run(_ arguments: [String]) -> ExitCode {
    let folder = arguments.first ?? "/tmp"
    do {
      let batches = makeBatches()
      let bytes = batches.reduce(0) { $0 + $1.payload.count }
      let samples = batchCount * segmentsPerBatch * samplesPerSegment
      Standard.output("bytes per sample on the wire: \(tenths(Double(bytes) / Double(samples)))\n")
      let sizes = arguments.dropFirst().compactMap { Int($0) }.filter { $0 > 0 }
      for groupSize in sizes.isEmpty ? [1, 16, 64] : sizes {
        try measure(batches, groupSize: groupSize, in: folder)
      }
      return .done
    } catch {
      Standard.error("\(error)\n")
      return .failed
    }
  }

  private static func measure(
    _ batches: [Arrival], groupSize: Int, in folder: String
  ) throws {
    let path = "\(folder)/hatang-bench-\(getpid()).db"
    defer { for ending in ["", "-wal", "-shm"] { try? Files.remove(path + ending) } }
    let store = try SQLiteStore(path: path)
    let rules = StateRules()
    _ = try Rebuild(store: store, rules: rules).run()
    let ingestor = Ingestor(store: store, rules: rules)
    let began = (monotonicNow(), cpuTime())
    var measurements: UInt64 = 0
    for start in stride(from: 0, to: batches.count, by: groupSize) {
      let group = Array(batches[start..<min(start + groupSize, batches.count)])
      measurements += try ingestor.ingest(group, nowMs: group[0].arrivedMs).measurements
    }
    let wall = (monotonicNow() - began.0).inSeconds
    let cpu = (cpuTime() - began.1).inSeconds
    Standard.output(
      """
      \(groupSize) batches of 1000 a commit: \(Int(Double(measurements) / wall)) samples/s, \
      \(Int(Double(measurements) / cpu)) per CPU second\n
      """)
    try measureRebuild(store, measurements)
  }

  /// The state made again from the segments, as after a change of parameters.
  private static func measureRebuild(_ store: SQLiteStore, _ measurements: UInt64) throws {
    var rules = StateRules()
    rules.coveredTenths -= 1
    let began = monotonicNow()
    _ = try Rebuild(store: store, rules: rules).run()
    let seconds = (monotonicNow() - began).inSeconds
    Standard.output(
      "  the state made again: \(Int(Double(measurements) / seconds)) samples/s\n")
  }

  /// The messages of all agents, by turns.
  private static func makeBatches() -> [Arrival] {
    var generator = Walk(seed: 42)
    let startMs = wallClockMs() - 86_400_000
    var agents = (0..<agentCount).map { index in
      AgentLog(
        name: "bench-\(index)", stream: StreamID(using: &generator),
        cars: (0..<2).map { _ in Car(using: &generator) }, timeMs: startMs)
    }
    return (0..<batchCount).map { index in
      let payload = agents[index % agentCount].batch(
        segments: segmentsPerBatch, samples: samplesPerSegment, using: &generator)
      return Arrival(
        topic: Topic.batch(agent: agents[index % agentCount].name), payload: payload,
        arrivedMs: startMs + 86_400_000)
    }
  }

  private static func cpuTime() -> Duration {
    var now = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
  }

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  private struct AgentLog {
    let name: String
    let stream: StreamID
    var cars: [Car]
    var timeMs: Int64
    var place: SequenceNumber = 0

    mutating func batch(segments: Int, samples: Int, using generator: inout Walk) -> [UInt8] {
      var pieces: [Batch.Piece] = []
      for _ in 0..<segments {
        var measurements: [Measurement] = []
        for index in 0..<samples {
          let car = index % cars.count
          if car == 0 { timeMs += 1_000 + Int64.random(in: -20...20, using: &generator) }
          measurements.append(
            Measurement(
              source: "car-\(car)", timeMs: timeMs,
              body: .coverage(cars[car].step(using: &generator))))
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

  private struct Car {
    var latitude: Double
    var longitude: Double
    var heading: Double
    var level: Double = -950

    init(using generator: inout Walk) {
      latitude = Double.random(in: 20.40...20.65, using: &generator)
      longitude = Double.random(in: 105.80...106.10, using: &generator)
      heading = Double.random(in: 0..<(2 * .pi), using: &generator)
    }

    /// Ten metres on, the level a little other.
    mutating func step(using generator: inout Walk) -> Coverage {
      heading += Double.random(in: -0.1...0.1, using: &generator)
      latitude += 9e-5 * cos(heading)
      longitude += 9.6e-5 * sin(heading)
      level = min(max(level + Double.random(in: -15...15, using: &generator), -1_250), -700)
      return Coverage(
        latitudeMicrodegrees: Int32(latitude * 1e6), longitudeMicrodegrees: Int32(longitude * 1e6),
        accuracyDecimetres: Int32.random(in: 30...60, using: &generator), radioAccess: .nrSA,
        isActive: true, ssRsrpTenths: Int32(level),
        ssRsrqTenths: Int32.random(in: -140 ... -100, using: &generator),
        ssSinrTenths: Int32.random(in: 0...250, using: &generator), plmn: "45204", band: "n78",
        cell: "\(Int(latitude * 50))")
    }
  }

  /// The same samples in each run (SplitMix64).
  private struct Walk: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var word = state
      word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      return word ^ (word >> 31)
    }
  }
}
