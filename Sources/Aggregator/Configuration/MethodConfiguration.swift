package import Daemon
package import Indicators
import Protocol

/// `method` in the configuration: every parameter of docs/methodology.md with its legal range.
extension Method {
  package init(configured node: ConfigNode?) throws(ConfigError) {
    self.init()
    guard let node else { return }
    try node.expectKeys(Method.keys)
    try readState(node)
    try readCoverage(node)
    try readBroadband(node)
    minDenominator = try node.integer(
      "min_denominator", in: 1...1_000_000_000, default: minDenominator)
    minHeardShare = try node.number("min_heard_share", in: 0...1, default: minHeardShare)
  }

  package static let keys = [
    "utc_offset", "accuracy_m", "covered_dbm", "strong_dbm", "home_plmns", "min_streams",
    "min_seconds", "accept_simulated", "min_bins", "min_days", "rho", "fresh_days",
    "min_population_share", "min_effective", "required_bps", "min_lines", "record_days",
    "test_days", "pass_days", "delivered_ratio", "min_decided", "line_days", "min_denominator",
    "min_heard_share",
  ]

  private mutating func readState(_ node: ConfigNode) throws(ConfigError) {
    if let offset = node["utc_offset"] {
      let legal = "-12:00…+14:00, such as \"+07:00\""
      let text = try offset.string(legal: legal) { Method.minutes(ofOffset: $0) != nil }
      utcOffsetMinutes = Method.minutes(ofOffset: text) ?? utcOffsetMinutes
    }
    accuracyMetres = try node.number("accuracy_m", in: 1...100_000, default: accuracyMetres)
    coveredDbm = try node.number("covered_dbm", in: Method.levels, default: coveredDbm)
    strongDbm = try node.number("strong_dbm", in: Method.levels, default: strongDbm)
    if strongDbm < coveredDbm {
      throw (node["strong_dbm"] ?? node["covered_dbm"] ?? node).error(
        """
        makes strong_dbm \(strongDbm) and covered_dbm \(coveredDbm), but strong_dbm must be \
        covered_dbm or more; change one
        """)
    }
    homePlmns = try Method.plmns(node["home_plmns"]) ?? homePlmns
    minStreams = try node.integer(
      "min_streams", in: LegalRange.streams.values, default: minStreams)
    minSeconds = try node.number("min_seconds", in: 0...86_400, default: minSeconds)
    acceptSimulated = try node.boolean("accept_simulated", default: acceptSimulated)
  }

  private mutating func readCoverage(_ node: ConfigNode) throws(ConfigError) {
    minBins = Int(try node.integer("min_bins", in: 1...100_000, default: Int64(minBins)))
    minDays = Int(try node.integer("min_days", in: 1...366, default: Int64(minDays)))
    rho = try node.number("rho", in: 0...1, default: rho)
    freshDays = try Method.windows(node["fresh_days"]) ?? freshDays
    minPopulationShare = try node.number(
      "min_population_share", in: 0...1, default: minPopulationShare)
    minEffective = try node.number("min_effective", in: 1...1_000_000, default: minEffective)
  }

  private mutating func readBroadband(_ node: ConfigNode) throws(ConfigError) {
    requiredBps = try node.integer("required_bps", in: 1...1_000_000_000_000, default: requiredBps)
    minLines = Int(try node.integer("min_lines", in: 1...1_000_000, default: Int64(minLines)))
    recordDays = Int(try node.integer("record_days", in: 1...36_500, default: Int64(recordDays)))
    testDays = Int(try node.integer("test_days", in: 1...366, default: Int64(testDays)))
    passDays = Int(try node.integer("pass_days", in: 1...366, default: Int64(passDays)))
    if passDays > testDays {
      throw (node["pass_days"] ?? node["test_days"] ?? node).error(
        """
        makes pass_days \(passDays) of test_days \(testDays), so no line could pass; lower \
        pass_days
        """)
    }
    deliveredRatio = try node.number("delivered_ratio", in: 0.01...1, default: deliveredRatio)
    minDecided = Int(try node.integer("min_decided", in: 1...1_000_000, default: Int64(minDecided)))
    lineDays = Int(try node.integer("line_days", in: 1...3_660, default: Int64(lineDays)))
  }

  /// 3GPP TS 38.133, dBm.
  private static let levels = -156.0 ... -31.0

  private static func plmns(_ node: ConfigNode?) throws(ConfigError) -> [String]? {
    guard let node, !node.isNull else { return nil }
    var plmns: [String] = []
    for entry in try node.array() {
      let plmn = try entry.string(legal: "5 or 6 digits, such as \"45204\"") {
        (5...6).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) }
      }
      plmns.append(plmn)
    }
    return plmns
  }

  private static func windows(_ node: ConfigNode?) throws(ConfigError) -> [Int]? {
    guard let node else { return nil }
    var windows: [Int] = []
    for entry in try node.array() {
      let days = Int(try entry.integer(in: 1...3_660))
      guard days > windows.last ?? 0 else {
        throw entry.error(
          "is \(days), but each window must be longer than the one before; sort them")
      }
      windows.append(days)
    }
    guard (1...8).contains(windows.count) else {
      throw node.error("has \(windows.count) windows, allowed 1…8; change the list")
    }
    return windows
  }

  /// Minutes east of UTC in `+07:00`; `nil` for any other text.
  static func minutes(ofOffset text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"),
      bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
      [1, 2, 4, 5].allSatisfy({ (0x30...0x39).contains(bytes[$0]) })
    else { return nil }
    let digit = { Int(bytes[$0]) - 0x30 }
    let hours = digit(1) * 10 + digit(2)
    let minutes = digit(4) * 10 + digit(5)
    let sign = bytes[0] == UInt8(ascii: "-") ? -1 : 1
    let total = sign * (hours * 60 + minutes)
    return minutes < 60 && (-720...840).contains(total) ? total : nil
  }
}
