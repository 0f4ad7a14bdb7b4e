import Protocol
import TestSupport
import Testing

@Suite struct SenderTests {
  private let old = StreamID(high: 0, low: 1)
  private let live = StreamID(high: 0, low: 2)
  private var generator = SeededGenerator(seed: 1)

  /// A sender with a backlog of 100 in an old stream and 10 in the live one.
  private func connected() -> Sender {
    var sender = Sender()
    sender.open(old, oldestHeld: 0, next: 100, acknowledged: 0)
    sender.open(live, oldestHeld: 0, next: 10, acknowledged: 0)
    sender.connected()
    return sender
  }

  private func receipt(_ stream: StreamID, _ next: UInt64, echo: Int64 = 1) -> Receipt {
    Receipt(stream: stream, next: next, echoedSentMs: echo, committedMs: 0)
  }

  @Test func `live data goes before the backlog`() {
    #expect(connected().nextRequest()?.stream == live)
  }

  @Test func `a status leaves out finished streams first, the oldest before others`() {
    var sender = connected()
    let finished = [3, 4].map { StreamID(high: 0, low: $0) }
    for id in finished { sender.open(id, oldestHeld: 5, next: 5, acknowledged: 5) }
    #expect(sender.named(atMost: 4).map(\.id) == [old, live] + finished)
    #expect(sender.named(atMost: 3).map(\.id) == [old, live, finished[1]])
    #expect(sender.named(atMost: 1).map(\.id) == [live])
  }

  @Test mutating func `one batch is in flight until the first receipt, then the window opens`() {
    var sender = connected()
    sender.sent(live, end: 10, now: .zero, using: &generator)
    #expect(sender.nextRequest() == nil)
    #expect(sender.received(receipt(live, 10), now: .zero) == .advanced(to: 10))
    #expect(sender.window == 2)
    #expect(sender.nextRequest()?.stream == old)
  }

  /// Found by StormNetworkTests, a line of 600 ms: receipts come at any moment of the intake.
  @Test mutating func `a batch may hold what the intake added since it was asked for`() {
    var sender = connected()
    sender.sent(live, end: 13, now: .zero, using: &generator)
    // The next look at the buffer may be older than the batch.
    sender.appended(live, next: 12)
    #expect(sender.streams.last?.next == 13)
    #expect(sender.received(receipt(live, 13), now: .zero) == .advanced(to: 13))
    sender.appended(live, next: 15)
    #expect(sender.nextRequest()?.from == 13)
  }

  @Test mutating func `silence sends again from the last receipt, ever later up to a minute`()
    throws
  {
    var sender = connected()
    var now: Duration = .zero
    var waits: [Duration] = []
    for _ in 0..<6 {
      sender.sent(live, end: 10, now: now, using: &generator)
      let deadline = try #require(sender.deadline)
      waits.append(deadline - now)
      now = deadline
      sender.expire(now: now)
      #expect(sender.nextRequest()?.from == 0)
    }
    for (wait, base) in zip(waits, [5, 10, 20, 40, 60, 60]) {
      #expect(wait >= .seconds(base) && wait <= .seconds(base) * 1.25)
    }
  }

  @Test mutating func `a receipt that goes back rewinds`() {
    var sender = connected()
    sender.sent(live, end: 10, now: .zero, using: &generator)
    _ = sender.received(receipt(live, 10), now: .zero)
    #expect(sender.received(receipt(live, 4), now: .zero) == .rewound(to: 4))
    #expect(sender.nextRequest()?.from == 4)
  }

  @Test mutating func `a receipt that answers no batch means: begin again from here`() {
    var sender = connected()
    sender.sent(live, end: 10, now: .zero, using: &generator)
    #expect(sender.received(receipt(live, 0, echo: 0), now: .zero) == .unchanged)
    #expect(sender.nextRequest()?.stream == live)
  }

  @Test mutating func `late receipts narrow the window, so that little waits in a slow line`() {
    var sender = connected()
    sender.sent(live, end: 2, now: .zero, using: &generator)
    _ = sender.received(receipt(live, 2), now: .seconds(1))
    #expect(sender.window == 2)
    sender.sent(live, end: 4, now: .seconds(1), using: &generator)
    _ = sender.received(receipt(live, 4), now: .seconds(4))
    #expect(sender.window == 2)
    sender.sent(live, end: 6, now: .seconds(4), using: &generator)
    _ = sender.received(receipt(live, 6), now: .seconds(9))
    #expect(sender.window == 1)
  }

  @Test func `a receipt for more than was numbered, or for a stranger, is told apart`() {
    var sender = connected()
    #expect(sender.received(receipt(live, 11), now: .zero) == .beyondNext)
    #expect(sender.received(receipt(StreamID(high: 9, low: 9), 1), now: .zero) == .unknownStream)
  }

  @Test func `live data that lags asks for a stream of its own, once the aggregator answers`() {
    var sender = connected()
    #expect(!sender.wantsNewStream(lag: .seconds(100), now: .seconds(1_000)))
    _ = sender.received(receipt(live, 1), now: .zero)
    #expect(!sender.wantsNewStream(lag: .seconds(10), now: .seconds(1_000)))
    #expect(sender.wantsNewStream(lag: .seconds(100), now: .seconds(1_000)))
    sender.begin(StreamID(high: 0, low: 3), now: .seconds(1_000))
    #expect(!sender.wantsNewStream(lag: .seconds(100), now: .seconds(1_500)))
  }

  @Test func `more holes than one batch can name are declared in turn`() {
    var sender = Sender()
    sender.open(live, oldestHeld: 2_000, next: 2_000, acknowledged: 0)
    sender.connected()
    let holes = (0..<UInt64(1_000)).map { index -> Hole in
      let reason: LossReason = index.isMultiple(of: 2) ? .bufferFull : .bufferDamaged
      return Hole(first: 2 * index, last: 2 * index, reason: reason)
    }
    var ledger = StreamLedger()
    while let request = sender.nextRequest() {
      let (batch, end) = request.assemble(
        segments: [], nextHeld: nil, holes: holes, oldestHeld: nil, sentMs: 1)
      var generator = SeededGenerator(seed: 1)
      sender.sent(live, end: end, now: .zero, using: &generator)
      let outcome = try? ledger.receive(batch)
      #expect((outcome?.newHoles.count ?? 0) > 0)
      _ = sender.received(receipt(live, ledger.next), now: .zero)
    }
    #expect(ledger.next == 2_000 && ledger.isBalanced)
  }
}
