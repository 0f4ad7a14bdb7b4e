package import Daemon

/// `open_data` in the configuration: what the catalogue says of the data beside the data itself.
package struct OpenDataConfiguration: Equatable, Sendable {
  /// Where the public reaches this server, without a slash at its end; `nil`: the local address.
  package var url: String?
  /// Address of the licence's text; `nil`: none was chosen, and then the catalogue names none.
  package var licence: String?
  /// Who answers for the data; `nil`: the province.
  package var publisher: String?
  package var interval = Interval.continuous

  /// How often the data changes, in the words of the EU's frequency list, which CKAN knows.
  package enum Interval: String, CaseIterable, Sendable {
    case continuous, daily, weekly, monthly, quarterly, annual

    package var address: String {
      let code = self == .continuous ? "CONT" : rawValue.uppercased()
      return "http://publications.europa.eu/resource/authority/frequency/\(code)"
    }
  }

  package init() {}

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["url", "licence", "publisher", "update_interval"])
    url = try node["url"]?.webAddress().withoutSlash
    licence = try node["licence"]?.webAddress()
    publisher = try node["publisher"]?.string(legal: "a name that is not empty") { !$0.isEmpty }
    if let word = node["update_interval"] {
      let text = try word.oneOf(Interval.allCases.map(\.rawValue))
      interval = Interval(rawValue: text) ?? .continuous
    }
  }
}

extension ConfigNode {
  fileprivate func webAddress() throws(ConfigError) -> String {
    try string(legal: "an address that begins with https:// or http://") { text in
      ["https://", "http://"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
  }
}

extension String {
  fileprivate var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
