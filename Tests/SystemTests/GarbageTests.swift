import Daemon
import Glibc
import MQTT
import Protocol
import SQLite
import TestSupport
import Testing

/// Payloads and batches that are anything at all, between legal ones.
@Suite(.serialized) struct GarbageTests {
  @Test func `10,000 broken payloads and batches crash nothing and cost no legal sample`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("HATANG_SEED=\(seed)")
    var generator = SeededGenerator(seed: seed)
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(100)
    try site.waitUntilDelivered(through: publisher)
    let edge = try Vandal(port: site.local.port)
    let centre = try Vandal(port: site.central.port)
    for _ in 0..<50 {
      try publisher.publish(20)
      for _ in 0..<100 {
        try edge.publish(edgeTopic(&generator), payload(&generator))
        try centre.publish(centralTopic(&generator), batch(&generator))
      }
      try edge.settle()
      try centre.settle()
    }
    try site.waitUntilDelivered(through: publisher)
    #expect(site.agent?.isRunning == true)
    #expect(site.aggregator?.isRunning == true)
    let received = try site.received()
    #expect(received.missing(of: publisher.acknowledged.keys).isEmpty)
    #expect(received.doubled.allSatisfy { $0.source != publisher.source })
    #expect(received.isBalanced)
    // The status file is a second behind at most.
    try waitUntil("the status shows more than 1,000 rejected") {
      try (site.agentStatus("rejected") ?? 0) > 1_000
    }
    let store = try Database(path: site.storePath, mode: .readOnly)
    #expect(try store.integer("SELECT sum(count) FROM refusals") > 1_000)
    #expect(try store.integer("SELECT count(*) FROM refusals WHERE last_text = ''") == 0)
  }

  private func edgeTopic(_ generator: inout SeededGenerator) -> String {
    let topics = [
      "measure/coverage/x", "measure/broadband/x", "measure/service/x", "measure/coverage/a/b/c",
      "measure/unknown/x", "measure/coverage", "measure",
    ]
    return topics.randomElement(using: &generator) ?? "measure"
  }

  private func payload(_ generator: inout SeededGenerator) -> [UInt8] {
    let legal = [
      #"{"lat":20.5,"lon":105.9,"rat":"nr-sa","ss_rsrp":-90}"#,
      #"[{"line":"l1","down_bps":1000000},{"line":"l1","down_bps":-5}]"#,
      #"[{"bn":"urn:dev:a:","bt":1.7e9,"n":"lat","v":20.5},{"n":"lon","v":105.9}]"#,
      #"{"counter":"payments","value":12,"area":"phu-ly"}"#,
      #"{"numbered":"a","first":0,"measurements":[{"counter":"payments","value":12}]}"#,
    ]
    return broken(Array((legal.randomElement(using: &generator) ?? "").utf8), &generator)
  }

  private func centralTopic(_ generator: inout SeededGenerator) -> String {
    let topics = [
      "hatang/v1/\(Site.agentName)/batch", "hatang/v1/la/batch", "hatang/v1/la/status",
      "hatang/v1/LA LÙNG/batch", "hatang/v1/indicators/batch",
    ]
    return topics.randomElement(using: &generator) ?? ""
  }

  private func batch(_ generator: inout SeededGenerator) -> [UInt8] {
    let sample = Measurement(
      source: "rac", timeMs: wallClockMs(),
      body: .service(ServiceCount(counter: "payments", value: 1)))
    let bytes = Segment.encode([sample], receivedMs: wallClockMs())
    let batch = Batch(
      stream: StreamID(using: &generator), acknowledged: 0, oldestHeld: 0, sentMs: 1, holes: [],
      segments: [Batch.Piece(first: 0, count: 1, bytes: bytes[...])])
    return broken(batch.encoded(), &generator)
  }

  /// Random bytes, or legal ones with a few changed, cut or doubled.
  private func broken(_ legal: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    guard Int.random(in: 0..<4, using: &generator) > 0, !legal.isEmpty else {
      return (0..<Int.random(in: 0...300, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
    }
    var bytes = legal
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      bytes[Int.random(in: bytes.indices, using: &generator)] =
        UInt8.random(in: 0...255, using: &generator)
    }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
    case 1: return bytes + bytes
    default: return bytes
    }
  }
}

/// A client that publishes whatever it is given.
private final class Vandal {
  private let connection: Connection
  private var waiting = 0

  init(port: Int) throws {
    connection = try Connection(
      ConnectionOptions(
        host: "127.0.0.1", port: port, clientID: "vandal-\(UInt32.random(in: 0 ... .max))"))
    try connection.connect()
    try waitUntil("the vandal is connected") {
      try turn()
      return connection.isConnected
    }
  }

  func publish(_ topic: String, _ payload: [UInt8]) throws {
    try connection.publish(Publication(topic: topic, payload: payload, isRetained: false))
    waiting += 1
  }

  func settle() throws {
    try waitUntil("\(waiting) PUBACKs") {
      try turn()
      return waiting <= 0
    }
  }

  private func turn() throws {
    try connection.write()
    var entry = pollfd(fd: connection.fileDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, 10)
    try connection.read(messagesMax: 1)
    for event in connection.takeEvents() {
      switch event {
      case .published, .refused: waiting -= 1
      case .connected, .subscribed, .disconnected: break
      }
    }
  }
}
