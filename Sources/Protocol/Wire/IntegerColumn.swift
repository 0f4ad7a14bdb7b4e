/// One column of whole numbers on the wire. The forms, smallest wins (docs/protocol.md):
///
///     n                           every row holds n
///     [unit, [d0, d1, …]]         row i holds unit · (d0 + … + di)
///     [unit, [d0, n0, d1, n1…], 1]  the same, each delta repeated n times
///
/// `null` in place of a delta is a row without a value; the sum goes on after it.
enum IntegerColumn {
  /// - Parameter values: one entry a row; at least one, and not all `nil`.
  static func encode(_ values: [Int64?], into writer: inout CBORWriter) {
    if let first = values.first, let constant = first, values.allSatisfy({ $0 == constant }) {
      writer.integer(constant)
      return
    }
    let unit = commonUnit(values)
    let deltas = deltas(values, unit: unit)
    let runs = runs(deltas)
    let plainBytes = deltas.reduce(0) { $0 + byteCount($1) }
    let runBytes = runs.reduce(1) {
      $0 + byteCount($1.delta) + CBORWriter.byteCount(of: Int64($1.count))
    }
    writer.array(plainBytes <= runBytes ? 2 : 3)
    writer.integer(unit)
    if plainBytes <= runBytes {
      writer.array(deltas.count)
      for delta in deltas { write(delta, into: &writer) }
    } else {
      writer.array(2 * runs.count)
      for run in runs {
        write(run.delta, into: &writer)
        writer.integer(Int64(run.count))
      }
      writer.integer(1)
    }
  }

  /// One entry a row, `nil` where the row has no value.
  ///
  /// - Parameter legal: every value is checked against it.
  static func decode(
    from reader: inout CBORReader, count: Int, legal: ClosedRange<Int64>, field: Field
  ) throws(WireError) -> DecodedColumn {
    let start = reader.offset
    if reader.nextIs(.integer) {
      let constant = try reader.integer()
      guard legal.contains(constant) else { throw illegal(constant, legal, field, start) }
      return .constant(constant)
    }
    let form = try reader.array(atMost: 3)
    guard form >= 2 else { throw WireError(.range("column \(field) has no deltas"), at: start) }
    let unit = try reader.integer()
    guard unit > 0 else { throw WireError(.range("column \(field) has unit \(unit)"), at: start) }
    var builder = Builder(unit: unit, legal: legal, field: field, count: count)
    let items = try reader.array(atMost: form == 2 ? count : 2 * count)
    if form == 2 {
      for _ in 0..<items { try builder.append(try reader.optionalInteger(), 1, at: reader.offset) }
    } else {
      guard items.isMultiple(of: 2) else {
        throw WireError(.range("column \(field) has half a run"), at: start)
      }
      for _ in 0..<(items / 2) {
        let delta = try reader.optionalInteger()
        let repeats = try reader.unsigned(atMost: UInt64(count))
        try builder.append(delta, Int(repeats), at: reader.offset)
      }
      let marker = try reader.integer()
      guard marker == 1 else {
        throw WireError(.range("column \(field) has form \(marker)"), at: start)
      }
    }
    guard builder.rowCount == count else {
      throw WireError(.range("column \(field) has \(builder.rowCount) rows of \(count)"), at: start)
    }
    return builder.column
  }

  /// Sums deltas up to rows, with every check.
  private struct Builder {
    let unit: Int64
    let legal: ClosedRange<Int64>
    let field: Field
    let count: Int
    private var sum: Int64 = 0
    private var values: [Int64]
    private var isPresent: [Bool] = []
    private(set) var rowCount = 0

    init(unit: Int64, legal: ClosedRange<Int64>, field: Field, count: Int) {
      self.unit = unit
      self.legal = legal
      self.field = field
      self.count = count
      values = []
      values.reserveCapacity(count)
    }

    var column: DecodedColumn { .rows(values, isPresent: isPresent.isEmpty ? nil : isPresent) }

    @inline(__always)
    mutating func append(_ delta: Int64?, _ repeats: Int, at offset: Int) throws(WireError) {
      guard repeats <= count - rowCount else {
        throw WireError(.range("column \(field) has more rows than \(count)"), at: offset)
      }
      guard let delta else {
        if isPresent.isEmpty { isPresent = Array(repeating: true, count: rowCount) }
        for _ in 0..<repeats { values.append(0) }
        for _ in 0..<repeats { isPresent.append(false) }
        rowCount += repeats
        return
      }
      for _ in 0..<repeats {
        let (next, overflow) = sum.addingReportingOverflow(delta)
        let (value, beyond) = next.multipliedReportingOverflow(by: unit)
        guard !overflow, !beyond, legal.contains(value) else {
          throw illegal(overflow || beyond ? next : value, legal, field, offset)
        }
        sum = next
        values.append(value)
      }
      if !isPresent.isEmpty { for _ in 0..<repeats { isPresent.append(true) } }
      rowCount += repeats
    }
  }

  private static func illegal(
    _ value: Int64, _ legal: ClosedRange<Int64>, _ field: Field, _ offset: Int
  ) -> WireError {
    WireError(
      .range("column \(field) holds \(value), legal \(legal.lowerBound)…\(legal.upperBound)"),
      at: offset)
  }

  /// The greatest common divisor of all values, at least 1.
  private static func commonUnit(_ values: [Int64?]) -> Int64 {
    var unit: Int64 = 0
    for case let value? in values {
      var (a, b) = (unit, value.magnitude > UInt64(Int64.max) ? Int64.max : Int64(value.magnitude))
      while b != 0 { (a, b) = (b, a % b) }
      unit = a
      if unit == 1 { break }
    }
    return max(unit, 1)
  }

  private static func deltas(_ values: [Int64?], unit: Int64) -> [Int64?] {
    var last: Int64 = 0
    return values.map { value in
      guard let value else { return nil }
      let scaled = value / unit
      defer { last = scaled }
      return scaled - last
    }
  }

  private static func runs(_ deltas: [Int64?]) -> [(delta: Int64?, count: Int)] {
    var runs: [(delta: Int64?, count: Int)] = []
    for delta in deltas {
      if let last = runs.last, last.delta == delta {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((delta, 1))
      }
    }
    return runs
  }

  private static func byteCount(_ delta: Int64?) -> Int { delta.map(CBORWriter.byteCount) ?? 1 }

  private static func write(_ delta: Int64?, into writer: inout CBORWriter) {
    if let delta { writer.integer(delta) } else { writer.null() }
  }
}

/// A column of whole numbers after decoding; subscripts are rows.
public enum DecodedColumn: Equatable, Sendable {
  /// No row has a value.
  case absent
  /// Every row has this value.
  case constant(Int64)
  /// A value a row; `isPresent` tells which rows have one (`nil`: all).
  case rows([Int64], isPresent: [Bool]?)

  @inline(__always)
  public subscript(row: Int) -> Int64? {
    switch self {
    case .absent: nil
    case .constant(let value): value
    case .rows(let values, let isPresent):
      if let isPresent, !isPresent[row] { nil } else { values[row] }
    }
  }
}
