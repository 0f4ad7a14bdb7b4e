package import Daemon
package import MQTT
import Protocol

/// The agent's settings, read from JSON5 and checked: every value in it is legal, and the files
/// that it names could be read.
package struct AgentConfiguration: Sendable {
  /// The file it came from.
  package let file: String
  /// Names the topics and the certificate.
  package let agent: String
  /// The broker to which the devices publish.
  package let local: BrokerSettings
  /// The broker of the province.
  package let uplink: BrokerSettings
  package let buffer: BufferSettings
  /// Larger payloads are rejected.
  package let maxPayloadBytes: Int
  /// JSON that `status` reads, also when the daemon is down.
  package let statusFile: String
  /// Metrics for node_exporter's textfile collector; `nil`: none are written.
  package let textfile: String?
  /// Foreign devices.
  package let mappings: [Mapping]
  /// What `hatang-agent probe` measures.
  package let probes: ProbesSettings

  var probesFolder: String { probes.folder(beside: buffer) }

  package static let defaultFile = "/etc/hatang/agent.json5"
  static let maxPayloadBytesDefault: Int64 = 262_144
  static let statusFileDefault = "/run/hatang-agent/status.json"
  private static let keys = [
    "agent", "local", "uplink", "buffer", "max_payload_bytes", "status_file", "textfile",
    "mappings", "probes",
  ]

  package init(file: String) throws(ConfigError) {
    try self.init(ConfigNode.parse(file: file))
  }

  package init(_ root: ConfigNode) throws(ConfigError) {
    try root.expectKeys(Self.keys)
    file = root.file
    agent = try root.required("agent").string(
      legal: AgentName.legalText, where: { AgentName.isLegal($0) })
    local = try Self.local(root)
    uplink = try BrokerSettings(in: root, key: "uplink")
    buffer = try BufferSettings(root["buffer"])
    maxPayloadBytes = try Self.maxPayloadBytes(root)
    statusFile = try Self.statusFile(root)
    textfile = try root["textfile"]?.path()
    if let textfile, !textfile.hasSuffix(".prom"), let node = root["textfile"] {
      throw node.error(
        "is \"\(textfile)\", but node_exporter reads only files that end in .prom; rename it")
    }
    mappings = try MappingSettings(root["mappings"]).mappings
    probes = try ProbesSettings(root["probes"])
  }

  // MARK: Parts

  /// For a command that needs one part alone, and must not fail where it may not read the secrets
  /// of another.
  static func root(file: String) throws(ConfigError) -> ConfigNode {
    let root = try ConfigNode.parse(file: file)
    try root.expectKeys(keys)
    return root
  }

  static func local(_ root: ConfigNode) throws(ConfigError) -> BrokerSettings {
    try BrokerSettings(in: root, key: "local", defaultHost: "127.0.0.1")
  }

  static func maxPayloadBytes(_ root: ConfigNode) throws(ConfigError) -> Int {
    Int(
      try root.integer(
        "max_payload_bytes", in: 1_024...16_777_216, default: maxPayloadBytesDefault))
  }

  static func statusFile(_ root: ConfigNode) throws(ConfigError) -> String {
    try root["status_file"]?.path() ?? statusFileDefault
  }
}
