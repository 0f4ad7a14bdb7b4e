/// A range of sequence numbers that will never arrive, and why.
public struct Hole: Hashable, Sendable {
  public var first: SequenceNumber
  /// Inclusive.
  public var last: SequenceNumber
  public var reason: LossReason

  public init(first: SequenceNumber, last: SequenceNumber, reason: LossReason) {
    self.first = first
    self.last = last
    self.reason = reason
  }

  public var count: UInt64 { last - first + 1 }
}

/// Why measurements are missing for good; the raw value is the number on the wire.
public enum LossReason: Int64, CaseIterable, Sendable {
  /// The buffer was at its bound under `when_full: "drop_oldest"`.
  case bufferFull = 1
  /// The buffer file was damaged, and these could not be read from it.
  case bufferDamaged = 2
  /// They had been receipted and their keeping time was over when the aggregator, restored from an
  /// older copy, asked for them again.
  case noLongerKept = 3

  /// The word in JSON and metrics.
  public var name: String {
    switch self {
    case .bufferFull: "buffer_full"
    case .bufferDamaged: "buffer_damaged"
    case .noLongerKept: "no_longer_kept"
    }
  }

  public init?(name: some StringProtocol) {
    for reason in LossReason.allCases where reason.name == name {
      self = reason
      return
    }
    return nil
  }
}
