import Daemon
import Protocol
import Synchronization

/// This machine's clock, and what is known of its truth: shared by the intake, which stamps, the
/// uplink, which learns the time from receipts, and whoever shows it.
package final class HostClock: Sendable {
  /// Names this boot of the machine.
  package let boot: Int64
  /// As it was when the program started.
  let found: ClockReading
  private let reading: @Sendable () -> ClockReading
  private let state = Mutex(State())

  private struct State {
    var trust = ClockTrust()
    /// The aggregator answers without telling the time.
    var isWaived = false
  }

  /// The clock of a group of messages: one offset for all of its stamps, whatever the clock does
  /// meanwhile.
  package struct Stamp: Sendable {
    let offsetMs: Int64
    let isTrusted: Bool

    /// Now, by this clock.
    func timeMs(_ now: Duration) -> Int64 { now.milliseconds + offsetMs }
  }

  /// - Parameter boot: `nil`: as the kernel says; where it does not, each start counts as a boot.
  package init(
    boot: Int64? = nil, reading: @escaping @Sendable () -> ClockReading = ClockReading.now
  ) {
    self.boot = boot ?? SystemClock.bootID ?? Int64.random(in: .min ... .max)
    self.reading = reading
    found = reading()
  }

  package func read() -> ClockReading { reading() }

  /// The right time in this boot; `nil`: not known yet.
  package var offset: BootOffset? {
    let now = reading()
    return state.withLock { state in
      state.trust.read(now)
      return state.trust.offset
    }
  }

  /// The right time, ms since 1970; `nil`: not known yet.
  package var nowMs: Int64? { offset.map { reading().bootMs + $0.offsetMs } }

  package var isWaived: Bool { state.withLock { $0.isWaived } }

  package func waive() { state.withLock { $0.isWaived = true } }

  package func restore(_ offset: BootOffset) { state.withLock { $0.trust.restore(offset) } }

  package func compared(committedMs: Int64, sentMs: Int64, receivedMs: Int64) {
    state.withLock {
      $0.trust.compared(committedMs: committedMs, sentMs: sentMs, receivedMs: receivedMs)
    }
  }

  // MARK: Stamping

  package func stamp() -> Stamp {
    let now = reading()
    return Stamp(offsetMs: now.offsetMs, isTrusted: now.isTrusted)
  }

  /// What is kept with a segment stamped by this clock; `nil`: the stamps are right.
  package func mark(_ stamp: Stamp) -> ClockMark? {
    let now = reading()
    let isTrusted =
      stamp.isTrusted && now.isTrusted
      && abs(stamp.offsetMs - now.offsetMs) <= BootOffset.toleranceMs
    if isTrusted || state.withLock({ $0.trust.confirms(stamp.offsetMs) }) { return nil }
    return ClockMark(boot: boot, bootMs: now.bootMs)
  }
}

/// Kept with a segment whose stamps nobody has confirmed: what it takes to make them right.
package struct ClockMark: Equatable, Sendable {
  package let boot: Int64
  /// The boot's clock when the segment was closed: the same moment as its `received`.
  package let bootMs: Int64

  package init(boot: Int64, bootMs: Int64) {
    self.boot = boot
    self.bootMs = bootMs
  }
}
