/// How many bytes of segments a batch may carry to this broker. A broker that finds one too large
/// says its bound when one connects, or refuses the batch, or closes the connection without a
/// word, as a bad line does; the same batch, sent again and again, would hold up all behind it.
/// So a batch that was under way when the connection broke halves the bound, and each receipt gives
/// a little of it back: small batches cost some bytes, a batch that never arrives costs everything.
///
/// Pure. Owned by the uplink's thread, outlives its connections.
package struct BatchBound {
  /// What `bytes` is when nothing is wrong.
  static let bytesMax = 65_536
  static let bytesMin = 1_024
  /// The frame of a batch: topic, positions, a few holes.
  static let frameBytes = 512

  package private(set) var bytes = bytesMax
  /// What the broker has said of its packets, less the frame; `nil`: nothing.
  private var said: Int?
  /// The largest batch since the connection was made or the last receipt came.
  private var underWay = 0
  /// The smallest batch of one segment since then; `nil`: none.
  private var segmentUnderWay: Int?
  /// Connections in a row that ended with a batch under way that cannot be made smaller.
  private var breaks = 0
  /// Bytes of the smallest of these.
  private var stuckBytes = 0

  package init() {}

  /// - Parameter packetBytesMax: as the CONNACK has it.
  package mutating func connected(packetBytesMax: Int?) {
    underWay = 0
    segmentUnderWay = nil
    said = packetBytesMax.map { max(Self.bytesMin, $0 - Self.frameBytes) }
    if let said { bytes = min(bytes, said) }
  }

  /// - Parameter isOneSegment: no batch can be smaller: what one commit stored goes as a whole.
  package mutating func sent(_ count: Int, isOneSegment: Bool = false) {
    underWay = max(underWay, count)
    if isOneSegment { segmentUnderWay = min(segmentUnderWay ?? .max, count) }
  }

  package mutating func receipted() {
    underWay = 0
    segmentUnderWay = nil
    breaks = 0
    bytes = min(said ?? Self.bytesMax, Self.bytesMax, bytes + max(16, bytes / 128))
  }

  /// The connection is over, and not by our own wish. What is no larger than the smallest bound was
  /// not too large: such a line is just bad.
  package mutating func broke() {
    if underWay > Self.bytesMin { bytes = max(Self.bytesMin, min(bytes, underWay / 2)) }
    underWay = 0
    if let segmentUnderWay, segmentUnderWay > Self.bytesMin {
      breaks += 1
      stuckBytes = breaks == 1 ? segmentUnderWay : min(stuckBytes, segmentUnderWay)
    }
    segmentUnderWay = nil
  }

  /// Connections that end so often are no accident.
  private static let breaksMin = 3

  /// What holds delivery up where the broker says nothing, and closes; `nil`: nothing does.
  package func trouble(broker: String) -> String? {
    guard breaks >= Self.breaksMin else { return nil }
    return """
      publish \(broker): \(breaks) connections ended with a batch of \(stuckBytes) bytes under \
      way, which cannot be smaller; raise message_size_limit and max_packet_size at the broker to \
      1 MB or more, or see whether the line carries so much
      """
  }
}
