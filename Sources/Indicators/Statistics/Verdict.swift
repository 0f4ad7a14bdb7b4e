/// What the plan asks for.
public struct Target: Equatable, Sendable {
  /// A share for indicators in per cent.
  public let value: Double
  public let year: Int

  public init(value: Double, year: Int) {
    self.value = value
    self.year = year
  }
}

/// What the bounds say about the target. Missing data can make it undecided and nothing else.
public enum Verdict: String, Sendable {
  /// Even with everything unseen bad: đạt.
  case reached
  /// Not even with everything unseen good: chưa đạt.
  case notReached = "not_reached"
  /// chưa kết luận.
  case undecided
  /// There is no value to judge: chưa đủ dữ liệu.
  case insufficient

  public init(bounds: Interval, isShown: Bool, target: Target) {
    if !isShown {
      self = .insufficient
    } else if bounds.lower >= target.value {
      self = .reached
    } else if bounds.upper < target.value {
      self = .notReached
    } else {
      self = .undecided
    }
  }
}

/// Why there is no value: what is missing, in numbers. The sentences are made where they are shown.
public enum Reason: Equatable, Sendable {
  /// No measurement at all that could say anything.
  case nothingMeasured
  /// There is simulated data, which is not accepted.
  case onlySimulated
  /// Neither the population table nor the areas give a weight.
  case noPopulation
  /// Too few of the people live in measured tiles (20.2).
  case populationShare(Double, needed: Double)
  /// Too few effective bins (20.2).
  case effectiveBins(Double, needed: Double)
  /// The offer is known for too few of the households (20.1).
  case householdShare(Double, needed: Double)
  /// Too few lines whose delivery is decided (20.1).
  case decidedLines(Int, needed: Int)
  /// The probe's own port or Wi-Fi hides too many of the gigabit lines (20.1).
  case censoredLines(Int, ofGigabit: Int)
  /// Too few cases in the period (7.x).
  case cases(Int64, needed: Int64)
  /// Too few of the cases come from sources that were heard (7.x).
  case heardShare(Double, needed: Double)
}
