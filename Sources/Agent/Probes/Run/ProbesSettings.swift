import Daemon
package import Protocol

/// `probes` in the configuration.
package struct ProbesSettings: Sendable {
  /// For each probe's state, and for what waits for the broker; `nil`: beside the buffer.
  package let folder: String?
  package let coverage: [CoverageProbeSettings]
  package let broadband: [BroadbandProbeSettings]
  package let service: [ServiceProbeSettings]

  init(_ node: ConfigNode?) throws(ConfigError) {
    try node?.expectKeys(["folder", "coverage", "broadband", "service"])
    folder = try node?["folder"]?.path()
    coverage = try Self.probes(node?["coverage"], CoverageProbeSettings.init)
    broadband = try Self.probes(node?["broadband"], BroadbandProbeSettings.init)
    service = try Self.probes(node?["service"], ServiceProbeSettings.init)
  }

  /// Where each probe keeps its state.
  func folder(beside buffer: BufferSettings) -> String {
    folder ?? "\(Files.directory(of: buffer.path))/probes"
  }

  private static func probes<Settings>(
    _ node: ConfigNode?, _ read: (String, ConfigNode) throws(ConfigError) -> Settings
  ) throws(ConfigError) -> [Settings] {
    var found: [Settings] = []
    for (name, value) in try node?.object() ?? [] {
      guard isName(name) else {
        throw value.error(
          "is named \"\(name)\", allowed a-z A-Z 0-9 - _, 1…64 characters; name it anew")
      }
      found.append(try read(name, value))
    }
    return found
  }

  /// It becomes part of file names.
  private static func isName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}

/// What a probe of any kind has.
package protocol ProbeSettings: Sendable {
  static var kind: Kind { get }
  /// Its name in the configuration.
  var name: String { get }
  /// Who measured: the last part of the topic.
  var source: String { get }
}

/// Settings that several probes read in the same way.
extension ConfigNode {
  /// Who measured, the probe's name unless it is given.
  func source(default name: String) throws(ConfigError) -> String {
    try self["source"]?.string(
      legal: "1…\(TextLimit.source) bytes without +, # and control characters"
    ) { text in
      (1...TextLimit.source).contains(text.utf8.count)
        && text.unicodeScalars.allSatisfy {
          $0.value >= 0x20 && $0.value != 0x7f && $0 != "+" && $0 != "#"
        }
    } ?? name
  }

  func identifier(_ key: String) throws(ConfigError) -> String? {
    try self[key]?.string(legal: "1…\(TextLimit.identifier) bytes") {
      (1...TextLimit.identifier).contains($0.utf8.count)
    }
  }

  /// The kernel's name of a network interface.
  func interface(_ key: String) throws(ConfigError) -> String? {
    try self[key]?.string(legal: "the name of a network interface, such as eth0") { text in
      (1...15).contains(text.utf8.count) && text != "." && text != ".."
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
        && !text.hasPrefix("-")
    }
  }

  /// A host that a program is given as a word of its own.
  func host(_ key: String) throws(ConfigError) -> String? {
    try self[key]?.string(legal: "a host name or an address") { HostText.isLegal($0) }
  }

  func url(_ key: String) throws(ConfigError) -> String? {
    try self[key]?.string(legal: "an address that begins with http:// or https://") { text in
      (text.hasPrefix("http://") || text.hasPrefix("https://")) && text.utf8.count <= 2_000
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
    }
  }

  func seconds(
    _ key: String, in range: ClosedRange<Int64>, default absent: Int64
  ) throws(ConfigError) -> Duration {
    .seconds(try integer(key, in: range, default: absent))
  }
}

enum HostText {
  static func isLegal(_ text: some StringProtocol) -> Bool {
    (1...253).contains(text.utf8.count) && !text.hasPrefix("-")
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
  }
}
