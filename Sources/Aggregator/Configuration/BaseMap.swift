package import Daemon

/// `http.base_map` in the configuration: pictures of the land under the map's squares, which the
/// reader's browser fetches from another server. Without it no page asks any other host.
package struct BaseMap: Equatable, Sendable {
  /// Of a picture in Web Mercator, with `{z}`, `{x}` and `{y}` in their places.
  private let template: String
  /// Whose map it is, as its licence wants it to be said.
  package let attribution: String

  private static let places = ["{z}", "{x}", "{y}"]

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["url", "attribution"])
    template = try node.required("url").string(
      legal: "such as \"https://tiles.example.vn/{z}/{x}/{y}.png\""
    ) { text in
      ["https://", "http://"].contains { text.hasPrefix($0) }
        && BaseMap.places.allSatisfy { text.ranges(of: $0).count == 1 }
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\"';,".utf8.contains($0) }
        && !BaseMap.origin(of: text).contains { $0 == "{" || $0 == "*" }
    }
    attribution = try node.required("attribution").string(
      legal: "a text that is not empty, such as \"© OpenStreetMap\""
    ) { !$0.isEmpty }
  }

  /// Scheme, host and port: what the pages' Content-Security-Policy lets pictures come from.
  package var origin: String { BaseMap.origin(of: template) }

  package func url(zoom: Int, x: Int, y: Int) -> String {
    zip(BaseMap.places, [zoom, x, y]).reduce(template) { text, next in
      text.replacing(next.0, with: "\(next.1)")
    }
  }

  private static func origin(of text: String) -> String {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { return text }
    return "\(parts[0])//" + parts[2].prefix { $0 != "/" && $0 != "?" }
  }
}
