import Protocol

/// An aggregator whose store is a value: a copy of it is a backup.
struct SimulatedAggregator {
  struct Account {
    var ledger = StreamLedger()
    var segments: [Batch.Piece] = []
    var holes: [Hole] = []
  }

  /// Survives a crash.
  var store: [StreamID: Account] = [:]
  var refusals = 0

  /// One transaction, then the receipt.
  mutating func receive(_ batch: Batch) -> Receipt? {
    var ledger = store[batch.stream]?.ledger ?? StreamLedger()
    do {
      let outcome = try ledger.receive(batch)
      store[batch.stream, default: Account()].ledger = ledger
      if !outcome.accepted.isEmpty {
        store[batch.stream]?.segments.append(contentsOf: batch.segments[outcome.accepted])
      }
      if !outcome.newHoles.isEmpty {
        store[batch.stream]?.holes.append(contentsOf: outcome.newHoles)
      }
    } catch {
      refusals += 1
      return nil
    }
    return Receipt(
      stream: batch.stream, next: ledger.next, echoedSentMs: batch.sentMs, committedMs: 0)
  }

  /// Answers what an agent says of itself: this is what I expect.
  func answer(_ status: AgentStatus) -> [Receipt] {
    status.streams.map {
      Receipt(stream: $0.stream, next: store[$0.stream]?.ledger.next ?? 0, committedMs: 0)
    }
  }
}
