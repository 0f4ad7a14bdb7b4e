import Daemon

/// The kernel's clocks, read together.
package struct ClockReading: Equatable, Sendable {
  /// CLOCK_REALTIME, ms since 1970. May be wrong, and may jump.
  package var wallMs: Int64
  /// CLOCK_BOOTTIME, ms since the machine started. Neither jumps nor stops.
  package var bootMs: Int64
  /// Whether the kernel takes its clock for synchronised.
  package var isSynchronised: Bool

  /// Before this program was written: a clock that has lost its battery.
  package static let plausibleFromMs: Int64 = 1_767_225_600_000

  package init(wallMs: Int64, bootMs: Int64, isSynchronised: Bool) {
    self.wallMs = wallMs
    self.bootMs = bootMs
    self.isSynchronised = isSynchronised
  }

  /// Moves only when the clock is set.
  var offsetMs: Int64 { wallMs - bootMs }

  /// What the kernel says counts: with a clock that cannot be right, it does not.
  var isTrusted: Bool { isSynchronised && wallMs >= ClockReading.plausibleFromMs }

  @Sendable
  package static func now() -> ClockReading {
    ClockReading(
      wallMs: wallClockMs(), bootMs: monotonicNow().milliseconds,
      isSynchronised: SystemClock.isSynchronised == true)
  }
}
