import Daemon
import Testing

@Suite struct LogTests {
  @Test func `a line is one line, whatever a value holds`() {
    let pairs: Log.Pairs = [
      ("agent", "kcn-1"), ("count", 5), ("error", "a b\n\"c\""), ("name", "Hạ"), ("empty", ""),
    ]
    let text = #"batch refused agent=kcn-1 count=5 error="a b\n\"c\"" name=Hạ empty="""# + "\n"
    #expect(Log.line(.warning, "batch refused", pairs, isJournal: false) == text)
    #expect(Log.line(.warning, "batch refused", pairs, isJournal: true) == "<4>" + text)
  }

  @Test func `a rate limit lets one through in a time and counts the rest`() {
    var limit = RateLimit(perSeconds: 10)
    var outcomes: [Bool] = []
    for time in [100_000, 101_000, 109_999, 110_000] {
      outcomes.append(limit.allows(now: .milliseconds(time)))
    }
    #expect(outcomes == [true, false, false, true])
    #expect(limit.suppressed == 2)
    let isAllowed = limit.allows(now: .seconds(120))
    #expect(isAllowed && limit.suppressed == 0)
  }
}
