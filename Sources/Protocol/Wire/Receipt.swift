/// "Committed up to": the aggregator's word for one stream. Cumulative; a broker's PUBACK is none.
/// Topic `hatang/v1/<agent>/receipt`.
public struct Receipt: Equatable, Sendable {
  public let stream: StreamID
  /// The sequence number that the aggregator's ledger expects next: all before it is committed or
  /// entered as lost.
  public let next: SequenceNumber
  /// `sentMs` of the batch that this answers, for the round trip; 0 where it answers none.
  public let echoedSentMs: Int64
  /// The aggregator's clock when it committed, ms since 1970.
  public let committedMs: Int64

  public init(
    stream: StreamID, next: SequenceNumber, echoedSentMs: Int64 = 0, committedMs: Int64
  ) {
    self.stream = stream
    self.next = next
    self.echoedSentMs = echoedSentMs
    self.committedMs = committedMs
  }

  public func encoded() -> [UInt8] {
    var writer = CBORWriter(reserving: 48)
    writer.map(5)
    writer.integer(0)
    writer.integer(wireVersion)
    writer.integer(1)
    writer.byteString(stream.bytes)
    writer.integer(2)
    writer.integer(Int64(next))
    writer.integer(3)
    writer.integer(echoedSentMs)
    writer.integer(4)
    writer.integer(committedMs)
    return writer.bytes
  }

  public init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = CBORReader(bytes)
    var version: Int64?
    var stream: StreamID?
    var next: SequenceNumber?
    var echoed: Int64 = 0
    var committed: Int64 = 0
    for _ in 0..<(try reader.map(atMost: 32)) {
      switch try reader.unsigned(atMost: UInt64(Int64.max)) {
      case 0:
        let found = try reader.integer()
        guard found == wireVersion else { throw WireError(.version(found), at: reader.offset) }
        version = found
      case 1: stream = try StreamID(decoding: &reader)
      case 2: next = try reader.unsigned(atMost: sequenceNumberMax)
      case 3: echoed = try reader.integer()
      case 4: committed = try reader.integer()
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    guard version != nil else { throw WireError(.missing("version"), at: 0) }
    guard let stream else { throw WireError(.missing("stream"), at: 0) }
    guard let next else { throw WireError(.missing("next"), at: 0) }
    self.init(stream: stream, next: next, echoedSentMs: echoed, committedMs: committed)
  }
}
