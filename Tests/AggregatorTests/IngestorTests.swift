import Aggregator
import Protocol
import TestSupport
import Testing

/// What a message comes to: ledger, receipts, refusals, what operators see.
@Suite struct IngestorTests {
  let stream = StreamID(high: 1, low: 2)

  @Test func `a batch is receipted up to its end, and its duplicate again`() throws {
    let site = try Site()
    let batch = Batch.of(
      stream, from: 0, [[.coverage(), .coverage()], [.coverage()]], sentMs: dayStartMs)
    let first = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs + 1)
    let receipt = Receipt(
      stream: stream, next: 3, echoedSentMs: dayStartMs, committedMs: dayStartMs + 1)
    #expect(first.replies.map(\.agent) == ["a"])
    #expect(first.replies.map(\.receipt) == [receipt])
    #expect(first.measurements == 3)
    let second = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs + 1)
    #expect(second.replies == first.replies)
    #expect(second.measurements == 0)
    #expect(second.duplicates == 3)
    let row = try #require(try site.ledger().streams.first)
    #expect(row.next == 3 && row.received == 3 && row.duplicates == 3 && row.lost == 0)
    #expect(try site.rows("SELECT samples FROM coverage_days", columns: 1) == ["3"])
  }

  @Test func `a record of the agent's check is received, and belongs to no indicator`() throws {
    let site = try Site()
    let check = Measurement(source: "check-1", timeMs: dayStartMs, body: .check)
    let batch = Batch.of(stream, from: 0, [[check]], sentMs: dayStartMs)
    let outcome = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.measurements == 1 && outcome.replies.map(\.receipt.next) == [1])
    let row = try #require(try site.ledger().streams.first)
    #expect(row.received == 1 && row.lost == 0)
    #expect(try site.rows("SELECT kind, count FROM received", columns: 2) == ["check|1"])
    for table in ["coverage_days", "broadband_days", "service_points", "sources", "set_aside"] {
      #expect(try site.rows("SELECT count(*) FROM \(table)", columns: 1) == ["0"], "\(table)")
    }
    // Nothing of it is to be made again, in a store of today or of before this kind.
    #expect(
      try Rebuild(store: site.store, rules: StateRules()).kindsDue().contains(.check) == false)
  }

  @Test func `a batch beyond a gap is not taken, and the receipt asks for what is missing`() throws
  {
    let site = try Site()
    let batch = Batch.of(stream, from: 5, [[.coverage()]])
    let outcome = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.replies.map(\.receipt.next) == [0])
    #expect(outcome.measurements == 0)
    #expect(try site.rows("SELECT id FROM segments", columns: 1).isEmpty)
  }

  @Test func `declared holes are lost with their reason, and the ledger adds up`() throws {
    let site = try Site()
    let batch = Batch.of(
      stream, from: 10, [[.coverage()]], oldestHeld: 10,
      holes: [Hole(first: 2, last: 9, reason: .bufferFull)])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    let ledger = try site.ledger()
    let row = try #require(ledger.streams.first)
    #expect(row.next == 11 && row.received == 1 && row.lost == 10)
    #expect(
      row.holes.map { "\($0.first)…\($0.last) \($0.reason)" }
        == ["0…1 no_longer_kept", "2…9 buffer_full"])
    #expect(ledger.isBalanced)
  }

  @Test func `an agent that is not on the list is refused and shown`() throws {
    let site = try Site(allowedAgents: ["a"])
    let batch = Batch.of(stream, from: 0, [[.coverage()]])
    let outcome = try site.ingest([.batch("b", batch, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.replies.isEmpty)
    let ledger = try site.ledger()
    #expect(ledger.streams.isEmpty)
    #expect(
      ledger.refusals.map { "\($0.agent) \($0.reason) \($0.count): \($0.lastText)" } == [
        "b unknown_agent 1: b is not among `agents` of the configuration; add it there if it is "
          + "yours"
      ])
  }

  @Test func `a stream of another agent is refused`() throws {
    let site = try Site()
    let batch = Batch.of(stream, from: 0, [[.coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    let outcome = try site.ingest([.batch("b", batch, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.replies.isEmpty)
    #expect(
      outcome.refusals.map(\.text) == [
        "stream 00000000000000010000000000000002 belongs to another agent; a buffer file that was "
          + "copied to b must be removed there, so that a stream of its own begins"
      ])
    #expect(try site.ledger().streams.map(\.received) == [1])
  }

  @Test func `a batch that contradicts the ledger changes nothing and is shown`() throws {
    let site = try Site()
    let two = Batch.of(stream, from: 0, [[.coverage(), .coverage()]])
    let three = Batch.of(stream, from: 1, [[.coverage(), .coverage(), .coverage()]])
    try site.ingest([.batch("a", two, at: dayStartMs)], at: dayStartMs)
    let outcome = try site.ingest([.batch("a", three, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.replies.isEmpty)
    #expect(
      outcome.refusals.map { "\($0.reason.rawValue): \($0.text)" } == [
        "contradiction: stream 00000000000000010000000000000002: segment 1…3 straddles the "
          + "expected 2; the agent numbered twice (a copied or restored buffer?): let it begin a "
          + "new stream"
      ])
    #expect(try site.ledger().streams.map(\.next) == [2])
  }

  @Test func `unknown versions, rubbish and foreign topics are refused, each under its reason`()
    throws
  {
    let site = try Site()
    // {0: 9}: version 9 of a batch.
    let newer: [UInt8] = [0xa1, 0x00, 0x09]
    let messages = [
      Arrival(topic: "hatang/v1/a/batch", payload: newer, arrivedMs: dayStartMs),
      Arrival(topic: "hatang/v1/a/batch", payload: [0x01], arrivedMs: dayStartMs),
      Arrival(topic: "hatang/v1/a/status", payload: [0xa0], arrivedMs: dayStartMs),
      Arrival(topic: "hatang/v1/A/batch", payload: [], arrivedMs: dayStartMs),
    ]
    let outcome = try site.ingest(messages, at: dayStartMs)
    #expect(
      outcome.refusals.map { "\($0.agent) \($0.reason.rawValue): \($0.text)" } == [
        "a version: batch, byte 3: version 9, this program reads 1; upgrade it",
        "a malformed: batch, byte 0: expected map",
        "a malformed: status, byte 0: version is missing",
        " topic: topic hatang/v1/A/batch, legal hatang/v1/<agent>/batch and …/status with an agent "
          + "of a-z 0-9 -, 1…64 characters; not \"indicators\"",
      ])
  }

  @Test func `a segment that does not decode is kept with its fault and counted`() throws {
    let site = try Site()
    let bytes: [UInt8] = [1, 2, 3]
    let batch = Batch(
      stream: stream, acknowledged: 0, oldestHeld: 0, sentMs: dayStartMs, holes: [],
      segments: [.init(first: 0, count: 7, bytes: bytes[...])])
    let outcome = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    #expect(outcome.replies.map(\.receipt.next) == [7])
    #expect(
      try site.rows("SELECT hex(bytes), fault FROM segments", columns: 2) == [
        "010203|byte 0: expected map"
      ])
    #expect(
      try site.ledger().setAside.map { "\($0.kind) \($0.reason) \($0.count) \($0.last)" } == [
        " undecodable 7 stream place 0: byte 0: expected map"
      ])
  }

  @Test func `a segment of more rows than its batch says is decoded no further`() throws {
    let site = try Site()
    let rows = (0..<Int64(65_536)).map { Measurement.coverage(at: dayStartMs + $0) }
    let bytes = Segment.encode(rows, receivedMs: dayStartMs)
    let batch = Batch(
      stream: stream, acknowledged: 0, oldestHeld: 0, sentMs: dayStartMs, holes: [],
      segments: [.init(first: 0, count: 2, bytes: bytes[...])])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    #expect(
      try site.rows("SELECT substr(fault, instr(fault, ': ') + 2) FROM segments", columns: 1)
        == ["block of 65536 rows where 2 are left"])
    #expect(try site.ledger().streams.map(\.received) == [2])
  }

  @Test func `measurements from the future and from too long ago are set aside`() throws {
    var rules = StateRules()
    rules.keepRawMs = 10 * msPerDay
    let site = try Site(rules: rules)
    let now = dayStartMs
    let times = [
      now + 300_000, now + 300_001, now - 10 * msPerDay, now - 10 * msPerDay - 1, now,
    ]
    let batch = Batch.of(stream, from: 0, [times.map { .coverage(at: $0) }])
    try site.ingest([.batch("a", batch, at: now)], at: now)
    #expect(try site.rows("SELECT sum(samples) FROM coverage_days", columns: 1) == ["3"])
    #expect(
      try site.ledger().setAside.map { "\($0.kind) \($0.reason) \($0.count)" } == [
        "coverage future 1", "coverage too_old 1",
      ])
    #expect(try site.ledger().streams.map(\.received) == [5])
  }

  @Test func `a status fills the agent's row, and a last will only takes it offline`() throws {
    let site = try Site()
    let status = AgentStatus(
      isOnline: true, version: "0.1.0", timeMs: dayStartMs, backlog: 12, oldestUnsentSeconds: 3,
      accepted: 40, rejected: 2, bufferBytes: 4_096, writtenBytes: 8_192)
    try site.ingest([.status("a", status, at: dayStartMs + 5)], at: dayStartMs)
    let online = try #require(try site.agents().first)
    #expect(online.isOnline && online.version == "0.1.0" && online.backlog == 12)
    #expect(online.lastSeenMs == dayStartMs + 5 && online.rejected == 2)
    try site.ingest([.status("a", .offline, at: dayStartMs + 9)], at: dayStartMs)
    let offline = try #require(try site.agents().first)
    #expect(!offline.isOnline && offline.version == "0.1.0" && offline.backlog == 12)
  }

  @Test func `a status of an agent that is ahead of us is answered, so that it rewinds`() throws {
    let site = try Site()
    let status = AgentStatus(
      isOnline: true, version: "0.1.0", timeMs: dayStartMs,
      streams: [.init(stream: stream, acknowledged: 100, next: 120)])
    let outcome = try site.ingest([.status("a", status, at: dayStartMs)], at: dayStartMs)
    #expect(
      outcome.replies.map(\.receipt) == [
        Receipt(stream: stream, next: 0, committedMs: dayStartMs)
      ])
  }

  @Test func `an agent's clock is judged by its fastest recent batch`() throws {
    let site = try Site()
    // Ten seconds ahead; under way for 5 s, 20 ms, 3 s.
    var place: SequenceNumber = 0
    for delay: Int64 in [5_000, 20, 3_000] {
      let arrived = dayStartMs + Int64(place) * 1_000
      let batch = Batch.of(
        stream, from: place, [[.coverage()]], sentMs: arrived + 10_000 - delay)
      try site.ingest([.batch("a", batch, at: arrived)], at: arrived)
      place += 1
    }
    #expect(try site.agents().map(\.clockOffsetMs) == [9_980])
  }

  @Test func `sixteen agents in one group get a receipt each, the last place of each`() throws {
    let site = try Site()
    let streams = (0..<16).map { StreamID(high: UInt64($0), low: 7) }
    let messages = streams.indices.flatMap { index in
      [0, 1].map { place in
        Arrival.batch(
          "agent-\(index)", .of(streams[index], from: SequenceNumber(place), [[.coverage()]]),
          at: dayStartMs)
      }
    }
    let outcome = try site.ingest(messages, at: dayStartMs)
    #expect(outcome.replies.map(\.receipt.stream) == streams)
    #expect(outcome.replies.allSatisfy { $0.receipt.next == 2 })
  }

  @Test func `simulated sources are marked, and so is their agent`() throws {
    let site = try Site()
    let batch = Batch.of(stream, from: 0, [[.coverage(), .coverage(isSimulated: true)]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    #expect(
      try site.rows("SELECT name, simulated FROM sources ORDER BY id", columns: 2) == [
        "car-1|0", "car-1|1",
      ])
    #expect(try site.agents().map(\.isSimulated) == [true])
  }

  @Test func `a new session takes everyone offline until the retained statuses come`() throws {
    let site = try Site()
    let status = AgentStatus(isOnline: true, version: "0.1.0", timeMs: dayStartMs)
    try site.ingest([.status("a", status, at: dayStartMs)], at: dayStartMs)
    try site.ingestor.sessionBegan()
    #expect(try site.agents().map(\.isOnline) == [false])
    // A retained status was sent at some time before: it brings the agent back, but is no news.
    let later = dayStartMs + 60_000
    try site.ingest([.status("a", status, isRetained: true, at: later)], at: later)
    let agent = try #require(try site.agents().first)
    #expect(agent.isOnline && agent.lastSeenMs == dayStartMs)
  }

  @Test func `a cleared status takes the agent offline`() throws {
    let site = try Site()
    let status = AgentStatus(isOnline: true, version: "0.1.0", timeMs: dayStartMs)
    let cleared = Arrival(topic: "hatang/v1/a/status", payload: [], arrivedMs: dayStartMs)
    let outcome = try site.ingest(
      [.status("a", status, at: dayStartMs), cleared], at: dayStartMs)
    #expect(outcome.refusals.isEmpty)
    #expect(try site.agents().map(\.isOnline) == [false])
  }

  @Test func `a flood of made-up names gets a bounded number of rows, and all are counted`() throws
  {
    let site = try Site(allowedAgents: ["a"])
    for start in stride(from: 0, to: 1_500, by: 100) {
      let flood = (start..<(start + 100)).map {
        Arrival(topic: "hatang/v1/x-\($0)/batch", payload: [], arrivedMs: dayStartMs)
      }
      try site.ingest(flood, at: dayStartMs)
    }
    let refusals = try site.ledger().refusals
    #expect(refusals.count == 1_001)
    #expect(refusals.reduce(0) { $0 + $1.count } == 1_500)
  }

  @Test func `an agent begins as many streams as it may, and one that is carried all the same`()
    throws
  {
    let site = try Site()
    let ingestor = Ingestor(store: site.store, rules: site.rules, streamsMax: 2)
    func begin(_ low: UInt64, isCarried: Bool = false) throws -> [Refusal] {
      let batch = Batch.of(StreamID(high: 1, low: low), from: 0, [[.coverage()]])
      return try ingestor.ingest(
        [
          Arrival(
            topic: Topic.batch(agent: "a"), payload: batch.encoded(), arrivedMs: dayStartMs,
            isCarried: isCarried)
        ], nowMs: dayStartMs
      ).refusals
    }
    #expect(try begin(1).isEmpty && begin(2).isEmpty)
    let text = """
      stream 00000000000000010000000000000003 would be one more than the 2 that an agent may \
      begin in a day; it begins one with a new buffer and after an outage: see why a does so \
      often, or raise quotas.streams
      """
    #expect(try begin(3) == [Refusal(agent: "a", reason: .overQuota, text: text)])
    // A stream that is known goes on, and so does another agent.
    #expect(try begin(1).isEmpty)
    #expect(try begin(4, isCarried: true).isEmpty)
    #expect(try begin(4).isEmpty)
    // Counted in the store, not since the start.
    let restarted = Ingestor(store: site.store, rules: site.rules, streamsMax: 3)
    let other = Batch.of(StreamID(high: 1, low: 5), from: 0, [[.coverage()]])
    let refused = try restarted.ingest([.batch("a", other, at: dayStartMs)], nowMs: dayStartMs)
    #expect(refused.refusals.map(\.reason) == [.overQuota])
    #expect(try site.ledger().streams.count == 3)
  }

  @Test func `a batch and a status in one group get one receipt, that answers the batch`() throws {
    let site = try Site()
    let status = AgentStatus(
      isOnline: true, version: "0.1.0", streams: [.init(stream: stream, acknowledged: 9, next: 9)])
    let batch = Batch.of(stream, from: 0, [[.coverage()]], sentMs: 5)
    for order in [[0, 1], [1, 0]] {
      let messages = [
        Arrival.batch("a", batch, at: dayStartMs), .status("a", status, at: dayStartMs),
      ]
      let outcome = try site.ingest(order.map { messages[$0] }, at: dayStartMs)
      #expect(outcome.replies.map(\.receipt.next) == [1])
      // 0 would tell the agent to begin again.
      #expect(outcome.replies.map(\.receipt.echoedSentMs) == [5])
    }
  }
}
