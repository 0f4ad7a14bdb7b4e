import Daemon
package import Indicators

/// The figure of one indicator for the province or an area, in the words that all indicators share.
package struct IndicatorFigure: Equatable, Sendable {
  /// Empty: there is a value.
  package var reasons: [Reason]
  /// A share; meaningless where there are reasons.
  package var share: Double
  /// 95 %; `nil`: a census, or no value.
  package var interval: Interval?
  package var bounds: Interval
  /// In people, households or cases; `nil`: there is no value.
  package var numerator: Double?
  package var denominator: Double?
  /// `nil`: nobody knows how much was not seen.
  package var unmeasuredShare: Double?
  package var samples: Int64
  package var sources: Int
  package var oldestMs: Int64?
  package var newestMs: Int64?
  /// What only this kind of indicator has: one JSON object.
  package var details: String

  package enum Status: String, Sendable {
    case measured
    case insufficientData = "insufficient_data"
    case noData = "no_data"
  }

  package var status: Status {
    if reasons.isEmpty { return .measured }
    return reasons.contains(.nothingMeasured) ? .noData : .insufficientData
  }

  package var isShown: Bool { reasons.isEmpty }

  package func verdict(_ target: Target?) -> Verdict {
    guard let target else { return .insufficient }
    return Verdict(bounds: bounds, isShown: isShown, target: target)
  }

  /// The members that the province and each area have alike.
  func write(to json: inout JSONWriter, code: String, target: Target?) {
    json.member("status", status.rawValue)
    json.member("reason", text: ReasonText.sentences(reasons, code))
    json.member("verdict", verdict(target).rawValue)
    json.member("value", isShown ? percent(share) : nil)
    json.member("interval", percent: isShown ? interval : nil)
    json.member("bounds", percent: bounds)
    json.member("numerator", isShown ? numerator.map { rounded($0, 1_000) } : nil)
    json.member("denominator", isShown ? denominator.map { rounded($0, 1_000) } : nil)
    json.member("unmeasured_share", unmeasuredShare.map { rounded($0, 1_000_000) })
    json.member("samples", samples)
    json.member("sources", sources)
    json.member("oldest", timeMs: oldestMs)
    json.member("newest", timeMs: newestMs)
    json.key("details")
    json.raw(details)
  }
}

/// A share in per cent, to eight digits: more would only show how a computer adds.
func percent(_ share: Double) -> Double { rounded(share * 100, 1_000_000) }

func rounded(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }

extension JSONWriter {
  mutating func member(_ name: String, percent interval: Interval?) {
    key(name)
    guard let interval else { return null() }
    beginArray()
    number(Aggregator.percent(interval.lower))
    number(Aggregator.percent(interval.upper))
    endArray()
  }

  /// `{"vi": …, "en": …}`
  mutating func member(_ name: String, text: LocalText?) {
    key(name)
    guard let text else { return null() }
    beginObject()
    member("vi", text.vi)
    member("en", text.en)
    endObject()
  }

  mutating func objectMember(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }

  mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  mutating func arrayMember<Items: Sequence>(
    _ name: String, _ items: Items, _ body: (inout JSONWriter, Items.Element) -> Void
  ) {
    key(name)
    beginArray()
    for item in items { body(&self, item) }
    endArray()
  }
}
