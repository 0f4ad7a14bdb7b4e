import Protocol
import SQLite

/// The present file, as the salvage writes it.
final class SalvageTarget {
  let database: Database
  let space: BufferSpace
  private let insertSegment: Statement
  private let insertHole: Statement

  init(_ database: Database) throws(SQLiteError) {
    self.database = database
    space = try BufferSpace(database)
    // Only into streams that are not sent yet, and below their bounds.
    let condition = """
      WHERE EXISTS (SELECT 1 FROM streams WHERE number = ?1 >> \(SegmentKey.sequenceBits)
        AND is_whole = 0 AND floor >= (?1 & \((1 << SegmentKey.sequenceBits) - 1)) + ?2)
      """
    insertSegment = try database.prepare(
      "INSERT OR IGNORE INTO segments SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 \(condition)")
    insertHole = try database.prepare(
      "INSERT OR IGNORE INTO holes SELECT ?1, ?2, ?3 \(condition)")
  }

  func insert(_ row: SalvageSource.Row) throws(SQLiteError) {
    try insertSegment.bind(1, row.key)
    try insertSegment.bind(2, row.count)
    try insertSegment.bind(3, row.receivedMs)
    try insertSegment.bind(4, row.digest)
    try insertSegment.bind(5, row.bytes)
    try insertSegment.bind(6, row.mark?.boot)
    try insertSegment.bind(7, row.mark?.bootMs)
    try insertSegment.run()
  }

  func insert(_ hole: SalvageSource.Hole) throws(SQLiteError) {
    guard hole.count > 0, LossReason(rawValue: hole.reason) != nil else { return }
    try insertHole.bind(1, hole.key)
    try insertHole.bind(2, hole.count)
    try insertHole.bind(3, hole.reason)
    try insertHole.run()
  }

  /// Numbers of a stream that is being salvaged which nothing accounts for.
  struct Gap: Sendable {
    let stream: Int64
    let first: SequenceNumber
    let end: SequenceNumber
  }

  private struct ClosedStream {
    let number: Int64
    let acknowledged: SequenceNumber
    let bound: SequenceNumber
  }

  /// So many rows are read in one go: a longer one would keep the log from being written back.
  private static let rowsAtOnce = 4_096

  /// Whatever lies between what is held and what was lost before, from the oldest that is held, or
  /// not acknowledged, up to the bound. It reads a row of every segment, which may take minutes:
  /// not within `Buffer.writing`. Nobody else writes to these streams.
  ///
  /// - Parameter isStopped: ends it early; then it has not seen all.
  func gaps(until isStopped: () -> Bool) throws(SQLiteError) -> [Gap] {
    var gaps: [Gap] = []
    for stream in try closedStreams() where !isStopped() {
      var next: SequenceNumber?
      var last = SegmentKey(stream.number, 0).raw - 1
      while !isStopped() {
        let rows = try rows(of: stream.number, after: last)
        guard let newest = rows.last else { break }
        last = newest.key
        for row in rows {
          let key = SegmentKey(raw: row.key)
          let start = next ?? min(key.number, stream.acknowledged)
          if key.number > start {
            gaps.append(Gap(stream: stream.number, first: start, end: key.number))
          }
          next = max(next ?? 0, key.end(count: row.count))
        }
      }
      let start = next ?? stream.acknowledged
      if stream.bound > start {
        gaps.append(Gap(stream: stream.number, first: start, end: stream.bound))
      }
    }
    return gaps
  }

  private func closedStreams() throws(SQLiteError) -> [ClosedStream] {
    var streams: [ClosedStream] = []
    let select = try database.prepare(
      "SELECT number, acknowledged, floor FROM streams WHERE is_whole = 0")
    while try select.step() {
      streams.append(
        ClosedStream(
          number: try BufferFile.streamNumber(select, database),
          acknowledged: SegmentKey.position(select.integer(1)),
          bound: SegmentKey.position(select.integer(2))))
    }
    return streams
  }

  /// Segments and holes in the order of their keys.
  private func rows(
    of stream: Int64, after last: Int64
  ) throws(SQLiteError) -> [(key: Int64, count: Int64)] {
    let end = SegmentKey.range(stream).upperBound
    var rows: [(key: Int64, count: Int64)] = []
    let select = try database.prepare(
      """
      SELECT key, count FROM segments WHERE key > \(last) AND key <= \(end)
      UNION ALL SELECT key, count FROM holes WHERE key > \(last) AND key <= \(end)
        ORDER BY 1 LIMIT \(SalvageTarget.rowsAtOnce)
      """)
    while try select.step() { rows.append((select.integer(0), select.integer(1))) }
    return rows
  }

  /// Declares the gaps lost; then the streams are whole.
  func declare(_ gaps: [Gap]) throws(SQLiteError) {
    for gap in gaps {
      try BufferSpace.declare(
        first: SegmentKey(gap.stream, gap.first), end: gap.end, .bufferDamaged, database)
    }
    try database.execute("UPDATE streams SET is_whole = 1 WHERE is_whole = 0")
  }
}
