import Daemon
package import MQTT
package import Protocol
import SQLite
import Synchronization

/// The intake's side of the buffer. Owned by the intake's thread.
package final class BufferWriter {
  private let buffer: Buffer
  private let access: BufferAccess<Handles>
  /// What rejections and acceptances have come to since the file was made, as in its table.
  package private(set) var counts = Counts()
  private(set) var window = ArrivalWindow()
  private(set) var numbered = NumberedRanges()
  /// Row of the last commit's arrivals.
  private var arrivalNumber: Int64 = 0
  /// Messages in each row of arrivals, oldest first: what may be deleted.
  private var arrivalRows: [(number: Int64, count: Int)] = []
  private var isFilled = false

  /// What one commit stores.
  package struct Group {
    /// In order of arrival.
    package var measurements: [Measurement] = []
    /// Without the accepted.
    package private(set) var rejected = Counts()

    private static let sampleBytesMax = 256

    package init() {}

    package var isEmpty: Bool { measurements.isEmpty && rejected.entries.isEmpty }

    /// - Parameter payload: that they are of; its beginning is kept with the last of them.
    package mutating func reject(_ rejections: [Rejection], of payload: [UInt8]) {
      guard !rejections.isEmpty else { return }
      let sample = String(decoding: payload.prefix(Self.sampleBytesMax), as: UTF8.self)
      for rejection in rejections { rejected.add(rejection, sample: sample) }
    }

    package mutating func removeAll() {
      measurements.removeAll(keepingCapacity: true)
      rejected = Counts()
    }
  }

  /// Rows of one segment: few enough for a batch's bytes whatever their texts are.
  static let rowsMax = 1_024

  final class Handles {
    let database: Database
    let space: BufferSpace
    let insertSegment: Statement
    let insertArrivals: Statement
    let deleteArrivals: Statement
    let writeCount: Statement
    let numbered: NumberedTable

    init(_ database: Database, _ settings: BufferSettings) throws(SQLiteError) {
      self.database = database
      space = try BufferSpace(database)
      insertSegment = try database.prepare("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)")
      insertArrivals = try database.prepare("INSERT OR REPLACE INTO arrivals VALUES (?, ?)")
      deleteArrivals = try database.prepare("DELETE FROM arrivals WHERE number <= ?")
      writeCount = try database.prepare("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?, ?)")
      numbered = try NumberedTable(database, bufferBytesMax: settings.bytesMax)
    }
  }

  package init(_ buffer: Buffer) throws(BufferError) {
    self.buffer = buffer
    let settings = buffer.settings
    access = BufferAccess(buffer) { database throws(SQLiteError) in
      try Handles(database, settings)
    }
    try fill()
  }

  package var clock: HostClock { buffer.clock }

  // MARK: Messages

  package func connected() { window.connected() }

  package func isRedelivery(_ message: Message) -> Bool { window.isRedelivery(message) }

  /// Leaves in a numbered payload what is not stored yet, and notes its numbers for this commit.
  package func keepNew(_ payload: inout ParsedPayload) throws(BufferError) {
    guard let numbers = payload.numbered, numbers.count > 0 else { return }
    if !numbered.isKnown(numbers.id) {
      let ranges = try access.use { handles throws(SQLiteError) in
        try handles.numbered.ranges(of: numbers.id)
      }
      numbered.learn(numbers.id, ranges)
    }
    var kept: [Measurement] = []
    for (measurement, place) in zip(payload.measurements, numbers.places)
    where !numbered.contains(numbers.id, numbers.first + Int64(place)) {
      kept.append(measurement)
    }
    payload.measurements = kept
    numbered.insert(
      numbers.id, numbers.first...(numbers.first + Int64(numbers.count) - 1))
  }

  /// The messages since the last commit were not stored, and will come again.
  package func forget() {
    window.forgotten()
    numbered.forgotten()
  }

  // MARK: Commit

  /// Lets a file go that somebody else found damaged. To be called now and then also while nothing
  /// comes: the file is replaced when its last connection is closed, and delivery waits for that.
  package func yieldIfDamaged() { _ = access.yieldIfReplacing() }

  /// Stores the group and everything that was noted of its messages, in one transaction. When it
  /// returns, all of it is on the disk; when it throws, nothing is, and it may be tried again.
  ///
  /// - Parameters:
  ///   - nowMs: by the clock that stamped the group's arrivals.
  ///   - mark: `nil`: that clock is right.
  package func commit(
    _ group: Group, nowMs: Int64, mark: ClockMark? = nil
  ) throws(BufferError) {
    if !isFilled { try fill() }
    var next = counts
    next.add(group, nowMs: nowMs)
    let handles = try access.ready()
    let segments = encode(group.measurements, nowMs: nowMs, mark)
    do throws(CommitFailure) {
      try buffer.writing.withLock { marks throws(CommitFailure) in
        try commit(segments, next, nowMs, handles, &marks)
      }
    } catch {
      // Not within the lock, which a replacement takes.
      switch error {
      case .sqlite(let error): throw access.failure(error)
      case .buffer(let error): throw error
      }
    }
    counts = next
    counts.changed.removeAll()
    window.committed()
    let figures = counts.figures
    buffer.state.withLock {
      $0.figures.accepted = figures.accepted
      $0.figures.rejected = figures.rejected
    }
    if !segments.isEmpty { buffer.wakeUp.signal() }
  }

  private enum CommitFailure: Error {
    case sqlite(SQLiteError)
    case buffer(BufferError)
  }

  private struct EncodedSegment {
    let count: Int
    let receivedMs: Int64
    let mark: ClockMark?
    let bytes: [UInt8]
    /// Source of its last row, if it holds records of `hatang-agent check`.
    let check: String?
  }

  private func encode(
    _ measurements: [Measurement], nowMs: Int64, _ mark: ClockMark?
  ) -> [EncodedSegment] {
    let isCheck = { (measurement: Measurement) in measurement.kind == .check }
    guard measurements.contains(where: isCheck) else { return pieces(measurements, nowMs, mark) }
    // An aggregator that does not know the kind cannot decode their segment.
    return pieces(measurements.filter { !isCheck($0) }, nowMs, mark)
      + pieces(measurements.filter(isCheck), nowMs, mark)
  }

  private func pieces(
    _ measurements: [Measurement], _ nowMs: Int64, _ mark: ClockMark?
  ) -> [EncodedSegment] {
    stride(from: 0, to: measurements.count, by: BufferWriter.rowsMax).map { start in
      let rows = Array(measurements[start..<min(start + BufferWriter.rowsMax, measurements.count)])
      return EncodedSegment(
        count: rows.count, receivedMs: nowMs, mark: mark,
        bytes: Segment.encode(rows, receivedMs: nowMs),
        check: rows[0].kind == .check ? rows[rows.count - 1].source : nil)
    }
  }

  /// Within the lock.
  private func commit(
    _ segments: [EncodedSegment], _ counts: Counts, _ nowMs: Int64, _ handles: Handles,
    _ marks: inout Marks
  ) throws(CommitFailure) {
    let bytes = segments.reduce(0) { $0 + $1.bytes.count + 64 } + 8 * window.pending.count
    let rows = segments.reduce(0) { $0 + $1.count }
    let live: Buffer.Stream
    let room: BufferSpace.Outcome
    do throws(SQLiteError) {
      room = try handles.space.makeRoom(for: Int64(bytes + numbered.changedBytes), buffer)
    } catch { throw .sqlite(error) }
    do throws(BufferError) {
      try room.orThrow()
      live = try reserve(SequenceNumber(rows), handles, &marks)
    } catch { throw .buffer(error) }
    let arrivals = ArrivalWindow.encode(window.pending)
    var newRows = arrivalRows
    var isPruned = false
    do throws(SQLiteError) {
      try BufferSpace.transaction(handles.database) { () throws(SQLiteError) in
        var end = live.next
        for segment in segments {
          try insert(segment, SegmentKey(live.number, end), handles)
          end += SequenceNumber(segment.count)
        }
        if !arrivals.isEmpty { try store(arrivals, &newRows, handles) }
        for change in counts.changed { try write(change, counts, handles) }
        isPruned = try handles.numbered.write(numbered.changes, nowMs: nowMs)
      }
    } catch { throw .sqlite(error) }
    if !arrivals.isEmpty {
      arrivalNumber += 1
      arrivalRows = newRows
    }
    numbered.committed(isPruned: isPruned)
    buffer.update(live.id) { $0.next = live.next + SequenceNumber(rows) }
    note(segments, of: live, bytes: bytes, rows: rows)
  }

  /// What status and check are told of this commit.
  private func note(
    _ segments: [EncodedSegment], of stream: Buffer.Stream, bytes: Int, rows: Int
  ) {
    buffer.state.withLock { state in
      state.recent.add(rows: rows, bytes: bytes, now: monotonicNow())
      // Records of a check are the last rows of a commit.
      guard let last = segments.last, let source = last.check else { return }
      state.lastCheck = CheckRecord(
        source: source, stream: stream.id, number: stream.next + SequenceNumber(rows) - 1,
        takenMs: last.receivedMs)
    }
  }

  private func insert(
    _ segment: EncodedSegment, _ key: SegmentKey, _ handles: Handles
  ) throws(SQLiteError) {
    try handles.insertSegment.bind(1, key.raw)
    try handles.insertSegment.bind(2, Int64(segment.count))
    try handles.insertSegment.bind(3, segment.receivedMs)
    try handles.insertSegment.bind(
      4,
      Digest.segment(
        key: key.raw, count: Int64(segment.count), receivedMs: segment.receivedMs,
        mark: segment.mark, bytes: segment.bytes))
    try handles.insertSegment.bind(5, segment.bytes)
    try handles.insertSegment.bind(6, segment.mark?.boot)
    try handles.insertSegment.bind(7, segment.mark?.bootMs)
    try handles.insertSegment.run()
  }

  /// The arrivals of this commit; older rows go when the rest still fills the window.
  private func store(
    _ arrivals: [UInt8], _ rows: inout [(number: Int64, count: Int)], _ handles: Handles
  ) throws(SQLiteError) {
    let number = arrivalNumber + 1
    try handles.insertArrivals.bind(1, number)
    try handles.insertArrivals.bind(2, arrivals)
    try handles.insertArrivals.run()
    rows.append((number, window.pending.count))
    var total = rows.reduce(0) { $0 + $1.count }
    var gone = 0
    while gone < rows.count, total - rows[gone].count >= ArrivalWindow.messagesMax {
      total -= rows[gone].count
      gone += 1
    }
    // Not one by one: each deletion touches pages of its own.
    guard gone >= BufferWriter.arrivalRowsAtOnce else { return }
    try handles.deleteArrivals.bind(1, rows[gone - 1].number)
    try handles.deleteArrivals.run()
    rows.removeFirst(gone)
  }

  private static let arrivalRowsAtOnce = 32

  private func write(
    _ key: Counts.Key, _ counts: Counts, _ handles: Handles
  ) throws(SQLiteError) {
    guard let entry = counts.entries[key] else { return }
    try handles.writeCount.bind(1, key.kind)
    try handles.writeCount.bind(2, key.field)
    try handles.writeCount.bind(3, Int64(entry.count))
    try handles.writeCount.bind(4, entry.lastMs)
    try handles.writeCount.bind(5, entry.reason)
    try handles.writeCount.bind(6, entry.sample)
    try handles.writeCount.run()
  }

  // MARK: Numbers

  /// Makes sure that the marks cover the numbers of this commit before one of them is given.
  private func reserve(
    _ count: SequenceNumber, _ handles: Handles, _ marks: inout Marks
  ) throws(BufferError) -> Buffer.Stream {
    let live: Buffer.Stream
    if let present = buffer.live, present.next + count <= SegmentKey.sequenceMax {
      live = present
    } else {
      live = try buffer.beginStream(handles.database, &marks)
    }
    guard let index = marks.streams.firstIndex(where: { $0.id == live.id }) else {
      throw BufferError(.replacing, "\(buffer.settings.path) has no marks of its live stream")
    }
    let end = live.next + count
    guard marks.streams[index].bound < end else { return live }
    let streams = buffer.currentStreams
    for index in marks.streams.indices {
      guard let stream = streams.first(where: { $0.id == marks.streams[index].id }) else {
        continue
      }
      marks.streams[index].acknowledged = stream.acknowledged
    }
    let before = marks.streams[index].bound
    marks.streams[index].bound = min(
      end + max(Marks.reserveMin, 8 * count), SegmentKey.sequenceMax)
    do throws(FileError) {
      try marks.write(beside: buffer.settings.path)
    } catch {
      marks.streams[index].bound = before
      throw BufferError(error)
    }
    return live
  }

  /// After the last commit.
  package func close() { access.close() }

  // MARK: Beginning

  /// What the file knows of former commits.
  private func fill() throws(BufferError) {
    try access.use { handles throws(SQLiteError) in
      var messages: [UInt64] = []
      arrivalRows = []
      do {
        let select = try handles.database.prepare(
          "SELECT number, messages FROM arrivals ORDER BY number")
        while try select.step() {
          let row = ArrivalWindow.decode(select.blob(1))
          arrivalNumber = select.integer(0)
          arrivalRows.append((arrivalNumber, row.count))
          messages += row
        }
      }
      window = ArrivalWindow(messages.suffix(ArrivalWindow.messagesMax))
      counts = try Counts(handles.database)
    }
    isFilled = true
  }
}
