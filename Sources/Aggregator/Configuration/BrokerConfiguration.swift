package import Daemon
package import MQTT
import Protocol

/// The central broker: the same keys as the agent's `uplink`.
package struct BrokerConfiguration: Equatable, Sendable {
  package var host: String
  package var port: Int
  package var username: String?
  /// Read from `password_file`; never shown.
  package var password: String?
  package var caFile: String?
  package var certificateFile: String?
  package var keyFile: String?

  /// Longer passwords are a wrong file.
  private static let passwordBytesMax = 4_096

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "host", "port", "ca_file", "cert_file", "key_file", "username", "password_file",
    ])
    host = try node.required("host").string(legal: "a host's name or address") { !$0.isEmpty }
    caFile = try node["ca_file"]?.readableFile()
    certificateFile = try node["cert_file"]?.readableFile()
    keyFile = try node["key_file"]?.readableFile()
    if let keyFile { try node["key_file"]?.expectPrivate(keyFile) }
    port = Int(
      try node.integer("port", in: 1...65_535, default: caFile == nil ? 1_883 : 8_883))
    username = try node["username"]?.string()
    if let file = node["password_file"] {
      guard username != nil else {
        throw file.error("needs a username beside it; add broker.username")
      }
      password = try BrokerConfiguration.password(file)
    }
    if let node = node["cert_file"], keyFile == nil {
      throw node.error("needs its key beside it; add broker.key_file")
    }
    if let node = node["key_file"], certificateFile == nil {
      throw node.error("needs its certificate beside it; add broker.cert_file")
    }
    if let node = node["cert_file"], caFile == nil {
      throw node.error(
        "needs the authority that signed the broker's certificate; add broker.ca_file")
    }
  }

  /// A broker ends a connection when another one gives the same client id, whichever listener it
  /// comes by. Nobody can guess ours, so no agent can cut us off.
  private static let clientIDSuffix =
    String(UInt64.random(in: .min ... .max), radix: 36)
    + String(UInt64.random(in: .min ... .max), radix: 36)

  /// - Parameter clientID: for people; another run of this program has another id.
  package func options(clientID: String) -> ConnectionOptions {
    var options = ConnectionOptions(
      host: host, port: port, clientID: "\(clientID)-\(BrokerConfiguration.clientIDSuffix)")
    options.username = username
    options.password = password
    if let caFile {
      options.tls = TLSOptions(
        caFile: caFile, certificateFile: certificateFile, keyFile: keyFile)
    }
    return options
  }

  /// The first line of the file.
  private static func password(_ node: ConfigNode) throws(ConfigError) -> String {
    let path = try node.readableFile()
    do throws(FileError) {
      let text = try Files.text(path, bytesMax: passwordBytesMax)
      return String(text.prefix { !$0.isNewline })
    } catch {
      throw node.error("is \"\(path)\": \(error)")
    }
  }
}

extension ConfigNode {
  /// A path to a file that this process may read.
  fileprivate func readableFile() throws(ConfigError) -> String {
    let path = Credentials.file(for: try path())
    do throws(FileError) {
      _ = try Files.read(path, bytesMax: 1 << 20)
    } catch {
      throw self.error("is \"\(path)\": \(error); check path and permissions")
    }
    return path
  }

  /// The name of an agent, as topics have it.
  func agentName() throws(ConfigError) -> String {
    try string(legal: AgentName.legalText) { AgentName.isLegal($0) }
  }
}
