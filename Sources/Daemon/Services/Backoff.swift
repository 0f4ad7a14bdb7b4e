/// Waits between attempts at something that fails: twice as long each time, up to a bound, and by
/// up to a quarter shorter or longer at random, so that a fleet does not knock together.
public struct Backoff {
  private let range: ClosedRange<Duration>
  private var next: Duration
  private var attemptAt: Duration?

  public init(_ range: ClosedRange<Duration>) {
    self.range = range
    next = range.lowerBound
  }

  /// An attempt begins. One that lasts longer than the bound was a success.
  public mutating func begin() { attemptAt = monotonicNow() }

  /// Until it is time for the next attempt, or `stop` is set.
  ///
  /// - Parameter turn: called about once a second meanwhile: waiting is progress, too.
  public mutating func wait(unless stop: StopSignal, turn: () -> Void) {
    if let attemptAt, monotonicNow() - attemptAt > range.upperBound { next = range.lowerBound }
    let deadline = monotonicNow() + next * Double.random(in: 0.75...1.25)
    next = min(next * 2, range.upperBound)
    var poller = Poller()
    poller.add(stop.fileDescriptor, .readable)
    while !stop.isSet {
      let left = deadline - monotonicNow()
      guard left > .zero else { return }
      turn()
      guard (try? poller.wait(timeout: min(left, .seconds(1)))) != nil else { return }
    }
  }
}
