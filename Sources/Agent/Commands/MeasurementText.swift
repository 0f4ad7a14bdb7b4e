import Daemon
import Protocol

/// A measurement as text, with the fields and units of payloads, exact to the last digit.
enum MeasurementText {
  /// A value as JSON, and as a cell of a table.
  private enum Value {
    case text(String)
    /// A number, `true` or `false`.
    case raw(String)
  }

  private static let commonColumns = [
    "stream", "sequence", "kind", "source", "time", "time_origin", "simulated",
  ]

  // MARK: JSON

  /// With its place in the stream, and a line break.
  static func line(
    _ stream: StreamID, _ number: SequenceNumber, _ measurement: Measurement
  ) -> String {
    json(place(stream, number) + fields(of: measurement))
  }

  /// Without a place, for what is in no stream.
  static func line(_ measurement: Measurement) -> String { json(fields(of: measurement)) }

  private static func json(_ fields: [(String, Value)]) -> String {
    var json = JSONWriter()
    json.beginObject()
    for (name, value) in fields {
      json.key(name)
      switch value {
      case .text(let text): json.string(text)
      case .raw(let text): json.raw(text)
      }
    }
    json.endObject()
    return json.text + "\n"
  }

  // MARK: CSV (RFC 4180, with line feeds)

  /// The names of the columns: those of one kind, or of all.
  static func csvHead(of kind: Kind?) -> String {
    columns(of: kind).joined(separator: ",") + "\n"
  }

  static func csvLine(
    _ stream: StreamID, _ number: SequenceNumber, _ measurement: Measurement, of kind: Kind?
  ) -> String {
    let fields = place(stream, number) + fields(of: measurement)
    let cells = columns(of: kind).map { column in
      switch fields.first(where: { $0.0 == column })?.1 {
      case .text(let text): quoted(text)
      case .raw(let text): text
      case nil: ""
      }
    }
    return cells.joined(separator: ",") + "\n"
  }

  private static func columns(of kind: Kind?) -> [String] {
    var columns = commonColumns
    for kind in kind.map({ [$0] }) ?? Kind.allCases {
      for field in PayloadField.fields(of: kind) where !columns.contains(field.name) {
        columns.append(field.name)
      }
    }
    return columns
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    let inside = text.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
    return "\"\(inside)\""
  }

  // MARK: Fields

  private static func place(
    _ stream: StreamID, _ number: SequenceNumber
  ) -> [(String, Value)] {
    [("stream", .text(stream.description)), ("sequence", .raw("\(number)"))]
  }

  private static func fields(of measurement: Measurement) -> [(String, Value)] {
    var fields: [(String, Value)] = [
      ("kind", .text(measurement.kind.name)), ("source", .text(measurement.source)),
      ("time", .text(RFC3339.format(ms: measurement.timeMs))),
    ]
    if measurement.timeOrigin == .arrival { fields.append(("time_origin", .text("arrival"))) }
    if measurement.isSimulated { fields.append(("simulated", .raw("true"))) }
    let body: [(String, Value?)] =
      switch measurement.body {
      case .coverage(let coverage): self.fields(of: coverage)
      case .broadband(let broadband): self.fields(of: broadband)
      case .service(let service):
        [
          ("area", text(service.area)), ("counter", .text(service.counter)),
          ("value", .raw("\(service.value)")),
        ]
      case .check: []
      }
    for (name, value) in body {
      if let value { fields.append((name, value)) }
    }
    return fields
  }

  private static func fields(of coverage: Coverage) -> [(String, Value?)] {
    [
      number(.latitude, Int64(coverage.latitudeMicrodegrees)),
      number(.longitude, Int64(coverage.longitudeMicrodegrees)),
      number(.accuracy, coverage.accuracyDecimetres.map { Int64($0) }),
      ("rat", .text(coverage.radioAccess.name)), ("active", flag(coverage.isActive)),
      number(.ssRsrp, coverage.ssRsrpTenths.map { Int64($0) }),
      number(.ssRsrq, coverage.ssRsrqTenths.map { Int64($0) }),
      number(.ssSinr, coverage.ssSinrTenths.map { Int64($0) }), ("plmn", text(coverage.plmn)),
      ("band", text(coverage.band)), ("cell", text(coverage.cell)),
    ]
  }

  private static func fields(of test: Broadband) -> [(String, Value?)] {
    [
      ("line", .text(test.line)), ("area", text(test.area)), number(.down, test.downBps),
      number(.up, test.upBps), number(.latency, test.latencyMicroseconds),
      number(.jitter, test.jitterMicroseconds), number(.loss, test.lossMillionths),
      number(.provisionedDown, test.provisionedDownBps),
      number(.offeredDown, test.offeredDownBps), number(.link, test.linkBps),
      ("wired", flag(test.isWired)), ("tool", text(test.tool)), number(.streams, test.streams),
      number(.duration, test.durationMs), number(.downLatency, test.downLatencyMicroseconds),
      number(.upLatency, test.upLatencyMicroseconds),
    ]
  }

  private static func text(_ text: String?) -> Value? { text.map { .text($0) } }

  private static func flag(_ flag: Bool?) -> Value? { flag.map { .raw("\($0)") } }

  private static func number(_ range: LegalRange, _ value: Int64?) -> (String, Value?) {
    (range.field, value.map { .raw(decimal($0, scale: range.scale)) })
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
