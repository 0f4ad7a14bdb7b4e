import Aggregator
import Protocol
import TestSupport

/// Batches of several agents and streams, as a bad network hands them over: late, twice, before
/// their turn, in groups of any size. Everything follows from the seed.
struct Traffic {
  /// Groups of messages, each with its arrival.
  private(set) var groups: [[Arrival]] = []
  /// Every measurement of the streams, with when its batch arrived first, in its turn.
  private(set) var measurements: [(agent: String, measurement: Measurement, arrivedMs: Int64)] = []

  private struct Stream {
    let agent: String
    let batches: [Batch]
    let contents: [[Measurement]]
    var turn = 0
  }

  static let startMs = dayStartMs + 20 * msPerDay

  /// - Parameter interleaving: another one gives the same batches in another order; with
  ///   `isTimeless` all arrive at one moment, so that the order is the only difference.
  init(seed: UInt64, interleaving: UInt64 = 0, isTimeless: Bool = false) {
    var making = SeededGenerator(seed: seed)
    var streams: [Stream] = []
    for index in 0..<4 {
      streams.append(
        Traffic.stream(index, agent: index < 2 ? "agent-a" : "agent-b", using: &making))
    }
    var order = SeededGenerator(seed: seed &* 31 &+ interleaving)
    var nowMs = Traffic.startMs
    while streams.contains(where: { $0.turn < $0.batches.count }) {
      if !isTimeless { nowMs += Int64.random(in: 1...3_600_000, using: &order) }
      var group: [Arrival] = []
      for _ in 0..<Int.random(in: 1...6, using: &order) {
        let index = Int.random(in: streams.indices, using: &order)
        send(from: &streams[index], at: nowMs, into: &group, using: &order)
      }
      groups.append(group)
    }
  }

  private mutating func send(
    from stream: inout Stream, at nowMs: Int64, into group: inout [Arrival],
    using generator: inout SeededGenerator
  ) {
    // Now and then one that came before, or one before its turn, which is not taken.
    if generator.once(in: 4) {
      let other = Int.random(in: stream.batches.indices, using: &generator)
      guard other != stream.turn else { return }
      group.append(.batch(stream.agent, stream.batches[other], at: nowMs))
      return
    }
    guard stream.turn < stream.batches.count else { return }
    group.append(.batch(stream.agent, stream.batches[stream.turn], at: nowMs))
    for measurement in stream.contents[stream.turn] {
      measurements.append((stream.agent, measurement, nowMs))
    }
    stream.turn += 1
  }

  private static func stream(
    _ index: Int, agent: String, using generator: inout SeededGenerator
  ) -> Stream {
    let id = StreamID(using: &generator)
    var place: SequenceNumber = 0
    var batches: [Batch] = []
    var contents: [[Measurement]] = []
    for _ in 0..<Int.random(in: 4...12, using: &generator) {
      var segments: [[Measurement]] = []
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let count = Int.random(in: 1...30, using: &generator)
        segments.append((0..<count).map { _ in measurement(using: &generator) })
      }
      batches.append(.of(id, from: place, segments))
      // A segment holds its rows by kind and source; the order does not matter here.
      contents.append(segments.flatMap { $0 })
      place += UInt64(segments.reduce(0) { $0 + $1.count })
    }
    return Stream(agent: agent, batches: batches, contents: contents)
  }

  /// Of few sources, cells, lines, counters and days, so that they meet; some too old, some from
  /// the future.
  private static func measurement(using generator: inout SeededGenerator) -> Measurement {
    let ageMs = Int64.random(in: 0..<(4 * msPerDay), using: &generator)
    var timeMs = startMs - ageMs
    if generator.once(in: 40) { timeMs -= 20 * msPerDay }
    if generator.once(in: 40) { timeMs += 90 * msPerDay }
    let source = "s-\(Int.random(in: 0..<3, using: &generator))"
    let isSimulated = generator.once(in: 5)
    let body: Measurement.Body =
      switch Int.random(in: 0..<4, using: &generator) {
      case 0, 1: .coverage(coverage(using: &generator))
      case 2: .broadband(broadband(using: &generator))
      default:
        .service(
          ServiceCount(
            area: generator.once(in: 2) ? "phu-ly" : nil,
            counter: generator.once(in: 2) ? "payments" : "payments_online",
            value: Int64.random(in: 0..<1_000, using: &generator)))
      }
    return Measurement(source: source, timeMs: timeMs, isSimulated: isSimulated, body: body)
  }

  private static func coverage(using generator: inout SeededGenerator) -> Coverage {
    Coverage(
      latitudeMicrodegrees: 20_541_000 + 400 * Int32.random(in: 0..<8, using: &generator),
      longitudeMicrodegrees: 105_913_000 + 400 * Int32.random(in: 0..<8, using: &generator),
      accuracyDecimetres: [nil, 30, 499, 501].randomElement(using: &generator) ?? nil,
      radioAccess: RadioAccess.allCases.randomElement(using: &generator) ?? .none,
      isActive: [nil, true, false].randomElement(using: &generator) ?? nil,
      ssRsrpTenths: generator.once(in: 3)
        ? nil : Int32.random(in: -1_300 ... -800, using: &generator),
      plmn: [nil, "45204", "45201"].randomElement(using: &generator) ?? nil)
  }

  private static func broadband(using generator: inout SeededGenerator) -> Broadband {
    func maybe(_ values: [Int64]) -> Int64? {
      generator.once(in: 3) ? nil : values.randomElement(using: &generator)
    }
    return Broadband(
      line: "L\(Int.random(in: 0..<4, using: &generator))",
      area: [nil, "phu-ly", "duy-tien"].randomElement(using: &generator) ?? nil,
      downBps: Int64.random(in: 0..<1_000_000_000, using: &generator),
      provisionedDownBps: maybe([300, 1_000]), offeredDownBps: maybe([300, 1_000, 2_000]),
      linkBps: maybe([100, 1_000, 2_500]),
      isWired: [nil, true, false].randomElement(using: &generator) ?? nil,
      streams: maybe([1, 4, 8]), durationMs: maybe([9_000, 10_000]))
  }
}
