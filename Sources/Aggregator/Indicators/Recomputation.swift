import Indicators
import Protocol

/// Makes revisions: computes what may have changed, and keeps each value that is another than the
/// one before. Owned by one thread.
package final class Recomputation {
  private let engine: IndicatorEngine
  private let revisions: Revisions
  private let latestCoverage: LatestCoverage
  private var latest: [String: Revisions.Stored] = [:]
  /// Newest measurement in the latest value of each code, ms.
  private var newestMs: [String: Int64] = [:]
  /// Values at the ends of earlier months, by code.
  private var months: [String: Months] = [:]
  private var received: [String: Int64] = [:]
  private var computedDay: Int?

  private struct Months {
    let month: Int
    let isSimulated: Bool
    let shares: [(month: Int, share: Double)]
  }

  package init(
    _ engine: IndicatorEngine, _ revisions: Revisions,
    _ latestCoverage: LatestCoverage = LatestCoverage()
  ) throws(StoreError) {
    self.engine = engine
    self.revisions = revisions
    self.latestCoverage = latestCoverage
    for row in engine.tables.indicators.filled {
      guard let (revision, newest) = try revisions.latest(row.code) else { continue }
      latest[row.code] = revision
      newestMs[row.code] = newest
    }
  }

  /// The latest value of every filled indicator that has one, in the order of the table.
  package var current: [(code: String, json: String)] {
    engine.tables.indicators.filled.compactMap { row in
      latest[row.code].map { (row.code, $0.json) }
    }
  }

  /// - Parameter isAll: whatever was received may have changed (the state was made again).
  /// - Returns: the codes that have a new revision.
  @discardableResult
  package func run(nowMs: Int64, isAll: Bool) throws(StoreError) -> [String] {
    let offset = engine.method.utcOffsetMinutes
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: offset)
    let now = try engine.received()
    let isWhole = isAll || today != computedDay
    var changed: [String] = []
    for row in engine.tables.indicators.filled {
      let kind = Recomputation.kind(of: row).name
      let hasNewData = isAll || now[kind] != received[kind]
      guard isWhole || hasNewData else { continue }
      var result = try engine.compute(row, today: today)
      result.trend = try trend(result, today: today)
      if try keep(result, nowMs: nowMs, today: today, hasNewData: hasNewData) {
        changed.append(row.code)
        try revisions.thin(row.code, nowMs: nowMs, utcOffsetMinutes: offset)
      }
      newestMs[row.code] = result.province.newestMs
      if row.method == .coverage, let revision = latest[row.code]?.header.revision {
        latestCoverage.put(engine.coverage, revision: revision)
      }
    }
    received = now
    computedDay = today
    return changed
  }

  private func keep(
    _ result: IndicatorResult, nowMs: Int64, today: Int, hasNewData: Bool
  ) throws(StoreError) -> Bool {
    let code = result.row.code
    let last = latest[code]
    if let last, result.json(last.header) == last.json { return false }
    let cause = cause(of: result, after: last, today: today, hasNewData: hasNewData)
    let header = IndicatorResult.Header(
      computedAtMs: nowMs, revision: (last?.header.revision ?? 0) + 1, cause: cause)
    let stored = Revisions.Stored(header: header, json: result.json(header))
    try revisions.append(stored, code: code)
    latest[code] = stored
    return true
  }

  /// What people changed explains a difference before anything else does.
  private func cause(
    of result: IndicatorResult, after last: Revisions.Stored?, today: Int, hasNewData: Bool
  ) -> IndicatorResult.Cause {
    guard let last else { return .newData }
    let table = result.populationTable.map { "\"\($0)\"" } ?? "null"
    if !last.json.contains("\"population_table\":\(table)") { return .populationTable }
    if !last.json.hasPrefix(result.definition)
      || !last.json.contains("\"parameters\":\(result.parameters)")
    {
      return .parameters
    }
    if !hasNewData { return .newDay }
    if result.province.newestMs ?? .min > newestMs[result.row.code] ?? .min { return .newData }
    // After a start nobody knows whether anything came while the program was away.
    let lastDay = LocalDay.day(
      ofMs: last.header.computedAtMs, utcOffsetMinutes: engine.method.utcOffsetMinutes)
    return computedDay == nil && lastDay != today ? .newDay : .lateData
  }

  private func trend(_ result: IndicatorResult, today: Int) throws(StoreError) -> Trend? {
    let month = LocalDay.month(ofDay: today)
    let code = result.row.code
    if months[code]?.month != month || months[code]?.isSimulated != result.isSimulated {
      months[code] = Months(
        month: month, isSimulated: result.isSimulated,
        shares: try revisions.monthlyShares(
          code, before: month, isSimulated: result.isSimulated,
          utcOffsetMinutes: engine.method.utcOffsetMinutes))
    }
    var shares = months[code]?.shares ?? []
    if result.province.isShown { shares.append((month, result.province.share)) }
    return Trend(shares)
  }

  private static func kind(of row: IndicatorRow) -> Kind {
    switch row.method {
    case .coverage: .coverage
    case .broadband: .broadband
    case .services, nil: .service
    }
  }
}
