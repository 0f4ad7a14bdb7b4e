/// The aggregator's half of the delivery protocol: one stream's account. Every sequence number
/// below `next` is either received, once, or entered as lost with a reason, so that always
/// `next = received + lost`.
///
/// Pure: the caller keeps it in the same transaction as the segments it accepts.
public struct StreamLedger: Equatable, Sendable {
  /// The sequence number expected next.
  public private(set) var next: SequenceNumber
  /// Measurements received, each counted once.
  public private(set) var received: UInt64
  /// Measurements that came for places already settled.
  public private(set) var duplicates: UInt64
  /// Measurements entered as lost.
  public private(set) var lost: UInt64

  /// What a batch meant for the ledger.
  public struct Outcome: Equatable, Sendable {
    /// Segments of the batch to be kept, by index. They are new, and follow one another but for
    /// `newHoles`.
    public var accepted: Range<Int>
    /// To be entered as lost. In order.
    public var newHoles: [Hole]
    /// Measurements of this batch that had come before.
    public var duplicates: UInt64
    /// The batch goes on beyond a gap that it does not declare: the rest was not taken, and the
    /// receipt asks for what is missing.
    public var hasGap: Bool
  }

  public init() { self.init(next: 0, received: 0, duplicates: 0, lost: 0) }

  /// As it was kept.
  public init(next: SequenceNumber, received: UInt64, duplicates: UInt64, lost: UInt64) {
    self.next = next
    self.received = received
    self.duplicates = duplicates
    self.lost = lost
  }

  /// Whether every number below `next` is accounted for.
  public var isBalanced: Bool {
    let (sum, overflow) = received.addingReportingOverflow(lost)
    return !overflow && next == sum
  }

  /// Takes what is new in a batch. A refused batch leaves the ledger as it was.
  public mutating func receive(_ batch: Batch) throws(LedgerRefusal) -> Outcome {
    try StreamLedger.checkConsistency(of: batch)
    guard batch.acknowledged <= next else {
      // Restored from an older copy: the agent must first learn what is expected here, and then
      // say again what became of the rest.
      return Outcome(accepted: 0..<0, newHoles: [], duplicates: 0, hasGap: true)
    }
    var settling = Settling(next: next, declared: batch.holes)
    settling.giveUp(before: batch.oldestHeld)
    var accepted: Range<Int>?
    var outcome = Outcome(accepted: 0..<0, newHoles: [], duplicates: 0, hasGap: false)
    var newlyReceived: UInt64 = 0
    for (index, segment) in batch.segments.enumerated() {
      settling.passDeclaredHoles()
      if segment.end <= settling.next {
        outcome.duplicates += UInt64(segment.count)
      } else if segment.first < settling.next {
        throw LedgerRefusal.straddles(
          first: segment.first, count: segment.count, expected: settling.next)
      } else if segment.first > settling.next {
        outcome.hasGap = true
        break
      } else {
        accepted = (accepted?.lowerBound ?? index)..<(index + 1)
        settling.next = segment.end
        newlyReceived += UInt64(segment.count)
      }
    }
    if !outcome.hasGap { settling.passDeclaredHoles() }
    outcome.accepted = accepted ?? 0..<0
    outcome.newHoles = settling.holes
    next = settling.next
    received += newlyReceived
    duplicates += outcome.duplicates
    lost += outcome.newHoles.reduce(0) { $0 + $1.count }
    return outcome
  }

  /// Walks along a stream and collects what becomes a hole.
  private struct Settling {
    var next: SequenceNumber
    /// What the agent declares; in order.
    let declared: [Hole]
    var holes: [Hole] = []
    private var index = 0

    init(next: SequenceNumber, declared: [Hole]) {
      self.next = next
      self.declared = declared
    }

    /// The agent no longer holds anything before `oldest`.
    mutating func giveUp(before oldest: SequenceNumber) {
      while next < oldest {
        passDeclaredHoles()
        guard next < oldest else { return }
        let end = min(oldest, index < declared.count ? declared[index].first : oldest)
        enter(through: end - 1, .noLongerKept)
      }
    }

    mutating func passDeclaredHoles() {
      while index < declared.count, declared[index].first <= next {
        if declared[index].last >= next {
          enter(through: declared[index].last, declared[index].reason)
        }
        index += 1
      }
    }

    private mutating func enter(through last: SequenceNumber, _ reason: LossReason) {
      holes.append(Hole(first: next, last: last, reason: reason))
      next = last + 1
    }
  }

  /// A batch must not speak against itself.
  private static func checkConsistency(of batch: Batch) throws(LedgerRefusal) {
    if let first = batch.segments.first, first.first < batch.oldestHeld {
      throw LedgerRefusal.notHeld(first: first.first, oldestHeld: batch.oldestHeld)
    }
    var holes = batch.holes[...]
    for segment in batch.segments {
      while let hole = holes.first, hole.last < segment.first { holes.removeFirst() }
      if let hole = holes.first, hole.first < segment.end {
        throw LedgerRefusal.heldAndLost(first: segment.first, count: segment.count, hole: hole)
      }
    }
  }
}

/// Why a batch contradicts the ledger or itself.
public enum LedgerRefusal: Error, Equatable, CustomStringConvertible {
  /// A segment begins before and ends after what is expected: segments are never cut, so its
  /// numbers were given twice.
  case straddles(first: SequenceNumber, count: Int, expected: SequenceNumber)
  /// The batch carries what it says the agent does not hold.
  case notHeld(first: SequenceNumber, oldestHeld: SequenceNumber)
  /// The batch carries what it declares lost.
  case heldAndLost(first: SequenceNumber, count: Int, hole: Hole)

  public var description: String {
    switch self {
    case .straddles(let first, let count, let expected):
      """
      segment \(first)…\(first + UInt64(count) - 1) straddles the expected \(expected); the agent \
      numbered twice (a copied or restored buffer?): let it begin a new stream
      """
    case .notHeld(let first, let oldestHeld):
      "segment at \(first), but the oldest held is said to be \(oldestHeld)"
    case .heldAndLost(let first, let count, let hole):
      """
      segment \(first)…\(first + UInt64(count) - 1) overlaps \(hole.first)…\(hole.last), \
      declared lost (\(hole.reason.name))
      """
    }
  }
}
