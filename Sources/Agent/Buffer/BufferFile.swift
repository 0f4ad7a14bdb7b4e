import Daemon
import Protocol
import SQLite
import Synchronization

/// Making, opening and replacing the buffer's file. Called within `Buffer.writing`, with no
/// connection open to it.
enum BufferFile {
  /// A connection as both users need it.
  static func connect(_ path: String, logBytesMax: Int64) throws(SQLiteError) -> Database {
    let database = try Database(path: path, mode: .readWrite, busyTimeoutMs: 10_000)
    try database.execute(
      """
      PRAGMA synchronous = FULL; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY;
      PRAGMA wal_autocheckpoint = \(logBytesMax / BufferSchema.pageBytes);
      PRAGMA journal_size_limit = \(logBytesMax)
      """)
    return database
  }

  /// The file as it has to be before the first connection: present, of our schema, of the newest
  /// generation; replaced where it is damaged.
  static func prepare(_ buffer: Buffer, _ marks: inout Marks) throws(BufferError) {
    let path = buffer.settings.path
    let found: Marks?
    do throws(FileError) { found = try Marks.read(beside: path) } catch {
      throw BufferError(error)
    }
    marks = found ?? Marks()
    if let target = marks.replacing {
      // We ended in the midst of it.
      do throws(FileError) { try setAside(path, as: target) } catch { throw BufferError(error) }
    }
    guard Files.exists(path) else { return try make(buffer, &marks) }
    var isFinished = false
    var content: Content?
    do throws(SQLiteError) {
      // A file of another program, or a newer one, throws here and is not touched.
      let database = try openOrMigrate(path)
      if let generation = try generation(database) {
        isFinished = true
        if generation >= marks.generation {
          marks.generation = generation
          content = try Content(database, buffer, marks)
        }
      }
    } catch {
      // Rubbish without marks beside it was never our file.
      guard error.isCorrupt, found != nil, error.operation != "migrate" else {
        let isForeign = error.isCorrupt || error.operation == "migrate"
        throw BufferError(isForeign ? .foreign : .failed, error.description)
      }
      Log.error("the buffer is damaged", [("error", error)])
      return try replaceAnew(buffer, &marks)
    }
    if let content { return try begin(content, buffer, &marks) }
    // Of a lower generation: we ended between announcing a replacement and making it.
    if isFinished { return try replaceAnew(buffer, &marks) }
    // We ended while making it: nothing is in it yet.
    try make(buffer, &marks)
  }

  /// Replaces whatever lies there, not what a former attempt was about to set aside.
  private static func replaceAnew(_ buffer: Buffer, _ marks: inout Marks) throws(BufferError) {
    marks.replacing = nil
    try replace(buffer, &marks)
  }

  /// Sets the damaged file aside and makes a new one. What it held is salvaged later. A second
  /// attempt goes on where the first one failed.
  static func replace(_ buffer: Buffer, _ marks: inout Marks) throws(BufferError) {
    let path = buffer.settings.path
    do throws(FileError) {
      let target = if let begun = marks.replacing { begun } else { try announce(buffer, &marks) }
      try setAside(path, as: target)
      try removeUnfinished(path)
    } catch { throw BufferError(error) }
    try make(buffer, &marks)
  }

  /// - Returns: the name under which the file will be set aside.
  private static func announce(
    _ buffer: Buffer, _ marks: inout Marks
  ) throws(FileError) -> String {
    let path = buffer.settings.path
    let target = setAsidePath(path)
    var announced = marks
    announced.note(buffer.currentStreams)
    announced.generation += 1
    announced.setAside.append(target)
    announced.replacing = target
    try announced.write(beside: path)
    marks = announced
    Log.warning("the buffer is set aside and will be salvaged", [("file", target)])
    return target
  }

  /// Moves the file and then its log, as far as that has not been done. Once the file has moved,
  /// what lies at the path is a new one, and so is its log.
  private static func setAside(_ path: String, as target: String) throws(FileError) {
    if try Files.isMissing(target), try !Files.isMissing(path) {
      try Files.move(path, to: target)
    }
    if try Files.isMissing(path) {
      // The log belongs to it; the index of the log is made anew.
      if try !Files.isMissing(path + "-wal") {
        try Files.move(path + "-wal", to: target + "-wal")
      }
      try Files.remove(path + "-shm")
    }
    try Files.syncDirectory(of: path)
  }

  /// A new file that a former attempt did not come to an end with: nothing was stored in it. The
  /// file itself goes last: a log without one is taken for that of the file set aside.
  private static func removeUnfinished(_ path: String) throws(FileError) {
    for file in [path + "-wal", path + "-shm", path] { try Files.remove(file) }
  }

  private static func setAsidePath(_ path: String) -> String {
    let time = RFC3339.format(ms: wallClockMs()).filter { $0 != ":" && $0 != "-" && $0 != "." }
    var target = "\(path).damaged-\(time)"
    while Files.exists(target) || Files.exists(target + "-wal") { target += "x" }
    return target
  }

  private static func openOrMigrate(_ path: String) throws(SQLiteError) -> Database {
    let database = try Database(path: path, mode: .create, busyTimeoutMs: 10_000)
    try database.execute("PRAGMA page_size = \(BufferSchema.pageBytes)")
    try database.migrate(BufferSchema.migrations, applicationID: BufferSchema.applicationID)
    try database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    return database
  }

  /// A new file: with the old streams of the marks, closed until they are salvaged, and a live one.
  private static func make(_ buffer: Buffer, _ marks: inout Marks) throws(BufferError) {
    let content: Content
    do throws(SQLiteError) {
      let database = try openOrMigrate(buffer.settings.path)
      // All or nothing: a file that has its generation has the streams, too.
      try BufferSpace.transaction(database) { () throws(SQLiteError) in
        for stream in marks.streams { try insert(stream, isWhole: false, into: database) }
        for path in marks.setAside.reversed() where Files.exists(path) {
          // What older ones hold the last one holds too, if it could be read.
          try SmallTables.copy(from: path, into: database, mayWait: path == marks.setAside.last)
        }
        try database.execute(
          "INSERT OR REPLACE INTO meta VALUES ('generation', \(marks.generation))")
      }
      content = try Content(database, buffer, marks)
    } catch { throw BufferError(error) }
    try begin(content, buffer, &marks)
  }

  /// `nil`: the file was not finished.
  private static func generation(_ database: Database) throws(SQLiteError) -> Int64? {
    let select = try database.prepare("SELECT value FROM meta WHERE key = 'generation'")
    return try select.step() ? select.integer(0) : nil
  }

  static func insert(
    _ stream: Marks.Stream, isWhole: Bool, into database: Database
  ) throws(SQLiteError) {
    let insert = try database.prepare("INSERT OR IGNORE INTO streams VALUES (?, ?, ?, ?, ?)")
    try insert.bind(1, stream.number)
    try insert.bind(2, stream.id.bytes)
    try insert.bind(3, Int64(stream.acknowledged))
    try insert.bind(4, Int64(stream.bound))
    try insert.bind(5, isWhole ? 1 : 0)
    try insert.run()
  }

  /// What is read of a file before it is used.
  private struct Content {
    let database: Database
    /// That may be sent.
    let streams: [Buffer.Stream]
    /// Of all streams.
    let ids: Set<StreamID>
    let figures: BufferFigures

    init(_ database: Database, _ buffer: Buffer, _ marks: Marks) throws(SQLiteError) {
      self.database = database
      streams = try wholeStreams(database, marks)
      ids = try BufferFile.ids(database)
      figures = try BufferFile.figures(database)
      try BootTable.note(buffer.clock, database)
    }
  }

  /// Begins a live stream where there is none; then the file is in use. Where that fails, nothing
  /// has changed: the file waits to be replaced as before.
  private static func begin(
    _ content: Content, _ buffer: Buffer, _ marks: inout Marks
  ) throws(BufferError) {
    var known = marks
    // Announced, but the program ended before the file knew it.
    known.streams.removeAll { !content.ids.contains($0.id) }
    known.add(content.streams)
    known.replacing = nil
    var streams = content.streams
    // The highest number is live; a stream that is being salvaged never is.
    let newest = known.streams.map(\.number).max()
    if streams.isEmpty || streams.last?.number != newest {
      streams.append(try buffer.makeStream(content.database, &known))
    }
    marks = known
    buffer.state.withLock { state in
      state.generation = known.generation
      state.isReplacing = false
      state.failedReplacement = nil
      state.streams = streams
      state.figures = content.figures
    }
  }

  private static func ids(_ database: Database) throws(SQLiteError) -> Set<StreamID> {
    var ids: Set<StreamID> = []
    let select = try database.prepare("SELECT id FROM streams")
    while try select.step() {
      if let id = StreamID(bytes: select.blob(0)) { ids.insert(id) }
    }
    return ids
  }

  /// Positions of all streams that may be sent, oldest first.
  static func wholeStreams(
    _ database: Database, _ marks: Marks
  ) throws(SQLiteError) -> [Buffer.Stream] {
    var streams: [Buffer.Stream] = []
    let select = try database.prepare(
      "SELECT number, id, acknowledged, floor FROM streams WHERE is_whole = 1 ORDER BY number")
    while try select.step() {
      guard let id = StreamID(bytes: select.blob(1)) else { continue }
      let number = try streamNumber(select, database)
      let floor = SegmentKey.position(select.integer(3))
      // What the marks do not know could not be salvaged.
      if marks.streams.contains(where: { $0.id == id }) { try checkNewest(of: number, database) }
      let extent = try extent(database, number)
      let next = max(floor, extent?.end ?? 0)
      streams.append(
        Buffer.Stream(
          number: number, id: id, oldestHeld: extent?.first ?? next, next: next,
          acknowledged: min(SegmentKey.position(select.integer(2)), next)))
    }
    return streams
  }

  /// From the first column.
  static func streamNumber(
    _ row: borrowing Statement, _ database: Database
  ) throws(SQLiteError) -> Int64 {
    let number = row.integer(0)
    guard (0...SegmentKey.streamMax).contains(number) else {
      throw .damage(database.path, "a stream has the number \(number)")
    }
    return number
  }

  /// The newest segment says where its stream goes on: a smaller count would give numbers twice.
  private static func checkNewest(of stream: Int64, _ database: Database) throws(SQLiteError) {
    let range = SegmentKey.range(stream)
    let newest = try database.prepare(
      """
      SELECT \(SalvageSource.Row.columns) FROM segments
        WHERE key BETWEEN \(range.lowerBound) AND \(range.upperBound) ORDER BY key DESC LIMIT 1
      """)
    guard try newest.step() else { return }
    let row = SalvageSource.Row(newest)
    guard row.isSound else {
      let first = SegmentKey(raw: row.key).number
      throw .damage(database.path, "the segment at \(first) is not what was written")
    }
  }

  /// First and end of what is held of a stream; `end` also counts holes.
  static func extent(
    _ database: Database, _ stream: Int64
  ) throws(SQLiteError) -> (first: SequenceNumber?, end: SequenceNumber)? {
    let range = SegmentKey.range(stream)
    let span = "key BETWEEN \(range.lowerBound) AND \(range.upperBound)"
    var first: SequenceNumber?
    var end: SequenceNumber = 0
    do {
      let oldest = try database.prepare(
        "SELECT key FROM segments WHERE \(span) ORDER BY key LIMIT 1")
      if try oldest.step() { first = SegmentKey(raw: oldest.integer(0)).number }
    }
    for table in ["segments", "holes"] {
      let newest = try database.prepare(
        "SELECT key, count FROM \(table) WHERE \(span) ORDER BY key DESC LIMIT 1")
      if try newest.step() {
        end = max(end, SegmentKey(raw: newest.integer(0)).end(count: newest.integer(1)))
      }
    }
    return end == 0 ? nil : (first, end)
  }

  static func figures(_ database: Database) throws(SQLiteError) -> BufferFigures {
    var figures = BufferFigures()
    let select = try database.prepare("SELECT field = '', sum(count) FROM counts GROUP BY 1")
    while try select.step() {
      let count = UInt64(max(0, select.integer(1)))
      if select.integer(0) == 1 { figures.accepted = count } else { figures.rejected = count }
    }
    return figures
  }
}
