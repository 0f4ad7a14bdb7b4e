import Protocol

/// The head of a numbered payload, `{"numbered": id, "first": N, "measurements": [ … ]}`: the rows
/// are numbered N, N + 1, … within `id`, so that the agent knows those that it already has.
struct Envelope {
  private(set) var id = ""
  private(set) var first: Int64 = 0
  /// Where the array of rows begins.
  private(set) var rowsOffset = 0
  /// What is wrong with it; the rows are not looked at then.
  private(set) var fault: MeasurementDraft.Fault?

  private static let numbered = ShortName("numbered".utf8)
  private static let firstName = ShortName("first".utf8)
  private static let measurements = ShortName("measurements".utf8)

  /// Walks over the whole object. `nil`, with the scanner where it was, if its first key is none
  /// of the three.
  init?(_ scanner: inout JSONScanner) throws(JSONFault) {
    let start = scanner.index
    var id: JSONScanner.Value?
    var first: JSONScanner.Value?
    var rows: JSONScanner.Value?
    guard try scanner.open(.object) else {
      scanner.rewind(to: start)
      return nil
    }
    // The usual flat object is known by its first key and walked over only once.
    var isFirst = true
    var unknown: String?
    repeat {
      let key = try scanner.key()
      let name = scanner.name(key)
      if isFirst, name != Self.numbered, name != Self.firstName, name != Self.measurements {
        scanner.rewind(to: start)
        return nil
      }
      isFirst = false
      let value = try scanner.value(depth: 2)
      switch name {
      case Self.numbered where id == nil: id = value
      case Self.firstName where first == nil: first = value
      case Self.measurements where rows == nil: rows = value
      default: unknown = scanner.shown(key.range)
      }
    } while try scanner.goesOn(.object)
    try scanner.expectEnd()
    do throws(MeasurementDraft.Fault) {
      try check(id: id, first: first, rows: rows, unknown: unknown, scanner)
    } catch { fault = error }
  }

  private mutating func check(
    id: JSONScanner.Value?, first: JSONScanner.Value?, rows: JSONScanner.Value?,
    unknown: String?, _ scanner: JSONScanner
  ) throws(MeasurementDraft.Fault) {
    if let unknown {
      throw Self.fault(
        unknown, "is unknown or given twice", "numbered, first, measurements, each once")
    }
    guard let id, case .string(let text) = id.token, let name = scanner.string(text),
      (1...PayloadParser.idBytesMax).contains(name.utf8.count)
    else {
      throw Self.fault(
        "numbered", shown(id, scanner), "a text of 1…\(PayloadParser.idBytesMax) bytes")
    }
    let legal = LegalRange.counterValue
    guard let first, case .number(let number) = first.token, number.exponent >= 0,
      let place = number.fixed(power: 0), legal.contains(place)
    else { throw Self.fault("first", shown(first, scanner), legal.legalText) }
    guard let rows, case .nested = rows.token, scanner.shown(rows.range).hasPrefix("[") else {
      throw Self.fault("measurements", shown(rows, scanner), "an array of objects")
    }
    self.id = name
    self.first = place
    rowsOffset = rows.range.lowerBound
  }

  private func shown(_ value: JSONScanner.Value?, _ scanner: JSONScanner) -> String {
    guard let value else { return "is missing" }
    return "is \(scanner.shown(value.range))"
  }

  private static func fault(
    _ field: String, _ state: String, _ legal: String
  ) -> MeasurementDraft.Fault {
    MeasurementDraft.Fault(field: field, reason: "\(field) \(state), allowed \(legal)")
  }
}
