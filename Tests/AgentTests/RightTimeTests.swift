import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// What a probe takes for the right time: the kernel's word, else the daemon's.
@Suite struct RightTimeTests {
  private let folder = TemporaryFolder()
  private let nowMs = RFC3339.parse("2026-11-24T12:00:00Z") ?? 0

  /// - Parameters:
  ///   - writtenMs: when the daemon wrote its status, by the clock of then.
  ///   - wrongByMs: as the daemon knows it.
  private func ms(
    wallMs: Int64, isSynchronised: Bool = false, writtenMs: Int64, wrongByMs: String
  ) -> Int64? {
    folder.write(
      """
      { state: "running", pid: \(getpid()), written_at: "\(RFC3339.format(ms: writtenMs))",
        clock: { wrong_by_ms: \(wrongByMs) } }
      """, to: "status.json")
    let reading = ClockReading(wallMs: wallMs, bootMs: 5, isSynchronised: isSynchronised)
    return RightTime.ms(reading, statusFile: folder.file("status.json"))
  }

  @Test func `a kernel that is synchronised is believed, unless its clock cannot be right`() {
    let away = folder.file("none.json")
    let right = ClockReading(wallMs: nowMs, bootMs: 5, isSynchronised: true)
    #expect(RightTime.ms(right, statusFile: away) == nowMs)
    let wrong = ClockReading(wallMs: 20_000, bootMs: 5, isSynchronised: true)
    #expect(RightTime.ms(wrong, statusFile: away) == nil)
    let alone = ClockReading(wallMs: nowMs, bootMs: 5, isSynchronised: false)
    #expect(RightTime.ms(alone, statusFile: away) == nil)
  }

  @Test func `without it the daemon tells how wrong the clock is, or that it does not know`() {
    #expect(ms(wallMs: nowMs, writtenMs: nowMs - 9_000, wrongByMs: "0") == nowMs)
    #expect(ms(wallMs: 20_000, writtenMs: 15_000, wrongByMs: "\(20_000 - nowMs)") == nowMs)
    #expect(ms(wallMs: nowMs, writtenMs: nowMs, wrongByMs: "null") == nil)
  }

  @Test(arguments: [-60_000, 60_000, 365 * 86_400_000])
  func `what the daemon said by another clock, or too long ago, does not count`(later: Int64) {
    #expect(ms(wallMs: nowMs, writtenMs: nowMs - later, wrongByMs: "0") == nil)
  }

  @Test func `a time before this was written is none`() {
    #expect(ms(wallMs: nowMs, writtenMs: nowMs, wrongByMs: "\(nowMs)") == nil)
  }
}
