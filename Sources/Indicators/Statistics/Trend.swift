/// The straight line through monthly values (Theil–Sen), and whether it leads to the target.
public struct Trend: Equatable, Sendable {
  /// Change of the share per month: the median of all pairwise slopes.
  public let slope: Double
  /// 95 % interval of the slope from the ranks of the pairwise slopes (Sen 1968).
  public let slopeInterval: Interval
  /// The line passes through the medians.
  let medianMonth: Double
  let medianShare: Double

  /// Monthly values from which there is a trend.
  public static let monthsMin = 6

  public enum Outlook: String, Sendable {
    /// The whole interval reaches the target by the end of the target year.
    case onTrack = "on_track"
    /// None of it does, or the slope may as well be none.
    case atRisk = "at_risk"
    case unknown
  }

  /// - Parameter values: one share a month, months rising (`LocalDay.month(ofDay:)`); months may be
  ///   missing.
  public init?(_ values: [(month: Int, share: Double)]) {
    guard values.count >= Trend.monthsMin else { return nil }
    var slopes: [Double] = []
    for later in 1..<values.count {
      for earlier in 0..<later {
        let months = Double(values[later].month - values[earlier].month)
        slopes.append((values[later].share - values[earlier].share) / months)
      }
    }
    slopes.sort()
    let n = Double(values.count)
    let sigma = (n * (n - 1) * (2 * n + 5) / 18).squareRoot()
    // Ranks (N ∓ zσ)/2, both rounded outwards, so that the interval is never too short. Six values
    // have 15 slopes and the lower rank 2.3, so it is never below the first.
    let rank = Int((Double(slopes.count) - Wilson.z * sigma) / 2)
    slopeInterval = Interval(slopes[rank - 1], slopes[slopes.count - rank])
    slope = Trend.median(slopes)
    medianMonth = Trend.median(values.map { Double($0.month) })
    medianShare = Trend.median(values.map(\.share).sorted())
  }

  /// The share at month 0.
  public var intercept: Double { medianShare - slope * medianMonth }

  /// When the line meets a share; `nil` if it is level.
  public func month(reaching share: Double) -> Double? {
    slope == 0 ? nil : (share - intercept) / slope
  }

  /// Inside 0 … 1, for a share cannot leave it.
  public func forecast(month: Int) -> Double { Trend.clamp(at(month, slope)) }

  public func forecastInterval(month: Int) -> Interval {
    // Left of the median month the steeper line is the lower one.
    let ends = [at(month, slopeInterval.lower), at(month, slopeInterval.upper)]
    return Interval(Trend.clamp(min(ends[0], ends[1])), Trend.clamp(max(ends[0], ends[1])))
  }

  public func outlook(for target: Target) -> Outlook {
    let forecast = forecastInterval(month: Trend.lastMonth(ofYear: target.year))
    if forecast.lower >= target.value { return .onTrack }
    if forecast.upper < target.value { return .atRisk }
    return slopeInterval.lower <= 0 && slopeInterval.upper >= 0 ? .atRisk : .unknown
  }

  /// December, in months since year 0.
  public static func lastMonth(ofYear year: Int) -> Int { year * 12 + 11 }

  private func at(_ month: Int, _ slope: Double) -> Double {
    medianShare + slope * (Double(month) - medianMonth)
  }

  private static func clamp(_ share: Double) -> Double { min(1, max(0, share)) }

  /// - Parameter values: sorted, not empty.
  private static func median(_ values: [Double]) -> Double {
    (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
  }
}
