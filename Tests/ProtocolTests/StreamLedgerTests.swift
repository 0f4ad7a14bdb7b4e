import Protocol
import Testing

@Suite struct StreamLedgerTests {
  private func batch(
    acknowledged: UInt64 = 0, oldest: UInt64 = 0, holes: [Hole] = [], _ segments: (UInt64, Int)...
  ) -> Batch {
    Batch(
      stream: StreamID(high: 0, low: 1), acknowledged: acknowledged, oldestHeld: oldest, sentMs: 1,
      holes: holes,
      segments: segments.map { Batch.Piece(first: $0.0, count: $0.1, bytes: [][...]) })
  }

  @Test func `what follows is accepted, what came before counts as duplicate`() throws {
    var ledger = StreamLedger()
    #expect(try ledger.receive(batch((0, 3), (3, 2))).accepted == 0..<2)
    let outcome = try ledger.receive(batch((3, 2), (5, 4)))
    #expect(outcome.accepted == 1..<2)
    #expect(outcome.duplicates == 2)
    #expect(ledger == StreamLedger(next: 9, received: 9, duplicates: 2, lost: 0))
  }

  @Test func `an undeclared gap is not passed`() throws {
    var ledger = StreamLedger()
    let outcome = try ledger.receive(batch((0, 3), (4, 2)))
    #expect(outcome.accepted == 0..<1)
    #expect(outcome.hasGap)
    #expect(ledger.next == 3)
  }

  @Test func `declared holes are entered with their reason, clipped to what is open`() throws {
    var ledger = StreamLedger(next: 5, received: 5, duplicates: 0, lost: 0)
    let outcome = try ledger.receive(
      batch(holes: [Hole(first: 2, last: 9, reason: .bufferDamaged)], (10, 1)))
    #expect(outcome.newHoles == [Hole(first: 5, last: 9, reason: .bufferDamaged)])
    #expect(outcome.accepted == 0..<1)
    #expect(ledger == StreamLedger(next: 11, received: 6, duplicates: 0, lost: 5))
  }

  @Test func `what the agent no longer holds is lost, by its declared reason where it has one`()
    throws
  {
    var ledger = StreamLedger()
    let outcome = try ledger.receive(
      batch(oldest: 10, holes: [Hole(first: 3, last: 5, reason: .bufferFull)]))
    #expect(
      outcome.newHoles == [
        Hole(first: 0, last: 2, reason: .noLongerKept),
        Hole(first: 3, last: 5, reason: .bufferFull),
        Hole(first: 6, last: 9, reason: .noLongerKept),
      ])
    #expect(ledger.next == 10 && ledger.isBalanced)
  }

  @Test func `a batch that builds on a receipt this ledger never gave is not taken`() throws {
    var ledger = StreamLedger(next: 5, received: 5, duplicates: 0, lost: 0)
    let outcome = try ledger.receive(batch(acknowledged: 8, oldest: 8, (8, 1)))
    #expect(outcome.hasGap && outcome.accepted.isEmpty && outcome.newHoles.isEmpty)
    #expect(ledger.next == 5)
  }

  @Test func `contradictions are refused and leave the ledger as it was`() {
    let before = StreamLedger(next: 5, received: 5, duplicates: 0, lost: 0)
    let cases: [(Batch, String)] = [
      (
        batch((4, 3)),
        """
        segment 4…6 straddles the expected 5; the agent numbered twice (a copied or restored \
        buffer?): let it begin a new stream
        """
      ),
      (batch(oldest: 6, (5, 1)), "segment at 5, but the oldest held is said to be 6"),
      (
        batch(holes: [Hole(first: 6, last: 6, reason: .bufferFull)], (5, 3)),
        "segment 5…7 overlaps 6…6, declared lost (buffer_full)"
      ),
    ]
    for (batch, text) in cases {
      var ledger = before
      let refusal = #expect(throws: LedgerRefusal.self) { try ledger.receive(batch) }
      #expect(refusal?.description == text)
      #expect(ledger == before)
    }
  }
}
