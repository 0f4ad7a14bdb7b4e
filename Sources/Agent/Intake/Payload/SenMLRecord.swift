import Protocol

/// One record of a SenML pack (RFC 8428, section 4).
struct SenMLRecord {
  private(set) var baseName: String?
  private(set) var baseTime: DecimalNumber?
  private(set) var baseUnit: String?
  private(set) var baseValue: DecimalNumber?
  private(set) var version: Int64?
  private(set) var name: String?
  private(set) var time: DecimalNumber?
  private var unit: String?
  private var number: DecimalNumber?
  private var text: String?
  private var flag: Bool?
  /// A sum or data, which no field can hold.
  private var other: String?
  /// The value as it stands in the payload.
  private var shown = 0..<0
  private(set) var problem: MeasurementDraft.Fault?

  /// Whether the record is more than base values.
  var hasContent: Bool {
    number != nil || text != nil || flag != nil || other != nil || name != nil || problem != nil
  }

  /// Whether a fault of this label concerns the records that follow as well.
  static func spoilsPack(_ label: String) -> Bool {
    ["bn", "bt", "bu", "bv", "bver", "payload"].contains(label) || label.hasSuffix("_")
  }

  mutating func set(
    _ key: JSONScanner.Text, _ value: JSONScanner.Value, in scanner: JSONScanner
  ) {
    guard let name = scanner.string(key) else {
      wrong("payload", "a label that is no UTF-8")
      return
    }
    switch (name, value.token) {
    case ("bn", .string(let text)): baseName = string(text, name, scanner)
    case ("n", .string(let text)): self.name = string(text, name, scanner)
    case ("bu", .string(let text)): baseUnit = string(text, name, scanner)
    case ("u", .string(let text)): unit = string(text, name, scanner)
    case ("bt", .number(let number)): baseTime = number
    case ("t", .number(let number)): time = number
    case ("bv", .number(let number)): baseValue = number
    case ("bver", .number(let number)): version = number.fixed(power: 0) ?? .max
    case ("v", .number(let number)): (self.number, shown) = (number, value.range)
    case ("vs", .string(let text)): (self.text, shown) = (string(text, name, scanner), value.range)
    case ("vb", .boolean(let flag)): (self.flag, shown) = (flag, value.range)
    case ("s", .number), ("vd", .string): (other, shown) = (name, value.range)
    case ("bs", .number), ("ut", .number): break
    case ("bn", _), ("n", _), ("bu", _), ("u", _), ("vs", _), ("vd", _):
      wrong(name, "\(name) is \(scanner.shown(value.range)), allowed a text")
    case ("bt", _), ("t", _), ("bv", _), ("bver", _), ("v", _), ("s", _), ("bs", _), ("ut", _):
      wrong(name, "\(name) is \(scanner.shown(value.range)), allowed a number")
    case ("vb", _): wrong(name, "vb is \(scanner.shown(value.range)), allowed true, false")
    default:
      // Section 4.4: who does not know a label that ends so must not use the record.
      if name.hasSuffix("_") {
        let label = scanner.shown(key.range)
        wrong(label, "label \(label) must be understood, and is not")
      }
    }
  }

  /// Puts the record's value into its field.
  func fill(
    _ draft: inout MeasurementDraft, _ entry: FieldTable.Entry, _ base: SenMLPack.Base,
    _ scanner: JSONScanner
  ) throws(MeasurementDraft.Fault) {
    let field = entry.field
    guard !draft.has(field) else {
      throw MeasurementDraft.Fault(
        field: field.name, reason: "\(field.name) is given twice for one time")
    }
    let values = (number != nil ? 1 : 0) + (text != nil ? 1 : 0) + (flag != nil ? 1 : 0)
    guard values == 1, other == nil else {
      let found =
        other.map { "given as \($0)" } ?? (values == 0 ? "without a value" : "given twice")
      throw MeasurementDraft.Fault(
        field: field.name, reason: "\(field.name) is \(found), allowed one of v, vs, vb")
    }
    let shown = { (scanner: JSONScanner) in scanner.shown(self.shown) }
    if let text, entry.content != .number, entry.content != .flag {
      try draft.set(entry, text: text)
    } else if let flag, entry.content == .flag {
      draft.set(entry, flag: flag)
    } else if let number, entry.content == .number {
      try fill(&draft, entry, number, base, shown(scanner))
    } else {
      throw MeasurementDraft.illegal(field, shown(scanner))
    }
  }

  private func fill(
    _ draft: inout MeasurementDraft, _ entry: FieldTable.Entry, _ number: DecimalNumber,
    _ base: SenMLPack.Base, _ shown: String
  ) throws(MeasurementDraft.Fault) {
    let units = SenMLUnit.units(of: entry.field)
    var value = number + base.value
    var unitShown = ""
    if let name = unit ?? base.unit {
      guard let unit = units.first(where: { $0.name == name }) else {
        let legal = units.map(\.name).joined(separator: ", ")
        throw MeasurementDraft.Fault(
          field: entry.field.name,
          reason: "\(entry.field.name) has unit \(name.prefix(24)), allowed "
            + (legal.isEmpty ? "none" : legal))
      }
      value = value.flatMap { unit.converted($0) }
      unitShown = " \(name)"
    }
    guard let value else { throw MeasurementDraft.illegal(entry.field, shown + unitShown) }
    try draft.set(entry, value) { shown + unitShown }
  }

  private mutating func string(
    _ text: JSONScanner.Text, _ label: String, _ scanner: JSONScanner
  ) -> String? {
    let string = scanner.string(text)
    if string == nil { wrong(label, "\(label) is \(scanner.shown(text.range)), allowed UTF-8") }
    return string
  }

  private mutating func wrong(_ field: String, _ reason: String) {
    if problem == nil { problem = MeasurementDraft.Fault(field: field, reason: reason) }
  }
}

/// A unit of SenML's registry (RFC 8428, section 12.1; RFC 8798) and what makes it the unit of a
/// field: (value + offset) · factor · 10^power.
struct SenMLUnit {
  let name: String
  let offset: Int64
  let factor: UInt64
  let power: Int

  init(_ name: String, power: Int = 0, factor: UInt64 = 1, offset: Int64 = 0) {
    self.name = name
    self.offset = offset
    self.factor = factor
    self.power = power
  }

  /// `nil` beyond 64 bits.
  func converted(_ value: DecimalNumber) -> DecimalNumber? {
    let shift = DecimalNumber(
      isNegative: offset < 0, digits: offset.magnitude, exponent: 0)
    guard let moved = value + shift, var result = moved.multiplied(by: factor) else { return nil }
    result.exponent += power
    return result
  }

  /// The units in which a field may come, its own first.
  static func units(of field: PayloadField) -> [SenMLUnit] {
    switch field {
    case .latitude: [.init("lat"), .init("deg")]
    case .longitude: [.init("lon"), .init("deg")]
    case .accuracy:
      [.init("m"), .init("km", power: 3), .init("cm", power: -2), .init("mm", power: -3)]
    case .ssRsrp: [.init("dBm"), .init("dBW", offset: 30)]
    case .ssRsrq, .ssSinr: [.init("dB")]
    case .down, .up, .provisionedDown, .offeredDown, .link:
      [
        .init("bit/s"), .init("Mbit/s", power: 6), .init("B/s", factor: 8),
        .init("MB/s", power: 6, factor: 8),
      ]
    case .latency, .downLatency, .upLatency, .jitter: [.init("ms"), .init("s", power: 3)]
    case .seconds: [.init("s"), .init("ms", power: -3), .init("min", factor: 60)]
    case .loss:
      [
        .init("/"), .init("/100", power: -2), .init("%", power: -2), .init("/1000", power: -3),
        .init("ppm", power: -6),
      ]
    case .streams, .value: [.init("count")]
    default: []
    }
  }
}
