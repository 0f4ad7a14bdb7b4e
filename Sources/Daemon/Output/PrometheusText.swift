/// Metrics in Prometheus' text format (version 0.0.4).
public struct PrometheusText: Sendable {
  public private(set) var text = ""
  private var name = ""

  public enum MetricType: String, Sendable {
    case counter
    case gauge
    case histogram
  }

  public typealias Labels = [(String, String)]

  public init() {}

  /// Begins a family; its samples follow.
  public mutating func family(_ name: String, _ help: String, _ type: MetricType) {
    self.name = name
    text += "# HELP \(name) \(PrometheusText.escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(type.rawValue)\n"
  }

  public mutating func sample(_ labels: Labels = [], _ value: Double) {
    line(name, labels, PrometheusText.number(value))
  }

  public mutating func sample(_ labels: Labels = [], _ value: some BinaryInteger) {
    line(name, labels, "\(value)")
  }

  public mutating func histogram(_ labels: Labels = [], _ histogram: Histogram) {
    var cumulative: UInt64 = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      cumulative += count
      line(name + "_bucket", labels + [("le", PrometheusText.number(bound))], "\(cumulative)")
    }
    line(name + "_bucket", labels + [("le", "+Inf")], "\(histogram.count)")
    line(name + "_sum", labels, PrometheusText.number(histogram.sum))
    line(name + "_count", labels, "\(histogram.count)")
  }

  private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
    text += name
    if !labels.isEmpty {
      let inside = labels.map { "\($0.0)=\"\(PrometheusText.escaped($0.1, quotes: true))\"" }
      text += "{\(inside.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

/// How often values fell between given bounds.
public struct Histogram: Equatable, Sendable {
  /// Upper bounds of the buckets, inclusive, rising.
  public let bounds: [Double]
  /// For each bucket; values above the last bound are only in `count`.
  public private(set) var counts: [UInt64]
  public private(set) var count: UInt64 = 0
  public private(set) var sum: Double = 0

  public init(bounds: [Double]) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  public mutating func observe(_ value: Double) {
    if let bucket = bounds.firstIndex(where: { value <= $0 }) { counts[bucket] += 1 }
    count += 1
    sum += value
  }
}
