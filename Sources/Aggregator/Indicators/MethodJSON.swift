import Daemon
import Indicators

/// The parameters that made a value, by their names in the configuration.
extension Method {
  /// One JSON object of those that the indicator uses.
  func json(for method: IndicatorRow.FillMethod) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("utc_offset", offsetText)
      json.member("accept_simulated", acceptSimulated)
      switch method {
      case .coverage: writeCoverage(to: &json)
      case .broadband: writeBroadband(to: &json)
      case .services(let numerator, let denominator):
        json.member("numerator", numerator)
        json.member("denominator", denominator)
        json.member("min_denominator", minDenominator)
        json.member("min_heard_share", minHeardShare)
      }
    }
    return json.text
  }

  /// `+07:00`
  private var offsetText: String {
    let minutes = abs(utcOffsetMinutes)
    let parts = [minutes / 60, minutes % 60].map { ($0 < 10 ? "0" : "") + String($0) }
    return (utcOffsetMinutes < 0 ? "-" : "+") + parts.joined(separator: ":")
  }

  private func writeCoverage(to json: inout JSONWriter) {
    json.member("accuracy_m", accuracyMetres)
    json.member("covered_dbm", coveredDbm)
    json.member("strong_dbm", strongDbm)
    json.arrayMember("home_plmns", homePlmns) { $0.string($1) }
    json.member("min_bins", minBins)
    json.member("min_days", minDays)
    json.member("rho", rho)
    json.arrayMember("fresh_days", freshDays) { $0.integer($1) }
    json.member("min_population_share", minPopulationShare)
    json.member("min_effective", minEffective)
  }

  private func writeBroadband(to json: inout JSONWriter) {
    json.member("required_bps", requiredBps)
    json.member("min_streams", minStreams)
    json.member("min_seconds", minSeconds)
    json.member("min_lines", minLines)
    json.member("record_days", recordDays)
    json.member("test_days", testDays)
    json.member("pass_days", passDays)
    json.member("delivered_ratio", deliveredRatio)
    json.member("min_decided", minDecided)
    json.member("line_days", lineDays)
    json.member("min_population_share", minPopulationShare)
  }
}
