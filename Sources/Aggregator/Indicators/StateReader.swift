package import Indicators
import SQLite

/// Reads the state by day that ingest keeps, in the terms of the methodology. Owned by one thread.
package final class StateReader {
  private let store: StoreReader
  private let method: Method
  private let tables: Tables
  /// By number of the source: whether a simulator made its data.
  private var isSimulated: [Bool] = []

  package init(_ store: StoreReader, method: Method, tables: Tables) {
    self.store = store
    self.method = method
    self.tables = tables
  }

  /// What was read.
  package struct Reading<T> {
    package let state: T
    /// Any of it was made by a simulator.
    package let isSimulated: Bool
    /// Simulated data was there and left out.
    package let leavesSimulatedOut: Bool
  }

  /// 20.2. One pass in the order of the primary key: nothing is sorted.
  ///
  /// - Parameters:
  ///   - today: the windows end with it.
  ///   - table: another than that of the tables, for the map.
  ///   - isPast: what was measured after that day is left out.
  package func coverage(
    today: Int, table: PopulationTable? = nil, isPast: Bool = false
  ) throws(StoreError) -> Reading<CoverageState> {
    try readSources()
    var accumulator = CoverageAccumulator(
      method: method, table: table ?? tables.population, today: today,
      areaOfCell: { [outlines = tables.outlines] in outlines?.area(ofCell: $0) })
    var usesSimulated = false
    var leavesOut = false
    do throws(SQLiteError) {
      let rows = try store.database.prepare(
        """
        SELECT operator, cell, day, source, conclusive, covered, strong, inconclusive, inaccurate,
          roaming, oldest_ms, newest_ms
        FROM coverage_days WHERE day <= ?1 ORDER BY operator, cell, day, source
        """)
      try rows.bind(1, isPast ? Int64(today) : .max)
      while try rows.step() {
        let source = rows.integer(3)
        let isMade = isSimulated(source)
        if isMade, !method.acceptSimulated {
          leavesOut = true
          continue
        }
        usesSimulated = usesSimulated || isMade
        accumulator.add(
          Indicators.CoverageRow(
            operatorID: rows.integer(0), cell: rows.integer(1), day: Int(rows.integer(2)),
            source: source, conclusive: rows.integer(4), covered: rows.integer(5),
            strong: rows.integer(6), inconclusive: rows.integer(7),
            inaccurate: rows.integer(8), roaming: rows.integer(9),
            oldestMs: rows.integer(10), newestMs: rows.integer(11)))
      }
    } catch {
      throw StoreError(error)
    }
    return Reading(
      state: accumulator.finish(), isSimulated: usesSimulated, leavesSimulatedOut: leavesOut)
  }

  /// PLMN by number; empty: unknown.
  package func operators() throws(StoreError) -> [Int64: String] {
    let rows = try store.rows("SELECT id, plmn FROM operators") { ($0.integer(0), $0.text(1)) }
    return Dictionary(uniqueKeysWithValues: rows)
  }

  /// 20.1, and the tests behind it.
  package func broadband(
    today: Int, isPast: Bool = false
  ) throws(StoreError) -> Reading<BroadbandLines> {
    var lines = BroadbandLines()
    var days: [Line.Day] = []
    var name = ""
    var evidence = BroadbandLines.Evidence()
    var current: Int64?
    var usesSimulated = false
    let areaOf = Dictionary(
      uniqueKeysWithValues: tables.areas.ids.enumerated().map { ($0.element, $0.offset) })
    do throws(SQLiteError) {
      let rows = try store.database.prepare(
        """
        SELECT d.line, d.day, d.best_down_bps, d.link_bps, d.wired, d.area, d.provisioned_bps,
          d.offered_bps, d.counted_tests, d.oldest_ms, d.newest_ms, l.simulated, l.line
        FROM broadband_days d JOIN lines l ON l.id = d.line
        WHERE d.day > ?1 AND d.day <= ?3 AND (?2 OR NOT l.simulated) ORDER BY d.line, d.day
        """)
      try rows.bind(1, Int64(today - method.lineDays))
      try rows.bind(2, Int64(method.acceptSimulated ? 1 : 0))
      try rows.bind(3, isPast ? Int64(today) : .max)
      while try rows.step() {
        if rows.integer(0) != current {
          if !days.isEmpty { lines.add(Line(days: days, method: method), evidence, name) }
          days.removeAll(keepingCapacity: true)
          name = rows.text(12)
          evidence = BroadbandLines.Evidence()
          current = rows.integer(0)
        }
        usesSimulated = usesSimulated || rows.integer(11) != 0
        evidence.add(
          .init(tests: rows.integer(8), oldestMs: rows.integer(9), newestMs: rows.integer(10)))
        days.append(StateReader.lineDay(rows, areaOf))
      }
    } catch {
      throw StoreError(error)
    }
    if !days.isEmpty { lines.add(Line(days: days, method: method), evidence, name) }
    let made = try store.rows("SELECT EXISTS(SELECT 1 FROM lines WHERE simulated)") {
      $0.integer(0) != 0
    }
    return Reading(
      state: lines, isSimulated: usesSimulated,
      leavesSimulatedOut: !method.acceptSimulated && made == [true])
  }

  /// Columns as `broadband(today:)` reads them.
  private static func lineDay(_ row: borrowing Statement, _ areaOf: [String: Int]) -> Line.Day {
    Line.Day(
      day: Int(row.integer(1)), bestDownBps: row.optionalInteger(2),
      linkBps: row.optionalInteger(3), isWired: row.optionalInteger(4).map { $0 != 0 },
      area: row.optionalText(5).flatMap { areaOf[$0] },
      provisionedBps: row.optionalInteger(6), offeredBps: row.optionalInteger(7))
  }

  /// 7.x: every source with one of the two counters, by source and area.
  ///
  /// - Parameter isPast: what was read after that day is left out.
  package func services(
    numerator: String, denominator: String, today: Int, isPast: Bool = false
  ) throws(StoreError) -> Reading<[ServiceUnit]> {
    var units: [UnitKey: ServiceUnit] = [:]
    var usesSimulated = false
    var leavesOut = false
    for series in try serviceSeries(numerator, denominator) {
      if series.isSimulated, !method.acceptSimulated {
        leavesOut = true
        continue
      }
      let days = try serviceDays(
        series.id, ServicePeriod.horizon(today)...(isPast ? today : Int.max))
      // Not heard in any of the periods: it is gone, and was named while it was missing.
      if days.isEmpty { continue }
      usesSimulated = usesSimulated || series.isSimulated
      let key = UnitKey(source: series.source, area: series.area)
      let unit = units[key]
      let isNumerator = series.counter == numerator
      let counter = CounterSeries(days: days)
      units[key] = ServiceUnit(
        name: series.name, area: tables.areas.index(of: series.area),
        numerator: isNumerator ? counter : unit?.numerator ?? CounterSeries(),
        denominator: isNumerator ? unit?.denominator ?? CounterSeries() : counter)
    }
    let sorted = units.sorted { ($0.key.source, $0.key.area) < ($1.key.source, $1.key.area) }
    return Reading(
      state: sorted.map(\.value), isSimulated: usesSimulated, leavesSimulatedOut: leavesOut)
  }

  private struct UnitKey: Hashable {
    let source: Int64
    let area: String
  }

  private struct Series {
    let id: Int64
    let source: Int64
    let area: String
    let counter: String
    let name: String
    let isSimulated: Bool
  }

  private func serviceSeries(
    _ numerator: String, _ denominator: String
  ) throws(StoreError) -> [Series] {
    let all = try store.rows(
      """
      SELECT s.id, s.source, s.area, s.counter, a.name || '/' || u.name, u.simulated
      FROM service_series s JOIN sources u ON u.id = s.source JOIN agents a ON a.id = u.agent
      ORDER BY s.id
      """
    ) { row in
      Series(
        id: row.integer(0), source: row.integer(1), area: row.text(2), counter: row.text(3),
        name: row.text(2).isEmpty ? row.text(4) : "\(row.text(4)) (\(row.text(2)))",
        isSimulated: row.integer(5) != 0)
    }
    return all.filter { $0.counter == numerator || $0.counter == denominator }
  }

  private func serviceDays(
    _ series: Int64, _ span: ClosedRange<Int>
  ) throws(StoreError) -> [CounterSeries.Day] {
    try store.rows(
      """
      SELECT day, first, last, increase, resets, points, first_ms, last_ms FROM service_days
      WHERE series = \(series) AND day BETWEEN \(span.lowerBound) AND \(span.upperBound)
      ORDER BY day
      """
    ) { row in
      CounterSeries.Day(
        day: Int(row.integer(0)), first: row.integer(1), last: row.integer(2),
        increase: row.integer(3), resets: Int(row.integer(4)), points: Int(row.integer(5)),
        firstMs: row.integer(6), lastMs: row.integer(7))
    }
  }

  private func readSources() throws(StoreError) {
    isSimulated = []
    for (id, isMade) in try store.rows(
      "SELECT id, simulated FROM sources", { ($0.integer(0), $0.integer(1) != 0) })
    {
      while isSimulated.count <= Int(id) { isSimulated.append(false) }
      isSimulated[Int(id)] = isMade
    }
  }

  private func isSimulated(_ source: Int64) -> Bool {
    source < isSimulated.count && isSimulated[Int(source)]
  }
}

extension StateReader.Reading: Sendable where T: Sendable {}

/// The lines of 20.1's window, and the tests that were made on each.
package struct BroadbandLines {
  package private(set) var lines: [Line] = []
  /// As the tests call them, one for each line.
  private(set) var names: [String] = []
  private(set) var evidence: [Evidence] = []

  package struct Evidence: Equatable, Sendable {
    /// That count.
    package var tests: Int64 = 0
    package var oldestMs: Int64?
    package var newestMs: Int64?

    mutating func add(_ other: Evidence) {
      tests += other.tests
      oldestMs = [oldestMs, other.oldestMs].compactMap { $0 }.min()
      newestMs = [newestMs, other.newestMs].compactMap { $0 }.max()
    }
  }

  mutating func add(_ line: Line, _ evidence: Evidence, _ name: String) {
    lines.append(line)
    names.append(name)
    self.evidence.append(evidence)
  }

  /// Of all lines, or of those in an area.
  func evidence(area: Int? = nil) -> Evidence {
    var sum = Evidence()
    for (line, evidence) in zip(lines, evidence) where area == nil || line.area == area {
      sum.add(evidence)
    }
    return sum
  }
}
