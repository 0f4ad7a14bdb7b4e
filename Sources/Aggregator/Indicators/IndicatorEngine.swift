package import Indicators
import SQLite

/// Computes the filled indicators from the state by day. Owned by one thread.
package final class IndicatorEngine {
  package let tables: Tables
  package let method: Method
  private let store: StoreReader
  private let state: StateReader
  /// What 20.2 was computed from last; `nil`: areas stand in for tiles, or nothing was computed.
  private(set) var coverage: Coverage?

  struct Coverage: Sendable {
    let reading: StateReader.Reading<CoverageState>
    /// By the store's number of the operator; empty: unknown.
    let plmn: [Int64: String]
  }

  package init(_ store: StoreReader, tables: Tables, method: Method) {
    self.store = store
    self.tables = tables
    self.method = method
    state = StateReader(store, method: method, tables: tables)
  }

  /// One indicator as of a local day; without its trend.
  ///
  /// - Parameter isPast: the day is over; what was measured later is left out, what came later in.
  package func compute(
    _ row: IndicatorRow, today: Int, isPast: Bool = false
  ) throws(StoreError) -> IndicatorResult {
    guard let fill = row.method else { preconditionFailure("\(row.code) has no method") }
    return switch fill {
    case .coverage: try coverage(row, fill, today, isPast)
    case .broadband: try broadband(row, fill, today, isPast)
    case .services(let numerator, let denominator):
      try services(row, fill, numerator, denominator, today, isPast)
    }
  }

  /// How many measurements of each kind have been received: another number is another state.
  package func received() throws(StoreError) -> [String: Int64] {
    Dictionary(
      uniqueKeysWithValues: try store.rows(
        "SELECT kind, sum(count) FROM received GROUP BY kind"
      ) { ($0.text(0), $0.integer(1)) })
  }

  private func coverage(
    _ row: IndicatorRow, _ fill: IndicatorRow.FillMethod, _ today: Int, _ isPast: Bool
  ) throws(StoreError) -> IndicatorResult {
    let reading = try state.coverage(today: today, isPast: isPast)
    let plmn = try state.operators()
    coverage = tables.population.isByTile ? Coverage(reading: reading, plmn: plmn) : nil
    let table = tables.populationVersion == nil ? "areas" : "tiles"
    return result(
      row, fill, reading, populationTable: tables.populationVersion,
      province: IndicatorFigure(
        reading.state.province(), plmn: plmn, counts: reading.state.counts, table: table)
    ) { area in
      IndicatorFigure(reading.state.area(area), plmn: plmn, counts: nil, table: table)
    }
  }

  private func broadband(
    _ row: IndicatorRow, _ fill: IndicatorRow.FillMethod, _ today: Int, _ isPast: Bool
  ) throws(StoreError) -> IndicatorResult {
    let reading = try state.broadband(today: today, isPast: isPast)
    let (weights, areHouseholds) = tables.areas.householdWeights
    let counted = areHouseholds ? "households" : "people"
    let records = tables.availability?.records(today: today, method: method) ?? []
    let lines = BroadbandState(
      method: method, weights: weights, lines: reading.state.lines, records: records)
    return result(
      row, fill, reading, populationTable: nil,
      province: IndicatorFigure(
        lines.province(), evidence: reading.state.evidence(), method: method, weights: counted)
    ) { area in
      IndicatorFigure(
        lines.area(area), evidence: reading.state.evidence(area: area), method: method,
        weights: counted)
    }
  }

  private func services(
    _ row: IndicatorRow, _ fill: IndicatorRow.FillMethod, _ numerator: String,
    _ denominator: String, _ today: Int, _ isPast: Bool
  ) throws(StoreError) -> IndicatorResult {
    let reading = try state.services(
      numerator: numerator, denominator: denominator, today: today, isPast: isPast)
    return result(
      row, fill, reading, populationTable: nil,
      province: IndicatorFigure(reading.state, today: today, method: method)
    ) { area in
      IndicatorFigure(reading.state.filter { $0.area == area }, today: today, method: method)
    }
  }

  private func result<State>(
    _ row: IndicatorRow, _ fill: IndicatorRow.FillMethod, _ reading: StateReader.Reading<State>,
    populationTable: String?, province: IndicatorFigure, area: (Int) -> IndicatorFigure
  ) -> IndicatorResult {
    var province = province
    if province.status == .noData, reading.leavesSimulatedOut {
      province.reasons.append(.onlySimulated)
    }
    return IndicatorResult(
      row: row, province: province,
      areas: tables.areas.areas.enumerated().map { ($0.element, area($0.offset)) },
      isSimulated: reading.isSimulated, parameters: method.json(for: fill),
      populationTable: populationTable, trend: nil)
  }
}
