import Protocol

/// One topic of a mapping: reads its payloads. Used by the intake's thread, or by `mapping test`.
struct MappedTopic: Sendable {
  let mapping: Mapping
  /// The named levels of the topic.
  let parts: [String: String]

  /// Reads a payload of any bytes; the measurements and rejections go to `rows`.
  func parse(_ scanner: inout JSONScanner, into rows: inout PayloadRows) throws(JSONFault) {
    let start = scanner.index
    // The paths that follow walk over bytes that are known to be one JSON text.
    _ = try scanner.value()
    try scanner.expectEnd()
    guard let records = mapping.records else {
      return try record(at: start, start, &scanner, into: &rows)
    }
    guard let found = try records.find(in: &scanner, from: start), case .nested = found.token else {
      let found = try records.find(in: &scanner, from: start)
      let shown = found.map { "is \(scanner.shown($0.range))" } ?? "is missing"
      rows.reject(
        "payload", named("records \(shown) at \(records.text), allowed an object or an array"))
      return
    }
    scanner.rewind(to: found.range.lowerBound)
    guard scanner.next() == UInt8(ascii: "[") else {
      return try record(at: found.range.lowerBound, start, &scanner, into: &rows)
    }
    try array(&scanner, payload: start, into: &rows)
  }

  private func array(
    _ scanner: inout JSONScanner, payload: Int, into rows: inout PayloadRows
  ) throws(JSONFault) {
    guard try scanner.open(.array) else { return }
    var count = 0
    repeat {
      _ = scanner.next()
      let begin = scanner.index
      let end = try scanner.value(depth: 2).range.upperBound
      count += 1
      if count <= PayloadParser.rowsMax {
        try record(at: begin, payload, &scanner, into: &rows)
        scanner.rewind(to: end)
      }
    } while try scanner.goesOn(.array)
    guard count > PayloadParser.rowsMax else { return }
    rows.discard()
    rows.reject(
      "payload",
      named("payload has \(count) records, allowed 1…\(PayloadParser.rowsMax); send it in parts"))
  }

  private func record(
    at begin: Int, _ payload: Int, _ scanner: inout JSONScanner, into rows: inout PayloadRows
  ) throws(JSONFault) {
    var draft = MeasurementDraft()
    guard let source = try source(&scanner, begin, payload) else {
      rows.reject(
        "source",
        named("source is absent or not a text of 1…\(TextLimit.source) bytes"))
      return
    }
    for field in mapping.fields {
      let found = try value(of: field.origin, &scanner, begin, payload)
      do throws(MeasurementDraft.Fault) {
        if found.isNested { throw MeasurementDraft.illegal(field.entry.field, "no single value") }
        try field.fill(&draft, found.value)
      } catch {
        rows.reject(error.field, named(error.reason, field.origin))
        return
      }
    }
    do throws(MeasurementDraft.Fault) {
      try rows.take(draft, source: source)
    } catch { rows.reject(error.field, named(error.reason)) }
  }

  private func named(_ reason: String, _ origin: ValueOrigin? = nil) -> String {
    var text = "\(reason); mapping \(mapping.name)"
    if case .path(let path) = origin { text += ", path \(path.text)" }
    return text
  }

  private func source(
    _ scanner: inout JSONScanner, _ begin: Int, _ payload: Int
  ) throws(JSONFault) -> String? {
    let text: String
    switch try value(of: mapping.source, &scanner, begin, payload).value {
    case .text(let found): text = found
    case .number(_, let shown): text = shown
    case .flag, nil: return nil
    }
    guard (1...TextLimit.source).contains(text.utf8.count),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    else { return nil }
    return text
  }

  private func value(
    of origin: ValueOrigin, _ scanner: inout JSONScanner, _ begin: Int, _ payload: Int
  ) throws(JSONFault) -> (value: MappedValue?, isNested: Bool) {
    switch origin {
    case .constant(let value): return (value, false)
    case .template(let template): return (.text(template.text(parts)), false)
    case .path(let path):
      let start = path.root == .payload ? payload : begin
      guard let found = try path.find(in: &scanner, from: start) else { return (nil, false) }
      if case .nested = found.token { return (nil, true) }
      return (MappedValue(found, in: scanner), false)
    }
  }
}

extension MappedTopic {
  /// What each field finds in the payload's first record, one line a field, for a person.
  func trace(_ payload: [UInt8]) -> String {
    let text = unsafe payload.withUnsafeBufferPointer { bytes -> String? in
      var scanner = unsafe JSONScanner(bytes)
      return try? trace(&scanner)
    }
    return text ?? ""
  }

  private func trace(_ scanner: inout JSONScanner) throws(JSONFault) -> String {
    _ = try scanner.value()
    try scanner.expectEnd()
    var begin = 0
    if let records = mapping.records {
      guard let found = try records.find(in: &scanner, from: 0) else { return "" }
      scanner.rewind(to: found.range.lowerBound)
      begin = found.range.lowerBound
      if scanner.next() == UInt8(ascii: "[") {
        guard try scanner.open(.array) else { return "" }
        _ = scanner.next()
        begin = scanner.index
      }
    }
    var text = ""
    for field in mapping.fields {
      let found = try value(of: field.origin, &scanner, begin, 0)
      let shown = found.isNested ? "no single value" : found.value?.shown ?? "nothing"
      let place =
        switch field.origin {
        case .path(let path): " at \(path.text)"
        case .template: " of the topic"
        case .constant: ""
        }
      text += "  \(field.entry.field.name): \(shown)\(field.transformation)\(place)\n"
    }
    return text
  }
}
