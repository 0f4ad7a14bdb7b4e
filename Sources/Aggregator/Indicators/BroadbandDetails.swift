import Daemon
import Indicators

/// 20.1 in the common words, and its two factors, each also alone.
extension IndicatorFigure {
  /// - Parameter evidence: the tests of the figure's lines.
  init(
    _ figure: BroadbandFigure, evidence: BroadbandLines.Evidence, method: Method, weights: String
  ) {
    let offer = figure.offer
    let measured = offer.measuredShare * offer.weight
    let delivery = figure.delivery
    self.init(
      reasons: figure.reasons, share: figure.share, interval: figure.interval,
      bounds: figure.bounds, numerator: figure.share * measured, denominator: measured,
      unmeasuredShare: 1 - offer.measuredShare, samples: evidence.tests,
      sources: delivery.gigabit + delivery.offerOnly + delivery.planUnknown,
      oldestMs: evidence.oldestMs, newestMs: evidence.newestMs,
      details: BroadbandDetails.json(figure, method, weights))
  }
}

private enum BroadbandDetails {
  static func json(_ figure: BroadbandFigure, _ method: Method, _ weights: String) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("counted", weights)
      json.objectMember("offered") { offer(figure.offer, method, to: &$0) }
      json.objectMember("delivered") { delivery(figure.delivery, method, to: &$0) }
    }
    return json.text
  }

  private static func offer(
    _ offer: OfferFigure, _ method: Method, to json: inout JSONWriter
  ) {
    let reasons = offer.reasons(method)
    json.member("basis", offer.basis.rawValue)
    json.member("status", reasons.isEmpty ? "measured" : "insufficient_data")
    json.member("reason", text: ReasonText.sentences(reasons, "20.1"))
    json.member("value", reasons.isEmpty ? percent(offer.share) : nil)
    json.member("interval", percent: reasons.isEmpty ? offer.interval : nil)
    json.member("bounds", percent: offer.interval.bounds(seen: offer.measuredShare))
    json.member("unmeasured_share", rounded(1 - offer.measuredShare, 1_000_000))
    json.member(offer.basis == .records ? "records" : "lines", offer.lines)
    json.member("effective_lines", offer.effectiveLines.map { rounded($0, 1_000_000) })
    json.member("measured_areas", offer.measuredAreas)
    json.member("unplaced_lines", offer.unplacedLines)
  }

  private static func delivery(
    _ delivery: DeliveryFigure, _ method: Method, to json: inout JSONWriter
  ) {
    let reasons = delivery.reasons(method)
    json.member("status", reasons.isEmpty ? "measured" : "insufficient_data")
    json.member("reason", text: ReasonText.sentences(reasons, "20.1"))
    json.member("value", reasons.isEmpty ? percent(delivery.share) : nil)
    json.member("interval", percent: reasons.isEmpty ? delivery.interval : nil)
    json.member("pass", delivery.pass)
    json.member("fail", delivery.fail)
    json.member("undecided", delivery.undecided)
    json.member("censored", delivery.censored)
    json.member("offer_only", delivery.offerOnly)
    json.member("plan_unknown", delivery.planUnknown)
  }
}
