package import Daemon
package import Indicators
package import MQTT
import Protocol

/// The aggregator's configuration file, `/etc/hatang/aggregator.json5`, checked as far as one can
/// without opening anything but the files that it names for the broker's connection.
package struct AggregatorConfiguration: Sendable {
  package var broker: BrokerSettings
  /// The store's SQLite file.
  package var storePath: String
  /// Days for which the segments are kept as they came; older measurements are set aside.
  package var keepRawDays: Int
  package var http: HTTPConfiguration
  package var listen: ListenAddress { http.listen }
  /// Paths of the tables; `nil`: none is configured.
  package var indicatorsPath: String
  package var areasPath: String
  package var populationPath: String?
  package var availabilityPath: String?
  package var outlinesPath: String?
  /// Agents that are accepted; `nil`: every agent that the broker lets in.
  package var agents: Set<String>?
  package var quotas: QuotaConfiguration
  /// Where agents measure, by their names: for the operators' page alone.
  package var agentAreas: [String: String] = [:]
  /// Shortest time between two computations of the indicators, s.
  package var recomputeSeconds: Int
  package var method: Method
  /// `ca`.
  package var authority: AuthorityConfiguration
  package var openData: OpenDataConfiguration

  package static let defaultPath = "/etc/hatang/aggregator.json5"
  package static let defaultStorePath = "/var/lib/hatang-aggregator/hatang.db"

  package static func read(_ path: String) throws(ConfigError) -> AggregatorConfiguration {
    try AggregatorConfiguration(try ConfigNode.parse(file: path))
  }

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "broker", "store", "http", "indicators", "areas", "population", "outlines", "availability",
      "agents", "agent_areas", "quotas", "recompute_seconds", "method", "ca", "open_data",
    ])
    broker = try BrokerSettings(in: node, key: "broker", clientIDs: .ofThisRun)
    let store = node["store"]
    try store?.expectKeys(["path", "keep_raw_days"])
    storePath = try store?["path"]?.path() ?? AggregatorConfiguration.defaultStorePath
    keepRawDays = Int(
      try store?.integer("keep_raw_days", in: 1...36_500, default: 400) ?? 400)
    http = try node["http"].map(HTTPConfiguration.init) ?? HTTPConfiguration()
    indicatorsPath = try node.required("indicators").path()
    areasPath = try node.required("areas").path()
    populationPath = try node["population"].flatMapPath()
    outlinesPath = try node["outlines"].flatMapPath()
    availabilityPath = try node["availability"].flatMapPath()
    agents = try AggregatorConfiguration.agents(node["agents"])
    quotas = try node["quotas"].map(QuotaConfiguration.init) ?? QuotaConfiguration()
    for (name, area) in try node["agent_areas"]?.object() ?? [] {
      agentAreas[name] = try area.string(legal: "the id of an area") { !$0.isEmpty }
    }
    recomputeSeconds = Int(try node.integer("recompute_seconds", in: 1...3_600, default: 2))
    method = try Method(configured: node["method"])
    authority = try AuthorityConfiguration(node["ca"])
    openData = try node["open_data"].map(OpenDataConfiguration.init) ?? OpenDataConfiguration()
  }

  private static func agents(_ node: ConfigNode?) throws(ConfigError) -> Set<String>? {
    guard let node, !node.isNull else { return nil }
    var names: Set<String> = []
    for entry in try node.array() {
      let name = try entry.agentName()
      guard names.insert(name).inserted else {
        throw entry.error("is \"\(name)\", which is in the list already; remove one")
      }
    }
    guard !names.isEmpty else {
      throw node.error("is empty, so no agent would be heard; name some, or remove the key")
    }
    return names
  }
}

extension ConfigNode? {
  /// The path under a key that may be absent or `null`.
  fileprivate func flatMapPath() throws(ConfigError) -> String? {
    guard let node = self, !node.isNull else { return nil }
    return try node.path()
  }
}

extension ConfigNode {
  /// The name of an agent, as topics have it.
  func agentName() throws(ConfigError) -> String {
    try string(legal: AgentName.legalText) { AgentName.isLegal($0) }
  }
}
