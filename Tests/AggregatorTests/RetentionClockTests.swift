import Aggregator
import Testing

/// By which time old segments are deleted, where the machine's clock is wrong.
@Suite struct RetentionClockTests {
  private static let startMs: Int64 = 1_795_000_000_000
  private static let in2037: Int64 = 2_114_380_800_000
  private static let dayMs: Int64 = 86_400_000

  @Test func `it follows the clock, also over a night in which the program was off`() {
    let start = RetentionClockTests.startMs
    var clock = RetentionClock(believedMs: start, at: .zero)
    clock.move(to: start + 600_000, isSynchronised: false, at: .seconds(600))
    #expect(clock.nowMs == start + 600_000 && clock.lagMs == 0)
    clock.move(to: start + RetentionClockTests.dayMs, isSynchronised: false, at: .seconds(610))
    #expect(clock.nowMs == start + RetentionClockTests.dayMs && clock.lagMs == 0)
  }

  @Test func `a jump ahead counts only if the kernel vouches for it`() {
    let start = RetentionClockTests.startMs
    var clock = RetentionClock(believedMs: start, at: .zero)
    for hour in 1...48 as ClosedRange<Int64> {
      clock.move(
        to: RetentionClockTests.in2037 + hour * 3_600_000, isSynchronised: false,
        at: .seconds(hour * 3_600))
      // Real time goes on, and the clock comes nearer by as much.
      #expect(clock.nowMs == start + 2 * hour * 3_600_000)
      #expect(clock.lagMs == RetentionClockTests.in2037 - start - hour * 3_600_000)
    }
    clock.move(to: RetentionClockTests.in2037, isSynchronised: true, at: .seconds(180_000))
    #expect(clock.nowMs == RetentionClockTests.in2037 && clock.lagMs == 0)
  }

  @Test func `after three days off, a right clock that nobody vouches for is believed again`() {
    let start = RetentionClockTests.startMs
    let day = RetentionClockTests.dayMs
    var clock = RetentionClock(believedMs: start, at: .zero)
    for hour in 0...80 as ClosedRange<Int64> {
      clock.move(
        to: start + 3 * day + hour * 3_600_000, isSynchronised: false, at: .seconds(hour * 3_600))
    }
    #expect(clock.lagMs == 0)
  }

  @Test
  func `a clock that was ahead from the first day on and is set back deletes by the true time`() {
    let start = RetentionClockTests.startMs
    var clock = RetentionClock(believedMs: RetentionClockTests.in2037, at: .zero)
    clock.move(to: start, isSynchronised: false, at: .seconds(600))
    #expect(clock.nowMs == start && clock.believedMs == RetentionClockTests.in2037)
    clock.move(to: start + 1_000, isSynchronised: true, at: .seconds(1_200))
    #expect(clock.nowMs == start + 1_000 && clock.believedMs == start + 1_000)
  }

  @Test func `a clock that comes back from 1970 by hand goes on where it was`() {
    let start = RetentionClockTests.startMs
    var clock = RetentionClock(believedMs: start, at: .zero)
    clock.move(to: 40_000, isSynchronised: false, at: .seconds(600))
    #expect(clock.nowMs == 40_000)
    clock.move(to: start + 1_200_000, isSynchronised: false, at: .seconds(1_200))
    #expect(clock.nowMs == start + 1_200_000 && clock.lagMs == 0)
  }
}
