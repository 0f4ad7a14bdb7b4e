import Daemon
package import Indicators

/// Makes reports from the state by day. Owned by one thread.
///
/// A period that still runs shows the present values, the latest revisions. One that is over shows
/// what its last day looks like with everything known now: what came late is in it, what was
/// measured later is not. So nothing that the daemon missed to compute in time is missing. All of a
/// report is of one moment of the store.
package final class ReportMaker {
  private let store: StoreReader
  private let tables: Tables
  private let method: Method
  private let engine: IndicatorEngine
  private let state: StateReader

  package init(_ store: StoreReader, tables: Tables, method: Method) {
    self.store = store
    self.tables = tables
    self.method = method
    engine = IndicatorEngine(store, tables: tables, method: method)
    state = StateReader(store, method: method, tables: tables)
  }

  /// - Returns: `nil` where the period has not begun.
  /// - Throws: `StateInProgress` where there is no whole state to make it of.
  package func content(_ period: ReportPeriod, nowMs: Int64) throws -> ReportContent? {
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: method.utcOffsetMinutes)
    guard period.firstDay <= today else { return nil }
    return try store.snapshot {
      try store.expectWholeState(method)
      return try ReportContent(json: try json(period, today: today, nowMs: nowMs))
    }
  }

  private func json(_ period: ReportPeriod, today: Int, nowMs: Int64) throws -> String {
    let isComplete = period.lastDay < today
    var json = JSONWriter()
    json.beginObject()
    json.member("report", period.text)
    json.member("kind", period.kind.rawValue)
    json.member("from", ReportMaker.date(period.firstDay))
    json.member("to", ReportMaker.date(period.lastDay))
    json.member("due", period.dueDay.map(ReportMaker.date))
    json.member("province", text: tables.areas.province)
    json.member("as_of", timeMs: nowMs)
    json.member("complete", isComplete)
    json.key("entries")
    json.beginArray()
    for row in tables.indicators.filled {
      guard let object = try object(row, period, nowMs, isComplete) else { continue }
      json.beginObject()
      json.arrayMember("owner", row.owners) { $0.string($1) }
      json.key("indicator")
      json.raw(object)
      json.key("cases")
      try cases(row, period, today: today, isPast: isComplete, to: &json)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text
  }

  /// `nil`: a running period's value that was never computed.
  private func object(
    _ row: IndicatorRow, _ period: ReportPeriod, _ nowMs: Int64, _ isComplete: Bool
  ) throws -> String? {
    guard isComplete else { return try store.latestIndicators([row.code])[row.code] }
    let end = LocalDay.startMs(
      ofDay: period.lastDay + 1, utcOffsetMinutes: method.utcOffsetMinutes)
    let shown = try store.revision(row.code, before: end).map {
      try ShownIndicator(json: $0).revision
    }
    let result = try engine.compute(row, today: period.lastDay, isPast: true)
    return result.json(
      .init(computedAtMs: end - 1, revision: shown ?? 0, cause: .lateData))
  }

  private func cases(
    _ row: IndicatorRow, _ period: ReportPeriod, today: Int, isPast: Bool,
    to json: inout JSONWriter
  ) throws {
    guard case .services(let numerator, let denominator) = row.method else {
      return json.null()
    }
    let units = try state.services(
      numerator: numerator, denominator: denominator, today: min(today, period.lastDay),
      isPast: isPast
    ).state
    let figure = ServiceFigure(units, period: .months(period.months), method: method)
    json.object { json in
      json.member("value", figure.isShown ? percent(figure.share) : nil)
      json.member("bounds", percent: figure.bounds)
      json.member("numerator", figure.numerator)
      json.member("denominator", figure.denominator)
      json.arrayMember("silent", figure.silent) { $0.string($1.name) }
    }
  }

  private static func date(_ day: Int) -> String {
    String(RFC3339.format(ms: Int64(day) * msPerDay).prefix(10))
  }
}
