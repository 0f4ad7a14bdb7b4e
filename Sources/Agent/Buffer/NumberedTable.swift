import SQLite

/// The table of numbered ranges, through the intake's connection.
///
/// It is bounded, for a device may number with gaps, or under a new id each time: beyond the bound
/// the ranges that were used longest ago go, and what comes again of their numbers counts again.
final class NumberedTable {
  private let database: Database
  private let select: Statement
  private let delete: Statement
  private let insert: Statement
  private let rowsMax: Int64
  /// `used_ms` of the last commit; `nil`: the table has not been asked.
  private var lastUsedMs: Int64?
  /// Rows that may be written before the table is looked at again.
  private var rowsUntilLook: Int64 = 0

  /// One row for so many bytes of the buffer: a row takes some 150, so the table remains a small
  /// part of it.
  private static let bytesPerRow: Int64 = 4_096
  private static let rowsMax: Int64 = 100_000
  /// A table of before there was a bound is brought to it step by step.
  private static let prunedAtOnce: Int64 = 16_384

  init(_ database: Database, bufferBytesMax: Int64) throws(SQLiteError) {
    self.database = database
    rowsMax = min(NumberedTable.rowsMax, bufferBytesMax / NumberedTable.bytesPerRow)
    select = try database.prepare("SELECT first, last FROM numbered WHERE id = ? ORDER BY first")
    delete = try database.prepare("DELETE FROM numbered WHERE id = ? AND first = ?")
    insert = try database.prepare("INSERT OR REPLACE INTO numbered VALUES (?, ?, ?, ?)")
  }

  func ranges(of id: String) throws(SQLiteError) -> RangeList {
    var ranges: [ClosedRange<Int64>] = []
    try select.bind(1, id)
    while try select.step() {
      let (first, last) = (select.integer(0), select.integer(1))
      if first <= last { ranges.append(first...last) }
    }
    return RangeList(ranges)
  }

  /// Within a transaction.
  ///
  /// - Returns: whether ranges went that are not among the changes.
  func write(
    _ changes: [String: NumberedRanges.Change], nowMs: Int64
  ) throws(SQLiteError) -> Bool {
    guard !changes.isEmpty else { return false }
    let usedMs = try nextUsedMs(nowMs)
    for (id, change) in changes {
      for first in change.gone {
        try delete.bind(1, id)
        try delete.bind(2, first)
        try delete.run()
      }
      for (first, last) in change.new {
        try insert.bind(1, id)
        try insert.bind(2, first)
        try insert.bind(3, last)
        try insert.bind(4, usedMs)
        try insert.run()
        rowsUntilLook -= 1
      }
    }
    return rowsUntilLook <= 0 ? try prune() : false
  }

  /// Rises with each commit, also where the clock goes back.
  private func nextUsedMs(_ nowMs: Int64) throws(SQLiteError) -> Int64 {
    var last: Int64
    if let lastUsedMs {
      last = lastUsedMs
    } else {
      last = try database.integer("SELECT coalesce(max(used_ms), 0) FROM numbered")
      // It comes from a disk.
      last = min(last, Int64.max / 2)
    }
    last = max(nowMs, last + 1)
    lastUsedMs = last
    return last
  }

  /// Finding what was used longest ago takes reading the whole table, so it is not done for each
  /// row: an eighth of the bound is made free at a time.
  ///
  /// - Returns: whether anything went.
  private func prune() throws(SQLiteError) -> Bool {
    let freed = rowsMax / 8
    let excess = try database.integer("SELECT count(*) FROM numbered") - (rowsMax - freed)
    rowsUntilLook = excess <= NumberedTable.prunedAtOnce ? freed : 0
    guard excess > 0 else { return false }
    try database.execute(
      """
      DELETE FROM numbered WHERE (id, first) IN (SELECT id, first FROM numbered
        ORDER BY used_ms, first LIMIT \(min(excess, NumberedTable.prunedAtOnce)))
      """)
    return true
  }
}
