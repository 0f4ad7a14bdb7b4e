package import Protocol
import SQLite

/// Names, ledger, segments, and what operators see.
extension SQLiteStore {
  package func agentID(_ name: String) throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      if let id = try found(ledger.findAgent, name) { return id }
      try ledger.insertAgent.bind(1, name)
      try ledger.insertAgent.run()
      return database.lastInsertRowID
    }
  }

  package func sourceID(
    agent: Int64, name: String, isSimulated: Bool
  ) throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      let simulated: Int64 = isSimulated ? 1 : 0
      if let id = try found(ledger.findSource, agent, name, simulated) { return id }
      try ledger.insertSource.bind(1, agent)
      try ledger.insertSource.bind(2, name)
      try ledger.insertSource.bind(3, simulated)
      try ledger.insertSource.run()
      let id = database.lastInsertRowID
      if isSimulated {
        try ledger.markSimulated.bind(1, agent)
        try ledger.markSimulated.run()
      }
      return id
    }
  }

  package func stream(_ id: StreamID) throws(StoreError) -> StreamRecord? {
    try attempt { () throws(SQLiteError) in
      let find = ledger
      defer { find.findStream.reset() }
      try find.findStream.bind(1, id.bytes)
      guard try find.findStream.step() else { return nil }
      return StreamRecord(
        id: find.findStream.integer(0), agent: find.findStream.integer(1),
        ledger: StreamLedger(
          next: UInt64(clamping: find.findStream.integer(2)),
          received: UInt64(clamping: find.findStream.integer(3)),
          duplicates: UInt64(clamping: find.findStream.integer(4)),
          lost: UInt64(clamping: find.findStream.integer(5))),
        lastReceivedMs: find.findStream.integer(6))
    }
  }

  package func streamCount(agent: Int64, sinceMs: Int64) throws(StoreError) -> Int {
    try attempt { () throws(SQLiteError) in
      defer { ledger.countStreams.reset() }
      try ledger.countStreams.bind(1, agent)
      try ledger.countStreams.bind(2, sinceMs)
      return try ledger.countStreams.step() ? Int(ledger.countStreams.integer(0)) : 0
    }
  }

  package func create(
    _ id: StreamID, agent: Int64, arrivedMs: Int64
  ) throws(StoreError) -> StreamRecord {
    try attempt { () throws(SQLiteError) in
      try ledger.insertStream.bind(1, agent)
      try ledger.insertStream.bind(2, id.bytes)
      try ledger.insertStream.bind(3, arrivedMs)
      try ledger.insertStream.run()
      return StreamRecord(
        id: database.lastInsertRowID, agent: agent, ledger: StreamLedger(),
        lastReceivedMs: arrivedMs)
    }
  }

  package func save(_ stream: StreamRecord) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let account = stream.ledger
      try ledger.updateStream.bind(1, stream.id)
      try ledger.updateStream.bind(2, Int64(clamping: account.next))
      try ledger.updateStream.bind(3, Int64(clamping: account.received))
      try ledger.updateStream.bind(4, Int64(clamping: account.duplicates))
      try ledger.updateStream.bind(5, Int64(clamping: account.lost))
      try ledger.updateStream.bind(6, stream.lastReceivedMs)
      try ledger.updateStream.run()
    }
  }

  package func append(
    _ hole: Hole, to stream: Int64, declaredMs: Int64
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.insertHole.bind(1, stream)
      try ledger.insertHole.bind(2, Int64(clamping: hole.first))
      try ledger.insertHole.bind(3, Int64(clamping: hole.last))
      try ledger.insertHole.bind(4, hole.reason.name)
      try ledger.insertHole.bind(5, declaredMs)
      try ledger.insertHole.run()
    }
  }

  package func append(_ segment: SegmentRecord) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.insertSegment.bind(1, segment.stream)
      try ledger.insertSegment.bind(2, Int64(clamping: segment.piece.first))
      try ledger.insertSegment.bind(3, Int64(segment.piece.count))
      try ledger.insertSegment.bind(4, segment.arrivedMs)
      try ledger.insertSegment.bind(5, segment.piece.bytes)
      try ledger.insertSegment.bind(6, segment.fault)
      let digest = SegmentRecord.digest(
        first: Int64(clamping: segment.piece.first), count: Int64(segment.piece.count),
        arrivedMs: segment.arrivedMs, fault: segment.fault, segment.piece.bytes)
      try ledger.insertSegment.bind(7, digest)
      try ledger.insertSegment.run()
    }
  }

  package func save(
    _ status: AgentStatus, agent: Int64, seenMs: Int64
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let numbers: [Int64] = [
        status.isOnline ? 1 : 0, seenMs, Int64(clamping: status.backlog),
        status.oldestUnsentSeconds, Int64(clamping: status.accepted),
        Int64(clamping: status.rejected), Int64(clamping: status.bufferBytes),
        Int64(clamping: status.writtenBytes),
      ]
      try ledger.saveStatus.bind(1, agent)
      try ledger.saveStatus.bind(2, status.version)
      for (index, number) in numbers.enumerated() {
        try ledger.saveStatus.bind(Int32(3 + index), number)
      }
      try ledger.saveStatus.bind(11, status.certificateExpiresMs)
      try ledger.saveStatus.run()
      for reject in status.rejects { try save(reject, agent: agent) }
    }
  }

  private func save(_ reject: AgentStatus.Reject, agent: Int64) throws(SQLiteError) {
    try ledger.saveReject.bind(1, agent)
    try ledger.saveReject.bind(2, reject.kind)
    try ledger.saveReject.bind(3, reject.field)
    try ledger.saveReject.bind(4, Int64(clamping: reject.count))
    try ledger.saveReject.bind(5, reject.lastMs)
    try ledger.saveReject.bind(6, reject.reason)
    try ledger.saveReject.bind(7, reject.sample)
    try ledger.saveReject.run()
  }

  package func saveOffline(agent: Int64, atMs: Int64?) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.saveOffline.bind(1, agent)
      try ledger.saveOffline.bind(2, atMs)
      try ledger.saveOffline.run()
    }
  }

  package func saveAllOffline() throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try database.execute("UPDATE agents SET online = 0 WHERE online")
    }
  }

  package func saveSeen(
    agent: Int64, seenMs: Int64, clockOffsetMs: Int64
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.saveSeen.bind(1, agent)
      try ledger.saveSeen.bind(2, seenMs)
      try ledger.saveSeen.bind(3, clockOffsetMs)
      try ledger.saveSeen.run()
    }
  }

  package func count(
    received: Int64, kind: Kind, agent: Int64, arrivedMs: Int64
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.countReceived.bind(1, agent)
      try ledger.countReceived.bind(2, kind.name)
      try ledger.countReceived.bind(3, received)
      try ledger.countReceived.bind(4, arrivedMs)
      try ledger.countReceived.run()
      // 0: all agents.
      for owner in [0, agent] {
        try ledger.countHour.bind(1, StoreHours.hour(ofMs: arrivedMs))
        try ledger.countHour.bind(2, owner)
        try ledger.countHour.bind(3, received)
        try ledger.countHour.run()
      }
    }
  }

  package func count(_ correction: ClockCorrection, agent: Int64) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.countCorrection.bind(1, agent)
      try ledger.countCorrection.bind(2, correction.evidence)
      try ledger.countCorrection.bind(3, correction.count)
      try ledger.countCorrection.bind(4, correction.lastMs)
      try ledger.countCorrection.bind(5, correction.lastByMs)
      try ledger.countCorrection.bind(6, correction.leastByMs)
      try ledger.countCorrection.bind(7, correction.mostByMs)
      try ledger.countCorrection.run()
    }
  }

  package func count(_ aside: SetAside, agent: Int64) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.countAside.bind(1, agent)
      try ledger.countAside.bind(2, aside.kind)
      try ledger.countAside.bind(3, aside.reason)
      try ledger.countAside.bind(4, aside.count)
      try ledger.countAside.bind(5, aside.lastMs)
      try ledger.countAside.bind(6, aside.last)
      try ledger.countAside.run()
    }
  }

  package func count(_ refusal: Refusal, times: Int64, nowMs: Int64) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try ledger.countRefusal.bind(1, refusal.agent)
      try ledger.countRefusal.bind(2, refusal.reason.rawValue)
      try ledger.countRefusal.bind(3, times)
      try ledger.countRefusal.bind(4, nowMs)
      try ledger.countRefusal.bind(5, refusal.text)
      try ledger.countRefusal.run()
    }
  }
}

/// Prepared once; each is reset after each use.
final class LedgerStatements {
  let findAgent: Statement
  let insertAgent: Statement
  let findSource: Statement
  let insertSource: Statement
  let markSimulated: Statement
  let findStream: Statement
  let countStreams: Statement
  let insertStream: Statement
  let updateStream: Statement
  let insertHole: Statement
  let insertSegment: Statement
  let saveStatus: Statement
  let saveReject: Statement
  let saveOffline: Statement
  let saveSeen: Statement
  let countReceived: Statement
  let countHour: Statement
  let countAside: Statement
  let countCorrection: Statement
  let countRefusal: Statement

  /// The right-hand sides see the row as it was.
  private static let statusUpdate = """
    UPDATE agents SET version = ?2, online = ?3,
      last_seen_ms = max(coalesce(last_seen_ms, ?4), ?4), backlog = ?5,
      oldest_unsent_seconds = ?6, accepted = ?7, rejected = ?8, buffer_bytes = ?9,
      written_bytes = ?10, certificate_ms = ?11,
      state_since_ms = iif(told_online IS ?3, state_since_ms, ?4), told_online = ?3,
      wear_from_ms = iif(wear_from_ms IS NULL OR ?10 < written_bytes, ?4, wear_from_ms),
      wear_from_bytes = iif(wear_from_ms IS NULL OR ?10 < written_bytes, ?10, wear_from_bytes)
    WHERE id = ?1
    """

  init(_ database: Database) throws(SQLiteError) {
    findAgent = try database.prepare("SELECT id FROM agents WHERE name = ?")
    insertAgent = try database.prepare("INSERT INTO agents(name) VALUES(?)")
    findSource = try database.prepare(
      "SELECT id FROM sources WHERE agent = ? AND name = ? AND simulated = ?")
    insertSource = try database.prepare(
      "INSERT INTO sources(agent, name, simulated) VALUES(?, ?, ?)")
    markSimulated = try database.prepare("UPDATE agents SET simulated = 1 WHERE id = ?")
    findStream = try database.prepare(
      """
      SELECT id, agent, next, received, duplicates, lost, last_received_ms
      FROM streams WHERE stream = ?
      """)
    countStreams = try database.prepare(
      "SELECT count(*) FROM streams WHERE agent = ? AND first_received_ms > ?")
    insertStream = try database.prepare(
      "INSERT INTO streams VALUES(NULL, ?1, ?2, 0, 0, 0, 0, ?3, ?3)")
    updateStream = try database.prepare(
      """
      UPDATE streams SET next = ?2, received = ?3, duplicates = ?4, lost = ?5,
        last_received_ms = ?6 WHERE id = ?1
      """)
    insertHole = try database.prepare("INSERT INTO holes VALUES(?, ?, ?, ?, ?)")
    insertSegment = try database.prepare("INSERT INTO segments VALUES(NULL, ?, ?, ?, ?, ?, ?, ?)")
    saveStatus = try database.prepare(LedgerStatements.statusUpdate)
    saveReject = try database.prepare(
      """
      INSERT INTO rejects VALUES(?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = excluded.count, last_ms = excluded.last_ms,
        reason = excluded.reason, sample = excluded.sample
      WHERE (count, last_ms) <> (excluded.count, excluded.last_ms)
      """)
    saveOffline = try database.prepare(
      """
      UPDATE agents SET online = 0,
        state_since_ms = iif(told_online IS 0, state_since_ms, coalesce(?2, last_seen_ms)),
        told_online = 0
      WHERE id = ?1
      """)
    saveSeen = try database.prepare(
      """
      UPDATE agents SET last_seen_ms = max(coalesce(last_seen_ms, ?2), ?2),
        clock_offset_ms = ?3 WHERE id = ?1
      """)
    countReceived = try database.prepare(
      """
      INSERT INTO received VALUES(?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count,
        last_ms = max(coalesce(last_ms, 0), excluded.last_ms)
      """)
    countHour = try database.prepare(
      """
      INSERT INTO received_hours VALUES(?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count
      """)
    countAside = try database.prepare(
      """
      INSERT INTO set_aside VALUES(?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count,
        last = iif((excluded.last_ms, excluded.last) >= (last_ms, last), excluded.last, last),
        last_ms = max(last_ms, excluded.last_ms)
      """)
    countCorrection = try database.prepare(correctionSQL)
    countRefusal = try database.prepare(
      """
      INSERT INTO refusals VALUES(?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms,
        last_text = excluded.last_text
      """)
  }
}

extension SQLiteStore {
  /// The id under a name; `nil` where there is none.
  func found(_ find: borrowing Statement, _ name: String) throws(SQLiteError) -> Int64? {
    defer { find.reset() }
    try find.bind(1, name)
    return try find.step() ? find.integer(0) : nil
  }

  /// The id under a name that belongs to something.
  func found(
    _ find: borrowing Statement, _ owner: Int64, _ name: String, _ last: Int64
  ) throws(SQLiteError) -> Int64? {
    defer { find.reset() }
    try find.bind(1, owner)
    try find.bind(2, name)
    try find.bind(3, last)
    return try find.step() ? find.integer(0) : nil
  }
}

private let correctionSQL = """
  INSERT INTO clock_corrections VALUES(?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count,
    last_by_ms = iif((excluded.last_ms, excluded.last_by_ms) >= (last_ms, last_by_ms),
      excluded.last_by_ms, last_by_ms),
    last_ms = max(last_ms, excluded.last_ms),
    least_by_ms = min(least_by_ms, excluded.least_by_ms),
    most_by_ms = max(most_by_ms, excluded.most_by_ms)
  """
