import Daemon
import Protocol

/// Turns the payload of a local message into measurements: any bytes give measurements, rejections
/// with their reasons, or both. Used by one thread.
///
/// Forms of a payload:
/// - one flat JSON object with the fields of the topic's kind;
/// - an array of such objects, of which each is taken or rejected on its own;
/// - a SenML pack (`SenMLPack`), known by `n` or `bn` in its first record;
/// - the numbered form, `{"numbered": id, "first": N, "measurements": [object, …]}`.
///
/// The payload of a foreign device's topic is read by its `Mapping` instead.
///
/// Bytes that are no JSON make the whole payload rejected, for nothing in it can be trusted. A
/// field that is not known is left out and counted, so that a misspelt one is seen.
package struct PayloadParser {
  let payloadBytesMax: Int
  private let tables: [FieldTable]
  private let mappings: [Mapping]
  /// The topic that came last: devices repeat theirs.
  private var topic = ""
  private var place: (kind: Kind, source: String)?
  /// A foreign device's topic; `nil` for our own.
  private var mapped: MappedTopic?

  /// Rows of one payload, which bounds what a payload of `[1,1,1,…]` can cost.
  package static let rowsMax = 10_000
  /// Names the elements of a numbered payload.
  package static let idBytesMax = 128

  package init(payloadBytesMax: Int, mappings: [Mapping] = []) {
    self.payloadBytesMax = payloadBytesMax
    self.mappings = mappings
    tables = Kind.allCases.map { FieldTable($0) }
  }

  package mutating func parse(
    topic: String, payload: [UInt8], arrivalMs: Int64
  ) -> ParsedPayload {
    if topic != self.topic { turn(to: topic) }
    guard let place else { return PayloadParser.rejected(topic: topic) }
    guard let table = tables.first(where: { $0.kind == place.kind }) else {
      return PayloadParser.rejected(topic: topic)
    }
    var rows = PayloadRows(table: table, source: place.source, arrivalMs: arrivalMs)
    guard !payload.isEmpty, payload.count <= payloadBytesMax else {
      rows.reject(
        "payload",
        "payload is \(payload.count) bytes, allowed 1…\(payloadBytesMax); "
          + (payload.isEmpty ? "send a JSON object" : "send it in parts"))
      return rows.result
    }
    do throws(JSONFault) {
      try unsafe payload.withUnsafeBufferPointer { (bytes) throws(JSONFault) in
        var scanner = unsafe JSONScanner(bytes)
        if let mapped {
          try mapped.parse(&scanner, into: &rows)
        } else {
          try rows.parse(&scanner)
        }
      }
    } catch {
      rows.discard()
      let name = mapped.map { "; mapping \($0.mapping.name)" } ?? ""
      rows.reject("payload", "payload is no JSON: byte \(error.offset): \(error.expected)\(name)")
    }
    return rows.result
  }

  private mutating func turn(to topic: String) {
    self.topic = topic
    place = Topic.measurement(in: topic)
    mapped = nil
    guard place == nil else { return }
    for mapping in mappings {
      guard let found = mapping.mapped(topic) else { continue }
      mapped = found
      // The source comes with each record.
      place = (mapping.kind, "")
      return
    }
  }

  private static func rejected(topic: String) -> ParsedPayload {
    let kinds = Kind.allCases.map(\.name).joined(separator: ", ")
    let shown = topic.count > 100 ? "\(topic.prefix(100))…" : topic
    return ParsedPayload(rejections: [
      Rejection(
        kind: "unknown", field: "topic",
        reason: "topic is \(shown), allowed measure/<kind>/<source> with kind \(kinds) and source "
          + "of 1…\(TextLimit.source) bytes")
    ])
  }
}

/// The rows of one payload while they are parsed.
struct PayloadRows {
  let table: FieldTable
  let source: String
  let arrivalMs: Int64
  private(set) var result = ParsedPayload()
  /// Places of the measurements among the rows.
  private var places: [Int] = []
  private var rowCount = 0

  init(table: FieldTable, source: String, arrivalMs: Int64) {
    self.table = table
    self.source = source
    self.arrivalMs = arrivalMs
  }

  mutating func parse(_ scanner: inout JSONScanner) throws(JSONFault) {
    switch scanner.next() {
    case UInt8(ascii: "{"):
      if let envelope = try Envelope(&scanner) {
        try parse(envelope, &scanner)
      } else {
        try row(&scanner)
        try scanner.expectEnd()
      }
    case UInt8(ascii: "["):
      if try SenMLPack.isPack(&scanner) {
        var pack = SenMLPack(table: table, arrivalMs: arrivalMs)
        try pack.parse(&scanner)
        try scanner.expectEnd()
        pack.finish(into: &self)
      } else {
        try array(&scanner)
        try scanner.expectEnd()
      }
    default:
      let value = try scanner.value()
      try scanner.expectEnd()
      reject(
        "payload",
        "payload is \(scanner.shown(value.range)), allowed an object, an array of them, "
          + "or a SenML pack")
    }
  }

  mutating func reject(_ field: String, _ reason: String) {
    result.rejections.append(
      Rejection(
        kind: table.kind.name, field: field, reason: PayloadRows.clipped(reason)))
  }

  /// Forgets what was found before the payload turned out to be no JSON.
  mutating func discard() { result = ParsedPayload() }

  mutating func take(_ draft: MeasurementDraft) throws(MeasurementDraft.Fault) {
    try take(draft, source: source)
  }

  mutating func take(
    _ draft: MeasurementDraft, source: String
  ) throws(MeasurementDraft.Fault) {
    result.measurements.append(
      try draft.measurement(kind: table.kind, source: source, arrivalMs: arrivalMs))
  }

  mutating func count(unknownField name: String) {
    result.unknownFieldCount += 1
    result.lastUnknownField = name
  }

  // MARK: Forms

  private mutating func parse(
    _ envelope: Envelope, _ scanner: inout JSONScanner
  ) throws(JSONFault) {
    if let fault = envelope.fault {
      reject(fault.field, fault.reason)
      return
    }
    scanner.rewind(to: envelope.rowsOffset)
    try array(&scanner)
    guard rowCount <= PayloadParser.rowsMax else { return }
    result.numbered = ParsedPayload.Numbered(
      id: scoped(envelope.id), first: envelope.first, count: rowCount,
      places: places)
  }

  /// The id as one of this source. With the source's length none reads as another's; where it is
  /// long its digest stands for it.
  private func scoped(_ id: String) -> String {
    let text = "\(source.utf8.count)/\(source)/\(id)"
    let isShort = text.utf8.count <= ParsedPayload.Numbered.idBytesMax
    return isShort ? text : SHA256.hex(text.utf8)
  }

  private mutating func array(_ scanner: inout JSONScanner) throws(JSONFault) {
    guard try scanner.open(.array) else { return }
    repeat {
      if rowCount < PayloadParser.rowsMax {
        try row(&scanner)
      } else {
        _ = try scanner.value(depth: 2)
      }
      rowCount += 1
    } while try scanner.goesOn(.array)
    guard rowCount > PayloadParser.rowsMax else { return }
    let count = rowCount
    discard()
    reject(
      "payload", "payload has \(count) rows, allowed 1…\(PayloadParser.rowsMax); send it in parts")
  }

  /// One flat object.
  private mutating func row(_ scanner: inout JSONScanner) throws(JSONFault) {
    guard scanner.next() == UInt8(ascii: "{") else {
      let value = try scanner.value(depth: 2)
      reject("payload", "row is \(scanner.shown(value.range)), allowed an object")
      return
    }
    var draft = MeasurementDraft()
    var fault: MeasurementDraft.Fault?
    guard try scanner.open(.object) else {
      finish(draft, fault)
      return
    }
    repeat {
      let key = try scanner.key()
      let value = try scanner.value(depth: 2)
      guard let name = scanner.name(key), let entry = table[name] else {
        count(unknownField: scanner.shown(key.range))
        continue
      }
      if fault != nil { continue }
      do throws(MeasurementDraft.Fault) {
        try draft.set(entry, value, in: scanner)
      } catch { fault = error }
    } while try scanner.goesOn(.object)
    finish(draft, fault)
  }

  private mutating func finish(_ draft: MeasurementDraft, _ fault: MeasurementDraft.Fault?) {
    if let fault {
      reject(fault.field, fault.reason)
      return
    }
    do throws(MeasurementDraft.Fault) {
      try take(draft)
      places.append(rowCount)
    } catch { reject(error.field, error.reason) }
  }

  private static func clipped(_ reason: String) -> String {
    guard reason.utf8.count > Rejection.reasonBytesMax else { return reason }
    var cut = reason
    // "…" has three bytes.
    while cut.utf8.count > Rejection.reasonBytesMax - 3 { cut.removeLast() }
    return cut + "…"
  }
}
