import Daemon
package import Protocol

/// `probes.broadband.NAME` in the configuration.
package struct BroadbandProbeSettings: ProbeSettings {
  package static let kind = Kind.broadband
  package let name: String
  package let source: String
  /// Id of the access line.
  package let line: String
  package let area: String?
  /// The port towards the line.
  package let interface: String
  /// iperf3 servers, in the order in which they are tried.
  package let servers: [Server]
  /// Parallel TCP streams.
  package let streams: Int64
  /// How long each direction loads the line, s.
  package let seconds: Int64
  /// Whose round trips are measured; `nil`: the iperf3 server's.
  package let pingHost: String?
  package let provisionedDownBps: Int64?
  package let offeredDownBps: Int64?
  /// More than this on the interface, either way, is use by others.
  package let busyBps: Int64
  /// How long the interface is watched before the test, s.
  package let busySeconds: Int64
  /// `nil`: without bound.
  package let budgetBytes: Int64?
  /// How often a busy server is asked before the next one is.
  package let attempts: Int64
  /// Between two attempts, on average.
  package let retry: Duration
  /// How long a run may load or try the line; what could not be done by then is not begun.
  package let runLimit: Duration

  package struct Server: Equatable, Sendable {
    package let host: String
    package let port: Int
    package var name: String { "\(host):\(port)" }
  }

  static let portDefault = 5_201

  init(_ name: String, _ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "source", "line", "area", "interface", "servers", "streams", "seconds", "ping",
      "provisioned_down_bps", "offered_down_bps", "busy_bps", "busy_seconds",
      "budget_bytes_per_month", "attempts", "retry_seconds", "run_seconds",
    ])
    self.name = name
    source = try node.source(default: name)
    _ = try node.required("line")
    line = try node.identifier("line") ?? name
    area = try node.identifier("area")
    _ = try node.required("interface")
    interface = try node.interface("interface") ?? ""
    servers = try Self.servers(node)
    streams = try node.integer("streams", in: 4...128, default: 4)
    seconds = try node.integer("seconds", in: 10...120, default: 10)
    pingHost = try node.host("ping")
    let rates: ClosedRange<Int64> = 0...1_000_000_000_000
    provisionedDownBps = try node["provisioned_down_bps"]?.integer(in: rates)
    offeredDownBps = try node["offered_down_bps"]?.integer(in: rates)
    busyBps = try node.integer("busy_bps", in: rates, default: 1_000_000)
    busySeconds = try node.integer("busy_seconds", in: 1...60, default: 3)
    budgetBytes = try node["budget_bytes_per_month"]?.integer(in: 1_000_000...1_000_000_000_000_000)
    attempts = try node.integer("attempts", in: 1...10, default: 3)
    retry = try node.seconds("retry_seconds", in: 1...300, default: 10)
    // Below TimeoutStartSec of the unit, where waiting before the test and publishing come to it.
    runLimit = try node.seconds("run_seconds", in: 60...3_600, default: 720)
  }

  private static func servers(_ node: ConfigNode) throws(ConfigError) -> [Server] {
    let list = try node.required("servers")
    let nodes = try list.array()
    guard (1...16).contains(nodes.count) else {
      throw list.error("has \(nodes.count) servers, allowed 1…16; change it")
    }
    var servers: [Server] = []
    for node in nodes {
      let text = try node.string(legal: "host or host:port, an IPv6 address in [ ]") {
        server($0) != nil
      }
      if let server = server(text) { servers.append(server) }
    }
    return servers
  }

  private static func server(_ text: String) -> Server? {
    var host = Substring(text)
    var port = portDefault
    if let bracket = text.lastIndex(of: "]"), text.hasPrefix("[") {
      host = text[text.index(after: text.startIndex)..<bracket]
      let rest = text[text.index(after: bracket)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if rest.hasPrefix(":") {
        guard let number = Int(rest.dropFirst()) else { return nil }
        port = number
      }
    } else if let colon = text.lastIndex(of: ":") {
      guard let number = Int(text[text.index(after: colon)...]) else { return nil }
      host = text[..<colon]
      guard !host.contains(":") else { return nil }
      port = number
    }
    guard HostText.isLegal(host), (1...65_535).contains(port) else { return nil }
    return Server(host: String(host), port: port)
  }
}
