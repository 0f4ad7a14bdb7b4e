/// One message of the uplink: whole segments of one stream, in order, and what the agent says of
/// the rest of that stream. Topic `hatang/v1/<agent>/batch`.
public struct Batch: Equatable, Sendable {
  public let stream: StreamID
  /// The receipt that the agent built this on: it takes all before this for settled, and `holes`
  /// begin here. A ledger that expects less takes nothing and says so in its receipt.
  public let acknowledged: SequenceNumber
  /// The oldest sequence number that the agent can still send. What lies before it and was not
  /// received is lost; `holes` tell why.
  public let oldestHeld: SequenceNumber
  /// The agent's clock when the batch was made, ms since 1970; a receipt returns it.
  public let sentMs: Int64
  /// Holes that reach beyond `acknowledged`, in order.
  public let holes: [Hole]
  public let segments: [Piece]

  /// A segment's place in the stream and its bytes, not yet decoded.
  public struct Piece: Equatable, Sendable {
    public let first: SequenceNumber
    /// Measurements in it; at least 1.
    public let count: Int
    public let bytes: ArraySlice<UInt8>

    /// What a batch takes for a piece beside its bytes: place, count, clock.
    public static let frameBytesMax = 32

    public init(first: SequenceNumber, count: Int, bytes: ArraySlice<UInt8>) {
      self.first = first
      self.count = count
      self.bytes = bytes
    }

    public var end: SequenceNumber { first + UInt64(count) }
  }

  /// Bytes that a batch may have; the aggregator refuses larger ones.
  public static let bytesMax = 1_048_576
  /// Segments that a batch may carry.
  public static let segmentsMax = 4_096
  /// Holes that a batch may declare; further ones follow in the next.
  public static let holesMax = 256
  /// Measurements that a batch may carry.
  public static let measurementsMax = 262_144

  private enum Key {
    static let version: UInt64 = 0
    static let stream: UInt64 = 1
    static let oldestHeld: UInt64 = 2
    static let sent: UInt64 = 3
    static let holes: UInt64 = 4
    static let segments: UInt64 = 5
    static let acknowledged: UInt64 = 6
  }

  public init(
    stream: StreamID, acknowledged: SequenceNumber, oldestHeld: SequenceNumber, sentMs: Int64,
    holes: [Hole], segments: [Piece]
  ) {
    self.stream = stream
    self.acknowledged = acknowledged
    self.oldestHeld = oldestHeld
    self.sentMs = sentMs
    self.holes = holes
    self.segments = segments
  }

  public func encoded() -> [UInt8] {
    var writer = CBORWriter(reserving: 128 + segments.reduce(0) { $0 + $1.bytes.count + 24 })
    writer.map(7)
    writer.integer(Int64(Key.version))
    writer.integer(wireVersion)
    writer.integer(Int64(Key.stream))
    writer.byteString(stream.bytes)
    writer.integer(Int64(Key.oldestHeld))
    writer.integer(Int64(oldestHeld))
    writer.integer(Int64(Key.sent))
    writer.integer(sentMs)
    writer.integer(Int64(Key.holes))
    writer.array(holes.count)
    for hole in holes {
      writer.array(3)
      writer.integer(Int64(hole.first))
      writer.integer(Int64(hole.last))
      writer.integer(hole.reason.rawValue)
    }
    writer.integer(Int64(Key.acknowledged))
    writer.integer(Int64(acknowledged))
    writer.integer(Int64(Key.segments))
    writer.array(segments.count)
    for segment in segments {
      writer.array(3)
      writer.integer(Int64(segment.first))
      writer.integer(Int64(segment.count))
      writer.byteString(Array(segment.bytes))
    }
    return writer.bytes
  }

  /// Any bytes give a batch whose parts are in order and do not overlap, or an error. The segments
  /// stay encoded.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    guard bytes.count <= Batch.bytesMax else {
      throw WireError(.range("batch of \(bytes.count) bytes, at most \(Batch.bytesMax)"), at: 0)
    }
    var reader = CBORReader(bytes)
    var version: Int64?
    var stream: StreamID?
    var acknowledged: SequenceNumber?
    var oldest: SequenceNumber?
    var sent: Int64?
    var holes: [Hole] = []
    var segments: [Piece] = []
    for _ in 0..<(try reader.map(atMost: 32)) {
      switch try reader.unsigned(atMost: UInt64(Int64.max)) {
      case Key.version:
        let found = try reader.integer()
        guard found == wireVersion else { throw WireError(.version(found), at: reader.offset) }
        version = found
      case Key.stream: stream = try StreamID(decoding: &reader)
      case Key.acknowledged: acknowledged = try reader.unsigned(atMost: sequenceNumberMax)
      case Key.oldestHeld: oldest = try reader.unsigned(atMost: sequenceNumberMax)
      case Key.sent: sent = try reader.integer()
      case Key.holes: holes = try Batch.holes(from: &reader)
      case Key.segments: segments = try Batch.segments(from: &reader)
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    guard version != nil else { throw WireError(.missing("version"), at: 0) }
    guard let stream else { throw WireError(.missing("stream"), at: 0) }
    guard let acknowledged else { throw WireError(.missing("acknowledged"), at: 0) }
    guard let oldest else { throw WireError(.missing("oldest held"), at: 0) }
    guard let sent else { throw WireError(.missing("sent"), at: 0) }
    self.init(
      stream: stream, acknowledged: acknowledged, oldestHeld: oldest, sentMs: sent, holes: holes,
      segments: segments)
  }

  private static func holes(from reader: inout CBORReader) throws(WireError) -> [Hole] {
    var holes: [Hole] = []
    for _ in 0..<(try reader.array(atMost: holesMax)) {
      let start = reader.offset
      guard try reader.array(atMost: 3) == 3 else {
        throw WireError(.range("hole of fewer than 3 items"), at: start)
      }
      let first = try reader.unsigned(atMost: sequenceNumberMax - 1)
      let last = try reader.unsigned(atMost: sequenceNumberMax - 1)
      let number = try reader.integer()
      guard let reason = LossReason(rawValue: number) else {
        throw WireError(
          .range("loss reason \(number), legal 1…\(LossReason.allCases.count)"), at: start)
      }
      guard first <= last, holes.last.map({ $0.last < first }) ?? true else {
        throw WireError(.range("hole \(first)…\(last) out of order"), at: start)
      }
      holes.append(Hole(first: first, last: last, reason: reason))
    }
    return holes
  }

  private static func segments(from reader: inout CBORReader) throws(WireError) -> [Piece] {
    var segments: [Piece] = []
    var total = 0
    for _ in 0..<(try reader.array(atMost: segmentsMax)) {
      let start = reader.offset
      guard try reader.array(atMost: 3) == 3 else {
        throw WireError(.range("segment of fewer than 3 items"), at: start)
      }
      let first = try reader.unsigned(atMost: sequenceNumberMax - UInt64(Segment.rowsMax))
      let count = Int(try reader.unsigned(atMost: UInt64(Segment.rowsMax)))
      guard count > 0, segments.last.map({ $0.end <= first }) ?? true else {
        throw WireError(.range("segment at \(first) empty or out of order"), at: start)
      }
      total += count
      guard total <= measurementsMax else {
        throw WireError(.range("batch of more than \(measurementsMax) measurements"), at: start)
      }
      let bytes = try reader.byteString(atMost: bytesMax)
      segments.append(Piece(first: first, count: count, bytes: bytes))
    }
    return segments
  }
}

extension StreamID {
  init(decoding reader: inout CBORReader) throws(WireError) {
    let start = reader.offset
    let bytes = try reader.byteString(atMost: StreamID.byteCount)
    guard let stream = StreamID(bytes: bytes) else {
      throw WireError(.range("stream id of \(bytes.count) bytes, must be 16"), at: start)
    }
    self = stream
  }
}
