/// One source in one area with the two counters of a 7.x share.
public struct ServiceUnit: Equatable, Sendable {
  /// How it is named to a reader, such as `dvc-phu-ly`.
  public let name: String
  /// Its place in the areas table; `nil`: the whole province, or an area not in the table.
  public let area: Int?
  public let numerator: CounterSeries
  public let denominator: CounterSeries

  public init(name: String, area: Int?, numerator: CounterSeries, denominator: CounterSeries) {
    self.name = name
    self.area = area
    self.numerator = numerator
    self.denominator = denominator
  }
}

/// A calendar period up to today, and those before it in which a silent source may have spoken,
/// latest first. Local days.
public struct ServicePeriod: Equatable, Sendable {
  public let days: Range<Int>
  public let earlier: [Range<Int>]

  /// The month of `today`, and `historyMonths` before it.
  public static func month(_ today: Int) -> ServicePeriod {
    let month = LocalDay.month(ofDay: today)
    return ServicePeriod(days: days(month..<(month + 1)), earlier: earlier(before: month))
  }

  /// The whole month before that of `today`.
  public static func previousMonth(_ today: Int) -> ServicePeriod {
    let month = LocalDay.month(ofDay: today) - 1
    return ServicePeriod(days: days(month..<(month + 1)), earlier: earlier(before: month))
  }

  /// The calendar year of `today`, and the one before it.
  public static func year(_ today: Int) -> ServicePeriod {
    let month = LocalDay.month(ofDay: today)
    let january = month - month % 12
    return ServicePeriod(
      days: days(january..<(january + 12)), earlier: [days((january - 12)..<january)])
  }

  /// Whole months, such as a quarter, and the same number of months before them.
  public static func months(_ months: Range<Int>) -> ServicePeriod {
    ServicePeriod(
      days: days(months),
      earlier: [days((months.lowerBound - months.count)..<months.lowerBound)])
  }

  /// The first day that any of the periods of `today` looks at.
  public static func horizon(_ today: Int) -> Int {
    let month = LocalDay.month(ofDay: today)
    return LocalDay.firstDay(ofMonth: min(month - 1 - historyMonths, month - month % 12 - 12))
  }

  /// A source silent for longer has no history, and one that was never heard in it is gone.
  static let historyMonths = 12

  private static func earlier(before month: Int) -> [Range<Int>] {
    (1...historyMonths).map { days((month - $0)..<(month - $0 + 1)) }
  }

  private static func days(_ months: Range<Int>) -> Range<Int> {
    LocalDay.firstDay(ofMonth: months.lowerBound)..<LocalDay.firstDay(ofMonth: months.upperBound)
  }
}

/// A 7.x share in one period: a census of the sources that were heard. No sampling, so no interval.
public struct ServiceFigure: Equatable, Sendable {
  /// N and D of the sources that count.
  public internal(set) var numerator: Int64 = 0
  public internal(set) var denominator: Int64 = 0
  /// D_miss of the silent and the left out, as far as it is known.
  public internal(set) var missingDenominator: Int64 = 0
  /// Sources that count.
  public internal(set) var heard = 0
  public internal(set) var silent: [SilentSource] = []
  /// Their numerator exceeds their denominator.
  public internal(set) var leftOut: [LeftOutSource] = []
  public internal(set) var resets = 0
  public internal(set) var points = 0
  public internal(set) var oldestMs: Int64?
  public internal(set) var newestMs: Int64?
  public internal(set) var reasons: [Reason] = []

  public struct SilentSource: Equatable, Sendable {
    public let name: String
    /// Cases of the latest earlier period in which it was heard; `nil`: no history.
    public let denominator: Int64?

    public init(name: String, denominator: Int64?) {
      self.name = name
      self.denominator = denominator
    }
  }

  public struct LeftOutSource: Equatable, Sendable {
    public let name: String
    public let numerator: Int64
    public let denominator: Int64

    public init(name: String, numerator: Int64, denominator: Int64) {
      self.name = name
      self.numerator = numerator
      self.denominator = denominator
    }
  }

  public init(_ units: [ServiceUnit], period: ServicePeriod, method: Method) {
    for unit in units { add(unit, period) }
    reasons = missing(method)
  }

  public var isShown: Bool { reasons.isEmpty }
  public var share: Double {
    denominator > 0 ? Double(numerator) / Double(denominator) : 0
  }
  /// A silent source of unknown size could outweigh all the others.
  public var isOpen: Bool { silent.contains { $0.denominator == nil } }
  public var heardShare: Double {
    let all = Double(denominator) + Double(missingDenominator)
    return all > 0 ? Double(denominator) / all : 0
  }

  /// Everything unseen bad … everything unseen good. With a source of unknown size nothing can be
  /// excluded.
  public var bounds: Interval {
    let all = Double(denominator) + Double(missingDenominator)
    guard all > 0, !isOpen else { return .unknown }
    return Interval(
      Double(numerator) / all, (Double(numerator) + Double(missingDenominator)) / all)
  }

  private mutating func add(_ unit: ServiceUnit, _ period: ServicePeriod) {
    let top = unit.numerator.change(over: period.days)
    let bottom = unit.denominator.change(over: period.days)
    guard let top, let bottom else {
      // One of the two counters alone still says how many cases there were at least.
      let known = bottom?.increase ?? ServiceFigure.history(unit.denominator, period)
      let least = top?.increase ?? 0
      silent.append(SilentSource(name: unit.name, denominator: known.map { max($0, least) }))
      missingDenominator.addClamped(max(known ?? 0, least))
      return
    }
    resets += top.resets + bottom.resets
    guard top.increase <= bottom.increase else {
      leftOut.append(
        LeftOutSource(name: unit.name, numerator: top.increase, denominator: bottom.increase))
      missingDenominator.addClamped(top.increase)
      return
    }
    heard += 1
    numerator.addClamped(top.increase)
    denominator.addClamped(bottom.increase)
    points += top.points + bottom.points
    for change in [top, bottom] {
      oldestMs = min(oldestMs ?? .max, change.oldestMs ?? .max)
      newestMs = max(newestMs ?? .min, change.newestMs ?? .min)
    }
  }

  private static func history(_ series: CounterSeries, _ period: ServicePeriod) -> Int64? {
    for days in period.earlier {
      if let change = series.change(over: days), change.isKnown { return change.increase }
    }
    return nil
  }

  private func missing(_ method: Method) -> [Reason] {
    if heard == 0 { return [.nothingMeasured] }
    var reasons: [Reason] = []
    if denominator < method.minDenominator {
      reasons.append(.cases(denominator, needed: method.minDenominator))
    }
    if denominator > 0, heardShare < method.minHeardShare {
      reasons.append(.heardShare(heardShare, needed: method.minHeardShare))
    }
    return reasons
  }
}
