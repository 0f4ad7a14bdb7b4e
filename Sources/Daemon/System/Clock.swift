import Glibc

/// Time since some fixed moment, never set back; counts on while the machine sleeps.
public func monotonicNow() -> Duration { time(of: CLOCK_BOOTTIME) }

/// The machine's idea of the time of day, ms since 1970-01-01T00:00:00Z. May jump.
public func wallClockMs() -> Int64 {
  let (seconds, attoseconds) = time(of: CLOCK_REALTIME).components
  return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
}

private func time(of clock: Int32) -> Duration {
  var now = timespec()
  // Fails only for a clock that does not exist; these two always do.
  let result = unsafe clock_gettime(clock, &now)
  precondition(result == 0)
  return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
}

extension Duration {
  /// Whole milliseconds, rounded towards zero.
  public var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }

  public var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
