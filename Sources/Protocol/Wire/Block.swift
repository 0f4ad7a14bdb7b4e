/// The rows of a segment that share kind and simulation mark, column by column.
///
/// On the wire: `[kind, simulated, rows, {key: column}]`; a column that no row has is not written.
public struct Block: Equatable, Sendable {
  public let kind: Kind
  public let isSimulated: Bool
  /// Rows; at least 1.
  public let count: Int
  /// By `Field.rawValue`.
  private var integers: [DecodedColumn]
  private var texts: [DecodedTextColumn]
  /// Rows whose time comes from the clock that the segment speaks of; `nil`: it speaks of none.
  private var clockRows: [Bool]?

  private static let slots = (Field.allCases.map(\.rawValue).max() ?? 0) + 1

  /// The column of a field that holds whole numbers, in the units of `LegalRange`.
  public func integers(_ field: Field) -> DecodedColumn { integers[field.rawValue] }

  /// The column of a field that holds texts.
  public func texts(_ field: Field) -> DecodedTextColumn { texts[field.rawValue] }

  public func timeOrigin(at row: Int) -> TimeOrigin {
    integers(.timeOrigin)[row] == 1 ? .arrival : .device
  }

  /// Whether the row's time comes from the clock that the segment speaks of.
  public func isOfClock(_ row: Int) -> Bool { clockRows?[row] ?? false }

  /// Rows whose time comes from the clock that the segment speaks of.
  public var clockRowCount: Int { clockRows?.count { $0 } ?? 0 }

  static func encode(_ rows: [Measurement], into writer: inout CBORWriter) {
    let kind = rows[0].kind
    var columns = CBORWriter(reserving: 16 * rows.count)
    var columnCount = 0
    for field in Field.fields(of: kind) {
      switch field.content {
      case .integer:
        let values = rows.map { $0.integer(field) }
        guard values.contains(where: { $0 != nil }) else { continue }
        columns.integer(Int64(field.rawValue))
        IntegerColumn.encode(values, into: &columns)
      case .text:
        let values = rows.map { $0.text(field) }
        guard values.contains(where: { $0 != nil }) else { continue }
        columns.integer(Int64(field.rawValue))
        TextColumn.encode(values, into: &columns)
      }
      columnCount += 1
    }
    writer.array(4)
    writer.integer(kind.rawValue)
    writer.boolean(rows[0].isSimulated)
    writer.integer(Int64(rows.count))
    writer.map(columnCount)
    writer.encoded(columns.bytes)
  }

  init(decoding reader: inout CBORReader, rowsLeft: Int) throws(WireError) {
    let start = reader.offset
    guard try reader.array(atMost: 4) == 4 else {
      throw WireError(.range("block of fewer than 4 items"), at: start)
    }
    let kindNumber = try reader.integer()
    guard let kind = Kind(rawValue: kindNumber) else {
      throw WireError(.range("kind \(kindNumber), legal 1…\(Kind.allCases.count)"), at: start)
    }
    self.kind = kind
    isSimulated = try reader.boolean()
    count = Int(try reader.unsigned(atMost: UInt64(Segment.rowsMax)))
    guard count > 0 else { throw WireError(.range("block without rows"), at: start) }
    guard count <= rowsLeft else {
      throw WireError(.range("block of \(count) rows where \(rowsLeft) are left"), at: start)
    }
    integers = Array(repeating: .absent, count: Block.slots)
    texts = Array(repeating: .absent, count: Block.slots)
    for _ in 0..<(try reader.map(atMost: 64)) {
      let key = try reader.unsigned(atMost: UInt64(Int64.max))
      guard let field = Int(exactly: key).flatMap(Field.init(rawValue:)) else {
        try reader.skip()
        continue
      }
      try decodeColumn(field, from: &reader)
    }
    for field in Field.required(of: kind) where !isComplete(field) {
      throw WireError(.missing("column \(field) of \(kind.name)"), at: start)
    }
  }

  /// Notes which rows the clock has stamped, and makes their times right where it is known how.
  mutating func apply(_ clock: SegmentClock, receivedMs: Int64) throws(WireError) {
    let times = integers(.time)
    var corrected = (0..<count).map { times[$0] ?? 0 }
    let stamped = (0..<count).map {
      clock.stamped(corrected[$0], timeOrigin(at: $0), receivedMs: receivedMs)
    }
    clockRows = stamped
    guard case .corrected(let byMs, _, _) = clock, byMs != 0 else { return }
    for row in 0..<count where stamped[row] {
      corrected[row] += byMs
      guard LegalRange.time.contains(corrected[row]) else {
        throw WireError(.range("a time corrected to \(corrected[row]) ms"), at: 0)
      }
    }
    integers[Field.time.rawValue] = .rows(corrected, isPresent: nil)
  }

  public func measurement(at row: Int) -> Measurement {
    Measurement(
      source: texts(.source)[row] ?? "", timeMs: integers(.time)[row] ?? 0,
      timeOrigin: timeOrigin(at: row), isSimulated: isSimulated, body: body(at: row))
  }

  private mutating func decodeColumn(
    _ field: Field, from reader: inout CBORReader
  ) throws(WireError) {
    switch field.content {
    case .integer(let legal):
      integers[field.rawValue] = try IntegerColumn.decode(
        from: &reader, count: count, legal: legal, field: field)
    case .text(let limit):
      texts[field.rawValue] = try TextColumn.decode(
        from: &reader, count: count, atMost: limit, field: field)
    }
  }

  private func isComplete(_ field: Field) -> Bool {
    let column =
      switch field.content {
      case .integer: integers(field)
      case .text: texts(field).indices
      }
    switch column {
    case .absent: return false
    case .constant: return true
    case .rows(_, let isPresent): return isPresent == nil
    }
  }

  private func body(at row: Int) -> Measurement.Body {
    switch kind {
    case .coverage: .coverage(coverage(at: row))
    case .broadband: .broadband(broadband(at: row))
    case .service:
      .service(
        ServiceCount(
          area: texts(.area)[row], counter: texts(.counter)[row] ?? "",
          value: integers(.value)[row] ?? 0))
    case .check: .check
    }
  }

  private func coverage(at row: Int) -> Coverage {
    func small(_ field: Field) -> Int32? {
      integers(field)[row].map(Int32.init(truncatingIfNeeded:))
    }
    return Coverage(
      latitudeMicrodegrees: small(.latitude) ?? 0, longitudeMicrodegrees: small(.longitude) ?? 0,
      accuracyDecimetres: small(.accuracy),
      radioAccess: integers(.radioAccess)[row].flatMap(RadioAccess.init(rawValue:)) ?? .none,
      isActive: integers(.active)[row].map { $0 == 1 }, ssRsrpTenths: small(.ssRsrp),
      ssRsrqTenths: small(.ssRsrq), ssSinrTenths: small(.ssSinr), plmn: texts(.plmn)[row],
      band: texts(.band)[row], cell: texts(.cell)[row])
  }

  private func broadband(at row: Int) -> Broadband {
    Broadband(
      line: texts(.line)[row] ?? "", area: texts(.area)[row], downBps: integers(.down)[row] ?? 0,
      upBps: integers(.up)[row], latencyMicroseconds: integers(.latency)[row],
      jitterMicroseconds: integers(.jitter)[row], lossMillionths: integers(.loss)[row],
      provisionedDownBps: integers(.provisionedDown)[row],
      offeredDownBps: integers(.offeredDown)[row], linkBps: integers(.link)[row],
      isWired: integers(.wired)[row].map { $0 == 1 }, tool: texts(.tool)[row],
      streams: integers(.streams)[row], durationMs: integers(.duration)[row],
      downLatencyMicroseconds: integers(.downLatency)[row],
      upLatencyMicroseconds: integers(.upLatency)[row])
  }
}
