package import Daemon

/// `http` in the configuration: where the web server listens, and who may read there.
package struct HTTPConfiguration: Equatable, Sendable {
  package var listen = ListenAddress()
  /// Read from `token_file`; never shown. `nil`: whoever reaches the address may read.
  package var token: String?
  /// A reverse proxy decides who comes here, and all come from its address.
  package var isBehindProxy = false
  /// `nil`: the map has no pictures of the land, and needs no other server.
  package var baseMap: BaseMap?

  /// Many clients may come from one address.
  package var isShared: Bool { isBehindProxy || listen.isLoopback }

  /// Shorter ones can be guessed, longer ones are a wrong file.
  private static let tokenBytes = 16...1_024

  package init() {}

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["listen", "token_file", "behind_proxy", "base_map"])
    listen = try node["listen"].map(ListenAddress.init) ?? ListenAddress()
    isBehindProxy = try node.boolean("behind_proxy", default: false)
    baseMap = try node["base_map"].map(BaseMap.init)
    token = try node["token_file"].map(HTTPConfiguration.token)
    if let address = node["listen"], !listen.isLoopback, token == nil, !isBehindProxy {
      throw address.error(
        """
        is "\(listen.text)", which other machines reach, and nothing decides who may read there; \
        listen on 127.0.0.1:\(listen.port), or add http.token_file, or put a reverse proxy in \
        front (/usr/share/doc/hatang-aggregator/examples/hatang.conf) and say \
        http.behind_proxy: true
        """)
    }
  }

  /// The first line of the file.
  private static func token(_ node: ConfigNode) throws(ConfigError) -> String {
    let path = try node.path()
    let text: String
    do throws(FileError) {
      text = try Files.text(path, bytesMax: 4_096)
    } catch {
      throw node.error("is \"\(path)\": \(error); check path and permissions")
    }
    let token = String(text.prefix { !$0.isNewline })
    guard tokenBytes.contains(token.utf8.count), !token.contains(where: \.isWhitespace) else {
      throw node.error(
        """
        is "\(path)", whose first line has \(token.utf8.count) bytes, allowed \
        \(tokenBytes.lowerBound)…\(tokenBytes.upperBound) without blanks; write one with: \
        openssl rand -hex 32 > \(path)
        """)
    }
    return token
  }
}

/// Where the web server listens.
package struct ListenAddress: Equatable, Sendable {
  /// An IPv4 or IPv6 address, or a host's name.
  package var host = "127.0.0.1"
  /// 0: any free port.
  package var port = 8_057

  package init() {}

  package init(_ node: ConfigNode) throws(ConfigError) {
    let legal = "an address and a port of 0…65535, such as \"127.0.0.1:8057\" or \"[::1]:8057\""
    let text = try node.string(legal: legal) { ListenAddress.parts(of: $0) != nil }
    guard let parts = ListenAddress.parts(of: text) else { return }
    host = parts.host
    port = parts.port
  }

  /// Only programs of this machine reach it.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1"
      || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
  }

  package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func parts(of text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return host.isEmpty ? nil : (String(host), Int(port))
  }
}
