/// One counter of one source in one area: it only rises, and restarts at zero when its program
/// does.
public struct CounterSeries: Equatable, Sendable {
  /// Rising by day; days without a reading are absent.
  public var days: [Day]

  /// One local day of readings: a row of the day-state.
  public struct Day: Equatable, Sendable {
    public var day: Int
    public var first: Int64
    public var last: Int64
    /// From the first to the last reading of the day, over its resets.
    public var increase: Int64
    /// Falls within the day.
    public var resets: Int
    public var points: Int
    public var firstMs: Int64
    public var lastMs: Int64

    public init(
      day: Int, first: Int64, last: Int64, increase: Int64, resets: Int, points: Int,
      firstMs: Int64 = 0, lastMs: Int64 = 0
    ) {
      self.day = day
      self.first = first
      self.last = last
      self.increase = increase
      self.resets = resets
      self.points = points
      self.firstMs = firstMs
      self.lastMs = lastMs
    }

    /// The day's figures from its readings in order of time; at least one.
    public init(day: Int, readings: [(timeMs: Int64, value: Int64)]) {
      let change = Change(readings.map(\.value))
      self.init(
        day: day, first: readings[0].value, last: readings[readings.count - 1].value,
        increase: change.increase, resets: change.resets, points: readings.count,
        firstMs: readings[0].timeMs, lastMs: readings[readings.count - 1].timeMs)
    }
  }

  /// From one reading to the next.
  public struct Step: Equatable, Sendable {
    public let increase: Int64
    /// The counter has restarted at zero: all that it shows has come since.
    public let isReset: Bool

    /// No source has that many cases; a day of steps, one a millisecond, fits 64 bits.
    static let increaseMax = Int64.max / 86_400_000

    /// Wrapping: what has rotted in a file may be no legal value.
    public init(from before: Int64, to after: Int64) {
      isReset = after < before
      increase = min(isReset ? after : after &- before, Step.increaseMax)
    }
  }

  /// How much a counter rose. last − first + Σ of every value before a fall.
  public struct Change: Equatable, Sendable {
    public var increase: Int64 = 0
    /// Each may hide some increase: what was counted between the last reading and the restart.
    public var resets = 0
    public var points = 0
    public var oldestMs: Int64?
    public var newestMs: Int64?
    /// There is a reading before the period, so that its first cases are in the increase.
    public var hasBase = false

    init() {}

    /// - Parameter values: readings in order of time.
    public init(_ values: [Int64]) {
      points = values.count
      for (before, after) in zip(values, values.dropFirst()) { step(from: before, to: after) }
    }

    mutating func step(from before: Int64, to after: Int64) {
      let step = Step(from: before, to: after)
      increase.addClamped(step.increase)
      resets += step.isReset ? 1 : 0
    }

    /// Two readings are needed to see a counter rise.
    var isKnown: Bool { hasBase || points > 1 }
  }

  public init(days: [Day] = []) { self.days = days }

  /// The increase over a period of local days; the last reading before it is its first. `nil`: the
  /// counter was silent in it.
  public func change(over period: Range<Int>) -> Change? {
    let start = firstIndex(from: period.lowerBound)
    let end = firstIndex(from: period.upperBound)
    guard start < end else { return nil }
    var change = Change()
    change.hasBase = start > 0
    for index in start..<end {
      let day = days[index]
      if index > 0 { change.step(from: days[index - 1].last, to: day.first) }
      change.increase.addClamped(day.increase)
      change.resets += day.resets
      change.points += day.points
    }
    change.oldestMs = days[start].firstMs
    change.newestMs = days[end - 1].lastMs
    return change
  }

  /// Binary search: a province's counters have hundreds of days each.
  private func firstIndex(from day: Int) -> Int {
    var (low, high) = (0, days.count)
    while low < high {
      let middle = (low + high) / 2
      if days[middle].day < day { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
