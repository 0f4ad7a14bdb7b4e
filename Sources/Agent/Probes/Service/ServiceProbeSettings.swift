import Daemon
package import Protocol

/// `probes.service.NAME` in the configuration.
package struct ServiceProbeSettings: ProbeSettings {
  package static let kind = Kind.service
  package let name: String
  package let source: String
  package let way: Way
  package let counters: [Counter]
  /// For the request, or for the command.
  package let timeout: Duration
  /// A larger answer is refused.
  package let bytesMax: Int

  package enum Way: Equatable, Sendable {
    case endpoint(Endpoint)
    /// Program and arguments; writes lines of a name and a value.
    case command([String])
  }

  package struct Endpoint: Equatable, Sendable {
    package let url: String
    package let format: Format
    /// Whose signature the server's certificate needs; `nil`: the system's authorities.
    package let caFile: String?
    /// A file with the token of an `Authorization: Bearer` header.
    package let tokenFile: String?
  }

  package enum Format: String, CaseIterable, Sendable {
    case prometheus
    case json
  }

  package struct Counter: Equatable, Sendable {
    /// Its name in our measurements.
    package let counter: String
    package let area: String?
    /// Its name in the answer: `name{label="value"}`, keys with points between, or a word.
    package let from: String
  }

  init(_ name: String, _ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "source", "url", "format", "ca_file", "token_file", "command", "area", "counters",
      "timeout_seconds", "max_bytes",
    ])
    self.name = name
    source = try node.source(default: name)
    way = try Self.way(node)
    counters = try Self.counters(node, way)
    timeout = try node.seconds("timeout_seconds", in: 1...120, default: 15)
    bytesMax = Int(try node.integer("max_bytes", in: 1_000...64_000_000, default: 1_000_000))
  }

  private static func way(_ node: ConfigNode) throws(ConfigError) -> Way {
    if let command = node["command"] {
      for key in ["url", "format", "ca_file", "token_file"] {
        if let other = node[key] {
          throw other.error("is of no use beside command; remove one of them")
        }
      }
      var words: [String] = []
      for word in try command.array() { words.append(try word.string()) }
      guard let program = words.first, !program.isEmpty, !program.hasPrefix("-") else {
        throw command.error("is empty, but must name a program and its arguments; add them")
      }
      return .command(words)
    }
    guard let url = try node.url("url") else {
      throw node.error("has neither url nor command; add one of them")
    }
    if let file = node["ca_file"], url.hasPrefix("http://") {
      throw file.error("is of no use with http://; remove it, or use https://")
    }
    let word = try node.required("format").oneOf(Format.allCases.map(\.rawValue))
    return .endpoint(
      Endpoint(
        url: url, format: Format(rawValue: word) ?? .json, caFile: try node["ca_file"]?.path(),
        tokenFile: try node["token_file"]?.path()))
  }

  private static func counters(_ node: ConfigNode, _ way: Way) throws(ConfigError) -> [Counter] {
    let area = try node.identifier("area")
    let list = try node.required("counters")
    var counters: [Counter] = []
    for entry in try list.array() {
      try entry.expectKeys(["counter", "area", "from"])
      _ = try entry.required("counter")
      let from = try entry.required("from")
      let counter = Counter(
        counter: try entry.identifier("counter") ?? "",
        area: try entry.identifier("area") ?? area,
        from: try from.string(legal: "1…200 bytes") { (1...200).contains($0.utf8.count) })
      if case .endpoint(let endpoint) = way, endpoint.format == .prometheus,
        PrometheusSelector(counter.from) == nil
      {
        throw from.error(
          "is \"\(counter.from)\", allowed a metric's name, or name{label=\"value\"}; change it")
      }
      if counters.contains(where: { ($0.counter, $0.area) == (counter.counter, counter.area) }) {
        throw entry.error("is a second \(counter.counter) of the same area; remove one")
      }
      counters.append(counter)
    }
    guard (1...1_000).contains(counters.count) else {
      throw list.error("has \(counters.count) counters, allowed 1…1000; change it")
    }
    return counters
  }
}
