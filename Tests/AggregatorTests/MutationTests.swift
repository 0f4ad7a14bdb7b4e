import Aggregator
import Indicators
import Protocol
import SQLite
import TestSupport
import Testing

/// Bytes that no agent would send, among those that agents do send.
@Suite struct MutationTests {
  private static let messageCount = 5_000

  @Test(arguments: [UInt64(1), 2])
  func `mutated batches and statuses crash nothing and cost no legal measurement`(seed: UInt64)
    throws
  {
    var generator = SeededGenerator(seed: seed)
    let site = try Site()
    let good = StreamID(high: 1, low: 1)
    var place: SequenceNumber = 0
    for round in 0..<(MutationTests.messageCount / 10) {
      var group: [Arrival] = []
      for _ in 0..<10 { group.append(MutationTests.mutated(using: &generator)) }
      let segment = [Measurement.coverage("car-\(round)"), .coverage("car-\(round)")]
      group.append(.batch("good", .of(good, from: place, [segment]), at: dayStartMs))
      group.shuffle(using: &generator)
      try site.ingest(group, at: dayStartMs)
      place += 2
    }
    let ledger = try site.ledger()
    #expect(ledger.isBalanced, "seed \(seed)")
    let row = try #require(ledger.streams.first { $0.agent == "good" })
    #expect(row.received == Int64(place) && row.lost == 0)
    #expect(
      try site.rows(
        """
        SELECT sum(samples) FROM coverage_days JOIN sources ON id = source WHERE name LIKE 'car-%'
        """, columns: 1) == ["\(place)"])
    #expect(ledger.refusals.contains { $0.reason == "malformed" })
    #expect(!ledger.text.isEmpty)
    // Numbers of any size can be shown.
    #expect(
      try !AgentsReport(try StoreReader(path: site.path)).table(nowMs: dayStartMs).isEmpty)
    try site.rebuild()
  }

  /// A message of agent "bad" with some bytes changed, cut off or added.
  private static func mutated(using generator: inout SeededGenerator) -> Arrival {
    let isBatch = !generator.once(in: 3)
    var bytes: [UInt8]
    if isBatch {
      let samples = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        Measurement.coverage("bad", rsrp: Int32.random(in: -1_300 ... -800, using: &generator))
      }
      bytes = Batch.of(
        StreamID(high: 2, low: UInt64.random(in: 0..<3, using: &generator)),
        from: UInt64.random(in: 0..<20, using: &generator), [samples]
      ).encoded()
    } else {
      bytes =
        AgentStatus(
          isOnline: true, version: "0.1.0", timeMs: dayStartMs, backlog: 7,
          streams: [.init(stream: StreamID(high: 2, low: 0), acknowledged: 5, next: 9)]
        ).encoded()
    }
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let index = Int.random(in: bytes.indices, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes.removeSubrange(index...)
      // The head of a 64-bit number: the largest there is.
      default:
        bytes.insert(contentsOf: [0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], at: index)
      }
      if bytes.isEmpty { break }
    }
    return Arrival(
      topic: isBatch ? "hatang/v1/bad/batch" : "hatang/v1/bad/status", payload: bytes,
      isRetained: generator.once(in: 2), arrivedMs: dayStartMs)
  }

  @Test func `losses as large as numbers go can be shown and summed`() throws {
    let site = try Site()
    for low: UInt64 in 0..<3 {
      let batch = Batch.of(
        StreamID(high: 9, low: low), from: 0, [], oldestHeld: sequenceNumberMax)
      try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    }
    let status = AgentStatus(
      isOnline: true, timeMs: dayStartMs, backlog: UInt64(Int64.max),
      rejected: UInt64(Int64.max))
    for name in ["a", "b"] {
      try site.ingest([.status(name, status, at: dayStartMs)], at: dayStartMs)
    }
    let ledger = try site.ledger()
    #expect(ledger.isBalanced)
    #expect(ledger.text.contains("9223372036854775807"))
    let metrics = try Self.text("/metrics", of: site)
    for line in [
      "hatang_measurements_lost_total{reason=\"no_longer_kept\"} 9223372036854775807\n",
      "hatang_measurements_rejected_total{reason=\"agent\"} 9223372036854775807\n",
    ] {
      #expect(metrics.contains(line), "\(line)")
    }
    #expect(try !Self.text("/operations", of: site).isEmpty)
  }

  @Test(arguments: [Int64.min, Int64.max])
  func `times of a status beyond all calendars can be shown`(timeMs: Int64) throws {
    let site = try Site()
    var status = AgentStatus(isOnline: true, timeMs: timeMs)
    status.certificateExpiresMs = timeMs
    status.rejects = [
      .init(kind: "coverage", field: "lat", count: 1, lastMs: timeMs, reason: "r", sample: "s")
    ]
    try site.ingest([.status("a", status, at: dayStartMs)], at: dayStartMs)
    for path in ["/operations", "/operations/agents/a", "/api/v1/agents", "/metrics"] {
      #expect(try !Self.text(path, of: site).isEmpty)
    }
  }

  private static func text(_ path: String, of site: Site) throws -> String {
    let router = Router(
      try StoreReader(path: site.path), tables: try Province.tables(), method: .init(),
      report: IngestReport(), now: { dayStartMs })
    let answer = router.answer(HTTPRequest(path: path))
    #expect(answer.status == 200, "\(path)")
    return String(decoding: answer.body, as: UTF8.self)
  }
}
