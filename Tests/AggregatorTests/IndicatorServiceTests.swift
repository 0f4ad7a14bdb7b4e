import Aggregator
import Daemon
import MQTT
import Protocol
import TestSupport
import Testing

/// The service with a real broker: what is computed is there for whoever subscribes later.
@Suite struct IndicatorServiceTests {
  @Test func `each value is a retained message, the same object as in the store`() throws {
    mqttStart()
    let province = try Province()
    try province.ingest(Province.coverage())
    let broker = Broker(in: province.site.folder)
    let configuration = try AggregatorConfiguration(
      try ConfigNode.parse(
        text: """
          { broker: { host: "127.0.0.1", port: \(broker.port) },
            store: { path: "\(province.site.path)" }, indicators: "i", areas: "a" }
          """, name: "aggregator.json5"))
    let report = IngestReport()
    let service = try IndicatorService.start(configuration, try Province.tables(), report)
    // Nothing is computed while the state is made again.
    #expect(try province.site.rows("SELECT count(*) FROM revisions", columns: 1) == ["0"])
    report.update {
      $0.isStateWhole = true
      $0.stateVersion = 1
    }
    var received: [String: String] = [:]
    #expect(
      eventually(within: .seconds(20)) {
        received = retained(port: broker.port)
        return received.count == 3
      })
    service.requestStop()
    #expect(eventually(within: .seconds(5)) { service.hasStopped })
    let stored = try StoreReader(path: province.site.path).latestIndicators([
      "7.1", "20.1", "20.2",
    ])
    #expect(stored.count == 3)
    for (code, json) in stored { #expect(received[Topic.indicator(code: code)] == json) }
    #expect(service.fatal == nil)
  }

  /// What a new subscriber gets at once.
  private func retained(port: Int) -> [String: String] {
    var found: [String: String] = [:]
    do {
      let connection = try Connection(
        ConnectionOptions(host: "127.0.0.1", port: port, clientID: "reader"))
      try connection.connect()
      _ = eventually(within: .seconds(5)) {
        try? connection.read(messagesMax: 100)
        try? connection.write()
        for event in connection.takeEvents() {
          if case .connected = event {
            _ = try? connection.subscribe(to: Topic.indicator(code: "+"))
          }
        }
        for message in connection.takeMessages() where message.isRetained {
          found[message.topic] = String(decoding: message.payload, as: UTF8.self)
        }
        return found.count == 3
      }
      connection.disconnect()
    } catch {
      Issue.record("\(error)")
    }
    return found
  }
}
