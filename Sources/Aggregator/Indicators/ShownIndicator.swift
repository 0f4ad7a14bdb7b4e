package import Daemon

/// An indicator as a reader of the stored JSON sees it: the pages and the command line show what
/// the API gives, and nothing else.
package struct ShownIndicator: Sendable {
  package let code: String
  package let name: LocalText
  package let unit: String
  /// In `unit`.
  package let target: Double?
  package let targetYear: Int
  package let figure: Figure
  package let computedAtMs: Int64
  package let revision: Int64
  package let method: String
  package let populationTable: String?
  let parameters: ConfigNode
  package let isSimulated: Bool
  package let trend: Trend?
  package let areas: [(id: String, name: LocalText, figure: Figure)]

  /// Values in per cent.
  package struct Figure: Sendable {
    package let status: String
    package let verdict: String
    package let reason: LocalText?
    package let value: Double?
    package let interval: ClosedRange<Double>?
    package let bounds: ClosedRange<Double>
    package let unmeasuredShare: Double?
    package let samples: Int64
    package let sources: Int64
    package let oldestMs: Int64?
    package let newestMs: Int64?
    let details: ConfigNode
  }

  package struct Trend: Sendable {
    package let perYear: Double
    package let atTargetYear: Double
    package let outlook: String
  }

  /// - Parameter json: as `IndicatorResult.json` wrote it; another error than "of an older program"
  ///   is not to be expected.
  package init(json: String) throws(ConfigError) {
    try self.init(try ConfigNode.parse(text: json, name: "revision"))
  }

  package init(_ node: ConfigNode) throws(ConfigError) {
    code = try node.required("code").string()
    name = try LocalText(try node.required("name"))
    unit = try node.required("unit").string()
    target = try node.value("target")
    targetYear = Int(try node.required("target_year").integer(in: ShownIndicator.counts))
    figure = try Figure(node)
    computedAtMs = try node.timeMs("computed_at") ?? 0
    revision = try node.required("revision").integer(in: ShownIndicator.counts)
    method = try node.required("method").string()
    populationTable = try node.text("population_table")
    parameters = try node.required("parameters")
    isSimulated = try node.required("simulated").boolean()
    trend =
      if let trend = node["trend"], !trend.isNull {
        Trend(
          perYear: try trend.value("per_year") ?? 0,
          atTargetYear: try trend.value("at_target_year") ?? 0,
          outlook: try trend.required("outlook").string())
      } else { nil }
    var areas: [(id: String, name: LocalText, figure: Figure)] = []
    for area in try node.required("areas").array() {
      areas.append(
        (
          try area.required("area").string(), try LocalText(try area.required("name")),
          try Figure(area)
        ))
    }
    self.areas = areas
  }

  static let counts: ClosedRange<Int64> = 0...Int64.max
}

extension ShownIndicator.Figure {
  fileprivate init(_ node: ConfigNode) throws(ConfigError) {
    status = try node.required("status").string()
    verdict = try node.required("verdict").string()
    reason =
      if let reason = node["reason"], !reason.isNull { try LocalText(reason) } else { nil }
    value = try node.value("value")
    interval = try node.range("interval")
    bounds = try node.range("bounds") ?? 0...100
    unmeasuredShare = try node.value("unmeasured_share")
    samples = try node.required("samples").integer(in: ShownIndicator.counts)
    sources = try node.required("sources").integer(in: ShownIndicator.counts)
    oldestMs = try node.timeMs("oldest")
    newestMs = try node.timeMs("newest")
    details = try node.required("details")
  }
}

/// `null` and an absent key are both `nil`.
extension ConfigNode {
  func value(_ key: String) throws(ConfigError) -> Double? {
    guard let node = self[key], !node.isNull else { return nil }
    return try node.number(in: -1e18...1e18)
  }

  func text(_ key: String) throws(ConfigError) -> String? {
    guard let node = self[key], !node.isNull else { return nil }
    return try node.string()
  }

  func timeMs(_ key: String) throws(ConfigError) -> Int64? {
    guard let text = try text(key) else { return nil }
    return RFC3339.parse(text)
  }

  func range(_ key: String) throws(ConfigError) -> ClosedRange<Double>? {
    guard let node = self[key], !node.isNull else { return nil }
    let ends = try node.array()
    guard ends.count == 2 else { throw node.error("has \(ends.count) ends, must have 2") }
    let lower = try ends[0].number(in: -1e18...1e18)
    return lower...max(lower, try ends[1].number(in: -1e18...1e18))
  }
}
