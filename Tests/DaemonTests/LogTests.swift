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

  @Test func `the journal gets the line, and each part of it as a field to filter by`() {
    let pairs: Log.Pairs = [("agent", "kcn-1"), ("max-bytes", 5), ("error", "a\nb")]
    var expected = Array(
      """
      PRIORITY=4
      SYSLOG_IDENTIFIER=\(CommandLine.arguments[0].split(separator: "/").last ?? "")
      MESSAGE=batch refused agent=kcn-1 max-bytes=5 error="a\\nb"
      HATANG_EVENT=batch refused
      HATANG_AGENT=kcn-1
      HATANG_MAX_BYTES=5
      HATANG_ERROR

      """.utf8)
    // A value of several lines comes with its length, 64 bits, little endian.
    expected += [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8)
    #expect(Log.entry(.warning, "batch refused", pairs) == expected)
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
