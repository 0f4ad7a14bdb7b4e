/// A range of shares or slopes.
public struct Interval: Equatable, Sendable {
  public var lower: Double
  public var upper: Double

  public init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// All that a share can be.
  public static let unknown = Interval(0, 1)

  /// The bounds of a share of which only `seen` (0 … 1) was looked at and lies in `self`:
  /// everything unseen bad … everything unseen good.
  public func bounds(seen: Double) -> Interval {
    // In this form an upper end of 1 stays 1: rounding it down would call a target of 100 % missed.
    Interval(seen * lower, 1 - seen * (1 - upper))
  }
}

/// The Wilson score interval of a share (Wilson 1927).
public enum Wilson {
  /// The 97.5 % point of the normal distribution.
  public static let z = 1.959963984540054

  /// - Parameters:
  ///   - share: 0 … 1.
  ///   - count: how many observations it is worth; a fraction after weighting. 0 gives 0 … 1.
  ///
  /// | share | count | interval |
  /// |---|---|---|
  /// | 24/25 | 25 | 0.804559 … 0.992904 |
  /// | 1 | 381 | 0.990018 … 1 |
  public static func interval(share: Double, count: Double) -> Interval {
    guard count > 0 else { return .unknown }
    let square = z * z
    let centre = (share + square / (2 * count)) / (1 + square / count)
    let spread = share * (1 - share) / count + square / (4 * count * count)
    let half = z * spread.squareRoot() / (1 + square / count)
    // The ends of 0 and 1 are exact; rounding would make a target of 100 % unreachable.
    return Interval(
      share == 0 ? 0 : max(0, centre - half), share == 1 ? 1 : min(1, centre + half))
  }
}
