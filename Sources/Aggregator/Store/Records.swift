package import Protocol

/// A stream's row: whose it is, and its ledger.
package struct StreamRecord: Equatable, Sendable {
  package let id: Int64
  package let agent: Int64
  package var ledger: StreamLedger
  /// Arrival of the last batch that was not refused, ms.
  package var lastReceivedMs: Int64

  package init(id: Int64, agent: Int64, ledger: StreamLedger, lastReceivedMs: Int64) {
    self.id = id
    self.agent = agent
    self.ledger = ledger
    self.lastReceivedMs = lastReceivedMs
  }
}

/// A segment to be kept as it came.
package struct SegmentRecord: Sendable {
  package let stream: Int64
  package let piece: Batch.Piece
  package let arrivedMs: Int64
  /// Why it does not decode; `nil`: it does.
  package let fault: String?

  /// Kept beside it, to tell later whether it still is what came.
  static func digest(
    first: Int64, count: Int64, arrivedMs: Int64, fault: String?, _ bytes: ArraySlice<UInt8>
  ) -> Int64 {
    var digest = CRC32()
    for number in [first, count, arrivedMs] {
      let pattern = UInt64(bitPattern: number)
      digest.update((0..<8).map { UInt8(truncatingIfNeeded: pattern >> (8 * UInt64($0))) })
    }
    digest.update((fault ?? "").utf8)
    digest.update(bytes)
    return Int64(digest.value)
  }
}

/// A segment that was kept; all that a rebuild needs of it.
package struct KeptSegment: Sendable {
  package let id: Int64
  package let agent: Int64
  package let arrivedMs: Int64
  package let bytes: [UInt8]
}

/// Measurements that were kept and are not used.
package struct SetAside: Equatable, Sendable {
  /// `Kind.name`, or empty where the segment does not decode.
  package let kind: String
  package let reason: String
  package var count: Int64
  /// Arrival of the last.
  package var lastMs: Int64
  /// The last of them, in words.
  package var last: String
}

/// A message that was refused.
package struct Refusal: Equatable, Sendable {
  /// As the topic names it; empty where that is no legal name.
  package let agent: String
  package let reason: Reason
  package let text: String

  package enum Reason: String, CaseIterable, Sendable {
    /// Not `hatang/v1/<agent>/batch` or `…/status`.
    case topic
    /// The configuration has a list of agents, and this one is not on it.
    case unknownAgent = "unknown_agent"
    /// Written by a newer agent.
    case version
    case malformed
    /// The batch contradicts the ledger, or itself.
    case contradiction
    /// The stream belongs to another agent.
    case foreignStream = "foreign_stream"
    /// More than the quotas of an agent: dropped without a receipt.
    case overQuota = "over_quota"
    /// The store would not take it, though it was sound otherwise.
    case notStored = "not_stored"
  }

  package init(agent: String, reason: Reason, text: String) {
    self.agent = agent
    self.reason = reason
    self.text = text
  }
}

/// What samples of one operator, z19 cell, local day and source say (methodology 20.2, 1 and 2).
///
/// Sums, least and greatest: whatever the order in which samples come, the result is the same.
package struct CoverageCounts: Equatable, Sendable {
  package var conclusive: Int64 = 0
  package var covered: Int64 = 0
  package var strong: Int64 = 0
  package var inconclusive: Int64 = 0
  package var inaccurate: Int64 = 0
  package var roaming: Int64 = 0
  /// Times of the oldest and newest sample, ms.
  package var oldestMs = Int64.max
  package var newestMs = Int64.min

  package init() {}

  package var samples: Int64 { conclusive + inconclusive + inaccurate + roaming }
}

package struct CoverageRow: Equatable, Sendable {
  package let operatorID: Int64
  package let cell: Int64
  package let day: Int64
  package let source: Int64
  package let counts: CoverageCounts
}

package struct BroadbandKey: Hashable, Sendable {
  package let line: Int64
  package let day: Int64
}
