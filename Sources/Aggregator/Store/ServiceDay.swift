import Indicators

/// One reading of a counter.
package struct ServicePoint: Equatable, Sendable {
  package let timeMs: Int64
  package let value: Int64
}

/// The readings beside a time, of one counter and local day.
package struct ServiceNeighbours: Equatable, Sendable {
  package var before: ServicePoint?
  /// The reading of that very time.
  package var same: ServicePoint?
  package var after: ServicePoint?

  package init(
    before: ServicePoint? = nil, same: ServicePoint? = nil, after: ServicePoint? = nil
  ) {
    self.before = before
    self.same = same
    self.after = after
  }
}

/// What a counter's readings of one local day say (methodology 7.x).
///
/// A function of their set alone: a reading changes only the steps to its two neighbours, by sums
/// that are exact, so it costs the same however many the day has, and the order does not matter.
package struct ServiceDay: Equatable, Sendable {
  package private(set) var first: ServicePoint
  package private(set) var last: ServicePoint
  /// last − first + every value before a fall.
  package private(set) var increase: Int64
  package private(set) var resets: Int64
  package private(set) var points: Int64

  package init(
    first: ServicePoint, last: ServicePoint, increase: Int64, resets: Int64, points: Int64
  ) {
    self.first = first
    self.last = last
    self.increase = increase
    self.resets = resets
    self.points = points
  }

  /// A day of one reading.
  package init(_ point: ServicePoint) {
    self.init(first: point, last: point, increase: 0, resets: 0, points: 1)
  }

  /// Adds a reading between its neighbours, or puts it in the place of that of the same time.
  package mutating func put(_ point: ServicePoint, beside near: ServiceNeighbours) {
    if let same = near.same {
      count(-1, from: near.before, to: same)
      count(-1, from: same, to: near.after)
    } else {
      count(-1, from: near.before, to: near.after)
      points &+= 1
    }
    count(1, from: near.before, to: point)
    count(1, from: point, to: near.after)
    if point.timeMs <= first.timeMs { first = point }
    if point.timeMs >= last.timeMs { last = point }
  }

  /// Wrapping: a row that has rotted in the file must end nothing.
  private mutating func count(
    _ sign: Int64, from before: ServicePoint?, to after: ServicePoint?
  ) {
    guard let before, let after else { return }
    let step = CounterSeries.Step(from: before.value, to: after.value)
    increase &+= sign &* step.increase
    resets &+= step.isReset ? sign : 0
  }
}
