import Agent
import Protocol
import Testing

/// When the right time is known, and by what.
@Suite struct ClockTrustTests {
  private static let nowMs: Int64 = 1_795_000_000_000

  @Test func `a receipt within four seconds tells the time`() {
    var trust = ClockTrust()
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 10_000, receivedMs: 11_000)
    let offset = trust.offset
    #expect(offset?.offsetMs == ClockTrustTests.nowMs - 10_500)
    #expect(offset?.accuracyMs == 500 && offset?.evidence == .aggregator)
    #expect(offset?.sinceMs == 11_000)
    // A more exact one is better, a less exact one only after a while.
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 20_000, receivedMs: 20_100)
    #expect(trust.offset?.accuracyMs == 50)
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 30_000, receivedMs: 31_000)
    #expect(trust.offset?.accuracyMs == 50)
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 90_000, receivedMs: 91_000)
    #expect(trust.offset?.accuracyMs == 500 && trust.offset?.sinceMs == 11_000)
  }

  @Test func `a slow line's receipt is believed when no better one has come for a minute`() {
    var trust = ClockTrust()
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 0, receivedMs: 20_000)
    #expect(trust.offset == nil)
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 60_000, receivedMs: 80_000)
    #expect(trust.offset?.accuracyMs == 10_000)
  }

  @Test func `an aggregator that is in 1970 itself, or answers before it was asked, tells nothing`()
  {
    var trust = ClockTrust()
    trust.compared(committedMs: 40_000, sentMs: 10_000, receivedMs: 10_010)
    trust.compared(committedMs: 0, sentMs: 10_000, receivedMs: 10_010)
    trust.compared(committedMs: ClockTrustTests.nowMs, sentMs: 10_000, receivedMs: 9_000)
    #expect(trust == ClockTrust())
  }

  @Test func `a synchronised kernel is believed, but not in 1970`() {
    var trust = ClockTrust()
    trust.read(ClockReading(wallMs: 40_000, bootMs: 40_000, isSynchronised: true))
    trust.read(
      ClockReading(wallMs: ClockTrustTests.nowMs, bootMs: 41_000, isSynchronised: false))
    #expect(trust.offset == nil)
    trust.read(ClockReading(wallMs: ClockTrustTests.nowMs, bootMs: 42_000, isSynchronised: true))
    #expect(trust.offset?.offsetMs == ClockTrustTests.nowMs - 42_000)
    #expect(trust.offset?.evidence == .kernel)
  }
}
