package import Daemon

/// How to reach a broker: `local` and `uplink` in the agent's configuration, `broker` in the
/// aggregator's.
package struct BrokerSettings: Sendable {
  package let host: String
  package let port: Int
  /// `nil`: plain TCP.
  package let tls: TLSOptions?
  package let username: String?
  /// The first line of `password_file`; never shown.
  package let password: String?
  package let passwordFile: String?

  /// Follows each client id. A broker ends a connection when another one gives the same client id,
  /// whoever that is and whichever listener it comes by; who could guess ours could so cut us off.
  private let clientIDSuffix: String

  /// What makes client ids that nobody can guess.
  package enum ClientIDs {
    /// The same each time, so that sessions last: nothing without `key_file`, else what only the
    /// holder of the key knows.
    case lasting
    /// Those of this run of the program.
    case ofThisRun
  }

  private static let suffixOfThisRun =
    "-" + String(UInt64.random(in: .min ... .max), radix: 36)
    + String(UInt64.random(in: .min ... .max), radix: 36)

  /// `host:port`, as messages name it.
  package var name: String { "\(host):\(port)" }

  /// A clean connection to this broker.
  package func options(clientID: String) -> ConnectionOptions {
    var options = ConnectionOptions(host: host, port: port, clientID: clientID + clientIDSuffix)
    options.username = username
    options.password = password
    options.tls = tls
    return options
  }

  /// - Parameter defaultHost: `nil`: the host must be given.
  package init(
    in root: ConfigNode, key: String, defaultHost: String? = nil, clientIDs: ClientIDs = .lasting
  ) throws(ConfigError) {
    let found = defaultHost == nil ? try root.required(key) : root[key]
    guard let node = found else {
      (host, port, tls, username, password) = (defaultHost ?? "", 1_883, nil, nil, nil)
      clientIDSuffix = clientIDs == .lasting ? "" : Self.suffixOfThisRun
      passwordFile = nil
      return
    }
    try node.expectKeys([
      "host", "port", "ca_file", "cert_file", "key_file", "username", "password_file",
    ])
    let isHost = { (text: String) in
      !text.isEmpty && text.utf8.count <= 253 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
    let hostNode = defaultHost == nil ? try node.required("host") : node["host"]
    host =
      try hostNode?.string(legal: "a host name or an address", where: isHost) ?? defaultHost
      ?? ""
    tls = try Self.tls(node)
    port = Int(try node.integer("port", in: 1...65_535, default: tls == nil ? 1_883 : 8_883))
    username = try node["username"]?.string(legal: "1…255 bytes") {
      (1...255).contains($0.utf8.count)
    }
    password = try Self.password(node, hasUsername: username != nil)
    passwordFile = try node["password_file"]?.path()
    clientIDSuffix =
      clientIDs == .lasting
      ? try Self.clientIDSuffix(node["key_file"]) : Self.suffixOfThisRun
  }

  /// The same each time, so that a connection after a lost one ends it, and with it its last will.
  private static func clientIDSuffix(_ key: ConfigNode?) throws(ConfigError) -> String {
    guard let key else { return "" }
    return "-"
      + SHA256.hex(
        "hatang client id\n\(try content(of: Credentials.file(for: key.path()), key))".utf8
      ).prefix(32)
  }

  private static func tls(_ node: ConfigNode) throws(ConfigError) -> TLSOptions? {
    for key in ["cert_file", "key_file"] where node["ca_file"] == nil {
      if let file = node[key] { throw file.error("is of no use without ca_file; add ca_file") }
    }
    for (key, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
      if let file = node[key], node[other] == nil {
        throw file.error("is of no use without \(other); add \(other)")
      }
    }
    guard let ca = node["ca_file"] else { return nil }
    let options = TLSOptions(
      caFile: try pem(ca, "CERTIFICATE-----", "certificate"),
      certificateFile: try optionalPEM(node["cert_file"], "CERTIFICATE-----", "certificate"),
      keyFile: try optionalPEM(node["key_file"], "PRIVATE KEY-----", "private key"))
    if let key = options.keyFile { try node["key_file"]?.expectPrivate(key) }
    return options
  }

  private static func optionalPEM(
    _ node: ConfigNode?, _ mark: String, _ what: String
  ) throws(ConfigError) -> String? {
    try node.map { (node) throws(ConfigError) in try pem(node, mark, what) }
  }

  /// Reads the file, so that a wrong path or right is known now and not as a failed handshake.
  private static func pem(
    _ node: ConfigNode, _ mark: String, _ what: String
  ) throws(ConfigError) -> String {
    let path = Credentials.file(for: try node.path())
    let text = try content(of: path, node)
    guard text.contains("-----BEGIN "), text.contains(mark) else {
      throw node.error("names \(path), which holds no \(what) in PEM form; name the right file")
    }
    return path
  }

  private static func password(
    _ node: ConfigNode, hasUsername: Bool
  ) throws(ConfigError) -> String? {
    guard let file = node["password_file"] else { return nil }
    guard hasUsername else { throw file.error("is of no use without username; add username") }
    let text = try content(of: Credentials.file(for: file.path()), file)
      .prefix { !$0.isNewline }
    guard !text.isEmpty else {
      throw file.error("names \(try file.path()), which is empty; write the password into it")
    }
    return String(text)
  }

  private static func content(
    of path: String, _ node: ConfigNode
  ) throws(ConfigError) -> String {
    do throws(FileError) {
      return try Files.text(path, bytesMax: 1 << 20)
    } catch {
      let cause = FileError.text(of: error.code)
      throw node.error("names \(path), which cannot be read: \(cause); \(remedy(error, node))")
    }
  }

  private static func remedy(_ error: FileError, _ node: ConfigNode) -> String {
    if error.isMissing { return "put the file there, or correct the path" }
    let isSecret = ["key_file", "password_file"].contains { node.keyPath.hasSuffix($0) }
    return isSecret
      ? "it is a secret: run this with sudo; only a service's group may read it besides (0640)"
      : "make it readable"
  }
}
