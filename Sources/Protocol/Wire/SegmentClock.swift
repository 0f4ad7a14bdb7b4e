/// What the agent knows of the clock that stamped a segment, where it was not sure of that clock at
/// the time: key 3 of the segment. It is added when the segment is sent; what the buffer holds
/// stays as it was stamped, and so do the stamps that the aggregator keeps.
public enum SegmentClock: Equatable, Sendable {
  /// Add `byMs`. The truth lies at most `accuracyMs` from that, but for what the machine's
  /// oscillator drifted between the stamp and the comparison.
  case corrected(byMs: Int64, accuracyMs: Int64, Evidence)
  /// Nothing contradicts the stamps, and nothing confirms them. Used, and counted.
  case unverified
  /// The stamps say nothing. The segment was made between these; 0: that side is not known.
  case unknown(afterMs: Int64, beforeMs: Int64)

  /// What a correction rests on; the raw value is the number on the wire.
  public enum Evidence: Int64, CaseIterable, Sendable {
    /// The kernel's clock was synchronised later in the same boot.
    case kernel = 1
    /// A receipt told the aggregator's time later in the same boot.
    case aggregator = 2
    /// The clock that ran on while the machine was off was right at the next start: nothing to add.
    case hardware = 3

    public var name: String {
      switch self {
      case .kernel: "kernel"
      case .aggregator: "aggregator"
      case .hardware: "hardware"
      }
    }
  }

  private static let unverifiedNumber: Int64 = 4
  private static let unknownNumber: Int64 = 5

  /// A device's time this near to the agent's wrong clock, and not as near to the right time, was
  /// taken from the wrong clock: by the agent's own probes, or by programs beside it.
  public static let nearMs: Int64 = 120_000
  /// A correction, or a bound, is at most as long as the legal times are.
  private static let legalMs =
    -LegalRange.time.values.upperBound...LegalRange.time.values.upperBound

  /// Whether a row's time comes from this clock.
  func stamped(_ timeMs: Int64, _ origin: TimeOrigin, receivedMs: Int64) -> Bool {
    if origin == .arrival { return true }
    guard abs(timeMs - receivedMs) <= SegmentClock.nearMs else { return false }
    guard case .corrected(let byMs, _, _) = self else { return true }
    return abs(timeMs - (receivedMs + byMs)) > SegmentClock.nearMs
  }

  /// The bytes of a segment with this in them.
  public func added(to segment: ArraySlice<UInt8>) -> [UInt8] {
    guard segment.first == SegmentClock.mapOf3 else { return Array(segment) }
    var writer = CBORWriter(reserving: 32)
    writer.integer(Int64(Segment.Key.clock))
    writer.array(3)
    switch self {
    case .corrected(let byMs, let accuracyMs, let evidence):
      writer.integer(evidence.rawValue)
      writer.integer(byMs)
      writer.integer(accuracyMs)
    case .unverified:
      writer.integer(SegmentClock.unverifiedNumber)
      writer.integer(0)
      writer.integer(0)
    case .unknown(let afterMs, let beforeMs):
      writer.integer(SegmentClock.unknownNumber)
      writer.integer(afterMs)
      writer.integer(beforeMs)
    }
    return [SegmentClock.mapOf3 + 1] + segment.dropFirst() + writer.bytes
  }

  /// The head of a map of three: how `Segment.encode` begins.
  private static let mapOf3: UInt8 = 0xa3

  init(decoding reader: inout CBORReader) throws(WireError) {
    let start = reader.offset
    guard try reader.array(atMost: 3) == 3 else {
      throw WireError(.range("clock of fewer than 3 items"), at: start)
    }
    let how = try reader.integer()
    let first = try reader.integer()
    let second = try reader.integer()
    guard SegmentClock.legalMs.contains(first), SegmentClock.legalMs.contains(second) else {
      throw WireError(
        .range("clock [\(how), \(first), \(second)] beyond all legal times"), at: start)
    }
    switch (how, Evidence(rawValue: how)) {
    case (_, let evidence?):
      self = .corrected(byMs: first, accuracyMs: second, evidence)
    case (SegmentClock.unverifiedNumber, _): self = .unverified
    case (SegmentClock.unknownNumber, _): self = .unknown(afterMs: first, beforeMs: second)
    // A newer agent's word: not knowing it is not knowing the time.
    default: self = .unknown(afterMs: 0, beforeMs: 0)
    }
  }
}
