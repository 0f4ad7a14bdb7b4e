import Daemon
import Protocol

/// What an edge host needs to be let in, in one file that fits a stick or a mail:
///
///     hatang-bundle 1 sha256:<digest of all bytes after this line>
///     { "agent": …, "certificate": …, "key": …, … }
///
/// The digest shows that the file came whole. It is no signature: who can write the file can write
/// the digest. With a key in it the file is a secret, and only its owner may read it.
package struct Bundle: Equatable, Sendable {
  package var agent: String
  /// Where the host stands, in people's words; empty: not said.
  package var site: String
  /// Id of the area table; empty: not said.
  package var area: String
  package var issuedMs: Int64
  package var expiresMs: Int64
  package var brokerHost: String
  package var brokerPort: Int
  /// PEM.
  package var ca: String
  /// PEM.
  package var certificate: String
  /// PEM; `nil`: the certificate renews the one of a key that the host has.
  package var key: String?
  /// A whole agent.json5, whose paths are beside it.
  package var configuration: String

  package static let caFile = "ca.pem"
  package static let certificateFile = "agent.pem"
  package static let keyFile = "agent.key"
  package static let bytesMax = 1 << 20
  private static let mark = "hatang-bundle"
  private static let version = "1"

  package init(
    agent: String, site: String, area: String, issuedMs: Int64, expiresMs: Int64,
    brokerHost: String, brokerPort: Int, ca: String, certificate: String, key: String?
  ) {
    self.agent = agent
    self.site = site
    self.area = area
    self.issuedMs = issuedMs
    self.expiresMs = expiresMs
    self.brokerHost = brokerHost
    self.brokerPort = brokerPort
    self.ca = ca
    self.certificate = certificate
    self.key = key
    configuration = ""
    configuration = filledConfiguration
  }

  // MARK: Writing

  package var text: String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("agent", agent)
    json.member("site", site)
    json.member("area", area)
    json.member("issued_at", timeMs: issuedMs)
    json.member("expires_at", timeMs: expiresMs)
    json.key("broker")
    json.beginObject()
    json.member("host", brokerHost)
    json.member("port", brokerPort)
    json.endObject()
    json.member("ca", ca)
    json.member("certificate", certificate)
    json.member("key", key)
    json.member("configuration", configuration)
    json.endObject()
    let body = json.text + "\n"
    return "\(Bundle.mark) \(Bundle.version) sha256:\(SHA256.hex(body.utf8))\n\(body)"
  }

  /// `uplink` of the configuration, as JSON5.
  package var uplink: String {
    var json = JSONWriter()
    json.beginObject()
    json.member("host", brokerHost)
    json.member("port", brokerPort)
    json.member("ca_file", Bundle.caFile)
    json.member("cert_file", Bundle.certificateFile)
    json.member("key_file", Bundle.keyFile)
    json.endObject()
    return json.text
  }

  private var filledConfiguration: String {
    let place = [site, area.isEmpty ? "" : "area \(area)"].filter { !$0.isEmpty }
    let head = place.isEmpty ? "" : "// \(place.joined(separator: ", "))\n"
    return """
      // Hạ Tầng agent \(agent), from its enrolment of \(RFC3339.format(ms: issuedMs)).
      \(head)// Every other setting has its default; the package's example names them all.
      {
        agent: "\(agent)",
        local: { host: "127.0.0.1", port: 1883 },
        uplink: \(uplink),
      }

      """
  }

  // MARK: Reading

  /// - Parameter file: for messages.
  package init(parsing text: String, file: String) throws(EnrolmentError) {
    let body = try Bundle.body(of: text, file)
    do throws(ConfigError) {
      let root = try ConfigNode.parse(text: body, name: file)
      try root.expectKeys([
        "agent", "site", "area", "issued_at", "expires_at", "broker", "ca", "certificate", "key",
        "configuration",
      ])
      agent = try root.required("agent").string(legal: AgentName.legalText) {
        AgentName.isLegal($0)
      }
      site = try root.required("site").string()
      area = try root.required("area").string()
      issuedMs = try Bundle.time(root.required("issued_at"))
      expiresMs = try Bundle.time(root.required("expires_at"))
      let broker = try root.required("broker")
      brokerHost = try broker.required("host").string(legal: Bundle.hostText) {
        Bundle.isHost($0)
      }
      brokerPort = Int(try broker.required("port").integer(in: 1...65_535))
      ca = try root.required("ca").string()
      certificate = try root.required("certificate").string()
      let keyNode = try root.required("key")
      key = keyNode.isNull ? nil : try keyNode.string()
      configuration = try root.required("configuration").string()
    } catch {
      throw Bundle.refusal(
        file, vi: "gói không dùng được (\(error.text))", en: "the bundle makes no sense: \(error)")
    }
  }

  package static let hostText = "a host name or an address of A-Z a-z 0-9 . - :"

  package static func isHost(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: ":"):
          true
        default: false
        }
      }
  }

  private static func time(_ node: ConfigNode) throws(ConfigError) -> Int64 {
    guard let ms = RFC3339.parse(try node.string()) else {
      throw node.error("is no RFC 3339 time")
    }
    return ms
  }

  private static func body(of text: String, _ file: String) throws(EnrolmentError) -> String {
    let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    let head = (parts.first ?? "").split(separator: " ").map(String.init)
    guard head.count == 3, head[0] == mark, parts.count == 2 else {
      throw refusal(
        file, vi: "đây không phải là gói của hatang-aggregator enroll, hoặc gói bị cắt ngắn",
        en: "this is no bundle of hatang-aggregator enroll, or only its beginning")
    }
    guard head[1] == version else {
      throw EnrolmentError(
        file,
        .init(
          vi: "gói phiên bản \(head[1]), chương trình này chỉ biết phiên bản \(version)",
          en: "the bundle is of version \(head[1]), this program knows \(version)"),
        remedy: .init(vi: "cập nhật hatang-agent", en: "update hatang-agent"))
    }
    let body = String(parts[1])
    guard head[2] == "sha256:\(SHA256.hex(body.utf8))" else {
      throw refusal(
        file, vi: "gói bị cắt ngắn hoặc bị sửa (sai mã kiểm tra)",
        en: "the bundle was cut short or changed: its digest does not fit")
    }
    return body
  }

  private static func refusal(_ file: String, vi: String, en: String) -> EnrolmentError {
    EnrolmentError(
      file, .init(vi: vi, en: en),
      remedy: .init(vi: "chép lại gói từ nơi cấp", en: "copy it again from where it was made"))
  }
}
