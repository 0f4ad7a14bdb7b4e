import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport
import Testing

/// A valid agent that turns against the province, at the real aggregator with a real broker: its
/// memory stays bounded, others get their receipts, and the operator sees who it is.
@Suite(.serialized) struct StolenAgentTests {
  private let site: Site
  private let honest: HonestAgent
  private let thief = "bi-danh-cap"
  private let stream = StreamID(high: 0xbad, low: 1)

  /// Anonymous memory of the aggregator, whatever an agent does. At rest it has 10 to 20 MB.
  private static let memoryMax: Int64 = 200_000_000
  /// Of another agent's receipt: a few seconds on a quiet machine, and one sending more.
  private static let delayMax: Duration = .seconds(30)

  init() throws {
    site = try Site()
    let text = try site.folder.text(of: "aggregator.json5")
    site.folder.write(
      text.replacing(
        "http:",
        with: """
          quotas: { messages_per_second: 50, messages_burst: 2000, samples_per_second: 1000,
            samples_burst: 400000, bytes_per_second: 100000, bytes_burst: 50000000, streams: 100 },
          http:
          """), to: "aggregator.json5")
    try site.startAggregator()
    try waitUntil("the aggregator is connected") { [site] in
      try site.folder.text(of: "aggregator.log").contains("connected to the broker")
    }
    honest = try HonestAgent(port: site.central.port, name: "that-tha")
    try honest.settle()
  }

  @Test func `100,000 messages as fast as they go: bounded, others unharmed, the sender named`()
    throws
  {
    let attacker = try Attacker(port: site.central.port, name: "x")
    let packet = Attacker.publish(Topic.batch(agent: thief), batch(at: 0))
    let block = (0..<1_000).flatMap { _ in packet }
    let began = monotonicNow()
    let peak = try attack { round in
      if round < 100 { attacker.queue(block) }
      return attacker.push(for: 50) || round < 100
    }
    let took = (monotonicNow() - began).inSeconds
    #expect(attacker.sentBytes > 100_000 * packet.count)
    tell("100,000 messages in \(Int(took * 1_000)) ms", peak)
    try expectNamed()
    // What was sound of it counts once.
    let received = try site.received()
    #expect(received.isBalanced && received.counts.values.allSatisfy { $0 == 1 })
  }

  @Test func `batches that are too large, and small ones that hold a million rows`() throws {
    let attacker = try Attacker(port: site.central.port, name: "x")
    let topic = Topic.batch(agent: thief)
    let large = Attacker.publish(topic, [UInt8](repeating: 0x9f, count: 3_000_000))
    // A straight line at an even pace: a few hundred bytes, and every row a cell of its own.
    let start = wallClockMs() - 100_000
    let rows = (0..<65_536).map { row in
      Measurement(
        source: "xe", timeMs: start + Int64(row),
        body: .coverage(
          Coverage(
            latitudeMicrodegrees: 10_000_000 + Int32(row) * 150,
            longitudeMicrodegrees: 105_000_000, radioAccess: .nrSA, ssRsrpTenths: -900)))
    }
    let dense = Segment.encode(rows, receivedMs: start)
    #expect(dense.count < 65_536)
    var places: SequenceNumber = 0
    let peak = try attack { round in
      if round < 12 { attacker.queue(large) }
      if round < 20 {
        let payload = Batch.of(
          stream, first: places, [dense, dense, dense, dense],
          counts: [65_536, 65_536, 65_536, 65_536])
        places += 4 * 65_536
        attacker.queue(Attacker.publish(topic, payload))
      }
      return attacker.push(for: 50) || round < 20
    }
    tell("36 MB of nothing and 5,000,000 rows in 20 batches", peak)
    try expectNamed()
  }

  @Test func `a stream id for every batch: as many streams as the quota says`() throws {
    let attacker = try Attacker(port: site.central.port, name: "x")
    let peak = try attack { round in
      if round < 20 {
        for low in 0..<50 {
          let id = StreamID(high: UInt64(round), low: UInt64(low))
          attacker.queue(Attacker.publish(Topic.batch(agent: thief), batch(at: 0, of: id)))
        }
      }
      return attacker.push(for: 50) || round < 20
    }
    tell("1,000 stream ids", peak)
    try expectNamed()
    let ledger = try site.run("hatang-aggregator", ["ledger", "--json"]).text
    #expect(ledger.matches(of: /"agent":"bi-danh-cap","stream"/).count == 100)
    #expect(
      ledger.contains(
        " would be one more than the 100 that an agent may begin in a day; it begins one with a "
          + "new buffer and after an outage: see why bi-danh-cap does so often, or raise "
          + "quotas.streams"
      ))
  }

  @Test func `nested and lying CBOR, years ahead, others' streams and receipts`() throws {
    let attacker = try Attacker(port: site.central.port, name: "x")
    let own = Topic.batch(agent: thief)
    let sound = batch(at: 0)
    let lies: [[UInt8]] = [
      [UInt8](repeating: 0x81, count: 100_000), [UInt8](repeating: 0x9f, count: 100_000),
      [0xbb, 0x7f] + [UInt8](repeating: 0xff, count: 7),
      [0xa1, 0x01, 0x5b] + [UInt8](repeating: 0xff, count: 8), Array(sound.dropLast(3)),
    ]
    let ahead = wallClockMs() + 10 * 365 * 86_400_000
    let future = Segment.encode([sample(at: ahead)], receivedMs: ahead)
    let peak = try attack { round in
      guard round < 10 else { return attacker.push(for: 50) }
      for lie in lies { attacker.queue(Attacker.publish(own, lie)) }
      attacker.queue(
        Attacker.publish(own, Batch.of(stream, first: UInt64(round), [future], counts: [1])))
      attacker.queue(Attacker.publish(Topic.receipt(agent: thief), [0xff, 0x00]))
      attacker.queue(Attacker.publish(Topic.receipt(agent: "khac"), sound))
      return true
    }
    tell("lies", peak)
    try waitUntil("the operator sees all of it") {
      let ledger = try site.run("hatang-aggregator", ["ledger", "--json"]).text
      return ledger.contains(#""agent":"bi-danh-cap","reason":"malformed","count":50"#)
        && ledger.contains(
          #""agent":"bi-danh-cap","kind":"service","reason":"future","count":10"#)
    }
    #expect(site.aggregator?.isRunning == true)
  }

  // MARK: Helpers

  private func sample(at ms: Int64) -> Measurement {
    Measurement(
      source: "quay", timeMs: ms,
      body: .service(ServiceCount(area: "phu-ly", counter: "payments", value: 1)))
  }

  private func batch(at first: SequenceNumber, of id: StreamID? = nil) -> [UInt8] {
    let ms = wallClockMs()
    return Batch.of(
      id ?? stream, first: first, [Segment.encode([sample(at: ms)], receivedMs: ms)], counts: [1])
  }

  /// Attacks, round by round, while the honest agent goes on, and until it has had two receipts
  /// afterwards. The most memory that the aggregator had, bytes.
  private func attack(_ round: (Int) throws -> Bool) throws -> Int64 {
    var peak: Int64 = 0
    var number = 0
    while try round(number) {
      number += 1
      try honest.step()
      peak = max(peak, try anonymousMemory(of: site.aggregator))
    }
    try honest.settle()
    peak = max(peak, try anonymousMemory(of: site.aggregator))
    #expect(peak < StolenAgentTests.memoryMax * Int64(Slowness.factor), "\(peak) bytes")
    #expect(honest.slowest < StolenAgentTests.delayMax * Slowness.factor, "\(honest.slowest)")
    #expect(site.aggregator?.isRunning == true)
    return peak
  }

  private func tell(_ what: String, _ peak: Int64) {
    print(
      """
      \(what): aggregator at most \(peak / 1_000_000) MB, others' receipts within \
      \(honest.slowest.milliseconds) ms (\(honest.delays.count))
      """)
  }

  /// Who it was: in `agents --json`, on the operators' page, and in the metrics that page a person.
  private func expectNamed() throws {
    try waitUntil("agents --json names it") {
      let agents = try site.run("hatang-aggregator", ["agents", "--json"]).text
      guard let found = agents.firstMatch(of: /"agent":"bi-danh-cap".*?"over_quota":([0-9]+)/)
      else { return false }
      return found.1 != "0"
    }
    let agents = try site.run("hatang-aggregator", ["agents", "--json"]).text
    #expect(
      agents.firstMatch(of: /"agent":"that-tha".*?"over_quota":0,"over_quota_at":null/) != nil)
    try waitUntil("page and metrics name it") {
      let metrics = try get("/metrics")
      return metrics.contains(
        "hatang_agent_over_quota_last_timestamp_seconds{agent=\"bi-danh-cap\"} ")
        && !metrics.contains("last_timestamp_seconds{agent=\"that-tha\"}")
    }
    #expect(try get("/operations").contains("bi-danh-cap gửi quá hạn mức: "))
  }

  private func get(_ path: String) throws -> String {
    try output(
      of: "/usr/bin/curl", ["-s", "--max-time", "20", "http://127.0.0.1:\(site.httpPort)\(path)"],
      in: site.folder
    ).text
  }
}
