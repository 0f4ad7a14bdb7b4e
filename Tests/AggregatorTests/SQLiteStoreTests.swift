import Aggregator
import Daemon
import Glibc
import Protocol
import SQLite
import TestSupport
import Testing

/// The file: who may use it, what it survives, how long it keeps what came.
@Suite struct SQLiteStoreTests {
  private let stream = StreamID(high: 5, low: 6)

  private func batch(_ first: SequenceNumber, count: Int = 10) -> Batch {
    .of(stream, from: first, [(0..<count).map { _ in .coverage() }])
  }

  @Test func `a store of a newer version is refused and not touched`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("hatang.db")
    _ = try SQLiteStore(path: path)
    try Database(path: path).execute("PRAGMA user_version = 99")
    let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
    #expect(
      error?.description
        == "migrate \(path): the file has schema version 99, this program knows 0…5 (SQLite code "
        + "20); install the newer program that wrote it, or choose another file")
    let reading = #expect(throws: StoreError.self) { try StoreReader(path: path) }
    #expect(
      reading?.description
        == "read \(path): schema version 99, this program knows 5; install the program that wrote "
        + "it"
    )
    #expect(try Database(path: path, mode: .readOnly).integer("PRAGMA user_version") == 99)
  }

  @Test func `a file of another program is refused`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("other.db")
    try Database(path: path).execute("PRAGMA application_id = 7; CREATE TABLE t(a)")
    let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
    #expect(
      error?.description
        == "migrate \(path): application id is 7, expected 1751217249 (SQLite code 26); the file "
        + "belongs to another program: check the path")
    #expect(error?.nature == .corrupt)
  }

  @Test func `a second daemon on one store is told who holds it`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("hatang.db")
    let first = try StoreLock.take(path)
    let error = #expect(throws: FileError.self) { try StoreLock.take(path) }
    #expect(
      error?.description
        == "cannot use store \(path): process \(getpid()) holds \(path).lock; stop that process, "
        + "or give this one a path of its own")
    withExtendedLifetime(first) {}
  }

  @Test func `the lock goes with its holder`() throws {
    let folder = TemporaryFolder()
    let path = folder.file("hatang.db")
    do { _ = try StoreLock.take(path) }
    #expect(throws: Never.self) { try StoreLock.take(path) }
  }

  @Test func `restored from an older copy, the receipt goes back and nothing counts twice`() throws
  {
    let site = try Site()
    try site.ingest([.batch("a", batch(0), at: dayStartMs)], at: dayStartMs)
    try StoreReader(path: site.path).backup(to: site.folder.file("copy.db"))
    let later = [batch(10), batch(20)].map { Arrival.batch("a", $0, at: dayStartMs) }
    try site.ingest(later, at: dayStartMs)
    let before = try site.state()

    for ending in ["", "-wal", "-shm"] { try Files.remove(site.path + ending) }
    try Files.move(site.folder.file("copy.db"), to: site.path)
    try site.restart()
    // The agent believes in 30; its status shows it, and the answer sends it back to 10.
    let status = AgentStatus(
      isOnline: true, version: "0.1.0", streams: [.init(stream: stream, acknowledged: 30, next: 30)]
    )
    let answer = try site.ingest([.status("a", status, at: dayStartMs)], at: dayStartMs)
    #expect(answer.replies.map(\.receipt.next) == [10])
    try site.ingest(later, at: dayStartMs)
    try site.ingest(later, at: dayStartMs)
    #expect(try site.state() == before)
    let row = try #require(try site.ledger().streams.first)
    #expect(row.received == 30 && row.next == 30 && row.lost == 0 && row.duplicates == 20)
  }

  @Test func `a group that fails leaves nothing, and may be given again`() throws {
    let site = try Site()
    let blocker = try Database(path: site.path)
    try blocker.execute(
      "CREATE TRIGGER full BEFORE INSERT ON coverage_days BEGIN SELECT raise(ABORT, 'no'); END")
    let group = [Arrival.batch("a", batch(0), at: dayStartMs)]
    #expect(throws: StoreError.self) { try site.ingest(group, at: dayStartMs) }
    // The reader refuses a store with a trigger in it.
    try blocker.execute("DROP TRIGGER full")
    #expect(try site.rows("SELECT id FROM segments", columns: 1).isEmpty)
    #expect(try site.rows("SELECT id FROM agents", columns: 1).isEmpty)
    #expect(try site.ingest(group, at: dayStartMs).measurements == 10)
    // Numbers that were given in the lost transaction are not used again.
    #expect(
      try site.rows(
        """
        SELECT samples, agents.name, sources.name, plmn FROM coverage_days
          JOIN sources ON sources.id = source JOIN agents ON agents.id = agent
          JOIN operators ON operators.id = operator
        """, columns: 4) == ["10|a|car-1|45204"])
  }

  @Test func `segments go after their time, in small steps, and the state stays`() throws {
    var rules = StateRules()
    rules.keepRawMs = 10 * msPerDay
    let site = try Site(rules: rules)
    var place: SequenceNumber = 0
    for day: Int64 in 0..<20 {
      let at = dayStartMs + day * msPerDay
      let segments = (0..<20).map { _ in
        [Measurement.coverage(at: at), .count("n", 1 + day, at: at)]
      }
      try site.ingest([.batch("a", .of(stream, from: place, segments), at: at)], at: at)
      place += 40
    }
    let coverage = try site.rows("SELECT day, samples FROM coverage_days", columns: 2)
    let now = dayStartMs + 19 * msPerDay + 1
    var retention = Retention(rules: rules) { true }
    var steps = 0
    while try retention.step(site.store, nowMs: now) { steps += 1 }
    #expect(steps > 3)
    // Days 10 … 19 arrived within ten days.
    #expect(try site.rows("SELECT count(*) FROM segments", columns: 1) == ["200"])
    #expect(
      try site.rows("SELECT min(arrived_ms) >= \(now - 10 * msPerDay) FROM segments", columns: 1)
        == ["1"])
    #expect(try site.rows("SELECT day, samples FROM coverage_days", columns: 2) == coverage)
    #expect(try site.rows("SELECT count(*) FROM service_days", columns: 1) == ["20"])
    // Readings of whole days that can get no more of them.
    #expect(try site.rows("SELECT count(*) FROM service_points", columns: 1) == ["11"])
    #expect(try !retention.step(site.store, nowMs: now))
  }

  @Test func `more segments of 2037 than one look has hide no old ones behind them`() throws {
    var rules = StateRules()
    rules.keepRawMs = 10 * msPerDay
    let site = try Site(rules: rules)
    var place: SequenceNumber = 0
    func ingest(_ count: Int, at arrivedMs: Int64) throws {
      let segments = Array(repeating: [Measurement.coverage(at: arrivedMs)], count: count)
      let batch = Batch.of(stream, from: place, segments)
      try site.ingest([.batch("a", batch, at: arrivedMs)], at: arrivedMs)
      place += UInt64(count)
    }
    let in2037: Int64 = 2_114_380_800_000
    for _ in 0..<6 { try ingest(4_000, at: in2037) }
    try ingest(300, at: dayStartMs)
    try ingest(20, at: dayStartMs + 15 * msPerDay)
    let now = dayStartMs + 20 * msPerDay
    var retention = Retention(rules: rules) { true }
    while try retention.step(site.store, nowMs: now) {}
    #expect(
      try site.rows(
        "SELECT arrived_ms, count(*) FROM segments GROUP BY 1 ORDER BY 1", columns: 2)
        == ["\(dayStartMs + 15 * msPerDay)|20", "\(in2037)|24000"])
    // Each round begins anew.
    let later = now + 10 * msPerDay
    while try retention.step(site.store, nowMs: later) {}
    #expect(try site.rows("SELECT count(*) FROM segments", columns: 1) == ["24000"])
  }

  @Test func `more old readings of one counter than one step deletes all go`() throws {
    var rules = StateRules()
    rules.keepRawMs = 10 * msPerDay
    let site = try Site(rules: rules)
    let times = (0..<Int64(25_000)).map { dayStartMs + $0 } + [dayStartMs + 9 * msPerDay]
    let readings = times.map { Measurement.count("n", 1, at: $0) }
    let arrivedMs = dayStartMs + 9 * msPerDay
    try site.ingest([.batch("a", .of(stream, from: 0, [readings]), at: arrivedMs)], at: arrivedMs)
    var retention = Retention(rules: rules) { true }
    var steps = 0
    while try retention.step(site.store, nowMs: dayStartMs + 12 * msPerDay) { steps += 1 }
    #expect(
      try site.rows("SELECT time_ms FROM service_points", columns: 1)
        == ["\(dayStartMs + 9 * msPerDay)"])
    #expect(try site.rows("SELECT points FROM service_days", columns: 1) == ["25000", "1"])
    #expect(steps > 3)
  }

  @Test func `the ledger's text and JSON are those of the contract`() throws {
    let site = try Site()
    let lossy = Batch.of(
      stream, from: 3, [[.coverage(), .coverage()]], oldestHeld: 3,
      holes: [Hole(first: 0, last: 2, reason: .bufferFull)])
    try site.ingest([.batch("a", lossy, at: dayStartMs)], at: dayStartMs)
    let ledger = try site.ledger()
    #expect(
      ledger.text == """
        TRẠM          LUỒNG     SỐ KẾ   ĐÃ NHẬN       TRÙNG   MẤT  NHẬN LẦN CUỐI
        AGENT         STREAM     NEXT  RECEIVED  DUPLICATES  LOST  LAST RECEIVED
        a             00000000      5         2           0     3  2026-05-31T17:00:00Z
        tổng / total                5         2           0     3
        mất / lost: a 00000000 0…2, buffer_full

        """)
    var json = JSONWriter()
    ledger.write(to: &json)
    #expect(
      json.text == """
        {"streams":[{"agent":"a","stream":"00000000000000050000000000000006","next":5,"received":2,\
        "duplicates":0,"lost":3,"holes":[{"first":0,"last":2,"reason":"buffer_full"}],\
        "first_received_at":"2026-05-31T17:00:00Z","last_received_at":"2026-05-31T17:00:00Z"}],\
        "totals":{"streams":1,"next":5,"received":2,"duplicates":0,"lost":3,"balanced":true},\
        "refusals":[],"set_aside":[]}
        """)
  }

  @Test func `a ledger that was tampered with does not balance`() throws {
    let site = try Site()
    try site.ingest([.batch("a", batch(0), at: dayStartMs)], at: dayStartMs)
    #expect(try site.ledger().isBalanced)
    try Database(path: site.path).execute("UPDATE streams SET received = received - 1")
    #expect(try !site.ledger().isBalanced)
    try Database(path: site.path).execute("UPDATE streams SET lost = 1")
    // Losses without a hole are none.
    #expect(try !site.ledger().isBalanced)
    #expect(try site.ledger().text.contains("NOT BALANCED"))
  }

  @Test func `the agents' text and JSON are those of the contract`() throws {
    let site = try Site()
    let status = AgentStatus(
      isOnline: true, version: "0.1.0", backlog: 12, oldestUnsentSeconds: 300, accepted: 40,
      rejected: 2, bufferBytes: 4_096, writtenBytes: 8_192)
    try site.ingest([.status("kcn-1", status, at: dayStartMs)], at: dayStartMs)
    let report = try AgentsReport(try StoreReader(path: site.path))
    #expect(
      report.table(nowMs: dayStartMs + 180_000)
        == """
        TRẠM   TRẠNG THÁI    THẤY TRƯỚC ĐÂY  PHIÊN BẢN  CHỜ GỬI   CHỜ LÂU NHẤT  ĐỒNG HỒ   TỪ \
        CHỐI  SỐ LIỆU
        AGENT  STATE               SEEN AGO  VERSION    BACKLOG  OLDEST UNSENT    CLOCK  \
        REJECTED  DATA
        kcn-1  nối / online           3 min  0.1.0           12          5 min        -         2

        """)
    var json = JSONWriter()
    report.write(to: &json)
    #expect(
      json.text == """
        {"agents":[{"agent":"kcn-1","online":true,"last_seen":"2026-05-31T17:00:00Z",\
        "version":"0.1.0","backlog":12,"oldest_unsent_seconds":300,"clock_offset_ms":null,\
        "clock_corrections":[],"accepted":40,"rejected":2,"buffer_bytes":4096,\
        "written_bytes":8192,"simulated":false,\
        "since":"2026-05-31T17:00:00Z","certificate_expires":null,"written_bytes_per_day":null,\
        "over_quota":0,"over_quota_at":null,"last_received":{}}]}
        """)
  }
}

/// What operators watch over time.
@Suite struct OperatorsStateTests {
  private let nowMs = dayStartMs

  private func agent(_ site: Site) throws -> AgentsReport.Agent {
    try AgentsReport(try StoreReader(path: site.path), nowMs: nowMs).agents[0]
  }

  @Test func `since when an agent is in its state survives a restart of ours`() throws {
    let site = try Site()
    let online = AgentStatus(isOnline: true, version: "1", timeMs: nowMs - 9_000)
    try site.ingest([.status("a", online, at: nowMs - 9_000)], at: nowMs - 9_000)
    try site.ingest([.status("a", online, at: nowMs - 5_000)], at: nowMs - 5_000)
    #expect(try agent(site).stateSinceMs == nowMs - 9_000)
    try site.ingestor.sessionBegan()
    // It has not come back: off line since it was seen last.
    #expect(try agent(site).stateSinceMs == nowMs - 5_000)
    try site.ingest([.status("a", online, isRetained: true, at: nowMs - 3_000)], at: nowMs - 3_000)
    #expect(try agent(site).stateSinceMs == nowMs - 9_000)
    try site.ingest([.status("a", .offline, at: nowMs - 1_000)], at: nowMs - 1_000)
    try site.ingest([.status("a", .offline, isRetained: true, at: nowMs)], at: nowMs)
    let last = try agent(site)
    #expect(!last.isOnline && last.stateSinceMs == nowMs - 1_000)
  }

  @Test func `arrivals are counted by hour, and forgotten after more than a week`() throws {
    let site = try Site()
    let stream = StreamID(high: 1, low: 1)
    let hour: Int64 = 3_600_000
    for (index, ms) in [nowMs - 200 * hour, nowMs - 2 * hour, nowMs].enumerated() {
      let batch = Batch.of(
        stream, from: UInt64(2 * index), [[.coverage(at: ms), .coverage(at: ms)]])
      try site.ingest([.batch("a", batch, at: ms)], at: ms)
    }
    let reader = try StoreReader(path: site.path)
    let counts = try reader.receivedByHour(agent: 0, nowMs: nowMs)
    #expect(counts.count == 168 && counts.suffix(3) == [2, 0, 2] && counts.reduce(0, +) == 4)
    #expect(try reader.receivedByHour(agent: try agent(site).id, nowMs: nowMs) == counts)
    try site.store.noteSize(nowMs: nowMs)
    #expect(
      try site.rows("SELECT sum(count) FROM received_hours WHERE agent = 0", columns: 1) == ["4"])
    #expect(
      try site.rows("SELECT bytes > 0, free_bytes > 0 FROM store_hours", columns: 2) == ["1|1"])
    #expect(try agent(site).lastByKind.map(\.atMs) == [nowMs])
  }
}
