import Daemon
import Indicators

/// 7.x in the common words: the month to date, and beside it the month before and the year to date.
extension IndicatorFigure {
  init(_ units: [ServiceUnit], today: Int, method: Method) {
    let month = ServiceFigure(units, period: .month(today), method: method)
    self.init(
      reasons: month.reasons, share: month.share, interval: nil, bounds: month.bounds,
      numerator: Double(month.numerator), denominator: Double(month.denominator),
      unmeasuredShare: month.isOpen ? nil : month.heard == 0 ? 1 : 1 - month.heardShare,
      samples: Int64(month.points), sources: month.heard, oldestMs: month.oldestMs,
      newestMs: month.newestMs, details: ServiceDetails.json(units, month, today, method))
  }
}

private enum ServiceDetails {
  static func json(
    _ units: [ServiceUnit], _ month: ServiceFigure, _ today: Int, _ method: Method
  ) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("counted", "cases")
      json.objectMember("month") { write(month, .month(today), today, to: &$0) }
      for (name, period) in [
        ("month_before", ServicePeriod.previousMonth(today)), ("year", .year(today)),
      ] {
        let figure = ServiceFigure(units, period: period, method: method)
        json.objectMember(name) { write(figure, period, today, to: &$0) }
      }
    }
    return json.text
  }

  private static func write(
    _ figure: ServiceFigure, _ period: ServicePeriod, _ today: Int, to json: inout JSONWriter
  ) {
    json.member("from", LocalDay.iso(period.days.lowerBound))
    // A period that is not over ends today.
    json.member("to", LocalDay.iso(min(period.days.upperBound - 1, today)))
    json.member("value", figure.isShown ? percent(figure.share) : nil)
    json.member("reason", text: ReasonText.sentences(figure.reasons, "7.x"))
    json.member("bounds", percent: figure.bounds)
    json.member("numerator", figure.numerator)
    json.member("denominator", figure.denominator)
    json.member("missing_denominator", figure.isOpen ? nil : figure.missingDenominator)
    json.member("sources", figure.heard)
    json.arrayMember("silent", figure.silent) { json, source in
      json.object {
        $0.member("source", source.name)
        $0.member("denominator", source.denominator)
      }
    }
    json.arrayMember("left_out", figure.leftOut) { json, source in
      json.object {
        $0.member("source", source.name)
        $0.member("numerator", source.numerator)
        $0.member("denominator", source.denominator)
      }
    }
    json.member("resets", figure.resets)
  }

}

extension LocalDay {
  /// `2026-11-23`
  static func iso(_ day: Int) -> String {
    String(RFC3339.format(ms: Int64(day) * msPerDay).prefix(10))
  }
}
