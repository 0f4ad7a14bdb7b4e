package import Protocol

/// Measurements as a device writes them: JSON with the fields of the local topics, always marked
/// as simulated.
package enum Payload {
  /// One object, or an array where there are several.
  package static func json(_ measurements: [Measurement]) -> [UInt8] {
    let objects = measurements.map(object)
    let text = objects.count == 1 ? objects[0] : "[" + objects.joined(separator: ",") + "]"
    return Array(text.utf8)
  }

  private static func object(_ measurement: Measurement) -> String {
    var members = [#""time":\#(decimal(measurement.timeMs, digits: 3))"#]
    switch measurement.body {
    case .coverage(let coverage): members += fields(of: coverage)
    case .broadband(let broadband): members += fields(of: broadband)
    case .service(let count): members += fields(of: count)
    case .check: break
    }
    members.append(#""simulated":true"#)
    return "{" + members.joined(separator: ",") + "}"
  }

  private static func fields(of coverage: Coverage) -> [String] {
    var members = [
      #""lat":\#(decimal(Int64(coverage.latitudeMicrodegrees), digits: 6))"#,
      #""lon":\#(decimal(Int64(coverage.longitudeMicrodegrees), digits: 6))"#,
    ]
    members += number("accuracy", coverage.accuracyDecimetres, digits: 1)
    members.append(#""rat":"\#(coverage.radioAccess.name)""#)
    members += truth("active", coverage.isActive)
    members += number("ss_rsrp", coverage.ssRsrpTenths, digits: 1)
    members += number("ss_rsrq", coverage.ssRsrqTenths, digits: 1)
    members += number("ss_sinr", coverage.ssSinrTenths, digits: 1)
    members += text("plmn", coverage.plmn)
    members += text("band", coverage.band)
    return members + text("cell", coverage.cell)
  }

  private static func fields(of broadband: Broadband) -> [String] {
    var members = text("line", broadband.line) + text("area", broadband.area)
    members += number("down_bps", broadband.downBps, digits: 0)
    members += number("up_bps", broadband.upBps, digits: 0)
    members += number("latency_ms", broadband.latencyMicroseconds, digits: 3)
    members += number("jitter_ms", broadband.jitterMicroseconds, digits: 3)
    members += number("loss", broadband.lossMillionths, digits: 6)
    members += number("provisioned_down_bps", broadband.provisionedDownBps, digits: 0)
    members += number("offered_down_bps", broadband.offeredDownBps, digits: 0)
    members += number("link_bps", broadband.linkBps, digits: 0)
    members += truth("wired", broadband.isWired) + text("tool", broadband.tool)
    members += number("streams", broadband.streams, digits: 0)
    return members + number("seconds", broadband.durationMs, digits: 3)
  }

  private static func fields(of count: ServiceCount) -> [String] {
    text("area", count.area) + text("counter", count.counter)
      + number("value", count.value, digits: 0)
  }

  // None of our texts has a character that JSON escapes.
  private static func text(_ name: String, _ value: String?) -> [String] {
    value.map { [#""\#(name)":"\#($0)""#] } ?? []
  }

  private static func truth(_ name: String, _ value: Bool?) -> [String] {
    value.map { [#""\#(name)":\#($0)"#] } ?? []
  }

  private static func number(
    _ name: String, _ value: (some FixedWidthInteger)?, digits: Int
  ) -> [String] {
    value.map { [#""\#(name)":\#(decimal(Int64($0), digits: digits))"#] } ?? []
  }

  /// −935 with one digit is −93.5: exact, as no binary fraction would be.
  package static func decimal(_ value: Int64, digits: Int) -> String {
    guard digits > 0 else { return String(value) }
    var text = String(value.magnitude)
    if text.utf8.count <= digits {
      text = String(repeating: "0", count: digits + 1 - text.utf8.count) + text
    }
    let sign = value < 0 ? "-" : ""
    return "\(sign)\(text.dropLast(digits)).\(text.suffix(digits))"
  }
}
