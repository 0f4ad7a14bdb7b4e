import Daemon
import Protocol

/// A measurement as JSON, with the fields and units of payloads, exact to the last digit.
enum MeasurementText {
  /// With its place in the stream, and a line break.
  static func line(
    _ stream: StreamID, _ number: SequenceNumber, _ measurement: Measurement
  ) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("stream", stream.description)
    json.member("sequence", number)
    write(measurement, to: &json)
    json.endObject()
    return json.text + "\n"
  }

  /// Without a place, for what is in no stream.
  static func line(_ measurement: Measurement) -> String {
    var json = JSONWriter()
    json.beginObject()
    write(measurement, to: &json)
    json.endObject()
    return json.text + "\n"
  }

  private static func write(_ measurement: Measurement, to json: inout JSONWriter) {
    json.member("kind", measurement.kind.name)
    json.member("source", measurement.source)
    json.member("time", timeMs: measurement.timeMs)
    if measurement.timeOrigin == .arrival { json.member("time_origin", "arrival") }
    if measurement.isSimulated { json.member("simulated", true) }
    switch measurement.body {
    case .coverage(let coverage): write(coverage, to: &json)
    case .broadband(let broadband): write(broadband, to: &json)
    case .service(let service):
      json.optional("area", service.area)
      json.member("counter", service.counter)
      json.member("value", service.value)
    }
  }

  private static func write(_ coverage: Coverage, to json: inout JSONWriter) {
    json.number(.latitude, Int64(coverage.latitudeMicrodegrees))
    json.number(.longitude, Int64(coverage.longitudeMicrodegrees))
    json.number(.accuracy, coverage.accuracyDecimetres.map { Int64($0) })
    json.member("rat", coverage.radioAccess.name)
    json.optional("active", coverage.isActive)
    json.number(.ssRsrp, coverage.ssRsrpTenths.map { Int64($0) })
    json.number(.ssRsrq, coverage.ssRsrqTenths.map { Int64($0) })
    json.number(.ssSinr, coverage.ssSinrTenths.map { Int64($0) })
    json.optional("plmn", coverage.plmn)
    json.optional("band", coverage.band)
    json.optional("cell", coverage.cell)
  }

  private static func write(_ test: Broadband, to json: inout JSONWriter) {
    json.member("line", test.line)
    json.optional("area", test.area)
    json.number(.down, test.downBps)
    json.number(.up, test.upBps)
    json.number(.latency, test.latencyMicroseconds)
    json.number(.jitter, test.jitterMicroseconds)
    json.number(.loss, test.lossMillionths)
    json.number(.provisionedDown, test.provisionedDownBps)
    json.number(.offeredDown, test.offeredDownBps)
    json.number(.link, test.linkBps)
    json.optional("wired", test.isWired)
    json.optional("tool", test.tool)
    json.number(.streams, test.streams)
    json.number(.duration, test.durationMs)
  }

  /// `-98.5` of −985 tenths.
  static func decimal(_ value: Int64, scale: Int64) -> String {
    let (whole, fraction) = value.magnitude.quotientAndRemainder(
      dividingBy: UInt64(max(1, scale)))
    var digits = String(String(scale.magnitude + fraction).dropFirst())
    while digits.hasSuffix("0") { digits.removeLast() }
    return (value < 0 ? "-" : "") + "\(whole)" + (digits.isEmpty ? "" : ".\(digits)")
  }
}

extension JSONWriter {
  fileprivate mutating func optional(_ name: String, _ value: String?) {
    if let value { member(name, value) }
  }

  fileprivate mutating func optional(_ name: String, _ value: Bool?) {
    if let value { member(name, value) }
  }

  fileprivate mutating func number(_ range: LegalRange, _ value: Int64?) {
    guard let value else { return }
    key(range.field)
    raw(MeasurementText.decimal(value, scale: range.scale))
  }
}
