import Daemon
import Protocol

/// The fields of one row as they come, checked one by one; a measurement once all are there.
struct MeasurementDraft {
  private var seen: UInt32 = 0
  /// By `PayloadField.rawValue`; flags are 0 and 1.
  private var numbers = InlineArray<31, Int64>(repeating: 0)
  private var texts = InlineArray<7, String>(repeating: "")
  private var timeOrigin = TimeOrigin.device

  /// What is wrong with a row.
  struct Fault: Error {
    let field: String
    let reason: String
  }

  /// Whether the field was given, `null` included.
  func has(_ field: PayloadField) -> Bool { seen & (1 << UInt32(field.rawValue)) != 0 }

  // MARK: Filling

  /// Takes a field of a flat object.
  mutating func set(
    _ entry: FieldTable.Entry, _ value: JSONScanner.Value, in scanner: JSONScanner
  ) throws(Fault) {
    guard !has(entry.field) else {
      throw Fault(field: entry.field.name, reason: "\(entry.field.name) is given twice")
    }
    switch (entry.content, value.token) {
    case (_, .null): return
    case (.number, .number(let number)):
      try set(entry, number) { scanner.shown(value.range) }
    case (.flag, .boolean(let flag)): set(entry, flag: flag)
    case (.time, .number(let number)):
      try set(time: number, origin: .device) { scanner.shown(value.range) }
    case (.time, .string(let text)):
      guard let string = scanner.string(text), let ms = RFC3339.parse(string) else {
        throw MeasurementDraft.illegal(entry.field, scanner.shown(value.range))
      }
      try set(timeMs: ms, origin: .device) { scanner.shown(value.range) }
    case (.text, .string(let text)), (.operatorCode, .string(let text)),
      (.radioAccess, .string(let text)):
      guard let string = scanner.string(text) else {
        throw MeasurementDraft.illegal(entry.field, scanner.shown(value.range))
      }
      try set(entry, text: string)
    case (.text, .number(let number)), (.operatorCode, .number(let number)):
      // Devices send cell 11016972 and plmn 45204 without quotes as well.
      guard number.exponent == 0, !number.isNegative else {
        throw MeasurementDraft.illegal(entry.field, scanner.shown(value.range))
      }
      try set(entry, text: scanner.shown(value.range))
    default: throw MeasurementDraft.illegal(entry.field, scanner.shown(value.range))
    }
  }

  /// - Parameter shown: the value for a message.
  mutating func set(
    _ entry: FieldTable.Entry, _ number: DecimalNumber, shown: () -> String
  ) throws(Fault) {
    guard let value = number.fixed(power: entry.power), value >= entry.lower,
      value <= entry.upper
    else { throw MeasurementDraft.illegal(entry.field, shown()) }
    numbers[entry.field.rawValue] = value
    mark(entry.field)
  }

  mutating func set(_ entry: FieldTable.Entry, flag: Bool) {
    numbers[entry.field.rawValue] = flag ? 1 : 0
    mark(entry.field)
  }

  mutating func set(_ entry: FieldTable.Entry, text: String) throws(Fault) {
    let bytes = text.utf8
    switch entry.content {
    case .radioAccess:
      guard let access = RadioAccess(name: text) else {
        throw MeasurementDraft.illegal(entry.field, MeasurementDraft.quoted(text))
      }
      numbers[entry.field.rawValue] = access.rawValue
    case .operatorCode where !bytes.isEmpty:
      guard (5...6).contains(bytes.count), bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
        throw MeasurementDraft.illegal(entry.field, MeasurementDraft.quoted(text))
      }
      texts[MeasurementDraft.place(of: entry.field)] = text
    default:
      // An empty text says as little as none.
      guard !bytes.isEmpty else { return }
      guard bytes.count <= TextLimit.identifier,
        text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
      else { throw MeasurementDraft.illegal(entry.field, MeasurementDraft.quoted(text)) }
      texts[MeasurementDraft.place(of: entry.field)] = text
    }
    mark(entry.field)
  }

  /// - Parameter number: Unix seconds.
  mutating func set(
    time number: DecimalNumber, origin: TimeOrigin, shown: () -> String
  ) throws(Fault) {
    guard let ms = number.fixed(power: 3) else {
      throw MeasurementDraft.illegal(.time, shown())
    }
    try set(timeMs: ms, origin: origin, shown: shown)
  }

  mutating func set(
    timeMs: Int64, origin: TimeOrigin, shown: () -> String
  ) throws(Fault) {
    guard LegalRange.time.contains(timeMs) else {
      throw MeasurementDraft.illegal(.time, shown())
    }
    numbers[PayloadField.time.rawValue] = timeMs
    timeOrigin = origin
    mark(.time)
  }

  private mutating func mark(_ field: PayloadField) { seen |= 1 << UInt32(field.rawValue) }

  // MARK: The measurement

  /// - Parameter arrivalMs: the measurement's time where the row gave none.
  func measurement(
    kind: Kind, source: String, arrivalMs: Int64
  ) throws(Fault) -> Measurement {
    let body: Measurement.Body =
      switch kind {
      case .coverage: .coverage(try coverage())
      case .broadband: .broadband(try broadband())
      case .service: .service(try service())
      case .check: .check
      }
    let hasTime = has(.time)
    return Measurement(
      source: source, timeMs: hasTime ? numbers[PayloadField.time.rawValue] : arrivalMs,
      timeOrigin: hasTime ? timeOrigin : .arrival, isSimulated: flag(.simulated) ?? false,
      body: body)
  }

  private func coverage() throws(Fault) -> Coverage {
    Coverage(
      latitudeMicrodegrees: Int32(try required(.latitude)),
      longitudeMicrodegrees: Int32(try required(.longitude)),
      accuracyDecimetres: number(.accuracy).map { Int32($0) },
      radioAccess: RadioAccess(rawValue: try required(.radioAccess)) ?? .none,
      isActive: flag(.active), ssRsrpTenths: number(.ssRsrp).map { Int32($0) },
      ssRsrqTenths: number(.ssRsrq).map { Int32($0) },
      ssSinrTenths: number(.ssSinr).map { Int32($0) }, plmn: text(.plmn), band: text(.band),
      cell: text(.cell))
  }

  private func broadband() throws(Fault) -> Broadband {
    Broadband(
      line: try requiredText(.line), area: text(.area), downBps: try required(.down),
      upBps: number(.up), latencyMicroseconds: number(.latency),
      jitterMicroseconds: number(.jitter), lossMillionths: number(.loss),
      provisionedDownBps: number(.provisionedDown), offeredDownBps: number(.offeredDown),
      linkBps: number(.link), isWired: flag(.wired), tool: text(.tool),
      streams: number(.streams), durationMs: number(.seconds),
      downLatencyMicroseconds: number(.downLatency), upLatencyMicroseconds: number(.upLatency))
  }

  private func service() throws(Fault) -> ServiceCount {
    ServiceCount(
      area: text(.area), counter: try requiredText(.counter), value: try required(.value))
  }

  private func number(_ field: PayloadField) -> Int64? {
    has(field) ? numbers[field.rawValue] : nil
  }

  private func flag(_ field: PayloadField) -> Bool? { number(field).map { $0 != 0 } }

  private func text(_ field: PayloadField) -> String? {
    has(field) ? texts[MeasurementDraft.place(of: field)] : nil
  }

  private func required(_ field: PayloadField) throws(Fault) -> Int64 {
    guard let value = number(field) else { throw MeasurementDraft.missing(field) }
    return value
  }

  private func requiredText(_ field: PayloadField) throws(Fault) -> String {
    guard let value = text(field) else { throw MeasurementDraft.missing(field) }
    return value
  }

  private static func place(of field: PayloadField) -> Int {
    switch field {
    case .plmn: 0
    case .band: 1
    case .cell: 2
    case .line: 3
    case .area: 4
    case .tool: 5
    default: 6
    }
  }

  /// The first field that a measurement of a kind must have and that is not among the given ones.
  static func firstMissing(of kind: Kind, given entries: [FieldTable.Entry]) -> String? {
    var draft = MeasurementDraft()
    do throws(Fault) {
      for entry in entries { try draft.setLegal(entry) }
      _ = try draft.measurement(kind: kind, source: "", arrivalMs: 0)
      return nil
    } catch { return error.field }
  }

  /// Any legal value.
  private mutating func setLegal(_ entry: FieldTable.Entry) throws(Fault) {
    switch entry.content {
    case .number:
      let number = DecimalNumber(
        isNegative: entry.lower < 0, digits: entry.lower.magnitude, exponent: -entry.power)
      try set(entry, number) { "" }
    case .flag: set(entry, flag: false)
    case .time: try set(timeMs: 0, origin: .device) { "" }
    case .radioAccess: try set(entry, text: RadioAccess.none.name)
    case .text, .operatorCode: try set(entry, text: "00000")
    }
  }

  // MARK: Words

  static func illegal(_ field: PayloadField, _ shown: String) -> Fault {
    Fault(field: field.name, reason: "\(field.name) is \(shown), allowed \(legalText(field))")
  }

  private static func missing(_ field: PayloadField) -> Fault {
    Fault(
      field: field.name, reason: "\(field.name) is missing, allowed \(legalText(field))")
  }

  private static func quoted(_ text: String) -> String {
    let cut = text.prefix(JSONScanner.shownBytesMax)
    return cut.endIndex < text.endIndex ? "\"\(cut)…\"" : "\"\(cut)\""
  }

  static func legalText(_ field: PayloadField) -> String {
    switch field.content {
    case .number(let range): range.legalText
    case .flag: "true, false"
    case .text: "a text of 1…\(TextLimit.identifier) bytes without control characters"
    case .operatorCode: "5 or 6 digits, MCC and MNC"
    case .radioAccess: RadioAccess.allCases.map(\.name).joined(separator: ", ")
    case .time: "\(LegalRange.time.legalText), or RFC 3339"
    }
  }
}
