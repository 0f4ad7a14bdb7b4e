extension Sender.Request {
  /// The batch that answers this request, and the number up to which it settles the stream: what
  /// `Sender.sent` wants to know.
  ///
  /// - Parameters:
  ///   - segments: what the buffer holds from `from` on, as many as one batch is to carry.
  ///   - nextHeld: first number of the next segment in the buffer; `nil` where there is none.
  ///   - holes: the stream's holes that reach beyond `acknowledged`, in order; the caller need not
  ///     read more than `Batch.holesMax` + 1 of them.
  ///   - oldestHeld: first number of the oldest segment in the buffer; `nil` where there is none.
  public func assemble(
    segments: [Batch.Piece], nextHeld: SequenceNumber?, holes: [Hole],
    oldestHeld: SequenceNumber?, sentMs: Int64
  ) -> (batch: Batch, end: SequenceNumber) {
    let end = nextHeld ?? max(next, segments.last?.end ?? 0)
    let declared = holes.filter { $0.last >= acknowledged && $0.first < end }
    guard declared.count > Batch.holesMax else {
      let batch = Batch(
        stream: stream, acknowledged: acknowledged, oldestHeld: oldestHeld ?? next,
        sentMs: sentMs, holes: declared, segments: segments)
      return (batch, end)
    }
    // Too many to declare at once: this batch reaches to the last hole that it can name.
    let named = Array(declared.prefix(Batch.holesMax))
    let reach = max(named[named.count - 1].last + 1, from + 1)
    let batch = Batch(
      stream: stream, acknowledged: acknowledged, oldestHeld: min(oldestHeld ?? next, reach),
      sentMs: sentMs, holes: named, segments: segments.filter { $0.end <= reach })
    return (batch, reach)
  }
}
