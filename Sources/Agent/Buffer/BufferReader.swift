import Daemon
package import Protocol
import SQLite
import Synchronization

/// The uplink's side of the buffer. Owned by the uplink's thread.
package final class BufferReader: UplinkSource {
  private let buffer: Buffer
  private let access: BufferAccess<Handles>
  /// When positions were last written and expired segments deleted.
  private var prunedAt: Duration = .zero
  /// What the file knows of the time in this boot, and when it was told last.
  private var written: (offset: BootOffset?, lastOffsetMs: Int64, generation: Int64)?

  /// Positions are written so seldom because losing one costs duplicates on the wire, and writing
  /// it costs flash.
  private static let pruneEvery: Duration = .seconds(10)
  private static let prunedRowsMax = 4_096

  final class Handles {
    let database: Database
    let space: BufferSpace
    let segments: Statement
    let received: Statement
    let holes: Statement

    init(_ database: Database) throws(SQLiteError) {
      self.database = database
      space = try BufferSpace(database)
      segments = try database.prepare(
        """
        SELECT \(SalvageSource.Row.columns) FROM segments
          WHERE key BETWEEN ? AND ? ORDER BY key
        """)
      received = try database.prepare(
        """
        SELECT key, count, received_ms, boot, boot_ms FROM segments WHERE key BETWEEN ? AND ?
          ORDER BY key DESC LIMIT 1
        """)
      holes = try database.prepare(
        """
        SELECT key, count, reason FROM holes
          WHERE key BETWEEN ? AND ? AND key + count > ? ORDER BY key LIMIT ?
        """)
    }
  }

  package init(_ buffer: Buffer) {
    self.buffer = buffer
    access = BufferAccess(buffer) { database throws(SQLiteError) in try Handles(database) }
  }

  package var clock: HostClock { buffer.clock }

  package func streams() throws(BufferError) -> [StreamExtent] {
    // Called on every turn of the loop: where a damaged file is let go.
    if access.yieldIfReplacing() {
      throw BufferError(.replacing, "\(buffer.settings.path) is being replaced")
    }
    let streams = buffer.currentStreams
    let unfinished = streams.dropLast(AgentStatus.streamsMax).filter { $0.acknowledged < $0.next }
    return (unfinished + streams.suffix(AgentStatus.streamsMax)).map {
      StreamExtent(
        id: $0.id, oldestHeld: $0.oldestHeld, next: $0.next, acknowledged: $0.acknowledged)
    }
  }

  package func segments(
    of stream: StreamID, from: SequenceNumber, bytesMax: Int, countMax: Int
  ) throws(BufferError) -> (segments: [Batch.Piece], nextHeld: SequenceNumber?) {
    let known = try position(of: stream)
    let clock = buffer.clock
    var damage: String?
    let found = try access.use { handles throws(SQLiteError) in
      var pieces: [Batch.Piece] = []
      var bytes = 0
      var rows = 0
      var nextHeld: SequenceNumber?
      var boots: BootTable?
      let range = SegmentKey.range(known.number)
      try handles.segments.bind(1, SegmentKey(known.number, from).raw)
      try handles.segments.bind(2, range.upperBound)
      defer { handles.segments.reset() }
      while try handles.segments.step() {
        let row = SalvageSource.Row(handles.segments)
        guard row.isSound else {
          damage = "the segment at \(SegmentKey(raw: row.key).number) is not what was written"
          break
        }
        let first = SegmentKey(raw: row.key).number
        bytes += row.bytes.count + Batch.Piece.frameBytesMax
        rows += Int(row.count)
        let isFull =
          bytes > bytesMax || rows > Batch.measurementsMax || pieces.count >= countMax
        if !pieces.isEmpty, isFull {
          nextHeld = first
          break
        }
        if row.mark != nil, boots == nil {
          boots = try BootTable(handles.database, clock: clock)
        }
        let verdict = boots?.verdict(row.mark, receivedMs: row.receivedMs) ?? .asStamped
        if verdict == .waits {
          nextHeld = first
          break
        }
        pieces.append(row.piece(verdict))
      }
      return (segments: pieces, nextHeld: nextHeld)
    }
    if let damage { throw access.damaged(damage) }
    return found
  }

  package func oldestHeld(of stream: StreamID) throws(BufferError) -> SequenceNumber? {
    let known = try position(of: stream)
    return known.oldestHeld < known.next ? known.oldestHeld : nil
  }

  package func holes(
    of stream: StreamID, from acknowledged: SequenceNumber, countMax: Int
  ) throws(BufferError) -> [Hole] {
    let known = try position(of: stream)
    return try access.use { handles throws(SQLiteError) in
      let range = SegmentKey.range(known.number)
      try handles.holes.bind(1, range.lowerBound)
      try handles.holes.bind(2, range.upperBound)
      try handles.holes.bind(3, SegmentKey(known.number, acknowledged).raw)
      try handles.holes.bind(4, Int64(countMax))
      defer { handles.holes.reset() }
      var holes: [Hole] = []
      while try handles.holes.step() { holes.append(Hole(handles.holes)) }
      return holes
    }
  }

  /// In memory; `prune` writes it.
  package func setAcknowledged(_ stream: StreamID, _ next: SequenceNumber) throws(BufferError) {
    buffer.update(stream) { $0.acknowledged = min(next, $0.next) }
    buffer.state.withLock { state in
      state.isAcknowledgedDirty = true
      state.lastCheck?.receipted(stream, next: next, nowMs: wallClockMs())
    }
  }

  package func beginStream() throws(BufferError) -> StreamID {
    let buffer = buffer
    let outcome = try access.locked { handles, marks throws(SQLiteError) in
      do throws(BufferError) {
        return Result<StreamID, BufferError>.success(
          try buffer.beginStream(handles.database, &marks).id)
      } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  package func age(
    of stream: StreamID, at number: SequenceNumber
  ) throws(BufferError) -> Duration? {
    let known = try position(of: stream)
    let clock = buffer.clock
    return try access.use { handles throws(SQLiteError) in
      let range = SegmentKey.range(known.number)
      try handles.received.bind(1, range.lowerBound)
      try handles.received.bind(2, SegmentKey(known.number, number).raw)
      defer { handles.received.reset() }
      guard try handles.received.step() else { return nil }
      let first = SegmentKey(raw: handles.received.integer(0))
      guard number < first.end(count: handles.received.integer(1)) else { return nil }
      var ages = BufferAge(clock, handles.database)
      return try ages.age(
        ClockMark(handles.received, at: 3), stampedMs: handles.received.integer(2))
    }
  }

  package func prune() throws(BufferError) {
    let now = monotonicNow()
    guard now - prunedAt >= BufferReader.pruneEvery else { return }
    try noteClock()
    let isAll = try writePositions(expiredAfter: .milliseconds(buffer.settings.keepAcknowledgedMs))
    // More than one bit is due: go on at the next call.
    if isAll { prunedAt = now }
  }

  /// At an orderly end.
  package func close() {
    try? noteClock()
    _ = try? writePositions(expiredAfter: nil)
    access.close()
  }

  package func figures() throws(BufferError) -> BufferFigures { buffer.currentFigures }

  package func rejects() throws(BufferError) -> [AgentStatus.Reject] {
    try access.use { handles throws(SQLiteError) in
      let row = try handles.database.prepare(
        """
        SELECT kind, field, count, coalesce(last_ms, 0), coalesce(reason, ''), coalesce(sample, '')
        FROM counts WHERE field <> '' ORDER BY last_ms DESC LIMIT \(AgentStatus.rejectsMax)
        """)
      var rejects: [AgentStatus.Reject] = []
      while try row.step() {
        rejects.append(
          AgentStatus.Reject(
            kind: row.text(0), field: row.text(1), count: UInt64(max(0, row.integer(2))),
            lastMs: row.integer(3), reason: row.text(4), sample: row.text(5)))
      }
      return rejects
    }
  }

  // MARK: Private helpers

  private func position(of stream: StreamID) throws(BufferError) -> Buffer.Stream {
    guard let known = buffer.currentStreams.first(where: { $0.id == stream }) else {
      throw BufferError(.replacing, "\(buffer.settings.path) no longer has stream \(stream)")
    }
    return known
  }

  /// Tells the file what is known of the time in this boot, for whoever comes after it.
  package func noteClock() throws(BufferError) {
    let clock = buffer.clock
    let lastOffsetMs = clock.read().offsetMs
    let offset = clock.offset
    let generation = buffer.state.withLock { $0.generation }
    guard isNews(offset, lastOffsetMs, generation) else { return }
    try access.locked { handles, _ throws(SQLiteError) in
      try BootTable.write(offset, lastOffsetMs, clock.boot, handles.database)
    }
    written = (offset, lastOffsetMs, generation)
  }

  /// Small changes are not worth the flash.
  private func isNews(_ offset: BootOffset?, _ lastOffsetMs: Int64, _ generation: Int64) -> Bool {
    guard let written, written.generation == generation,
      abs(written.lastOffsetMs - lastOffsetMs) <= BufferReader.newsMs
    else { return true }
    guard let known = written.offset, let offset else { return offset != nil }
    return known.evidence != offset.evidence
      || abs(known.offsetMs - offset.offsetMs) > BufferReader.newsMs
      || offset.madeMs - known.madeMs > BufferReader.newsEveryMs
  }

  private static let newsMs: Int64 = 500
  private static let newsEveryMs: Int64 = 3_600_000

  /// - Parameter limit: `nil`: nothing has expired.
  /// - Returns: whether all that had expired is gone.
  private func writePositions(expiredAfter limit: Duration?) throws(BufferError) -> Bool {
    let buffer = buffer
    let isDirty = buffer.state.withLock { $0.isAcknowledgedDirty }
    return try access.locked { handles, marks throws(SQLiteError) in
      let streams = buffer.currentStreams
      var expired: [(Buffer.Stream, Int64)] = []
      if let limit {
        var ages = BufferAge(buffer.clock, handles.database)
        for stream in streams {
          let key = try BufferReader.lastExpired(of: stream, after: limit, &ages, handles.database)
          if let key { expired.append((stream, key)) }
        }
      }
      let surplus = BufferReader.surplus(streams)
      guard isDirty || !expired.isEmpty || !surplus.isEmpty else { return true }
      try BufferSpace.transaction(handles.database) { () throws(SQLiteError) in
        for stream in streams {
          try handles.database.execute(
            "UPDATE streams SET acknowledged = \(stream.acknowledged), "
              + "floor = max(floor, \(stream.next)) "
              + "WHERE number = \(stream.number) AND acknowledged <> \(stream.acknowledged)")
        }
        for (stream, key) in expired {
          let range = SegmentKey.range(stream.number)
          try handles.database.execute(
            """
            DELETE FROM segments WHERE key BETWEEN \(range.lowerBound) AND \(key);
            UPDATE streams SET floor = max(floor, \(stream.next)) WHERE number = \(stream.number)
            """)
        }
        for stream in surplus {
          let range = SegmentKey.range(stream.number)
          try handles.database.execute(
            """
            DELETE FROM holes WHERE key BETWEEN \(range.lowerBound) AND \(range.upperBound);
            DELETE FROM streams WHERE number = \(stream.number)
            """)
        }
      }
      for (stream, _) in expired {
        let extent = try BufferFile.extent(handles.database, stream.number)
        buffer.update(stream.id) { $0.oldestHeld = extent?.first ?? $0.next }
      }
      buffer.state.withLock { state in
        state.isAcknowledgedDirty = false
        state.streams.removeAll { stream in surplus.contains { $0.id == stream.id } }
      }
      marks.streams.removeAll { stream in surplus.contains { $0.id == stream.id } }
      return expired.isEmpty
    }
  }

  /// The last key of a bounded run of segments, from the oldest on, that are acknowledged and older
  /// than the limit; `nil`: there is none. What is of unknown age stays, until its place is needed.
  private static func lastExpired(
    of stream: Buffer.Stream, after limit: Duration, _ ages: inout BufferAge, _ database: Database
  ) throws(SQLiteError) -> Int64? {
    guard stream.oldestHeld < stream.acknowledged else { return nil }
    let range = SegmentKey.range(stream.number)
    var last: Int64?
    let select = try database.prepare(
      """
      SELECT key, count, received_ms, boot, boot_ms FROM segments
        WHERE key BETWEEN \(range.lowerBound) AND \(range.upperBound)
        ORDER BY key LIMIT \(prunedRowsMax)
      """)
    while try select.step() {
      let key = SegmentKey(raw: select.integer(0))
      guard key.end(count: select.integer(1)) <= stream.acknowledged else {
        break
      }
      if limit > .zero {
        let age = try ages.age(ClockMark(select, at: 3), stampedMs: select.integer(2))
        guard let age, age > limit else { break }
      }
      last = key.raw
    }
    return last
  }

  /// Finished streams beyond what a status can name: an aggregator that was restored from an older
  /// copy could not ask for them.
  private static func surplus(_ streams: [Buffer.Stream]) -> [Buffer.Stream] {
    streams.dropLast(AgentStatus.streamsMax).filter {
      $0.acknowledged == $0.next && $0.oldestHeld == $0.next
    }
  }
}
