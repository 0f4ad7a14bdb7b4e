import Packing

/// The measurements of one commit, encoded once: these bytes lie in the agent's buffer, cross the
/// wire and are kept by the aggregator as they came.
///
/// Rows are grouped by kind, simulated or not, and source, each group in order of arrival: a
/// segment's first sequence number belongs to its first row in this order.
public struct Segment: Equatable, Sendable {
  /// The agent's clock when the segment was closed, ms since 1970.
  public let receivedMs: Int64
  /// `nil`: the agent was sure of it.
  public let clock: SegmentClock?
  /// With the times that `clock` makes right.
  public let blocks: [Block]

  /// Rows of all blocks.
  public var count: Int { blocks.reduce(0) { $0 + $1.count } }

  /// Rows that one segment may hold.
  public static let rowsMax = 65_536
  /// Blocks that one segment may hold: each kind, simulated and not, with room to grow.
  static let blocksMax = 64

  enum Key {
    static let version: UInt64 = 0
    static let received: UInt64 = 1
    static let blocks: UInt64 = 2
    static let clock: UInt64 = 3
    /// In place of `blocks`: `[bytes unpacked, bstr]`.
    static let packedBlocks: UInt64 = 4
  }

  /// Packed blocks are so many bytes at most, and so many times their packed size. What packs
  /// better is left as it is: a reader's work stays within the size of the message.
  static let unpackedBytesMax = 4 << 20
  static let packingMax = 16
  /// Below it there is nothing to be gained.
  private static let packedBytesMin = 128

  /// Encodes 1 … `rowsMax` measurements.
  public static func encode(_ measurements: [Measurement], receivedMs: Int64) -> [UInt8] {
    precondition(!measurements.isEmpty && measurements.count <= rowsMax)
    let groups = grouped(measurements)
    var blocks = CBORWriter(reserving: 64 + 16 * measurements.count)
    blocks.array(groups.count)
    for group in groups { Block.encode(group, into: &blocks) }
    var writer = CBORWriter(reserving: 32 + blocks.bytes.count)
    writer.map(3)
    writer.integer(Int64(Key.version))
    writer.integer(wireVersion)
    writer.integer(Int64(Key.received))
    writer.integer(receivedMs)
    if let packed = packed(blocks.bytes) {
      writer.integer(Int64(Key.packedBlocks))
      writer.array(2)
      writer.integer(Int64(blocks.bytes.count))
      writer.byteString(packed)
    } else {
      writer.integer(Int64(Key.blocks))
      writer.encoded(blocks.bytes)
    }
    return writer.bytes
  }

  /// Any bytes give a segment of legal values or an error; time and memory stay within those of so
  /// many rows.
  ///
  /// - Parameter rowsMax: where it is said beside the bytes how many there are, that many.
  public init(
    decoding bytes: ArraySlice<UInt8>, rowsMax: Int = Segment.rowsMax
  ) throws(WireError) {
    var reader = CBORReader(bytes)
    var version: Int64?
    var received: Int64?
    var blocks: [Block]?
    var clock: SegmentClock?
    for _ in 0..<(try reader.map(atMost: 16)) {
      let key = try reader.unsigned(atMost: UInt64(Int64.max))
      switch key {
      case Key.version:
        let found = try reader.integer()
        guard found == wireVersion else { throw WireError(.version(found), at: reader.offset) }
        version = found
      case Key.received:
        received = Int64(try reader.unsigned(atMost: UInt64(LegalRange.time.values.upperBound)))
      case Key.blocks, Key.packedBlocks:
        guard blocks == nil else { throw WireError(.range("blocks twice"), at: reader.offset) }
        blocks =
          key == Key.blocks
          ? try Segment.blocks(from: &reader, rowsMax)
          : try Segment.packedBlocks(from: &reader, rowsMax)
      case Key.clock: clock = try SegmentClock(decoding: &reader)
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    guard version != nil else { throw WireError(.missing("version"), at: 0) }
    guard let received else { throw WireError(.missing("received"), at: 0) }
    guard var blocks else { throw WireError(.missing("blocks"), at: 0) }
    if let clock {
      for index in blocks.indices { try blocks[index].apply(clock, receivedMs: received) }
    }
    receivedMs = received
    self.clock = clock
    self.blocks = blocks
  }

  /// All rows, in the order of their sequence numbers.
  public var measurements: [Measurement] {
    blocks.flatMap { block in (0..<block.count).map { block.measurement(at: $0) } }
  }

  private static func blocks(
    from reader: inout CBORReader, _ rowsMax: Int
  ) throws(WireError) -> [Block] {
    let start = reader.offset
    var blocks: [Block] = []
    var rows = 0
    for _ in 0..<(try reader.array(atMost: blocksMax)) {
      let block = try Block(decoding: &reader, rowsLeft: rowsMax - rows)
      rows += block.count
      blocks.append(block)
    }
    guard rows > 0 else { throw WireError(.range("segment without rows"), at: start) }
    return blocks
  }

  /// `nil` where they are better left as they are.
  private static func packed(_ blocks: [UInt8]) -> [UInt8]? {
    guard (packedBytesMin...unpackedBytesMax).contains(blocks.count),
      let packed = Deflate.pack(blocks, as: .raw), blocks.count <= packingMax * packed.count
    else { return nil }
    return packed
  }

  /// Offsets of errors inside count unpacked bytes.
  private static func packedBlocks(
    from reader: inout CBORReader, _ rowsMax: Int
  ) throws(WireError) -> [Block] {
    let start = reader.offset
    guard try reader.array(atMost: 2) == 2 else {
      throw WireError(.range("packed blocks without their bytes"), at: start)
    }
    let count = Int(try reader.unsigned(atMost: UInt64(unpackedBytesMax)))
    let packed = try reader.byteString(atMost: unpackedBytesMax)
    guard count <= packingMax * packed.count else {
      throw WireError(
        .range("\(packed.count) packed bytes said to be \(count), legal \(packingMax) times"),
        at: start)
    }
    guard let blocks = Deflate.unpack(packed, as: .raw, count: count) else {
      throw WireError(.range("packed blocks that are no DEFLATE of \(count) bytes"), at: start)
    }
    var inner = CBORReader(blocks)
    let found = try Segment.blocks(from: &inner, rowsMax)
    try inner.expectEnd()
    return found
  }

  /// One array a block; inside it the sources follow one another in order of first appearance.
  private static func grouped(_ measurements: [Measurement]) -> [[Measurement]] {
    struct BlockKey: Hashable {
      let kind: Kind
      let isSimulated: Bool
    }
    var blockOf: [BlockKey: Int] = [:]
    var blocks: [(sourceOf: [String: Int], rows: [[Measurement]])] = []
    for measurement in measurements {
      let key = BlockKey(kind: measurement.kind, isSimulated: measurement.isSimulated)
      let block = blockOf[key] ?? blocks.count
      if block == blocks.count {
        blockOf[key] = block
        blocks.append(([:], []))
      }
      if let source = blocks[block].sourceOf[measurement.source] {
        blocks[block].rows[source].append(measurement)
      } else {
        blocks[block].sourceOf[measurement.source] = blocks[block].rows.count
        blocks[block].rows.append([measurement])
      }
    }
    return blocks.map { $0.rows.flatMap { $0 } }
  }
}
