/// One fixed access line in the window of 20.1, and what it may say.
public struct Line: Equatable, Sendable {
  /// Its place in the areas table; `nil`: the tests name no area of the table.
  public let area: Int?
  /// The plan of the line, bit/s.
  public let provisionedBps: Int64?
  /// The fastest plan that can be ordered at its address, bit/s.
  public let offeredBps: Int64?
  public let state: State

  /// One vote a line.
  public enum State: String, CaseIterable, Sendable {
    /// Nothing says what the line should deliver; it is left out, whatever its tests show, for
    /// counting only those that happen to be fast would flatter.
    case planUnknown = "plan_unknown"
    /// Its plan is slower than required: it says what is offered, not what is delivered.
    case offerOnly = "offer_only"
    /// The probe's own port or Wi-Fi cannot show the required rate, or nobody knows whether it can.
    case censored
    /// Too few days with a test.
    case undecided
    case pass
    case fail
  }

  /// One local day of tests: a row of the day-state.
  public struct Day: Equatable, Sendable {
    public var day: Int
    /// Best rate of the tests that count, bit/s; `nil`: none counts.
    public var bestDownBps: Int64?
    /// Best link of a wired test, bit/s; `nil`: unknown.
    public var linkBps: Int64?
    /// A test was wired; `false`: only Wi-Fi; `nil`: unknown.
    public var isWired: Bool?
    /// Place in the areas table.
    public var area: Int?
    public var provisionedBps: Int64?
    public var offeredBps: Int64?

    public init(
      day: Int, bestDownBps: Int64?, linkBps: Int64?, isWired: Bool?, area: Int? = nil,
      provisionedBps: Int64? = nil, offeredBps: Int64? = nil
    ) {
      self.day = day
      self.bestDownBps = bestDownBps
      self.linkBps = linkBps
      self.isWired = isWired
      self.area = area
      self.provisionedBps = provisionedBps
      self.offeredBps = offeredBps
    }
  }

  /// - Parameter days: those in the window, rising.
  public init(days: [Day], method: Method) {
    area = days.last { $0.area != nil }?.area
    provisionedBps = days.last { $0.provisionedBps != nil }?.provisionedBps
    offeredBps = days.last { $0.offeredBps != nil }?.offeredBps
    state = Line.state(days, provisionedBps: provisionedBps, method)
  }

  public init(area: Int?, provisionedBps: Int64?, offeredBps: Int64?, state: State) {
    self.area = area
    self.provisionedBps = provisionedBps
    self.offeredBps = offeredBps
    self.state = state
  }

  private static func state(
    _ days: [Day], provisionedBps: Int64?, _ method: Method
  ) -> State {
    guard let provisionedBps else { return .planUnknown }
    guard provisionedBps >= method.requiredBps else { return .offerOnly }
    if !days.contains(where: { $0.isWired != false }) { return .censored }
    // The port as it is now. Tests through a slower one, before it was replaced, prove nothing.
    let link = days.last { $0.linkBps != nil }?.linkBps ?? 0
    guard link >= method.requiredBps else { return .censored }
    let tests = days.filter { $0.bestDownBps != nil && $0.linkBps ?? 0 >= method.requiredBps }
    guard tests.count >= method.testDays else { return .undecided }
    let threshold = method.deliveredRatio * Double(method.requiredBps)
    let delivering = tests.suffix(method.testDays).filter {
      Double($0.bestDownBps ?? 0) >= threshold
    }
    return delivering.count >= method.passDays ? .pass : .fail
  }
}

/// What an operator says can be ordered in an area: a row of `availability.csv`.
public struct OfferRecord: Equatable, Sendable {
  /// Its place in the areas table.
  public let area: Int
  /// Lines that the record is about.
  public let lines: Int64
  /// Share of them where the required plan can be ordered, 0 … 1; `nil`: unknown, or the record is
  /// older than `record_days`.
  public let orderableShare: Double?

  public init(area: Int, lines: Int64, orderableShare: Double?) {
    self.area = area
    self.lines = lines
    self.orderableShare = orderableShare
  }
}
