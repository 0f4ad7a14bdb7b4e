import Daemon
package import Protocol
import SQLite

/// The batches that carry a buffer's content to the aggregator by hand, as the uplink would send
/// them to an aggregator that answers each.
extension BufferInspection {
  /// What came of one stream.
  package struct CarriedStream: Equatable {
    package let id: StreamID
    /// Numbers that the batches settle, the end exclusive.
    package let span: Range<SequenceNumber>
    /// The first number that could not be read; nothing after it is carried.
    package let damagedAt: SequenceNumber?
    /// It waits for a salvage, and nothing of it is carried.
    package let isSalvaged: Bool

    package init(
      id: StreamID, span: Range<SequenceNumber>, damagedAt: SequenceNumber? = nil,
      isSalvaged: Bool = false
    ) {
      self.id = id
      self.span = span
      self.damagedAt = damagedAt
      self.isSalvaged = isSalvaged
    }
  }

  /// Bytes of the segments of one batch, as in the uplink.
  private static let batchBytesMax = 65_536

  /// - Parameters:
  ///   - isWhole: from the oldest number held on, not only what has no receipt.
  ///   - body: takes each batch, in order.
  package func batches(
    ofEverythingHeld isWhole: Bool, sentMs: Int64, _ body: (Batch) throws -> Void
  ) throws -> [CarriedStream] {
    var carried: [CarriedStream] = []
    for stream in try streams() {
      let from = isWhole ? 0 : min(stream.acknowledged, stream.next)
      guard from < stream.next else { continue }
      guard stream.isWhole else {
        carried.append(
          CarriedStream(id: stream.id, span: from..<from, isSalvaged: true))
        continue
      }
      var cursor = from
      var damagedAt: SequenceNumber?
      while cursor < stream.next, damagedAt == nil {
        let found = try segments(of: stream, from: cursor)
        damagedAt = found.damagedAt
        let request = Sender.Request(
          stream: stream.id, from: cursor, acknowledged: cursor,
          oldestHeld: stream.oldestHeld ?? stream.next, next: found.damagedAt ?? stream.next)
        if let damagedAt, damagedAt <= cursor { break }
        let (batch, end) = request.assemble(
          segments: found.segments, nextHeld: found.nextHeld,
          holes: Array(
            stream.holes.lazy.filter { $0.last >= cursor }.prefix(Batch.holesMax + 1)),
          oldestHeld: stream.oldestHeld, sentMs: sentMs)
        try body(batch)
        cursor = end
      }
      carried.append(
        CarriedStream(id: stream.id, span: from..<cursor, damagedAt: damagedAt))
    }
    return carried
  }

  private func segments(
    of stream: Stream, from: SequenceNumber
  ) throws -> (
    segments: [Batch.Piece], nextHeld: SequenceNumber?, damagedAt: SequenceNumber?
  ) {
    let select = try database.prepare(
      """
      SELECT \(SalvageSource.Row.columns) FROM segments
        WHERE key BETWEEN ? AND ? ORDER BY key
      """)
    try select.bind(1, SegmentKey(stream.number, from).raw)
    try select.bind(2, SegmentKey.range(stream.number).upperBound)
    let boots = try self.boots()
    var pieces: [Batch.Piece] = []
    var bytes = 0
    var rows = 0
    while try select.step() {
      let row = SalvageSource.Row(select)
      let first = SegmentKey(raw: row.key).number
      guard row.isSound else { return (pieces, first, first) }
      bytes += row.bytes.count
      rows += Int(row.count)
      let isFull =
        bytes > BufferInspection.batchBytesMax || rows > Batch.measurementsMax
        || pieces.count >= Batch.segmentsMax
      if !pieces.isEmpty, isFull { return (pieces, first, nil) }
      let verdict = boots.verdict(row.mark, receivedMs: row.receivedMs)
      if verdict.isUnconfirmed { unconfirmedCount += row.count }
      pieces.append(row.piece(verdict))
    }
    return (pieces, nil, nil)
  }
}
