package import Protocol
import SQLite

/// The state by day but for counters, rebuilding it, and how long the segments are kept.
extension SQLiteStore {
  package func operatorID(plmn: String) throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      if let id = try found(state.findOperator, plmn) { return id }
      try state.insertOperator.bind(1, plmn)
      try state.insertOperator.run()
      return database.lastInsertRowID
    }
  }

  package func lineID(_ line: String, isSimulated: Bool) throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      let simulated: Int64 = isSimulated ? 1 : 0
      if let id = try foundLine(line, simulated) { return id }
      try state.insertLine.bind(1, line)
      try state.insertLine.bind(2, simulated)
      try state.insertLine.run()
      return database.lastInsertRowID
    }
  }

  private func foundLine(_ line: String, _ simulated: Int64) throws(SQLiteError) -> Int64? {
    defer { state.findLine.reset() }
    try state.findLine.bind(1, line)
    try state.findLine.bind(2, simulated)
    return try state.findLine.step() ? state.findLine.integer(0) : nil
  }

  package func merge(_ row: CoverageRow) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let merge = state
      try merge.mergeCoverage.bind(1, row.operatorID)
      try merge.mergeCoverage.bind(2, row.cell)
      try merge.mergeCoverage.bind(3, row.day)
      try merge.mergeCoverage.bind(4, row.source)
      try merge.mergeCoverage.bind(5, row.counts.conclusive)
      try merge.mergeCoverage.bind(6, row.counts.covered)
      try merge.mergeCoverage.bind(7, row.counts.strong)
      try merge.mergeCoverage.bind(8, row.counts.inconclusive)
      try merge.mergeCoverage.bind(9, row.counts.inaccurate)
      try merge.mergeCoverage.bind(10, row.counts.roaming)
      try merge.mergeCoverage.bind(11, row.counts.samples)
      try merge.mergeCoverage.bind(12, row.counts.oldestMs)
      try merge.mergeCoverage.bind(13, row.counts.newestMs)
      try merge.mergeCoverage.run()
    }
  }

  package func broadbandDay(_ key: BroadbandKey) throws(StoreError) -> BroadbandDay? {
    try attempt { () throws(SQLiteError) in
      let find = state
      defer { find.findBroadband.reset() }
      try find.findBroadband.bind(1, key.line)
      try find.findBroadband.bind(2, key.day)
      guard try find.findBroadband.step() else { return nil }
      func claim(_ column: Int32) -> BroadbandDay.Claim<Int64>? {
        guard let value = find.findBroadband.optionalInteger(column) else { return nil }
        return .init(timeMs: find.findBroadband.integer(column + 1), value: value)
      }
      var day = BroadbandDay()
      day.tests = find.findBroadband.integer(0)
      day.countedTests = find.findBroadband.integer(1)
      day.bestDownBps = find.findBroadband.optionalInteger(2)
      day.linkBps = find.findBroadband.optionalInteger(3)
      day.isWired = find.findBroadband.optionalInteger(4).map { $0 != 0 }
      if let area = find.findBroadband.optionalText(5) {
        day.area = .init(timeMs: find.findBroadband.integer(6), value: area)
      }
      day.provisionedBps = claim(7)
      day.offeredBps = claim(9)
      day.oldestMs = find.findBroadband.integer(11)
      day.newestMs = find.findBroadband.integer(12)
      return day
    }
  }

  package func save(_ day: BroadbandDay, _ key: BroadbandKey) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let save = state
      try save.saveBroadband.bind(1, key.line)
      try save.saveBroadband.bind(2, key.day)
      try save.saveBroadband.bind(3, day.tests)
      try save.saveBroadband.bind(4, day.countedTests)
      try save.saveBroadband.bind(5, day.bestDownBps)
      try save.saveBroadband.bind(6, day.linkBps)
      try save.saveBroadband.bind(7, day.isWired.map { $0 ? 1 : 0 } as Int64?)
      try save.saveBroadband.bind(8, day.area?.value)
      try save.saveBroadband.bind(9, day.area?.timeMs)
      try save.saveBroadband.bind(10, day.provisionedBps?.value)
      try save.saveBroadband.bind(11, day.provisionedBps?.timeMs)
      try save.saveBroadband.bind(12, day.offeredBps?.value)
      try save.saveBroadband.bind(13, day.offeredBps?.timeMs)
      try save.saveBroadband.bind(14, day.oldestMs)
      try save.saveBroadband.bind(15, day.newestMs)
      try save.saveBroadband.run()
    }
  }

  /// Where `segments` stops before its limit: one segment may have a megabyte, and one of a few
  /// hundred bytes 65,536 measurements.
  private static let segmentBytesMax = 16 << 20

  package func segments(
    after id: Int64, limit: Int
  ) throws(StoreError) -> [KeptSegment] {
    try attempt { () throws(SQLiteError) in
      defer { state.findSegments.reset() }
      try state.findSegments.bind(1, id)
      try state.findSegments.bind(2, Int64(limit))
      var segments: [KeptSegment] = []
      var (byteCount, samples) = (0, 0)
      while byteCount < SQLiteStore.segmentBytesMax, samples < Admission.groupSamplesMax,
        try state.findSegments.step()
      {
        let bytes = state.findSegments.blob(3)
        byteCount += bytes.count
        samples &+= Int(state.findSegments.integer(4))
        segments.append(
          KeptSegment(
            id: state.findSegments.integer(0), agent: state.findSegments.integer(1),
            arrivedMs: state.findSegments.integer(2), bytes: bytes))
      }
      return segments
    }
  }

  package func lastSegmentID() throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      try database.integer("SELECT coalesce(max(id), 0) FROM segments")
    }
  }

  package func deleteState(of kind: Kind) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try database.execute("DELETE FROM set_aside WHERE kind = '\(kind.name)'")
      switch kind {
      case .coverage: try database.execute("DELETE FROM coverage_days")
      case .broadband: try database.execute("DELETE FROM broadband_days")
      case .service:
        try database.execute("DELETE FROM service_days; DELETE FROM service_points")
      case .check: break
      }
    }
  }

  package func deleteSegments(
    after id: Int64, arrivedBefore ms: Int64, limit: Int
  ) throws(StoreError) -> Int {
    try attempt { () throws(SQLiteError) in
      try state.deleteSegments.bind(1, ms)
      try state.deleteSegments.bind(2, Int64(limit))
      try state.deleteSegments.bind(3, id)
      try state.deleteSegments.run()
      return Int(database.changes)
    }
  }

  package func lastLookedAt(
    after id: Int64
  ) throws(StoreError) -> (id: Int64, arrivedMs: Int64)? {
    try attempt { () throws(SQLiteError) in
      defer { state.findLastLookedAt.reset() }
      try state.findLastLookedAt.bind(1, id)
      guard try state.findLastLookedAt.step() else { return nil }
      return (state.findLastLookedAt.integer(0), state.findLastLookedAt.integer(1))
    }
  }
}

/// Prepared once; each is reset after each use.
final class StateStatements {
  let findOperator: Statement
  let insertOperator: Statement
  let findLine: Statement
  let insertLine: Statement
  let mergeCoverage: Statement
  let findBroadband: Statement
  let saveBroadband: Statement
  let findSegments: Statement
  let deleteSegments: Statement
  let findLastLookedAt: Statement
  let getMeta: Statement
  let setMeta: Statement
  let deleteMeta: Statement

  /// Segments among which those that have to go are looked for in one step.
  private static let segmentsLookedAt = 10_000

  init(_ database: Database) throws(SQLiteError) {
    findOperator = try database.prepare("SELECT id FROM operators WHERE plmn = ?")
    insertOperator = try database.prepare("INSERT INTO operators(plmn) VALUES(?)")
    findLine = try database.prepare("SELECT id FROM lines WHERE line = ? AND simulated = ?")
    insertLine = try database.prepare("INSERT INTO lines(line, simulated) VALUES(?, ?)")
    mergeCoverage = try database.prepare(
      """
      INSERT INTO coverage_days VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET
        conclusive = conclusive + excluded.conclusive, covered = covered + excluded.covered,
        strong = strong + excluded.strong, inconclusive = inconclusive + excluded.inconclusive,
        inaccurate = inaccurate + excluded.inaccurate, roaming = roaming + excluded.roaming,
        samples = samples + excluded.samples, oldest_ms = min(oldest_ms, excluded.oldest_ms),
        newest_ms = max(newest_ms, excluded.newest_ms)
      """)
    findBroadband = try database.prepare(
      """
      SELECT tests, counted_tests, best_down_bps, link_bps, wired, area, area_ms,
        provisioned_bps, provisioned_ms, offered_bps, offered_ms, oldest_ms, newest_ms
      FROM broadband_days WHERE line = ? AND day = ?
      """)
    saveBroadband = try database.prepare(
      "REPLACE INTO broadband_days VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    findSegments = try database.prepare(
      """
      SELECT segments.id, agent, arrived_ms, bytes, count
      FROM segments JOIN streams ON streams.id = segments.stream
      WHERE segments.id > ? AND fault IS NULL ORDER BY segments.id LIMIT ?
      """)
    // Arrival rises with the id unless the clock was set back: what has to go need not lie first.
    // So many are looked at, no more, or one step could take long.
    let looked = StateStatements.segmentsLookedAt
    deleteSegments = try database.prepare(
      """
      DELETE FROM segments WHERE id IN (
        SELECT id FROM (
          SELECT id, arrived_ms FROM segments WHERE id > ?3 ORDER BY id LIMIT \(looked))
        WHERE arrived_ms < ?1 LIMIT ?2)
      """)
    findLastLookedAt = try database.prepare(
      """
      SELECT id, arrived_ms FROM segments WHERE id > ? ORDER BY id LIMIT 1 OFFSET \(looked - 1)
      """)
    getMeta = try database.prepare("SELECT value FROM meta WHERE key = ?")
    setMeta = try database.prepare("REPLACE INTO meta(key, value) VALUES(?, ?)")
    deleteMeta = try database.prepare("DELETE FROM meta WHERE key = ?")
  }
}
