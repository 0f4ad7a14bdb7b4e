import Daemon
package import Protocol

/// `probes.coverage.NAME` in the configuration.
package struct CoverageProbeSettings: ProbeSettings {
  package static let kind = Kind.coverage
  package let name: String
  package let source: String
  /// Index, IMEI, device or port, as ModemManager names it; `nil`: the only one there is.
  package let modem: String?
  /// Where traffic flows; `nil`: the modem's own network port.
  package let interface: String?
  package let position: Position
  /// `nil`: whether traffic flowed stays unknown.
  package let traffic: Traffic?
  /// How often the modem reports its signal, s.
  package let signalSeconds: Int64
  /// For each program that is run.
  package let timeout: Duration

  package enum Position: Equatable, Sendable {
    /// What ModemManager says where the modem is.
    case modem
    case gpsd(host: String, port: Int)
    /// Degrees with the file's digits; m.
    case fixed(latitude: Double, longitude: Double, accuracy: Double?)
  }

  package struct Traffic: Equatable, Sendable {
    let way: Way
    /// So many bytes must have come in over the interface.
    package let bytesMin: Int64

    enum Way: Equatable, Sendable {
      case ping(host: String, count: Int64, payloadBytes: Int64)
      case download(url: String, bytesMax: Int64)
    }
  }

  init(_ name: String, _ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "source", "modem", "interface", "position", "gpsd", "traffic", "signal_seconds",
      "timeout_seconds",
    ])
    self.name = name
    source = try node.source(default: name)
    modem = try Self.modem(node["modem"])
    interface = try node.interface("interface")
    position = try Self.position(node)
    signalSeconds = try node.integer("signal_seconds", in: 1...60, default: 2)
    let timeout = try node.seconds("timeout_seconds", in: 1...120, default: 20)
    self.timeout = timeout
    traffic = try node["traffic"].map { (traffic) throws(ConfigError) in
      try Self.traffic(traffic, within: timeout)
    }
  }

  /// A number is an index, or an IMEI without quotes.
  private static func modem(_ node: ConfigNode?) throws(ConfigError) -> String? {
    guard let node else { return nil }
    if let number = try? node.integer(in: 0...Int64.max) { return "\(number)" }
    return try node.string(legal: "an index, an IMEI, a device or a port of ModemManager's") {
      (1...255).contains($0.utf8.count) && !$0.hasPrefix("-")
    }
  }

  private static func position(_ node: ConfigNode) throws(ConfigError) -> Position {
    let place = try node.required("position")
    if (try? place.object()) != nil {
      try place.expectKeys(["lat", "lon", "accuracy"])
      if let gpsd = node["gpsd"] {
        throw gpsd.error("is of no use with a fixed position; remove it")
      }
      return .fixed(
        latitude: try place.required("lat").number(in: -90...90),
        longitude: try place.required("lon").number(in: -180...180),
        accuracy: try place["accuracy"]?.number(in: 0...10_000_000))
    }
    let word = try place.oneOf(["modem", "gpsd"])
    guard word == "gpsd" else {
      if let gpsd = node["gpsd"] {
        throw gpsd.error("is of no use unless position is \"gpsd\"; remove it")
      }
      return .modem
    }
    try node["gpsd"]?.expectKeys(["host", "port"])
    return .gpsd(
      host: try node["gpsd"]?.host("host") ?? "127.0.0.1",
      port: Int(try node["gpsd"]?.integer("port", in: 1...65_535, default: 2_947) ?? 2_947))
  }

  private static func traffic(
    _ node: ConfigNode, within timeout: Duration
  ) throws(ConfigError) -> Traffic {
    try node.expectKeys(["ping", "count", "payload_bytes", "url", "max_bytes", "min_bytes"])
    if let url = try node.url("url") { return try download(url, node) }
    if let other = node["max_bytes"] { throw other.error("is of no use without url; remove it") }
    guard let host = try node.host("ping") else {
      throw node.error("names neither ping nor url; add one of them, or remove it")
    }
    return try ping(host, node, within: timeout)
  }

  private static func download(_ url: String, _ node: ConfigNode) throws(ConfigError) -> Traffic {
    for key in ["ping", "count", "payload_bytes"] {
      if let other = node[key] {
        throw other.error("is of no use beside url; remove one of them")
      }
    }
    let bytesMax = try node.integer("max_bytes", in: 1_000...1_000_000_000, default: 1_000_000)
    let bytesMin = try Self.bytesMin(
      node, atMost: bytesMax, "max_bytes is \(bytesMax)", "max_bytes")
    return Traffic(way: .download(url: url, bytesMax: bytesMax), bytesMin: bytesMin)
  }

  private static func ping(
    _ host: String, _ node: ConfigNode, within timeout: Duration
  ) throws(ConfigError) -> Traffic {
    let count = try node.integer("count", in: 1...100, default: 20)
    let payloadBytes = try node.integer("payload_bytes", in: 16...1_400, default: 1_200)
    let longest = PingReport.longest(count)
    guard longest <= timeout else {
      let seconds = MeasurementText.decimal(longest.milliseconds / 100, scale: 10)
      throw node.error(
        "takes up to \(seconds) s with count \(count), but timeout_seconds is "
          + "\(timeout.components.seconds); lower count, or raise timeout_seconds")
    }
    let bytesMax = count * (payloadBytes + PingReport.headerBytes)
    let bytesMin = try Self.bytesMin(
      node, atMost: bytesMax,
      "\(count) answers of \(payloadBytes) bytes and their headers are \(bytesMax)",
      "count or payload_bytes")
    return Traffic(
      way: .ping(host: host, count: count, payloadBytes: payloadBytes), bytesMin: bytesMin)
  }

  /// What must come in; more than can come would never have flowed. Unless it is given, half of
  /// what can come is enough, for packets get lost.
  /// - Parameters:
  ///   - cause: why no more than `bytesMax` can come.
  ///   - keys: what lets more come.
  private static func bytesMin(
    _ node: ConfigNode, atMost bytesMax: Int64, _ cause: String, _ keys: String
  ) throws(ConfigError) -> Int64 {
    guard let given = node["min_bytes"] else { return min(bytesMinDefault, bytesMax / 2) }
    let bytes = try given.integer(in: 1...1_000_000_000)
    guard bytes <= bytesMax else {
      throw given.error("is \(bytes), but \(cause); lower it, or raise \(keys)")
    }
    return bytes
  }

  private static let bytesMinDefault: Int64 = 10_000
}
