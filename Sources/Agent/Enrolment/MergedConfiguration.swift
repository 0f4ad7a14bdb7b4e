import Daemon
import Enrolment

/// The configuration after an enrolment: `agent` and `uplink` are the bundle's, all else stays.
enum MergedConfiguration {
  /// - Parameter existing: `nil`: the host has none, or one that cannot be read.
  /// - Returns: `nil`: the existing one needs no change.
  static func text(
    _ bundle: Bundle, existing: ConfigNode?, previous: String
  ) throws(ConfigError) -> String? {
    guard let existing else { return bundle.configuration }
    if existing["agent"]?.plain == bundle.agent, try isUplink(existing["uplink"], of: bundle) {
      return nil
    }
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("agent", bundle.agent)
    json.key("uplink")
    json.raw(bundle.uplink)
    for (key, value) in try existing.object() where key != "agent" && key != "uplink" {
      json.key(key)
      json.node(value)
    }
    json.endObject()
    return """
      // Hạ Tầng agent \(bundle.agent), from its enrolment of \
      \(RFC3339.format(ms: bundle.issuedMs)).
      // The other settings, without their comments, are those of \(previous).
      \(json.text)

      """
  }

  /// Whether an `uplink` leads to the bundle's broker with the files that enrolment puts in place.
  static func isUplink(_ node: ConfigNode?, of bundle: Bundle) throws(ConfigError) -> Bool {
    guard let node else { return false }
    let folder = Files.directory(of: node.file)
    for (key, file) in [
      ("ca_file", Bundle.caFile), ("cert_file", Bundle.certificateFile),
      ("key_file", Bundle.keyFile),
    ] {
      guard try node[key]?.path() == "\(folder)/\(file)" else { return false }
    }
    let host = try node["host"]?.string()
    let port = try node.integer("port", in: 1...65_535, default: 8_883)
    return host == bundle.brokerHost && port == Int64(bundle.brokerPort)
  }
}
