import Aggregator
import Daemon
import Indicators
import Protocol
import TestSupport

/// Batches of a few agents over some weeks, with repeats and declared holes, from one seed.
struct FaultTraffic {
  struct Group {
    var atMs: Int64
    var arrivals: [Arrival] = []
  }

  private(set) var groups: [Group] = []
  /// What each stream's ledger expects once a group was taken.
  private(set) var nextAfter: [[StreamID: SequenceNumber]] = []

  static let startMs: Int64 = 1_780_246_800_000
  private static let groupCount = 24

  private struct Stream {
    let agent: String
    let id: StreamID
    var next: SequenceNumber = 0
    var last: Batch?
  }

  init(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var streams = (0..<3).map { index in
      Stream(agent: "agent-\(index % 2)", id: StreamID(using: &generator))
    }
    var nowMs = FaultTraffic.startMs
    var next: [StreamID: SequenceNumber] = [:]
    for _ in 0..<FaultTraffic.groupCount {
      nowMs += Int64.random(in: 1...msPerDay, using: &generator)
      var group = Group(atMs: nowMs)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: streams.indices, using: &generator)
        let isRepeated = generator.once(in: 5)
        let batch =
          isRepeated
          ? streams[index].last : FaultTraffic.batch(&streams[index], nowMs, &generator)
        guard let batch else { continue }
        streams[index].last = batch
        next[batch.stream] = streams[index].next
        group.arrivals.append(
          Arrival(
            topic: "hatang/v1/\(streams[index].agent)/batch", payload: batch.encoded(),
            arrivedMs: nowMs))
      }
      guard !group.arrivals.isEmpty else { continue }
      groups.append(group)
      nextAfter.append(next)
    }
  }

  private static func batch(
    _ stream: inout Stream, _ nowMs: Int64, _ generator: inout SeededGenerator
  ) -> Batch {
    var holes: [Hole] = []
    if generator.once(in: 6) {
      let first = stream.next
      stream.next += UInt64.random(in: 1...9, using: &generator)
      holes.append(Hole(first: first, last: stream.next - 1, reason: .bufferFull))
    }
    var pieces: [Batch.Piece] = []
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let count = Int.random(in: 1...12, using: &generator)
      let measurements = (0..<count).map { _ in measurement(nowMs, &generator) }
      let bytes = Segment.encode(measurements, receivedMs: nowMs)
      pieces.append(Batch.Piece(first: stream.next, count: count, bytes: bytes[...]))
      stream.next += UInt64(count)
    }
    return Batch(
      stream: stream.id, acknowledged: 0, oldestHeld: 0, sentMs: nowMs, holes: holes,
      segments: pieces)
  }

  private static func measurement(
    _ nowMs: Int64, _ generator: inout SeededGenerator
  ) -> Measurement {
    let timeMs = nowMs - Int64.random(in: 0..<(2 * msPerDay), using: &generator)
    let body: Measurement.Body =
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        .coverage(
          Coverage(
            latitudeMicrodegrees: 20_541_000 + 400 * Int32.random(in: 0..<8, using: &generator),
            longitudeMicrodegrees: 105_913_000 + 400 * Int32.random(in: 0..<8, using: &generator),
            radioAccess: .nrSA, ssRsrpTenths: Int32.random(in: -1_300 ... -800, using: &generator),
            plmn: "45204"))
      case 1:
        .broadband(
          Broadband(
            line: "L\(Int.random(in: 0..<4, using: &generator))", area: "phu-ly",
            downBps: Int64.random(in: 0..<1_000_000_000, using: &generator),
            provisionedDownBps: 300_000_000, linkBps: 1_000_000_000, isWired: true, streams: 8,
            durationMs: 10_000))
      default:
        .service(
          ServiceCount(
            area: "phu-ly", counter: generator.once(in: 2) ? "all" : "online",
            value: Int64.random(in: 0..<1_000, using: &generator)))
      }
    return Measurement(
      source: "s-\(Int.random(in: 0..<2, using: &generator))", timeMs: timeMs, body: body)
  }

  static func tables() throws -> Tables {
    let areas = try AreaTable(
      try ConfigNode.parse(
        text: """
          { province: { vi: "Tỉnh", en: "Province" }, areas: [
            { id: "phu-ly", name: { vi: "Phủ Lý", en: "Phu Ly" }, population: 5000,
              households: 50000 } ] }
          """, name: "areas.json"))
    let indicators = try IndicatorTable(
      try ConfigNode.parse(
        text: """
          { indicators: [
            { code: "7.1", name: { vi: "Dịch vụ công trực tuyến", en: "Online services" },
              unit: "%", target_text: "≥ 80", target: 80, comparison: ">=", target_year: 2030,
              method: "7.x/1", numerator: "online", denominator: "all" },
            { code: "20.1", name: { vi: "Băng rộng", en: "Broadband" }, unit: "%",
              target_text: "100", target: 100, target_year: 2030, method: "20.1/1" } ] }
          """, name: "indicators.json"))
    return Tables(
      indicators: indicators, areas: areas, population: nil, outlines: nil, availability: nil)
  }
}
