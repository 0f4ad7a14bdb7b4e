/// What a field may hold, in the units of the wire, and how a person reads it.
///
/// Radio levels: 3GPP TS 38.133. Rates: 0 … 1e12 bit/s. See docs/methodology.md, "Legal values".
public struct LegalRange: Sendable {
  /// The name in payloads, with its unit.
  public let field: String
  public let unit: String
  public let values: ClosedRange<Int64>
  /// How many units of the wire make one unit of the payload.
  public let scale: Int64

  init(_ field: String, _ unit: String, _ values: ClosedRange<Int64>, scale: Int64 = 1) {
    self.field = field
    self.unit = unit
    self.values = values
    self.scale = scale
  }

  public func contains(_ value: Int64) -> Bool { values.contains(value) }

  /// `-156…-31 dBm`, as payloads give it.
  public var legalText: String {
    let low = values.lowerBound / scale
    let high = values.upperBound / scale
    return unit.isEmpty ? "\(low)…\(high)" : "\(low)…\(high) \(unit)"
  }

  /// 1970 … 2200: a device's clock may be wrong, but its time must be one. Whether it is believed
  /// is the aggregator's decision.
  public static let time = LegalRange("time", "s since 1970", 0...7_258_118_400_000, scale: 1_000)
  public static let latitude = LegalRange("lat", "°", -90_000_000...90_000_000, scale: 1_000_000)
  public static let longitude = LegalRange(
    "lon", "°", -180_000_000...180_000_000, scale: 1_000_000)
  public static let accuracy = LegalRange("accuracy", "m", 0...100_000_000, scale: 10)
  public static let ssRsrp = LegalRange("ss_rsrp", "dBm", -1_560 ... -310, scale: 10)
  public static let ssRsrq = LegalRange("ss_rsrq", "dB", -430...200, scale: 10)
  public static let ssSinr = LegalRange("ss_sinr", "dB", -230...400, scale: 10)

  static let rates: ClosedRange<Int64> = 0...1_000_000_000_000
  public static let down = LegalRange("down_bps", "bit/s", rates)
  public static let up = LegalRange("up_bps", "bit/s", rates)
  public static let provisionedDown = LegalRange("provisioned_down_bps", "bit/s", rates)
  public static let offeredDown = LegalRange("offered_down_bps", "bit/s", rates)
  public static let link = LegalRange("link_bps", "bit/s", rates)
  public static let latency = LegalRange("latency_ms", "ms", 0...3_600_000_000, scale: 1_000)
  public static let downLatency = LegalRange(
    "down_latency_ms", "ms", 0...3_600_000_000, scale: 1_000)
  public static let upLatency = LegalRange(
    "up_latency_ms", "ms", 0...3_600_000_000, scale: 1_000)
  public static let jitter = LegalRange("jitter_ms", "ms", 0...3_600_000_000, scale: 1_000)
  public static let loss = LegalRange("loss", "", 0...1_000_000, scale: 1_000_000)
  public static let streams = LegalRange("streams", "", 1...1_024)
  public static let duration = LegalRange("seconds", "s", 0...86_400_000, scale: 1_000)

  public static let counterValue = LegalRange("value", "", 0...9_007_199_254_740_992)
}

/// How long the texts of a measurement may be, bytes of UTF-8. Longer ones are rejected at the edge
/// and by the decoder.
public enum TextLimit {
  public static let source = 128
  public static let identifier = 64
}
