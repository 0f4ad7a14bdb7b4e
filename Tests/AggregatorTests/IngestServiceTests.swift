import Aggregator
import Daemon
import Glibc
import MQTT
import Protocol
import SQLite
import TestSupport
import Testing

/// Ingest on its thread with a real mosquitto.
@Suite struct IngestServiceTests {
  private let stream = StreamID(high: 8, low: 9)
  private let folder = TemporaryFolder()

  private func configuration(port: Int) throws -> AggregatorConfiguration {
    let text = """
      { broker: { host: "127.0.0.1", port: \(port) },
        store: { path: "\(folder.file("hatang.db"))" },
        indicators: "i", areas: "a" }
      """
    return try AggregatorConfiguration(try ConfigNode.parse(text: text, name: "aggregator.json5"))
  }

  /// - Parameter broker: started or not.
  private func service(_ broker: Broker) throws -> IngestService {
    mqttStart()
    return try IngestService(try configuration(port: broker.port), IngestReport())
  }

  private func end(_ service: IngestService) throws {
    service.requestStop()
    try waitUntil("ingest has ended", within: .seconds(5)) { service.hasStopped }
  }

  private var batch: Batch { .of(stream, from: 0, [[.coverage(), .coverage()]], sentMs: 77) }

  @Test func `a batch is committed and receipted through the broker`() throws {
    let broker = Broker(in: folder)
    let service = try service(broker)
    let agent = try Agent(broker)
    try waitUntil("ingest is connected") { service.report.current.isConnected }
    try agent.send(batch)
    let receipts = try agent.receipts(count: 1)
    #expect(receipts.map(\.next) == [2])
    #expect(receipts.map(\.echoedSentMs) == [77])
    // What was receipted is committed: another reader sees it.
    #expect(
      try LedgerReport(try StoreReader(path: folder.file("hatang.db"))).streams.map(\.next) == [2])
    let facts = service.report.current
    #expect(facts.measurements == 2 && facts.commitSeconds.counts.reduce(0, +) == 1)
    #expect(facts.isStateWhole && facts.stateVersion >= 2)
    try end(service)
  }

  @Test func `ingest waits for a broker that is not there, says so, and goes on with it`() throws {
    let broker = Broker(in: folder, isStarted: false)
    let service = try service(broker)
    try waitUntil("ingest says what is wrong") { service.report.current.trouble != nil }
    #expect(
      service.report.current.trouble
        == "connect 127.0.0.1:\(broker.port): Connection refused; see that the broker runs and "
        + "that host and port are right")
    let turns = service.progress
    try waitUntil("waiting is progress") { service.progress > turns }
    broker.start()
    try waitUntil("ingest is connected") { service.report.current.isConnected }
    #expect(service.report.current.trouble == nil)
    #expect(service.report.current.summary == "connected; 0 measurements since the start")
    try end(service)
  }

  @Test func `while the store cannot take it nothing is receipted; then everything is`() throws {
    let broker = Broker(in: folder)
    let service = try service(broker)
    let agent = try Agent(broker)
    try waitUntil("ingest is connected") { service.report.current.isConnected }
    let path = folder.file("hatang.db")
    let blocker = try Database(path: path)
    try blocker.execute("BEGIN IMMEDIATE")
    try agent.send(batch)
    try waitUntil("ingest says what is wrong") { service.report.current.trouble != nil }
    #expect(agent.received.isEmpty)
    try blocker.execute("COMMIT")
    // The agent hears nothing and sends again.
    try waitUntil("ingest is connected") { service.report.current.isConnected }
    try agent.send(batch)
    #expect(try agent.receipts(count: 1).map(\.next) == [2])
    #expect(try LedgerReport(try StoreReader(path: path)).streams.map(\.received) == [2])
    try end(service)
  }

  @Test func `a damaged store ends ingest with the reason`() throws {
    let broker = Broker(in: folder)
    folder.write(String(repeating: "rubbish ", count: 1_000), to: "hatang.db")
    let service = try service(broker)
    try waitUntil("ingest has ended") { service.hasStopped }
    let path = folder.file("hatang.db")
    #expect(
      service.fatal
        == "step \(path): PRAGMA user_version: file is not a database (SQLite code 26); the file "
        + "is no SQLite database: check the path")
  }
}

/// An agent's connection, by hand.
private final class Agent {
  private let connection: Connection
  private(set) var received: [Receipt] = []

  init(_ broker: Broker) throws {
    connection = try Connection(
      ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: "agent"))
    try connection.connect()
    try waitUntil("the agent is connected") {
      try step()
      return connection.isConnected
    }
    let id = try connection.subscribe(to: Topic.receipt(agent: "a"))
    var isSubscribed = false
    try waitUntil("the agent is subscribed") {
      try step()
      for case .subscribed(id) in connection.takeEvents() { isSubscribed = true }
      return isSubscribed
    }
  }

  func send(_ batch: Batch) throws {
    try connection.publish(
      Publication(topic: Topic.batch(agent: "a"), payload: batch.encoded(), isRetained: false))
    try connection.write()
  }

  func receipts(count: Int) throws -> [Receipt] {
    try waitUntil("\(count) receipts") {
      try step()
      return received.count >= count
    }
    return received
  }

  private func step() throws {
    if let descriptor = connection.fileDescriptor {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      poll(&entry, 1, 5)
    }
    try connection.read(messagesMax: 100)
    for message in connection.takeMessages() {
      received.append(try Receipt(decoding: message.payload))
    }
    try connection.write()
  }
}
