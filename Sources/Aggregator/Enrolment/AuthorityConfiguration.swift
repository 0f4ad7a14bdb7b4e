package import Daemon
import Enrolment

/// `ca` in the configuration: the deployment's own certificate authority. Only the commands of
/// enrolment use it; the daemon reads no more than the dates of what was issued.
package struct AuthorityConfiguration: Equatable, Sendable {
  /// The authority's key, what it has issued and revoked.
  package var folder = "/var/lib/hatang-ca"
  /// Where the central broker reads its certificate and the revocation list.
  package var brokerFolder = "/etc/mosquitto/hatang"
  /// The broker as agents reach it; `nil`: not said, so nothing can be issued.
  package var publicBroker: PublicBroker?
  /// How long an agent's certificate lasts.
  package var agentDays = 730
  /// Ends every open connection, so that a revoked agent's ends too. Empty: somebody else does it.
  package var restartBroker = ["systemctl", "restart", "mosquitto"]

  package struct PublicBroker: Equatable, Sendable {
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  package init() {}

  package init(_ node: ConfigNode?) throws(ConfigError) {
    guard let node else { return }
    try node.expectKeys([
      "folder", "broker_folder", "public_broker", "agent_days", "restart_broker",
    ])
    if let path = try node["folder"]?.path() { folder = path }
    if let path = try node["broker_folder"]?.path() { brokerFolder = path }
    agentDays = Int(try node.integer("agent_days", in: 1...3_650, default: 730))
    if let words = node["restart_broker"] {
      restartBroker = []
      for word in try words.array() { restartBroker.append(try word.string()) }
    }
    if let broker = node["public_broker"] {
      try broker.expectKeys(["host", "port"])
      publicBroker = PublicBroker(
        host: try broker.required("host").string(legal: Bundle.hostText) { Bundle.isHost($0) },
        port: Int(try broker.integer("port", in: 1...65_535, default: 8_883)))
    }
  }

  package var indexFile: String { "\(folder)/index.txt" }

  func broker() throws(EnrolmentError) -> PublicBroker {
    guard let publicBroker else {
      throw EnrolmentError(
        "ca.public_broker",
        .init(
          vi: "chưa có trong cấu hình, nên không trạm nào tìm được broker",
          en: "is not configured, so no agent could find the broker"),
        remedy: .init(
          vi: "thêm ca: { public_broker: { host: \"…\", port: 8883 } } vào cấu hình",
          en: "add ca: { public_broker: { host: \"…\", port: 8883 } } to the configuration"))
    }
    return publicBroker
  }
}
