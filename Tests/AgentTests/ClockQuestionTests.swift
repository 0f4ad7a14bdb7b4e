import Agent
import Protocol
import Testing

/// How an agent that does not know the time asks for it.
@Suite struct ClockQuestionTests {
  private let stream = StreamID(high: 1, low: 2)
  private static let nowMs: Int64 = 1_795_000_000_000

  private func clock() -> HostClock {
    HostClock(boot: 7) { ClockReading(wallMs: 20_000, bootMs: 20_000, isSynchronised: false) }
  }

  private func receipt(_ echo: Int64, committedMs: Int64 = nowMs) -> Receipt {
    Receipt(stream: stream, next: 0, echoedSentMs: echo, committedMs: committedMs)
  }

  @Test func `it asks at once, every five seconds, and again when the aggregator speaks`() {
    var question = ClockQuestion()
    let clock = clock()
    question.connected()
    var asked: [Int] = []
    for tenth in 0..<120 {
      let now = Duration.milliseconds(100 * tenth)
      // It has just come, and answers a status: no time in that.
      if tenth == 80 { question.received(receipt(0), clock, now: now) }
      if question.wantsToAsk(now: now) { asked.append(tenth) }
    }
    #expect(asked == [0, 50, 80])
    #expect(clock.offset == nil)
  }

  @Test func `the answer is taken by the boot's clock, whatever the clock shows meanwhile`() {
    var question = ClockQuestion()
    let clock = clock()
    question.sent(20_500, bootMs: 20_500)
    // A second one in the same millisecond of a clock that was set back.
    question.sent(20_500, bootMs: 25_000)
    question.received(receipt(19_999), clock, now: .milliseconds(21_000))
    #expect(clock.offset == nil)
    question.received(receipt(20_500), clock, now: .milliseconds(21_500))
    #expect(clock.offset?.offsetMs == ClockQuestionTests.nowMs - 21_000)
    #expect(clock.offset?.accuracyMs == 500)
  }

  @Test func `an aggregator that tells no time for two minutes is waited for no longer`() {
    var question = ClockQuestion()
    let clock = clock()
    question.connected()
    for second in 0...120 {
      question.received(receipt(0, committedMs: 0), clock, now: .seconds(second))
    }
    #expect(!clock.isWaived)
    question.received(receipt(0, committedMs: 0), clock, now: .seconds(121))
    #expect(clock.isWaived)
  }

  @Test func `the question changes nothing in any ledger`() throws {
    for acknowledged in [0, 3, 9] as [UInt64] {
      for oldestHeld in [0, 3, 9] as [UInt64] {
        var sender = Sender()
        sender.open(stream, oldestHeld: oldestHeld, next: 9, acknowledged: acknowledged)
        let batch = ClockQuestion.batch(sender.streams[0], sentMs: 5)
        for next in [0, 3, 9] as [UInt64] {
          let before = StreamLedger(next: next, received: next, duplicates: 0, lost: 0)
          var ledger = before
          _ = try ledger.receive(try Batch(decoding: batch.encoded()))
          #expect(ledger == before)
        }
      }
    }
  }
}
