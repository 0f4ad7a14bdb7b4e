import Daemon
import Protocol
import SQLite
import Synchronization

/// Keeps the buffer within its bounds: bytes of file and log, and free bytes of the disk. At a
/// bound, segments that are only kept in case the aggregator asks again go first; they need no
/// hole. Then the policy decides. Called within `Buffer.writing`, outside a transaction.
final class BufferSpace {
  private let database: Database
  private let pageCount: Statement
  private let freePageCount: Statement

  /// Whether there is room.
  enum Outcome: Sendable {
    case enough
    /// Why not, for people.
    case full(String)

    func orThrow() throws(BufferError) {
      if case .full(let reason) = self { throw BufferError(.full, reason) }
    }
  }

  /// Pages that one commit may take beside its bytes: of trees that grow, of small tables.
  private static let slackBytes: Int64 = 32 * BufferSchema.pageBytes
  /// What is freed at once is this part of the bound, so that not each commit has to.
  private static let freedShare: Int64 = 64
  private static let rowsAtOnce: Int64 = 64
  /// From then on only what is needed is freed: the intake waits for it, and its watchdog with it.
  private static let freeingMax: Duration = .seconds(1)

  init(_ database: Database) throws(SQLiteError) {
    self.database = database
    pageCount = try database.prepare("PRAGMA page_count")
    freePageCount = try database.prepare("PRAGMA freelist_count")
  }

  /// Bytes in use, without free pages and without the log.
  func usedBytes() throws(SQLiteError) -> Int64 {
    (try value(pageCount) - (try value(freePageCount))) * BufferSchema.pageBytes
  }

  func makeRoom(for bytes: Int64, _ buffer: Buffer) throws(SQLiteError) -> Outcome {
    let need = bytes + BufferSpace.slackBytes
    guard let reason = try shortage(of: need, buffer) else { return .enough }
    let target = max(need, buffer.fileBytesMax / BufferSpace.freedShare)
    // Also where the disk is short: pages freed inside the file are used before it grows.
    if try free(target, atLeast: need, isDropping: false, buffer) { return .enough }
    if buffer.settings.whenFull == .dropOldest {
      if try free(target, atLeast: need, isDropping: true, buffer) { return .enough }
    }
    return try shortage(of: need, buffer).map { _ in .full(reason) } ?? .enough
  }

  /// `nil`: so many bytes fit.
  private func shortage(of need: Int64, _ buffer: Buffer) throws(SQLiteError) -> String? {
    let pages = try value(pageCount)
    let free = try value(freePageCount) * BufferSchema.pageBytes
    let fileBytes = pages * BufferSchema.pageBytes
    let bound = buffer.fileBytesMax
    let used = fileBytes - free
    buffer.state.withLock {
      $0.figures.bytes = UInt64(used)
    }
    guard used + need <= bound else {
      return "max_bytes: \(used) bytes of \(bound) are in use"
    }
    // What fits into free pages does not need the disk, but for the log.
    if free >= need { return nil }
    let path = buffer.settings.path
    guard let onDisk = try? Files.freeBytes(path) else { return nil }
    let least = buffer.settings.freeBytesMin
    guard onDisk - need >= least else {
      return "min_free_bytes: \(onDisk) bytes are free on the disk, at least \(least) must stay"
    }
    return nil
  }

  private func value(_ pragma: borrowing Statement) throws(SQLiteError) -> Int64 {
    guard try pragma.step() else { return 0 }
    let value = pragma.integer(0)
    pragma.reset()
    return value
  }

  /// Deletes the oldest segments until so many bytes are free inside the file; where that takes
  /// long, until enough are.
  ///
  /// - Parameter isDropping: also those without a receipt, with a hole for each.
  /// - Returns: whether they are.
  private func free(
    _ bytes: Int64, atLeast enough: Int64, isDropping: Bool, _ buffer: Buffer
  ) throws(SQLiteError) -> Bool {
    let end = monotonicNow() + BufferSpace.freeingMax
    for stream in buffer.currentStreams {
      while true {
        let freed = try value(freePageCount) * BufferSchema.pageBytes
        if freed >= bytes || (freed >= enough && monotonicNow() >= end) { return true }
        guard try deleteOldest(of: stream.id, isDropping: isDropping, buffer) else { break }
      }
    }
    return false
  }

  /// - Returns: whether anything was deleted.
  private func deleteOldest(
    of id: StreamID, isDropping: Bool, _ buffer: Buffer
  ) throws(SQLiteError) -> Bool {
    // The uplink may move `acknowledged` meanwhile; then a hole covers what was receipted after
    // all, which says nothing to the aggregator.
    guard let stream = buffer.currentStreams.first(where: { $0.id == id }) else { return false }
    let doomed = try oldest(of: stream, isDropping: isDropping)
    guard let last = doomed.last else { return false }
    let end = SegmentKey(raw: last.key).end(count: last.count)
    let lost = doomed.filter {
      SegmentKey(raw: $0.key).end(count: $0.count) > stream.acknowledged
    }
    try BufferSpace.transaction(database) { () throws(SQLiteError) in
      try database.execute(
        """
        DELETE FROM segments WHERE key BETWEEN \(doomed[0].key) AND \(last.key);
        UPDATE streams SET floor = max(floor, \(end)), acknowledged = max(
          acknowledged, \(min(stream.acknowledged, end))) WHERE number = \(stream.number)
        """)
      if let first = lost.first {
        try BufferSpace.declare(
          first: SegmentKey(raw: first.key), end: end, .bufferFull, database)
      }
    }
    let extent = try BufferFile.extent(database, stream.number)
    buffer.update(id) { $0.oldestHeld = extent?.first ?? $0.next }
    return true
  }

  private func oldest(
    of stream: Buffer.Stream, isDropping: Bool
  ) throws(SQLiteError) -> [(key: Int64, count: Int64)] {
    var rows: [(key: Int64, count: Int64)] = []
    let range = SegmentKey.range(stream.number)
    let select = try database.prepare(
      """
      SELECT key, count FROM segments WHERE key BETWEEN \(range.lowerBound)
        AND \(range.upperBound) ORDER BY key LIMIT \(BufferSpace.rowsAtOnce)
      """)
    var next: SequenceNumber = 0
    while try select.step() {
      let row = (key: select.integer(0), count: select.integer(1))
      let first = SegmentKey(raw: row.key).number
      let end = SegmentKey(raw: row.key).end(count: row.count)
      // A turned bit would declare lost what is held, or what was never given.
      guard first >= next, first < end, end <= stream.next else {
        throw .damage(database.path, "the segment at \(first) has \(row.count) measurements")
      }
      next = end
      let isKept = end <= stream.acknowledged
      // Never both in one transaction.
      guard isKept || isDropping, rows.isEmpty || isDropping || isKept else { break }
      rows.append(row)
    }
    return rows
  }

  /// Enters a hole, joined with the one before it if that ends here for the same reason.
  static func declare(
    first: SegmentKey, end: SequenceNumber, _ reason: LossReason, _ database: Database
  ) throws(SQLiteError) {
    let before = try database.prepare(
      """
      SELECT key, count, reason FROM holes
        WHERE key BETWEEN \(SegmentKey.range(first.stream).lowerBound) AND \(first.raw - 1)
        ORDER BY key DESC LIMIT 1
      """)
    if try before.step(), before.integer(0) &+ before.integer(1) == first.raw,
      before.integer(2) == reason.rawValue
    {
      let start = SegmentKey(raw: before.integer(0)).number
      try database.execute(
        "UPDATE holes SET count = \(end - start) WHERE key = \(before.integer(0))")
    } else {
      try database.execute(
        "INSERT INTO holes VALUES (\(first.raw), \(end - first.number), \(reason.rawValue))")
    }
  }

  static func transaction(
    _ database: Database, _ body: () throws(SQLiteError) -> Void
  ) throws(SQLiteError) {
    try database.execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      try body()
      try database.execute("COMMIT")
    } catch {
      if database.isInTransaction { try? database.execute("ROLLBACK") }
      throw error
    }
  }
}
