package import Daemon
import Indicators

/// A report of one period: a JSON text that is the same for all forms of it. What is signed is the
/// SHA-256 of exactly these bytes.
package struct ReportContent: Sendable {
  package let period: ReportPeriod
  package let json: String
  /// Its name then: provinces merge.
  package let province: LocalText
  package let asOfMs: Int64
  /// The period is over.
  package let isComplete: Bool
  package let entries: [Entry]

  package struct Entry: Sendable {
    package let indicator: ShownIndicator
    package let owners: [String]
    /// The whole period's cases, for 7.x; the indicator itself speaks of a month.
    package let cases: Cases?
  }

  package struct Cases: Sendable {
    package let value: Double?
    package let bounds: ClosedRange<Double>?
    package let numerator: Int64
    package let denominator: Int64
    package let silent: [String]
  }

  package var sha256: String { SHA256.hex(json.utf8) }
  package var isSimulated: Bool { entries.contains { $0.indicator.isSimulated } }

  /// What was made before, or was signed.
  package init(json: String) throws(ConfigError) {
    self.json = json
    let node = try ConfigNode.parse(text: json, name: "report")
    let name = try node.required("report")
    guard let period = ReportPeriod(try name.string()) else {
      throw name.error("is no period")
    }
    self.period = period
    province = try LocalText(try node.required("province"))
    asOfMs = try node.timeMs("as_of") ?? 0
    isComplete = try node.required("complete").boolean()
    var entries: [Entry] = []
    for entry in try node.required("entries").array() {
      var owners: [String] = []
      for owner in try entry.required("owner").array() { owners.append(try owner.string()) }
      entries.append(
        Entry(
          indicator: try ShownIndicator(try entry.required("indicator")), owners: owners,
          cases: try entry["cases"].flatMap(Cases.init)))
    }
    self.entries = entries
  }

  /// The part that says what was found; what is before it says when that was written.
  package var findings: Substring {
    let key = "\"entries\":"
    guard let start = json.firstRange(of: key) else { return json[...] }
    return json[start.lowerBound...]
  }
}

extension ReportContent.Cases {
  fileprivate init?(_ node: ConfigNode) throws(ConfigError) {
    if node.isNull { return nil }
    value = try node.value("value")
    bounds = try node.range("bounds")
    numerator = try node.required("numerator").integer(in: 0...Int64.max)
    denominator = try node.required("denominator").integer(in: 0...Int64.max)
    var silent: [String] = []
    for name in try node.required("silent").array() { silent.append(try name.string()) }
    self.silent = silent
  }
}
