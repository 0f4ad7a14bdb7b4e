import Daemon
import Indicators

/// 20.2 in the common words, and what it has beyond them: operators, the strong series, what was
/// looked at and decides nothing.
extension IndicatorFigure {
  /// - Parameter plmn: by the store's number of the operator; empty: unknown.
  init(
    _ figure: CoverageFigure, plmn: [Int64: String], counts: Indicators.CoverageCounts?,
    table: String
  ) {
    let best = figure.headline
    self.init(
      reasons: figure.reasons, share: best?.share ?? 0, interval: best?.interval,
      bounds: figure.bounds, numerator: best?.coveredPopulation,
      denominator: best?.measuredPopulation, unmeasuredShare: 1 - (best?.measuredShare ?? 0),
      samples: best?.samples ?? 0, sources: best?.sources ?? 0, oldestMs: best?.oldestMs,
      newestMs: best?.newestMs,
      details: CoverageDetails.json(figure, plmn, counts, table))
  }
}

private enum CoverageDetails {
  static func json(
    _ figure: CoverageFigure, _ plmn: [Int64: String], _ counts: Indicators.CoverageCounts?,
    _ table: String
  ) -> String {
    var json = JSONWriter()
    json.object { json in
      let best = figure.headline
      json.member("counted", "people")
      json.member("weights", table)
      json.member("operator", best.map { plmn[$0.operatorID] ?? "" })
      json.member("population", figure.population)
      json.member("effective_bins", best.map { rounded($0.effectiveBins, 1_000_000) })
      json.member("measured_tiles", best?.measuredPlaces)
      json.member("seen_tiles", best?.seenPlaces)
      json.member("bins", best?.bins)
      json.member("window_days", best?.widestWindow)
      json.key("strong")
      strong(best, to: &json)
      json.arrayMember("operators", figure.operators) { json, each in
        write(each, plmn[each.operatorID] ?? "", to: &json)
      }
      if let counts { leftOut(counts, to: &json) }
    }
    return json.text
  }

  /// The series at `strong_dbm` has no target, so it has no verdict.
  private static func strong(_ figure: OperatorFigure?, to json: inout JSONWriter) {
    guard let figure, figure.reasons.isEmpty else { return json.null() }
    json.object { json in
      json.member("value", percent(figure.strongShare))
      json.member("interval", percent: figure.strongInterval)
    }
  }

  private static func write(
    _ figure: OperatorFigure, _ plmn: String, to json: inout JSONWriter
  ) {
    let isShown = figure.reasons.isEmpty
    json.object { json in
      json.member("operator", plmn)
      json.member("status", isShown ? "measured" : "insufficient_data")
      json.member("reason", text: ReasonText.sentences(figure.reasons, "20.2"))
      json.member("value", isShown ? percent(figure.share) : nil)
      json.member("interval", percent: isShown ? figure.interval : nil)
      json.member("bounds", percent: figure.bounds)
      json.member("unmeasured_share", rounded(1 - figure.measuredShare, 1_000_000))
      json.member("effective_bins", rounded(figure.effectiveBins, 1_000_000))
      json.member("measured_tiles", figure.measuredPlaces)
      json.member("samples", figure.samples)
    }
  }

  private static func leftOut(_ counts: Indicators.CoverageCounts, to json: inout JSONWriter) {
    json.objectMember("left_out") { json in
      json.member("inconclusive", counts.inconclusive)
      json.member("inaccurate", counts.inaccurate)
      json.member("roaming", counts.roaming)
      json.member("outside", counts.outside)
      json.member("outside_cells", counts.outsideCells)
      json.member("older_than_windows", counts.stale)
    }
  }
}
