import Agent
import Aggregator
import Daemon
import Enrolment
import Glibc
import MQTT
import TestSupport
import Testing

/// The province's broker as shipped, both listeners, with an authority and two enrolled hosts whose
/// names begin alike.
final class EnrolledProvince {
  static let (a, b) = ("kcn-1", "kcn-10")

  let folder = TemporaryFolder()
  let broker: Broker
  let agentsPort: Int
  private(set) var authority = AuthorityConfiguration()

  init() throws {
    agentsPort = Broker.freePort()
    let port = Broker.freePort()
    authority.folder = folder.file("authority")
    authority.brokerFolder = folder.file("hatang")
    authority.publicBroker = .init(host: "127.0.0.1", port: agentsPort)
    authority.restartBroker = ["true"]
    try CertificateAuthority.make(authority)
    folder.write(
      try Files.text(Repository.path("config/mosquitto/central.acl")), to: "hatang/central.acl")
    // As on Debian: a folder of files, which mosquitto reads in the order of their names.
    try Place.makeFolder(folder.file("conf.d"), mode: 0o755)
    try Self.ship("central", as: "hatang-1-central", in: folder, port: port)
    try Self.ship("central-agents", as: "hatang-2-agents", in: folder, port: agentsPort)
    broker = Broker(
      in: folder, port: port,
      configuration: "user root\nlog_type all\ninclude_dir \(folder.path)/conf.d\n")
    for name in [Self.a, Self.b] { try enroll(name, at: authority) }
  }

  /// A shipped file with a port and folders of this test.
  private static func ship(
    _ file: String, as name: String, in folder: TemporaryFolder, port: Int
  ) throws {
    let text = try Files.text(Repository.path("config/mosquitto/\(file).conf"))
    folder.write(
      text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        if line.hasPrefix("listener ") { return "listener \(port) 127.0.0.1" }
        if line.hasPrefix("persistence_location ") { return "persistence_location \(folder.path)/" }
        return String(line).replacing("/etc/mosquitto/hatang/", with: "\(folder.path)/hatang/")
      }.joined(separator: "\n"), to: "conf.d/\(name).conf")
  }

  /// Makes a bundle and puts it in place on a host of this name.
  func enroll(_ name: String, at authority: AuthorityConfiguration) throws {
    let bundle = try CertificateAuthority(authority).enroll(name, site: "", area: "")
    try Place.makeFolder(folder.file(name), mode: 0o755)
    try Place.write(bundle.text, to: folder.file("\(name).hatang"), mode: 0o600)
    _ = try Installation(
      configuration: folder.file("\(name)/agent.json5"), isReplacing: true
    ).put(bundle, from: "\(name).hatang")
  }

  /// As systemd would restart it: the broker ends before the command returns, and is there again
  /// after it. The number of certificates.
  @discardableResult
  func revoke(_ name: String) throws -> Int {
    var configuration = authority
    configuration.restartBroker = ["kill", "-TERM", "\(broker.pid ?? 0)"]
    let count = try CertificateAuthority(configuration).revoke(name)
    broker.kill(SIGTERM)
    broker.start()
    return count
  }

  /// The uplink's connection as the agent's configuration has it.
  func uplink(of name: String) throws -> ConnectionOptions {
    try AgentConfiguration(file: folder.file("\(name)/agent.json5")).uplink
      .options(clientID: "hatang-\(name)-uplink")
  }

  /// A plain client that shows the certificate of an agent, or any other.
  func options(certificateOf name: String?, clientID: String) -> ConnectionOptions {
    var options = ConnectionOptions(host: "127.0.0.1", port: agentsPort, clientID: clientID)
    options.tls = TLSOptions(caFile: folder.file("hatang/ca.pem"))
    if let name {
      options.tls?.certificateFile = folder.file("\(name)/agent.pem")
      options.tls?.keyFile = folder.file("\(name)/agent.key")
    }
    return options
  }

  /// One who sees and may do everything: the aggregator's listener on loopback.
  func insider(_ clientID: String = "insider") throws -> Client {
    try Client(ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: clientID))
      .connect()
  }

  /// Whether it gets in; waits until that is sure.
  func isLetIn(_ options: ConnectionOptions) throws -> Bool {
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { $0.connection.isConnected || !$0.failures.isEmpty })
    defer { client.connection.disconnect() }
    return client.connection.isConnected
  }
}
