import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport
import Testing

/// A device on the site's network that has turned against the site: the brokers as shipped, its
/// listener with passwords and access list, and the real agent.
@Suite(.serialized) struct LANDeviceTests {
  private let site: Site
  private let broker: Broker
  private let devicesPort = Broker.freePort()
  private static let password = "mat-khau"
  /// Shipped mappings, the login of a device with it, and where it publishes.
  private static let mapped: [(mapping: String, login: String, topic: String)] = [
    ("teltonika-data-to-server", "1102", "rut/1102/data"),
    ("vega-nb", "dong-van", "vega/dong-van/telemetry"),
    ("tasmota-counter", "queue-phu-ly", "tele/queue-phu-ly/SENSOR"),
  ]

  init() throws {
    site = try Site()
    site.local.kill()
    let folder = site.folder
    folder.write("", to: "passwd")
    for name in ["xe-01"] + Self.mapped.map(\.login) {
      run("/usr/bin/mosquitto_passwd", ["-b", folder.file("passwd"), name, Self.password])
    }
    let files = Self.mapped.map { Repository.path("config/mappings/\($0.mapping).json5") }
    try site.configureAgent(.init(), mappings: "\(files)")
    let shipped = try ["local", "devices"].map {
      try Files.text(Repository.path("config/mosquitto/\($0).conf"))
    }
    folder.write(
      try Files.text(Repository.path("config/mosquitto/devices.acl")), to: "devices.acl")
    let (port, devicesPort) = (Broker.freePort(), devicesPort)
    let lines = shipped.joined(separator: "\n").split(separator: "\n").map { line in
      switch line {
      case _ where line.hasPrefix("listener 1883 "): "listener \(port) 127.0.0.1"
      case _ where line.hasPrefix("listener 1884"): "listener \(devicesPort) 127.0.0.1"
      case _ where line.hasPrefix("persistence_location "):
        "persistence_location \(folder.path)/\npersistence_file broker-\(port).db"
      case _ where line.hasPrefix("password_file "): "password_file \(folder.file("passwd"))"
      case _ where line.hasPrefix("acl_file "): "acl_file \(folder.file("devices.acl"))"
      default: String(line)
      }
    }
    broker = Broker(
      in: folder, port: port, configuration: lines.joined(separator: "\n") + "\nuser root\n")
    folder.write(
      try folder.text(of: "agent.json5").replacing("\(site.local.port)", with: "\(port)"),
      to: "agent.json5")
    try site.startAggregator()
    try site.startAgent(hasSession: true)
    try waitUntil("the agent has subscribed") {
      (try? folder.text(of: "status.json").contains("\"connected\": true")) == true
    }
  }

  private func sample(_ counter: Int) -> [UInt8] {
    Array(#"{"counter":"payments","area":"phu-ly","value":\#(counter)}"#.utf8)
  }

  @Test func `names of others, odd topics and huge payloads leave nothing behind`() throws {
    let topics = [
      "measure/service/xe-02", "measure/service/xe-02/xe-01", "measure/service/xe-0",
      "measure/service", "measure", "measure/service/", "$SYS/broker/version", "$CONTROL/x",
      "hatang/v1/\(Site.agentName)/batch",
      "measure/service/\(String(repeating: "x", count: 9_000))",
      "measure/service/+", "measure/#", "#",
    ]
    for topic in topics {
      let device = try attacker()
      device.queue(Attacker.publish(topic, sample(1)))
      device.push(for: 200)
    }
    for size in [300_000, 1_100_000] {
      let device = try attacker()
      device.queue(
        Attacker.publish("measure/service/xe-01", [UInt8](repeating: 0x20, count: size)))
      try waitUntil("\(size) bytes are sent") { !device.push(for: 50) }
    }
    let wrong = try Attacker(port: devicesPort, name: "x", login: ("xe-01", "khac"))
    wrong.queue(Attacker.publish("measure/service/xe-01", sample(1)))
    try waitUntil("a wrong password is cut off") {
      wrong.queue([0xc0, 0])
      wrong.push(for: 20)
      return wrong.isCutOff
    }
    // Its own name is its own.
    let own = try attacker()
    own.queue(Attacker.publish("measure/service/xe-01", sample(7)))
    own.push(for: 200)
    try site.waitForAll(1)
    let received = try site.received()
    #expect(Set(received.counts.keys.map(\.source)) == ["xe-01"])
    #expect(try (site.agentStatus("rejected") ?? 0) <= 1)
    #expect(site.agent?.isRunning == true)
  }

  @Test func `20,000 messages as fast as they go: bounded, and another device's sample arrives`()
    throws
  {
    let device = try attacker()
    for counter in 0..<20_000 {
      device.queue(Attacker.publish("measure/service/xe-01", sample(counter)))
    }
    let calm = try Attacker(port: broker.port, name: "calm")
    device.push(for: 5)
    calm.queue(Attacker.publish("measure/service/quay-1", sample(1)))
    var peak: Int64 = 0
    try waitUntil("all of it has arrived", within: .seconds(120)) {
      let isSending = device.push(for: 50) || calm.push(for: 50)
      peak = max(peak, try anonymousMemory(of: site.agent))
      return try !isSending && Received.accounted(store: site.storePath) == 20_001
    }
    print("20,000 messages of a device: agent at most \(peak / 1_000_000) MB")
    #expect(peak < 100_000_000)
    let received = try site.received()
    #expect(received.counts.keys.contains { $0.source == "quay-1" })
    #expect(received.isBalanced && received.lost == 0)
  }

  /// Found by reading: each wrong row was kept until the commit, half a kilobyte of it. The agent
  /// was killed for its memory before it had acknowledged any, and got them again.
  @Test func `a million wrong rows that waited: bounded, and another device's sample arrives`()
    throws
  {
    try site.stopAgent()
    let device = try attacker()
    let rows = Array(repeating: "1", count: 10_000).joined(separator: ",")
    for _ in 0..<100 {
      device.queue(Attacker.publish("measure/service/xe-01", Array("[\(rows)]".utf8)))
    }
    let calm = try Attacker(port: broker.port, name: "calm")
    calm.queue(Attacker.publish("measure/service/quay-1", sample(1)))
    try waitUntil("the broker has all of it") { !device.push(for: 50) && !calm.push(for: 50) }
    try site.startAgent(hasSession: true)
    var peak: Int64 = 0
    try waitUntil("the rows are counted and the sample has arrived", within: .seconds(120)) {
      peak = max(peak, try anonymousMemory(of: site.agent))
      let rejected = try site.agentStatus("rejected")
      return try rejected == 1_000_000 && Received.accounted(store: site.storePath) == 1
    }
    print("a million wrong rows of a device: agent at most \(peak / 1_000_000) MB")
    #expect(peak < 100_000_000)
    #expect(try site.received().counts.keys.map(\.source) == ["quay-1"])
  }

  @Test func `devices with a shipped mapping get in, each under its own name alone`() throws {
    for (mapping, login, topic) in Self.mapped {
      let sample = Repository.path("config/mappings/\(mapping).sample.json")
      // Names that the mappings would take.
      for other in ["1103", "phu-ly", "queue-duy-tien"] {
        try publish(topic.replacing(login, with: other), sample, as: login)
      }
      #expect(try publish(topic, sample, as: login) == 0)
    }
    // The router's sample holds two.
    try site.waitForAll(4)
    let received = try site.received()
    #expect(Set(received.counts.keys.map(\.source)) == Set(Self.mapped.map(\.login)))
    #expect(received.counts.count == 4 && received.isBalanced)
  }

  /// Returns once the broker has answered, which is the same for what it throws away.
  @discardableResult
  private func publish(_ topic: String, _ file: String, as login: String) throws -> Int32 {
    try output(
      of: "/usr/bin/mosquitto_pub",
      [
        "-h", "127.0.0.1", "-p", "\(devicesPort)", "-u", login, "-P", Self.password, "-q", "1",
        "-t", topic, "-f", file,
      ], in: site.folder
    ).exitCode
  }

  private func attacker() throws -> Attacker {
    try Attacker(port: devicesPort, name: "x", login: ("xe-01", Self.password))
  }
}
