/// The time by which old segments are deleted. It follows the machine's clock only in small steps,
/// or where the kernel takes that clock for synchronised: a clock that jumps to 2037 must not
/// delete everything that the province has. Otherwise it goes on by the time that really passes.
/// Where the machine's clock is behind, that one counts: it deletes less. Pure.
package struct RetentionClock: Equatable, Sendable {
  /// The latest time that was believed, ms since 1970: what is kept over a restart.
  package private(set) var believedMs: Int64
  /// Delete by this, ms since 1970; at most `believedMs`.
  package private(set) var nowMs: Int64
  /// The machine's clock is so far ahead of what is believed, ms; 0: it is believed.
  package private(set) var lagMs: Int64 = 0
  /// When it moved last, by the boot's clock.
  private var movedAt: Duration

  /// Believed without a word from the kernel: the clock was set, or the program was off a night.
  package static let stepMsMax: Int64 = 86_400_000

  package init(believedMs: Int64, at now: Duration) {
    self.believedMs = believedMs
    nowMs = believedMs
    movedAt = now
  }

  package mutating func move(to wallMs: Int64, isSynchronised: Bool, at now: Duration) {
    let passedMs = max(.zero, now - movedAt).components.seconds * 1_000
    movedAt = now
    if isSynchronised {
      believedMs = wallMs
    } else if wallMs <= believedMs + passedMs + RetentionClock.stepMsMax {
      believedMs = max(believedMs, wallMs)
    } else {
      // Twice as fast as time passes: a clock that is right after all is believed in the end, and
      // one that is not costs a day of what is kept for each day in which nobody minds the alert.
      believedMs = min(wallMs, believedMs + 2 * passedMs)
    }
    nowMs = min(wallMs, believedMs)
    lagMs = wallMs - nowMs
  }
}
