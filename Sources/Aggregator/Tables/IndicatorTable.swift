package import Daemon
package import Indicators

/// The rows of the plan's indicator tables (`indicators.json`): all of them, of which this system
/// fills those with a method.
package struct IndicatorTable: Sendable {
  package let rows: [IndicatorRow]

  package var filled: [IndicatorRow] { rows.filter { $0.method != nil } }
  package var unfilled: [IndicatorRow] { rows.filter { $0.method == nil } }

  package init(file: String) throws(ConfigError) {
    try self.init(try ConfigNode.parse(file: file))
  }

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["source", "indicators"])
    var rows: [IndicatorRow] = []
    var codes: Set<String> = []
    let list = try node.required("indicators")
    for entry in try list.array() {
      let row = try IndicatorRow(entry)
      guard codes.insert(row.code).inserted else {
        throw try entry.required("code").error(
          "is \"\(row.code)\", which an earlier row has already; codes must be unique")
      }
      rows.append(row)
    }
    guard !rows.isEmpty else { throw list.error("is empty; list at least one indicator") }
    self.rows = rows
  }
}

/// A text in the two languages of the pages.
package struct LocalText: Equatable, Sendable {
  package let vi: String
  package let en: String

  package init(vi: String, en: String) {
    self.vi = vi
    self.en = en
  }

  init(_ node: ConfigNode) throws(ConfigError) {
    vi = try node.required("vi").string(legal: "a text that is not empty") { !$0.isEmpty }
    en = try node.required("en").string(legal: "a text that is not empty") { !$0.isEmpty }
  }
}

/// One row of the plan.
package struct IndicatorRow: Sendable {
  package let code: String
  package let name: LocalText
  /// As the plan prints it; empty where it prints none.
  package let unit: String
  /// As the plan prints it.
  package let targetText: String
  /// In `unit`; `nil`: the target is no number.
  package let target: Double?
  package let targetYear: Int
  package let owners: [String]
  /// How this system fills it; `nil`: it does not.
  package let method: FillMethod?

  package enum FillMethod: Equatable, Sendable {
    /// 20.1
    case broadband
    /// 20.2
    case coverage
    /// 7.x: the names of the two counters.
    case services(numerator: String, denominator: String)
  }

  /// The section of docs/methodology.md and its version.
  package var methodName: String? {
    switch method {
    case .broadband: "20.1/1"
    case .coverage: "20.2/1"
    case .services: "7.x/1"
    case nil: nil
    }
  }

  /// The target of a filled row as a share.
  package var targetShare: Target? {
    target.map { Target(value: $0 / 100, year: targetYear) }
  }

  /// A code is a level of an MQTT topic and of an HTTP path.
  private static func isLegal(code: String) -> Bool {
    (1...32).contains(code.utf8.count)
      && code.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2e || $0 == 0x2d
      }
  }

  /// docs/methodology.md and seeds/README.md say what each means.
  private static let keys = [
    "code", "row", "name", "unit", "target_text", "target", "target_max", "comparison",
    "target_year", "owner", "method", "numerator", "denominator",
  ]

  init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(IndicatorRow.keys)
    code = try node.required("code").string(
      legal: "a-z 0-9 . -, 1…32 characters", where: IndicatorRow.isLegal)
    name = try LocalText(try node.required("name"))
    unit = try node.string("unit", default: "")
    targetText = try node.string("target_text", default: "")
    let target = node["target"]
    self.target =
      if let target, !target.isNull { try target.number(in: -1e15...1e15) } else { nil }
    targetYear = Int(try node.required("target_year").integer(in: 2000...2200))
    var owners: [String] = []
    if let list = node["owner"] {
      for owner in try list.array() { owners.append(try owner.string()) }
    }
    self.owners = owners
    method = try IndicatorRow.method(node)
    if method != nil { try checkFilled(node) }
  }

  private static func method(_ node: ConfigNode) throws(ConfigError) -> FillMethod? {
    guard let method = node["method"] else { return nil }
    switch try method.oneOf(["20.1/1", "20.2/1", "7.x/1"]) {
    case "20.1/1": return .broadband
    case "20.2/1": return .coverage
    default:
      return .services(
        numerator: try node.required("numerator").string(),
        denominator: try node.required("denominator").string())
    }
  }

  /// What is computed is a share, judged by "at least".
  private func checkFilled(_ node: ConfigNode) throws(ConfigError) {
    guard unit.hasPrefix("%") else {
      throw (node["unit"] ?? node).error(
        "is \"\(unit)\", but a row with a method is a percentage; begin it with %")
    }
    guard let target, (0...100).contains(target) else {
      throw (node["target"] ?? node).error(
        "is no percentage, but a row with a method needs a target of 0…100; add it")
    }
    if let comparison = node["comparison"] { _ = try comparison.oneOf([">="]) }
  }
}
