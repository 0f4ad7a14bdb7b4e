import Protocol

/// Takes groups of messages into the store: a group is one transaction, and what is to be answered
/// becomes known only when that is committed. Knows nothing of MQTT. Used by one thread.
package final class Ingestor {
  private let store: any Store
  private let rules: StateRules
  /// `nil`: every agent is welcome.
  private let allowedAgents: Set<String>?
  /// That an agent may begin.
  private let streamsMax: Int
  /// Streams of agents that began one, by the agent's number.
  private var streamCounts: [Int64: Int] = [:]
  /// In which they were counted, since 1970.
  private var streamHour: Int64 = 0
  private var names = NameCache()
  private var clocks: [String: ClockOffset] = [:]
  /// Names that refusals were counted under.
  private var refusedAgents: Set<String> = []

  /// Unlisted names that get a row of their own among the refusals; a flood of made-up names must
  /// not fill the store.
  private static let refusedAgentsMax = 1_000
  /// Agents whose clocks are followed.
  private static let clocksMax = 100_000

  package init(
    store: any Store, rules: StateRules, allowedAgents: Set<String>? = nil,
    streamsMax: Int = QuotaConfiguration().streams
  ) {
    self.store = store
    self.rules = rules
    self.allowedAgents = allowedAgents
    self.streamsMax = streamsMax
  }

  /// Writes a group down. On an error nothing of it was written, and it may be given again.
  package func ingest(_ messages: [Arrival], nowMs: Int64) throws(StoreError) -> IngestOutcome {
    let contents = messages.map { interpret($0) }
    var group = IngestGroup(state: DayState(rules: rules))
    do throws(StoreError) {
      try store.transaction { () throws(StoreError) in
        for content in contents { try take(content, into: &group) }
        try finish(&group, nowMs: nowMs)
      }
    } catch {
      names.forget()
      streamCounts.removeAll()
      throw error
    }
    return IngestOutcome(
      replies: group.replies(committedMs: nowMs), refusals: group.refusals,
      measurements: group.measurements, duplicates: group.duplicates)
  }

  /// Notes that a group could not be stored for a reason that lies in this message.
  package func refuse(_ message: Arrival, _ error: StoreError, nowMs: Int64) throws(StoreError) {
    let agent = Topic.agent(in: message.topic, leaf: "batch") ?? ""
    let refusal = Refusal(agent: agent, reason: .notStored, text: error.description)
    try store.transaction { () throws(StoreError) in try count(refusal, nowMs: nowMs) }
  }

  /// Counts what was dropped before it came here.
  package func count(_ refusals: [(Refusal, times: Int64)], nowMs: Int64) throws(StoreError) {
    guard !refusals.isEmpty else { return }
    try store.transaction { () throws(StoreError) in
      for (refusal, times) in refusals { try count(refusal, times: times, nowMs: nowMs) }
    }
  }

  /// The broker connection is new: who is online will be told by the retained status messages.
  package func sessionBegan() throws(StoreError) {
    try store.transaction { () throws(StoreError) in try store.saveAllOffline() }
  }

  // MARK: Before the transaction

  private enum Content {
    case batch(agent: String, Batch, arrivedMs: Int64, isCarried: Bool)
    case status(agent: String, AgentStatus, isRetained: Bool, arrivedMs: Int64)
    case refused(Refusal)
  }

  private func interpret(_ message: Arrival) -> Content {
    let isBatch = message.topic.hasSuffix("/batch")
    guard let agent = Topic.agent(in: message.topic, leaf: isBatch ? "batch" : "status") else {
      return .refused(
        Refusal(
          agent: "", reason: .topic,
          text: """
            topic \(message.topic.prefix(200)), legal hatang/v1/<agent>/batch and …/status with \
            an agent of \(AgentName.legalText)
            """))
    }
    if let allowedAgents, !allowedAgents.contains(agent) {
      return .refused(
        Refusal(
          agent: agent, reason: .unknownAgent,
          text: "\(agent) is not among `agents` of the configuration; add it there if it is yours"
        ))
    }
    // The broker clears a retained status by an empty one.
    if !isBatch, message.payload.isEmpty {
      return .status(
        agent: agent, .offline, isRetained: message.isRetained, arrivedMs: message.arrivedMs)
    }
    do throws(WireError) {
      return isBatch
        ? .batch(
          agent: agent, try message.batch(), arrivedMs: message.arrivedMs,
          isCarried: message.isCarried)
        : .status(
          agent: agent, try AgentStatus(decoding: message.payload),
          isRetained: message.isRetained, arrivedMs: message.arrivedMs)
    } catch {
      return .refused(Ingestor.refusal(of: agent, error, isBatch: isBatch))
    }
  }

  private static func refusal(of agent: String, _ error: WireError, isBatch: Bool) -> Refusal {
    let subject = isBatch ? "batch" : "status"
    if case .version = error.fault {
      return Refusal(agent: agent, reason: .version, text: "\(subject), \(error)")
    }
    return Refusal(agent: agent, reason: .malformed, text: "\(subject), \(error)")
  }

  // MARK: Inside the transaction

  private func take(_ content: Content, into group: inout IngestGroup) throws(StoreError) {
    switch content {
    case .refused(let refusal): group.refusals.append(refusal)
    case .batch(let agent, let batch, let arrivedMs, let isCarried):
      if !isCarried {
        note(batch.sentMs, arrivedMs, of: agent)
        group.seen[agent] = max(group.seen[agent] ?? arrivedMs, arrivedMs)
      }
      try take(batch, from: agent, arrivedMs, isCarried, into: &group)
    case .status(let agent, let status, let isRetained, let arrivedMs):
      try take(status, from: agent, isRetained, arrivedMs, into: &group)
    }
  }

  private func take(
    _ batch: Batch, from agent: String, _ arrivedMs: Int64, _ isCarried: Bool,
    into group: inout IngestGroup
  ) throws(StoreError) {
    let agentID = try names.agent(agent, in: store)
    let known = try group.stream(batch.stream, in: store)
    if let known, known.agent != agentID {
      group.refusals.append(Ingestor.foreign(batch.stream, agent))
      return
    }
    var ledger = known?.ledger ?? StreamLedger()
    let outcome: StreamLedger.Outcome
    do throws(LedgerRefusal) {
      outcome = try ledger.receive(batch)
    } catch {
      group.refusals.append(
        Refusal(agent: agent, reason: .contradiction, text: "stream \(batch.stream): \(error)"))
      return
    }
    var record: StreamRecord
    if let known {
      record = known
    } else {
      guard try mayBegin(agentID, isCarried, arrivedMs) else {
        group.refusals.append(tooManyStreams(batch.stream, agent))
        return
      }
      record = try store.create(batch.stream, agent: agentID, arrivedMs: arrivedMs)
    }
    record.ledger = ledger
    record.lastReceivedMs = max(record.lastReceivedMs, arrivedMs)
    for hole in outcome.newHoles { try store.append(hole, to: record.id, declaredMs: arrivedMs) }
    for piece in batch.segments[outcome.accepted] {
      try keep(piece, of: record, arrivedMs, into: &group)
    }
    group.duplicates += outcome.duplicates
    group.change(batch.stream, to: record)
    group.reply(to: agent, batch.stream, echoing: batch.sentMs)
  }

  /// Counts a stream that is about to begin. What a person carries here is not held back.
  private func mayBegin(
    _ agent: Int64, _ isCarried: Bool, _ arrivedMs: Int64
  ) throws(StoreError) -> Bool {
    let hour = arrivedMs / 3_600_000
    if hour != streamHour {
      // The day that counts has moved on.
      streamCounts.removeAll()
      streamHour = hour
    }
    var count = streamCounts[agent] ?? 0
    if streamCounts[agent] == nil {
      count = try store.streamCount(agent: agent, sinceMs: arrivedMs - msPerDay)
    }
    let isAllowed = count < streamsMax || isCarried
    streamCounts[agent] = isAllowed ? count + 1 : count
    return isAllowed
  }

  /// Keeps a segment as it came, and adds what it says to the state.
  private func keep(
    _ piece: Batch.Piece, of stream: StreamRecord, _ arrivedMs: Int64, into group: inout IngestGroup
  ) throws(StoreError) {
    var fault: String?
    switch Ingestor.decode(piece) {
    case .success(let segment):
      group.measurements += UInt64(piece.count)
      try group.state.add(
        segment, agent: stream.agent, arrivedMs: arrivedMs, names: &names, store: store)
    case .failure(let error):
      fault = error.description
      group.state.addUndecodable(
        count: piece.count, fault: "stream place \(piece.first): \(error)", agent: stream.agent,
        arrivedMs: arrivedMs)
    }
    try store.append(
      SegmentRecord(stream: stream.id, piece: piece, arrivedMs: arrivedMs, fault: fault))
  }

  private static func decode(_ piece: Batch.Piece) -> Result<Segment, WireError> {
    do {
      let segment = try Segment(decoding: piece.bytes, rowsMax: piece.count)
      guard segment.count == piece.count else {
        let text = "segment of \(segment.count) measurements, the batch says \(piece.count)"
        return .failure(WireError(.range(text), at: 0))
      }
      return .success(segment)
    } catch {
      return .failure(error)
    }
  }

  private func take(
    _ status: AgentStatus, from agent: String, _ isRetained: Bool, _ arrivedMs: Int64,
    into group: inout IngestGroup
  ) throws(StoreError) {
    let agentID = try names.agent(agent, in: store)
    if !status.isOnline, status.version.isEmpty {
      // The last will knows nothing but that the connection died.
      try store.saveOffline(agent: agentID, atMs: isRetained ? nil : arrivedMs)
      return
    }
    // A retained status was sent at some time before: its own clock is the best that we have.
    let seenMs = isRetained ? max(0, min(status.timeMs, arrivedMs)) : arrivedMs
    try store.save(status, agent: agentID, seenMs: seenMs)
    for named in status.streams {
      let known = try group.stream(named.stream, in: store)
      if let known, known.agent != agentID {
        group.refusals.append(Ingestor.foreign(named.stream, agent))
        continue
      }
      let next = known?.ledger.next ?? 0
      if next < named.acknowledged
        || (isRetained && (next < named.next || named == status.streams.last))
      {
        // We have forgotten, or have just come: what is under way to us is gone.
        group.reply(to: agent, named.stream, echoing: nil)
      } else if next > named.acknowledged {
        // Receipts got lost, or are still under way: nothing that is in flight is to be sent again.
        group.reply(to: agent, named.stream, echoing: status.timeMs)
      }
    }
  }

  private func finish(_ group: inout IngestGroup, nowMs: Int64) throws(StoreError) {
    for stream in group.changed {
      if let record = group.streams[stream] { try store.save(record) }
    }
    try group.state.merge(into: store)
    for (agent, seenMs) in group.seen {
      try store.saveSeen(
        agent: try names.agent(agent, in: store), seenMs: seenMs,
        clockOffsetMs: clocks[agent]?.offsetMs ?? 0)
    }
    for refusal in group.refusals { try count(refusal, nowMs: nowMs) }
  }

  private func count(
    _ refusal: Refusal, times: Int64 = 1, nowMs: Int64
  ) throws(StoreError) {
    var shown = refusal
    if !refusedAgents.contains(refusal.agent) {
      if refusedAgents.count < Ingestor.refusedAgentsMax {
        refusedAgents.insert(refusal.agent)
      } else {
        shown = Refusal(agent: "", reason: refusal.reason, text: refusal.text)
      }
    }
    try store.count(shown, times: times, nowMs: nowMs)
  }

  private func note(_ sentMs: Int64, _ arrivedMs: Int64, of agent: String) {
    if clocks[agent] != nil {
      clocks[agent]?.add(sentMs: sentMs, arrivedMs: arrivedMs)
    } else if clocks.count < Ingestor.clocksMax {
      clocks[agent] = ClockOffset(sentMs: sentMs, arrivedMs: arrivedMs)
    }
  }

  private static func foreign(_ stream: StreamID, _ agent: String) -> Refusal {
    Refusal(
      agent: agent, reason: .foreignStream,
      text: """
        stream \(stream) belongs to another agent; a buffer file that was copied to \(agent) must \
        be removed there, so that a stream of its own begins
        """)
  }

  private func tooManyStreams(_ stream: StreamID, _ agent: String) -> Refusal {
    Refusal(
      agent: agent, reason: .overQuota,
      text: """
        stream \(stream) would be one more than the \(streamsMax) that an agent may begin in a \
        day; it begins one with a new buffer and after an outage: see why \(agent) does so often, \
        or raise quotas.streams
        """)
  }
}
