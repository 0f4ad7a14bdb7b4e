/// What an agent says of itself. Retained on `hatang/v1/<agent>/status`; the broker publishes
/// `AgentStatus.offline` in its place when the connection dies (last will).
public struct AgentStatus: Equatable, Sendable {
  public var isOnline: Bool
  /// The agent program's version.
  public var version: String
  /// The agent's clock when it wrote this, ms since 1970.
  public var timeMs: Int64
  /// Measurements not yet receipted.
  public var backlog: UInt64
  /// Age of the oldest of them, s; 0 where there is none.
  public var oldestUnsentSeconds: Int64
  /// Measurements accepted and payloads or measurements rejected since the buffer was made.
  public var accepted: UInt64
  public var rejected: UInt64
  /// Bytes of the buffer file and its log.
  public var bufferBytes: UInt64
  /// Bytes written to disk since the daemon started.
  public var writtenBytes: UInt64
  /// What the agent holds of each stream: an aggregator that was restored from an older copy sees
  /// here that it must ask again.
  public var streams: [Stream]
  /// When the certificate that the agent shows to the broker expires, ms since 1970; `nil`: it has
  /// none, or does not say.
  public var certificateExpiresMs: Int64?
  /// What was rejected, by kind and field, with the last of each; the latest, at most `rejectsMax`.
  public var rejects: [Reject] = []

  public struct Reject: Equatable, Sendable {
    public var kind: String
    public var field: String
    public var count: UInt64
    /// The agent's clock, ms since 1970.
    public var lastMs: Int64
    public var reason: String
    /// The beginning of its payload.
    public var sample: String

    public init(
      kind: String, field: String, count: UInt64, lastMs: Int64, reason: String, sample: String
    ) {
      self.kind = AgentStatus.shortened(kind)
      self.field = AgentStatus.shortened(field)
      self.count = count
      self.lastMs = lastMs
      self.reason = AgentStatus.shortened(reason)
      self.sample = AgentStatus.shortened(sample)
    }
  }

  public struct Stream: Equatable, Sendable {
    public var stream: StreamID
    /// The next that the agent takes for expected.
    public var acknowledged: SequenceNumber
    /// The next number that it will give.
    public var next: SequenceNumber

    public init(stream: StreamID, acknowledged: SequenceNumber, next: SequenceNumber) {
      self.stream = stream
      self.acknowledged = acknowledged
      self.next = next
    }
  }

  /// Streams that one status may name.
  public static let streamsMax = 64
  static let versionBytesMax = 64
  /// Rejects that one status may carry.
  public static let rejectsMax = 16
  /// Of each text of a reject.
  private static let rejectBytesMax = 256

  private static func shortened(_ text: String) -> String {
    guard text.utf8.count > rejectBytesMax else { return text }
    var shorter = text
    while shorter.utf8.count > rejectBytesMax { shorter.removeLast() }
    return shorter
  }

  public init(
    isOnline: Bool, version: String = "", timeMs: Int64 = 0, backlog: UInt64 = 0,
    oldestUnsentSeconds: Int64 = 0, accepted: UInt64 = 0, rejected: UInt64 = 0,
    bufferBytes: UInt64 = 0, writtenBytes: UInt64 = 0, streams: [Stream] = []
  ) {
    self.isOnline = isOnline
    self.version = version
    self.timeMs = timeMs
    self.backlog = backlog
    self.oldestUnsentSeconds = oldestUnsentSeconds
    self.accepted = accepted
    self.rejected = rejected
    self.bufferBytes = bufferBytes
    self.writtenBytes = writtenBytes
    self.streams = streams
  }

  /// The last will.
  public static let offline = AgentStatus(isOnline: false)

  public func encoded() -> [UInt8] {
    var writer = CBORWriter(reserving: 128 + 40 * streams.count)
    // A reader passes over keys that it does not know; what says nothing is left out.
    writer.map(11 + (certificateExpiresMs == nil ? 0 : 1) + (rejects.isEmpty ? 0 : 1))
    writer.integer(0)
    writer.integer(wireVersion)
    writer.integer(1)
    writer.boolean(isOnline)
    writer.integer(2)
    writer.text(version)
    let numbers = [
      timeMs, Int64(clamping: backlog), oldestUnsentSeconds, Int64(clamping: accepted),
      Int64(clamping: rejected), Int64(clamping: bufferBytes), Int64(clamping: writtenBytes),
    ]
    for (index, number) in numbers.enumerated() {
      writer.integer(Int64(3 + index))
      writer.integer(number)
    }
    writer.integer(10)
    writer.array(streams.count)
    for stream in streams {
      writer.array(3)
      writer.byteString(stream.stream.bytes)
      writer.integer(Int64(clamping: stream.acknowledged))
      writer.integer(Int64(clamping: stream.next))
    }
    if let certificateExpiresMs {
      writer.integer(11)
      writer.integer(certificateExpiresMs)
    }
    if !rejects.isEmpty {
      writer.integer(12)
      write(rejects, to: &writer)
    }
    return writer.bytes
  }

  private func write(_ rejects: [Reject], to writer: inout CBORWriter) {
    writer.array(min(rejects.count, AgentStatus.rejectsMax))
    for reject in rejects.prefix(AgentStatus.rejectsMax) {
      writer.array(6)
      writer.text(reject.kind)
      writer.text(reject.field)
      writer.integer(Int64(clamping: reject.count))
      writer.integer(reject.lastMs)
      writer.text(reject.reason)
      writer.text(reject.sample)
    }
  }

  public init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = CBORReader(bytes)
    var status = AgentStatus(isOnline: false)
    var foundVersion = false
    for _ in 0..<(try reader.map(atMost: 64)) {
      switch try reader.unsigned(atMost: UInt64(Int64.max)) {
      case 0:
        let found = try reader.integer()
        guard found == wireVersion else { throw WireError(.version(found), at: reader.offset) }
        foundVersion = true
      case 1: status.isOnline = try reader.boolean()
      case 2: status.version = try reader.text(atMost: AgentStatus.versionBytesMax)
      case 3: status.timeMs = try reader.integer()
      case 4: status.backlog = try reader.unsigned(atMost: UInt64(Int64.max))
      case 5: status.oldestUnsentSeconds = try reader.integer()
      case 6: status.accepted = try reader.unsigned(atMost: UInt64(Int64.max))
      case 7: status.rejected = try reader.unsigned(atMost: UInt64(Int64.max))
      case 8: status.bufferBytes = try reader.unsigned(atMost: UInt64(Int64.max))
      case 9: status.writtenBytes = try reader.unsigned(atMost: UInt64(Int64.max))
      case 10: status.streams = try AgentStatus.streams(from: &reader)
      case 11: status.certificateExpiresMs = try AgentStatus.legalTime(from: &reader)
      case 12: status.rejects = try AgentStatus.rejects(from: &reader)
      default: try reader.skip()
      }
    }
    try reader.expectEnd()
    guard foundVersion else { throw WireError(.missing("version"), at: 0) }
    self = status
  }

  /// For people to read: one beyond all legal times is the nearest of them.
  private static func legalTime(from reader: inout CBORReader) throws(WireError) -> Int64 {
    let legal = LegalRange.time.values
    return min(max(try reader.integer(), legal.lowerBound), legal.upperBound)
  }

  private static func rejects(from reader: inout CBORReader) throws(WireError) -> [Reject] {
    var rejects: [Reject] = []
    for _ in 0..<(try reader.array(atMost: rejectsMax)) {
      let start = reader.offset
      guard try reader.array(atMost: 6) == 6 else {
        throw WireError(.range("reject of fewer than 6 items"), at: start)
      }
      rejects.append(
        Reject(
          kind: try reader.text(atMost: rejectBytesMax),
          field: try reader.text(atMost: rejectBytesMax),
          count: try reader.unsigned(atMost: UInt64(Int64.max)),
          lastMs: try AgentStatus.legalTime(from: &reader),
          reason: try reader.text(atMost: rejectBytesMax),
          sample: try reader.text(atMost: rejectBytesMax)))
    }
    return rejects
  }

  private static func streams(from reader: inout CBORReader) throws(WireError) -> [Stream] {
    var streams: [Stream] = []
    for _ in 0..<(try reader.array(atMost: streamsMax)) {
      let start = reader.offset
      guard try reader.array(atMost: 3) == 3 else {
        throw WireError(.range("stream of fewer than 3 items"), at: start)
      }
      streams.append(
        Stream(
          stream: try StreamID(decoding: &reader),
          acknowledged: try reader.unsigned(atMost: sequenceNumberMax),
          next: try reader.unsigned(atMost: sequenceNumberMax)))
    }
    return streams
  }
}
