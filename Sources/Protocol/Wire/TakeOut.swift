/// A take-out file: the batches of one agent, exactly as they would cross the wire, for a stick.
/// Written by `hatang-agent buffer take-out`, read by `hatang-aggregator ingest`.
///
///     "hatang-takeout 1\n"
///     records: type (1 byte) · length (4) · content · CRC-32 (4) of all bytes before it
///     type 1 head, once and first · type 2 a batch · type 3 end, once and last
///
/// Integers are big-endian. The sum runs on through the file, so a record that is damaged, missing
/// or in another place is noticed; the end record tells a whole file from one that was cut short.
public enum TakeOut {
  static let magic = "hatang-takeout "
  static let version: Int64 = 1
  /// Digits of a version.
  static let versionDigitsMax = 9
  /// Of `type` and `length`, and of the sum.
  static let frameBytes = 5
  static let sumBytes = 4

  enum RecordType {
    static let head: UInt8 = 1
    static let batch: UInt8 = 2
    static let end: UInt8 = 3
  }

  /// Whose data it is. Keys 1 … 3 of the head record.
  public struct Head: Equatable, Sendable {
    public let agent: String
    /// The agent's clock, ms since 1970.
    public let madeMs: Int64
    /// The program that wrote it.
    public let program: String

    public init(agent: String, madeMs: Int64, program: String) {
      self.agent = agent
      self.madeMs = madeMs
      self.program = program
    }
  }

  /// What the file holds. Keys 1 and 2 of the end record.
  public struct Totals: Equatable, Sendable {
    public var batches: UInt64 = 0
    public var measurements: UInt64 = 0

    public init() {}
  }

  public enum Record: Equatable, Sendable {
    case head(Head)
    case batch([UInt8])
    case end(Totals)
  }

  static func encode(_ head: Head) -> [UInt8] {
    var writer = CBORWriter(reserving: 96)
    writer.map(3)
    writer.integer(1)
    writer.text(head.agent)
    writer.integer(2)
    writer.integer(head.madeMs)
    writer.integer(3)
    writer.text(head.program)
    return writer.bytes
  }

  static func encode(_ totals: Totals) -> [UInt8] {
    var writer = CBORWriter(reserving: 32)
    writer.map(2)
    writer.integer(1)
    writer.integer(Int64(clamping: totals.batches))
    writer.integer(2)
    writer.integer(Int64(clamping: totals.measurements))
    return writer.bytes
  }

  static func head(decoding bytes: [UInt8]) throws(WireError) -> Head {
    var reader = CBORReader(bytes)
    var agent: String?
    var madeMs: Int64 = 0
    var program = ""
    for _ in 0..<(try reader.map(atMost: 32)) {
      switch try reader.unsigned(atMost: UInt64(Int64.max)) {
      case 1: agent = try reader.text(atMost: 64)
      case 2: madeMs = try reader.integer()
      case 3: program = try reader.text(atMost: 64)
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    guard let agent, AgentName.isLegal(agent) else {
      throw WireError(.missing("agent of \(AgentName.legalText)"), at: 0)
    }
    return Head(agent: agent, madeMs: madeMs, program: program)
  }

  static func totals(decoding bytes: [UInt8]) throws(WireError) -> Totals {
    var reader = CBORReader(bytes)
    var totals = Totals()
    for _ in 0..<(try reader.map(atMost: 32)) {
      switch try reader.unsigned(atMost: UInt64(Int64.max)) {
      case 1: totals.batches = try reader.unsigned(atMost: UInt64(Int64.max))
      case 2: totals.measurements = try reader.unsigned(atMost: UInt64(Int64.max))
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    return totals
  }
}

/// Makes the bytes of a take-out file, piece by piece; the owner writes them.
public struct TakeOutWriter: Sendable {
  public private(set) var totals = TakeOut.Totals()
  private var sum = CRC32()

  public init() {}

  public mutating func begin(_ head: TakeOut.Head) -> [UInt8] {
    let line = Array("\(TakeOut.magic)\(TakeOut.version)\n".utf8)
    sum.update(line)
    return line + record(TakeOut.RecordType.head, TakeOut.encode(head))
  }

  public mutating func add(_ batch: Batch) -> [UInt8] {
    totals.batches += 1
    totals.measurements += batch.segments.reduce(0) { $0 + UInt64($1.count) }
    return record(TakeOut.RecordType.batch, batch.encoded())
  }

  public mutating func end() -> [UInt8] { record(TakeOut.RecordType.end, TakeOut.encode(totals)) }

  private mutating func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
    var bytes = [type] + TakeOut.bigEndian(UInt32(content.count)) + content
    sum.update(bytes)
    let value = TakeOut.bigEndian(sum.value)
    sum.update(value)
    bytes += value
    return bytes
  }
}

extension TakeOut {
  static func bigEndian(_ word: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
  }

  static func word(_ bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}
