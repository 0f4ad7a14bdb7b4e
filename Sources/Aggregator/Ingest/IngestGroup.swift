package import Protocol

/// A message of the central broker, with when it came.
package struct Arrival: Sendable {
  package let topic: String
  package let payload: [UInt8]
  /// The broker had kept it: it was sent at some time before.
  package let isRetained: Bool
  /// Our clock, ms since 1970.
  package let arrivedMs: Int64
  /// A person brought it in a file: it says nothing of the agent's clock, nor that it is there.
  package let isCarried: Bool
  /// The payload's batch, where it is decoded already; its segments share the payload's bytes.
  package var decodedBatch: Batch?

  package init(
    topic: String, payload: [UInt8], isRetained: Bool = false, arrivedMs: Int64,
    isCarried: Bool = false
  ) {
    self.topic = topic
    self.payload = payload
    self.isRetained = isRetained
    self.arrivedMs = arrivedMs
    self.isCarried = isCarried
  }

  func batch() throws(WireError) -> Batch {
    if let decodedBatch { return decodedBatch }
    return try Batch(decoding: payload)
  }
}

/// What is to be said once a group is committed.
package struct IngestReply: Equatable, Sendable {
  package let agent: String
  package let receipt: Receipt
}

/// What a group came to.
package struct IngestOutcome: Sendable {
  package let replies: [IngestReply]
  package let refusals: [Refusal]
  /// New measurements that decoded.
  package let measurements: UInt64
  package let duplicates: UInt64

  /// Whether the state by day may have changed.
  package var changedState: Bool { measurements > 0 }
}

/// One transaction of `Ingestor` while it is made.
struct IngestGroup {
  var state: DayState
  /// Streams met in this transaction, as they are now.
  private(set) var streams: [StreamID: StreamRecord] = [:]
  /// Streams to be saved.
  private(set) var changed: Set<StreamID> = []
  var refusals: [Refusal] = []
  /// Agents of batches, and the latest arrival of each.
  var seen: [String: Int64] = [:]
  var measurements: UInt64 = 0
  var duplicates: UInt64 = 0
  /// One a stream: receipts are cumulative.
  private var due: [StreamID: Due] = [:]
  private var dueOrder: [StreamID] = []

  private struct Due {
    let agent: String
    var echoedSentMs: Int64
  }

  init(state: DayState) { self.state = state }

  /// The stream's row, asked for once.
  mutating func stream(
    _ id: StreamID, in store: any Store
  ) throws(StoreError) -> StreamRecord? {
    if let known = streams[id] { return known }
    let found = try store.stream(id)
    streams[id] = found
    return found
  }

  mutating func change(_ id: StreamID, to record: StreamRecord) {
    streams[id] = record
    changed.insert(id)
  }

  /// Notes that the agent is to hear of this stream.
  ///
  /// - Parameter sentMs: of the batch that is answered; `nil`: none is.
  mutating func reply(to agent: String, _ stream: StreamID, echoing sentMs: Int64?) {
    if due[stream] == nil {
      dueOrder.append(stream)
      due[stream] = Due(agent: agent, echoedSentMs: 0)
    }
    if let sentMs { due[stream]?.echoedSentMs = sentMs }
  }

  /// To be sent after the commit, not before.
  func replies(committedMs: Int64) -> [IngestReply] {
    dueOrder.compactMap { stream in
      due[stream].map { due in
        IngestReply(
          agent: due.agent,
          receipt: Receipt(
            stream: stream, next: streams[stream]?.ledger.next ?? 0,
            echoedSentMs: due.echoedSentMs, committedMs: committedMs))
      }
    }
  }
}
