import Daemon
package import Indicators

/// One indicator as it was computed, before it is a revision.
package struct IndicatorResult: Sendable {
  package let row: IndicatorRow
  package let province: IndicatorFigure
  /// In the order of the areas table.
  package let areas: [(area: AreaTable.Area, figure: IndicatorFigure)]
  /// Any of the data was made by a simulator.
  package let isSimulated: Bool
  /// `Method.json(for:)`
  package let parameters: String
  /// `sha256:…`; `nil`: no population table, or none is needed.
  package let populationTable: String?
  package var trend: Trend?

  /// What names it beside its figures.
  package struct Header: Equatable, Sendable {
    package var computedAtMs: Int64
    package var revision: Int64
    package var cause: Cause

    package init(computedAtMs: Int64, revision: Int64, cause: Cause) {
      self.computedAtMs = computedAtMs
      self.revision = revision
      self.cause = cause
    }
  }

  /// Why a value is another than the one before.
  package enum Cause: String, Sendable {
    case newData = "new_data"
    /// All that came is older than the newest that was counted before.
    case lateData = "late_data"
    /// Nothing came: with the day the windows moved on.
    case newDay = "new_day"
    /// The method's parameters, or the row of the indicator table.
    case parameters
    case populationTable = "population_table"
  }

  /// The object of the API, of `indicators --json` and of the retained message.
  package func json(_ header: Header) -> String {
    var json = JSONWriter()
    json.beginObject()
    writeDefinition(to: &json)
    province.write(to: &json, code: row.code, target: row.targetShare)
    json.member("computed_at", timeMs: header.computedAtMs)
    json.member("revision", header.revision)
    json.member("cause", header.cause.rawValue)
    json.member("method", row.methodName)
    json.key("parameters")
    json.raw(parameters)
    json.member("population_table", populationTable)
    json.member("simulated", isSimulated)
    json.key("trend")
    writeTrend(to: &json)
    json.arrayMember("areas", areas) { json, entry in
      json.beginObject()
      json.member("area", entry.area.id)
      json.member("name", text: entry.area.name)
      entry.figure.write(to: &json, code: row.code, target: row.targetShare)
      json.endObject()
    }
    json.endObject()
    return json.text
  }

  /// The beginning of `json(_:)` that follows from the indicator table alone.
  package var definition: String {
    var json = JSONWriter()
    json.beginObject()
    writeDefinition(to: &json)
    return json.text
  }

  private func writeDefinition(to json: inout JSONWriter) {
    json.member("code", row.code)
    json.member("name", text: row.name)
    json.member("unit", row.unit)
    json.member("target", row.target)
    json.member("target_year", row.targetYear)
    json.arrayMember("owner", row.owners) { $0.string($1) }
  }

  /// In points of the unit: per cent a year.
  private func writeTrend(to json: inout JSONWriter) {
    guard let trend, let target = row.targetShare else { return json.null() }
    let month = Trend.lastMonth(ofYear: target.year)
    json.object { json in
      json.member("per_year", percent(trend.slope * 12))
      json.member(
        "interval",
        percent: Interval(trend.slopeInterval.lower * 12, trend.slopeInterval.upper * 12))
      json.member("at_target_year", percent(trend.forecast(month: month)))
      json.member("at_target_year_interval", percent: trend.forecastInterval(month: month))
      json.member("outlook", trend.outlook(for: target).rawValue)
    }
  }
}
