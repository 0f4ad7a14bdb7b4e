import Daemon
import Glibc
import TestSupport

/// Everything between a device and an indicator, for real: two brokers, an agent, an aggregator,
/// each on ports and files of its own.
final class Site {
  let folder: TemporaryFolder
  let local: Broker
  let central: Broker
  /// The way from the agent to the central broker, and that of the aggregator; `nil`: direct.
  let agentLine: BadLine?
  let aggregatorLine: BadLine?
  /// By which the agent knows the central broker.
  private let uplinkHost: String
  /// Of the central broker and its clients; `nil`: it speaks no TLS.
  let certificates: Certificates?
  /// Further keys of the central broker in both configurations.
  private let centralKeys: String
  let httpPort: Int
  private(set) var agent: Program?
  /// `NAME=value` for the agent.
  var agentEnvironment: [String] = []
  /// Words before the agent, whatever else stands there.
  var agentPrefix: [String] = []
  private(set) var aggregator: Program?
  private var hasSubscribed = false

  static let agentName = "kcn-dong-van-1"

  /// Messages that the shipped local broker may have acknowledged since it last wrote its file.
  static func brokerLossMax() throws -> Int {
    let lines = try Repository.text("config/mosquitto/local.conf").split(separator: "\n")
    let setting = lines.first { $0.hasPrefix("autosave_interval ") }
    guard let number = setting?.split(separator: " ").last.flatMap({ Int($0) }) else {
      throw TestFailure("config/mosquitto/local.conf has no autosave_interval")
    }
    return number
  }

  /// What a test may set of the agent's buffer.
  struct Buffer {
    var folder: String?
    var maxBytes = 2_000_000_000
    var minFreeBytes = 1_000_000
    var whenFull = "pause"
    var lingerMs = 20
    var keepAcknowledgedHours = 72
  }

  /// - Parameters:
  ///   - keepRawDays: older measurements are set aside.
  ///   - isSecure: the central broker speaks TLS, and asks for a certificate.
  ///   - lineSeed: gives both programs a `BadLine` to the central broker.
  init(
    buffer: Buffer = Buffer(), keepRawDays: Int = 400, isSecure: Bool = false,
    lineSeed: UInt64? = nil, uplinkHost: String = "127.0.0.1"
  ) throws {
    folder = TemporaryFolder()
    local = try Broker(in: folder, shipped: "local")
    if isSecure {
      let made = Certificates(
        in: folder, name: Site.agentName,
        hosts: "DNS:localhost,IP:127.0.0.1"
          + (uplinkHost == "127.0.0.1" ? "" : ",DNS:\(uplinkHost)"))
      certificates = made
      central = Broker(in: folder, certificates: made)
      centralKeys = """
        , ca_file: "\(made.ca)", cert_file: "\(made.client)", key_file: "\(made.clientKey)"
        """
    } else {
      central = try Broker(in: folder, shipped: "central")
      centralKeys = ""
      certificates = nil
    }
    let port = central.port
    agentLine = try lineSeed.map { try BadLine(to: port, seed: $0) }
    aggregatorLine = try lineSeed.map { try BadLine(to: port, seed: $0 + 1) }
    self.uplinkHost = uplinkHost
    httpPort = Broker.freePort()
    try configureAgent(buffer)
    folder.write(
      """
      { broker: { host: "127.0.0.1", port: \(aggregatorLine?.port ?? port)\(centralKeys) },
        store: { path: "\(storePath)", keep_raw_days: \(keepRawDays) },
        http: { listen: "127.0.0.1:\(httpPort)" },
        indicators: "\(Repository.path("seeds/indicators.json"))",
        areas: "\(Repository.path("seeds/areas.json"))",
        population: "\(Repository.path("seeds/population.csv"))",
        outlines: "\(Repository.path("seeds/areas.geojson"))",
        method: { accept_simulated: true } }
      """, to: "aggregator.json5")
  }

  deinit {
    agent?.kill()
    aggregator?.kill()
    local.kill()
    central.kill()
  }

  /// - Parameter mappings: the foreign devices, as the configuration has them.
  func configureAgent(_ buffer: Buffer, mappings: String = "[]") throws {
    bufferFolder = buffer.folder ?? folder.path
    folder.write(
      """
      { agent: "\(Site.agentName)",
        local: { host: "127.0.0.1", port: \(local.port) },
        uplink: { host: "\(uplinkHost)", port: \(agentLine?.port ?? central.port)\(centralKeys) },
        buffer: { path: "\(bufferPath)", max_bytes: \(buffer.maxBytes),
          min_free_bytes: \(buffer.minFreeBytes), when_full: "\(buffer.whenFull)",
          linger_ms: \(buffer.lingerMs),
          keep_acknowledged_hours: \(buffer.keepAcknowledgedHours) },
        status_file: "\(folder.file("status.json"))", mappings: \(mappings) }
      """, to: "agent.json5")
  }

  private(set) var bufferFolder = ""
  var bufferPath: String { "\(bufferFolder)/buffer.db" }
  var storePath: String { folder.file("hatang.db") }
  var agentConfiguration: String { folder.file("agent.json5") }
  var aggregatorConfiguration: String { folder.file("aggregator.json5") }

  // MARK: Programs

  /// - Parameters:
  ///   - prefix: words before the program, such as those of strace.
  ///   - hasSession: the test sees to it itself that the agent has subscribed.
  func startAgent(through prefix: [String] = [], hasSession: Bool = false) throws {
    hasSubscribed = hasSubscribed || hasSession
    agent = Program(
      "/usr/bin/env",
      agentEnvironment + agentPrefix + prefix + [
        Repository.program("hatang-agent"), "run", "--config", agentConfiguration,
      ], log: folder.file("agent.log"))
    guard !hasSubscribed else { return }
    // What is published before the agent's first subscription is nobody's; afterwards the broker
    // keeps its session.
    try waitUntil("the agent has subscribed", within: .seconds(20)) {
      guard folder.contains("status.json") else { return false }
      let status = try ConfigNode.parse(file: folder.file("status.json"))
      return try status["local"]?["connected"]?.boolean() ?? false
    }
    hasSubscribed = true
  }

  /// - Parameter prefix: as for `startAgent`.
  func startAggregator(through prefix: [String] = []) throws {
    let words =
      prefix + [
        Repository.program("hatang-aggregator"), "run", "--config", aggregatorConfiguration,
      ]
    aggregator = Program(words[0], Array(words.dropFirst()), log: folder.file("aggregator.log"))
  }

  /// Makes the agent read its configuration again.
  func reloadAgent() { if let agent { kill(agent.pid, SIGHUP) } }

  /// Runs a command of one of the programs to its end.
  func run(_ program: String, _ words: [String]) throws -> (text: String, exitCode: Int32) {
    let isAgent = program == "hatang-agent"
    let configuration = isAgent ? agentConfiguration : aggregatorConfiguration
    return try output(
      of: Repository.program(program), words + ["--config", configuration], in: folder)
  }

  func killAgent() {
    agent?.kill()
    agent = nil
  }

  func killAggregator() {
    aggregator?.kill()
    aggregator = nil
  }

  func stopAgent() throws {
    let code = try agent?.terminate() ?? 0
    agent = nil
    guard code == 0 else { throw TestFailure("agent ended with \(code)") }
  }

  func stopAggregator() throws {
    let code = try aggregator?.terminate() ?? 0
    aggregator = nil
    guard code == 0 else { throw TestFailure("aggregator ended with \(code)") }
  }

  // MARK: What arrived

  /// What lies in the aggregator's store now.
  func received() throws -> Received { try Received(store: storePath) }

  /// Waits until so many measurements were received or are declared lost.
  func waitForAll(_ count: Int, within limit: Duration = .seconds(120)) throws {
    var last: UInt64 = 0
    do {
      try waitUntil("\(count) measurements are accounted for", within: limit) {
        last = (try? Received.accounted(store: storePath)) ?? last
        return last >= UInt64(count)
      }
    } catch {
      throw TestFailure("\(error); \(last) are\n\(logs)")
    }
  }

  /// Waits until a last sample has come through and the agent has nothing left to deliver.
  func waitUntilDelivered(
    through publisher: Publisher, within limit: Duration = .seconds(120)
  ) throws {
    try publisher.settle()
    try publisher.publish(1)
    try publisher.settle()
    guard let last = publisher.last else { return }
    do {
      try waitUntil("the last sample has arrived and the backlog is 0", within: limit) {
        guard try agentStatus("backlog") == 0 else { return false }
        return (try? received())?.counts[last] != nil
      }
    } catch {
      throw TestFailure("\(error); \(publisher.sent) sent\n\(logs)")
    }
  }

  /// A number of the agent's status file; `nil` while there is none.
  func agentStatus(_ key: String) throws -> Int64? {
    guard folder.contains("status.json") else { return nil }
    let status = try ConfigNode.parse(file: folder.file("status.json"))
    return try status[key]?.integer(in: Int64.min...Int64.max)
  }

  /// The last lines of every program, for a failure's message.
  var logs: String {
    ["agent.log", "aggregator.log", "local.log", "central.log"].map { name in
      let text = (try? folder.text(of: name)) ?? ""
      let lines = text.split(separator: "\n")
      // A crash says in its first line what it was, and then a great deal more.
      let crash = lines.filter { $0.contains("Fatal error") || $0.contains("crashed") }
      return "— \(name)\n" + (crash + lines.suffix(12)).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
