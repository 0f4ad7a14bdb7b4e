import Aggregator
import Protocol
import TestSupport
import Testing

/// What is let in, in whose turn, and what is dropped before it costs anything.
@Suite struct AdmissionTests {
  private let stream = StreamID(high: 4, low: 5)

  private func batch(_ agent: String, _ samples: Int = 1, at first: UInt64 = 0) -> Arrival {
    .batch(
      agent, .of(stream, from: first, [Array(repeating: .coverage(), count: samples)]), at: 0)
  }

  private func rubbish(_ agent: String, _ byteCount: Int) -> Arrival {
    Arrival(
      topic: Topic.batch(agent: agent), payload: [UInt8](repeating: 0, count: byteCount),
      arrivedMs: 0)
  }

  private func agents(_ group: [Arrival]) -> [String] {
    group.compactMap { Topic.agent(in: $0.topic, leaf: "batch") }
  }

  @Test func `one that floods waits in its own lane; another goes in the next group`() {
    var admission = Admission(QuotaConfiguration())
    for _ in 0..<10_000 { admission.admit(batch("loud"), now: .zero) }
    admission.admit(batch("calm"), now: .zero)
    #expect(admission.waitingCount == Admission.laneCountMax + 1)
    #expect(agents(admission.nextGroup(messagesMax: 64)).contains("calm"))
    #expect(
      admission.takeDropped() == [
        .init(agent: "loud", count: Int64(10_000 - Admission.laneCountMax), overrun: .waiting)
      ])
    #expect(admission.takeDropped().isEmpty)
  }

  @Test func `a lane that is never empty lets go of what has gone`() {
    var admission = Admission(QuotaConfiguration())
    for _ in 0..<200 {
      for _ in admission.waitingCount..<100 { admission.admit(rubbish("a", 10), now: .zero) }
      #expect(admission.nextGroup(messagesMax: 64).count == 64)
      #expect(admission.heldCount < admission.waitingCount + Admission.takenMax)
    }
  }

  @Test func `lanes take turns by what they cost, and each keeps its order`() {
    var admission = Admission(QuotaConfiguration())
    for number in 0..<40 {
      // 32,768 rows in a few bytes cost as much as four usual batches.
      if number < 4 { admission.admit(batch("dense", 32_768, at: UInt64(number)), now: .zero) }
      admission.admit(rubbish("light", 1_000 + number), now: .zero)
    }
    let first = admission.nextGroup(messagesMax: 41)
    #expect(agents(first).count { $0 == "light" } == 40)
    #expect(agents(first).last == "dense")
    #expect(
      first.filter { $0.topic == Topic.batch(agent: "light") }.map(\.payload.count)
        == (0..<40).map { 1_000 + $0 })
    // A group holds so many rows that its state fits in memory.
    #expect(admission.nextGroup(messagesMax: 64).count == 3)
    #expect(admission.isEmpty)
  }

  @Test func `a group is no larger than its transaction may be, but never empty`() {
    var admission = Admission(QuotaConfiguration())
    for number in 0..<3 {
      admission.admit(batch("a", 65_536, at: UInt64(number) * 65_536), now: .zero)
    }
    #expect((0..<3).map { _ in admission.nextGroup(messagesMax: 64).count } == [2, 1, 0])
  }

  @Test func `over a quota nothing is let in until it has filled again, agent by agent`() {
    var limits = QuotaConfiguration()
    limits.messages = .init(perSecond: 2, burst: 3)
    var admission = Admission(limits)
    for _ in 0..<5 { admission.admit(rubbish("a", 10), now: .zero) }
    admission.admit(rubbish("b", 10), now: .zero)
    #expect(agents(admission.nextGroup(messagesMax: 64)).sorted() == ["a", "a", "a", "b"])
    #expect(admission.takeDropped() == [.init(agent: "a", count: 2, overrun: .messages)])
    admission.admit(rubbish("a", 10), now: .milliseconds(400))
    #expect(admission.isEmpty)
    admission.admit(rubbish("a", 10), now: .milliseconds(500))
    #expect(admission.waitingCount == 1)
  }

  @Test func `bytes and samples have their quotas; the largest batch passes in debt`() {
    var limits = QuotaConfiguration()
    limits.bytes = .init(perSecond: 10, burst: 100)
    limits.samples = .init(perSecond: 10, burst: 1_000)
    var admission = Admission(limits)
    admission.admit(rubbish("a", 1_000), now: .zero)
    admission.admit(rubbish("a", 1), now: .seconds(89))
    #expect(admission.takeDropped() == [.init(agent: "a", count: 1, overrun: .bytes)])
    admission.admit(rubbish("a", 1), now: .seconds(92))
    #expect(admission.waitingCount == 2)
    limits.bytes = QuotaConfiguration().bytes
    admission = Admission(limits)
    admission.admit(batch("b", 2_000), now: .zero)
    admission.admit(batch("b", 1), now: .seconds(99))
    #expect(admission.takeDropped() == [.init(agent: "b", count: 1, overrun: .samples)])
    admission.admit(batch("b", 1), now: .seconds(101))
    #expect(admission.waitingCount == 2)
  }

  @Test func `made-up names without end share a lane beyond a bound`() {
    var admission = Admission(QuotaConfiguration())
    for number in 0..<12_000 {
      admission.admit(rubbish("x-\(number)", 10), now: .zero)
      if admission.isFull { _ = admission.nextGroup(messagesMax: 1_024) }
    }
    let dropped = admission.takeDropped()
    #expect(dropped.map(\.agent).allSatisfy { $0.isEmpty })
    #expect(admission.waitingCount <= 1_024)
  }

  @Test func `what waits can be forgotten, and the lanes go on`() {
    var admission = Admission(QuotaConfiguration())
    for _ in 0..<10 { admission.admit(rubbish("a", 10), now: .zero) }
    admission.forget()
    #expect(admission.isEmpty && admission.nextGroup(messagesMax: 64).isEmpty)
    admission.admit(rubbish("a", 10), now: .zero)
    #expect(admission.nextGroup(messagesMax: 64).count == 1)
  }
}
