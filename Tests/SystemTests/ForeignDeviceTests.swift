import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport
import Testing

/// Foreign devices with real brokers: their topics are subscribed to, their messages committed
/// before they are acknowledged, and nothing comes twice when the configuration changes.
@Suite(.serialized) struct ForeignDeviceTests {
  private func mapping(_ topic: String, offset: Int = 0) -> String {
    """
    { name: "rut", topic: "\(topic)", kind: "coverage", source: "{source}", fields: {
        time: { path: "$.ts", unit: "ms" }, lat: "$.gps.lat", lon: "$.gps.lon",
        rat: { path: "$.net", values: { "5G-SA": "nr-sa" } },
        ss_rsrp: { path: "$.cell[0].rsrp", factor: 0.1 } } }
    """
  }

  @Test func `a mapped device's messages arrive once, through a kill and a changed mapping`() throws
  {
    let site = try Site()
    try site.configureAgent(.init(), mappings: "[\(mapping("rut/{source}/data"))]")
    try site.startAggregator()
    try site.startAgent()
    let device = try Device(port: site.local.port)
    for index in 0..<200 { try device.publish("rut/7/data", payload(index)) }
    try device.publish("rut/7/data", #"{"net": "5G-SA"}"#)
    try device.settle()
    try site.waitForAll(200)
    site.killAgent()
    for index in 200..<300 { try device.publish("rut/7/data", payload(index)) }
    try device.settle()
    try site.startAgent()
    try site.waitForAll(300)

    // A wider filter in place of the old one: without taking that back, both would bring each.
    try site.configureAgent(.init(), mappings: "[\(mapping("rut/{source}/#"))]")
    site.reloadAgent()
    try waitUntil("the new subscription is noted alone", within: .seconds(60)) {
      try Files.text(site.bufferPath + ".subscriptions", bytesMax: 1_000) == "rut/+/#\n"
    }
    for index in 300..<400 { try device.publish("rut/7/data", payload(index)) }
    for index in 400..<500 { try device.publish("rut/7/state/now", payload(index)) }
    try device.settle()
    try site.waitForAll(500)

    // No mapping any more: nothing comes, and our own topics work as ever.
    try site.configureAgent(.init())
    site.reloadAgent()
    try waitUntil("the subscription is taken back", within: .seconds(60)) {
      try Files.text(site.bufferPath + ".subscriptions", bytesMax: 1_000).isEmpty
    }
    for index in 500..<600 { try device.publish("rut/7/data", payload(index)) }
    try device.settle()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(50)
    try site.waitUntilDelivered(through: publisher)

    let received = try site.received()
    #expect(received.doubled.isEmpty && received.isBalanced && received.lost == 0)
    let mapped = received.counts.keys.filter { $0.source == "7" }
    #expect(Set(mapped.map(\.timeMs)) == Set((0..<500).map { Self.startMs + Int64($0) }))
    let status = try site.run("hatang-agent", ["status", "--json"])
    #expect(
      status.text.contains(
        "time is absent, and not optional in the mapping; mapping rut, path $.ts"),
      "\(status.text)")
  }

  private static let startMs: Int64 = 1_795_486_650_000

  private func payload(_ index: Int) -> String {
    """
    {"ts": \(Self.startMs + Int64(index)), "gps": {"lat": "20.541", "lon": "105.913"},
     "net": "5G-SA", "cell": [{"rsrp": -985}]}
    """
  }

  /// Publishes anything with QoS 1.
  private final class Device {
    private let connection: Connection
    private var waiting: Set<Int32> = []

    init(port: Int) throws {
      connection = try Connection(
        ConnectionOptions(host: "127.0.0.1", port: port, clientID: "rut-7"))
      try connection.connect()
      try waitUntil("the device is connected") {
        try turn()
        return connection.isConnected
      }
    }

    func publish(_ topic: String, _ payload: String) throws {
      waiting.insert(
        try connection.publish(
          Publication(topic: topic, payload: Array(payload.utf8), isRetained: false)))
      try turn()
    }

    func settle() throws {
      try waitUntil("PUBACKs for the device") {
        try turn()
        return waiting.isEmpty
      }
    }

    private func turn() throws {
      try connection.write()
      try connection.read(messagesMax: 1)
      try connection.maintain()
      for event in connection.takeEvents() {
        if case .published(let id) = event { waiting.remove(id) }
        if case .disconnected(let error) = event { throw TestFailure("lost: \(error as Any)") }
      }
    }
  }
}
