/// Learns how many messages the broker sends before it wants a PUBACK. Where its
/// `max_inflight_messages` is lower than ours (20 by default), waiting for more than that would
/// wait out the linger time for nothing, each time: 100 messages a second at 200 ms.
///
/// A group that ended at its deadline, after nothing had come for half of the time, and that was
/// followed by more at once, had the broker's bound. Guessing wrong costs a commit too many.
struct InFlightWindow {
  /// As far as is known; `nil`: not reached yet.
  private(set) var bound: Int?
  private var candidate: Int?
  private var count = 0
  private var lastAt: Duration = .zero
  private var startedAt: Duration = .zero
  private var committedAt: Duration = .zero
  private var agreements = 0

  /// Groups of one size in a row before it is believed.
  private static let agreementsMin = 3
  /// "At once".
  private static let followsWithin: Duration = .milliseconds(20)

  init() {}

  /// Whether more than so many will not come before the next PUBACK.
  mutating func isExhausted(_ messageCount: Int, now: Duration) -> Bool {
    if messageCount != count {
      if count == 0 { began(now) }
      count = messageCount
      lastAt = now
    }
    if let bound, messageCount > bound {
      self.bound = nil
      agreements = 0
    }
    return bound == messageCount
  }

  mutating func committed(_ messageCount: Int, isByDeadline: Bool, now: Duration) {
    defer {
      count = 0
      committedAt = now
    }
    guard bound == nil else { return }
    let waited = now - startedAt
    guard isByDeadline, waited > .zero, now - lastAt > waited / 2 else {
      agreements = 0
      return
    }
    agreements = candidate == messageCount ? agreements + 1 : 0
    candidate = messageCount
  }

  private mutating func began(_ now: Duration) {
    startedAt = now
    guard bound == nil, let candidate, agreements > 0 else { return }
    // A device that sends in bursts of this size does not go on at once.
    guard now - committedAt <= InFlightWindow.followsWithin else {
      agreements = 0
      return
    }
    if agreements >= InFlightWindow.agreementsMin { bound = candidate }
  }
}
