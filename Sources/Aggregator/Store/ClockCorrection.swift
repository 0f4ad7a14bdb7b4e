import Daemon
import Protocol
import SQLite

/// How many measurements of an agent got their right time afterwards, by how much, and on what
/// evidence; and those that were used although nobody could confirm their clock.
package struct ClockCorrection: Equatable, Sendable {
  /// `SegmentClock.Evidence.name`, or `none`: unverified.
  package let evidence: String
  package private(set) var count: Int64
  /// Arrival of the last.
  package private(set) var lastMs: Int64
  /// What was added to the last, ms; and the least and the most ever.
  package private(set) var lastByMs: Int64
  package private(set) var leastByMs: Int64
  package private(set) var mostByMs: Int64

  static let unverified = "none"

  /// `nil`: the clock is not known, and what it stamped is not used.
  init?(_ clock: SegmentClock, count: Int64, arrivedMs: Int64) {
    switch clock {
    case .corrected(let byMs, _, let evidence):
      self.evidence = evidence.name
      (lastByMs, leastByMs, mostByMs) = (byMs, byMs, byMs)
    case .unverified:
      evidence = ClockCorrection.unverified
      (lastByMs, leastByMs, mostByMs) = (0, 0, 0)
    case .unknown: return nil
    }
    self.count = count
    lastMs = arrivedMs
  }

  /// From the columns of its table, without the agent.
  init(_ row: borrowing Statement, at column: Int32) {
    evidence = row.text(column)
    count = row.integer(column + 1)
    lastMs = row.integer(column + 2)
    lastByMs = row.integer(column + 3)
    leastByMs = row.integer(column + 4)
    mostByMs = row.integer(column + 5)
  }

  func adding(_ other: ClockCorrection) -> ClockCorrection {
    var sum = self
    sum.count += other.count
    if (other.lastMs, other.lastByMs) >= (lastMs, lastByMs) {
      (sum.lastMs, sum.lastByMs) = (other.lastMs, other.lastByMs)
    }
    sum.leastByMs = min(leastByMs, other.leastByMs)
    sum.mostByMs = max(mostByMs, other.mostByMs)
    return sum
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("evidence", evidence)
    json.member("measurements", count)
    json.member("last_at", timeMs: lastMs)
    json.member("last_ms", lastByMs)
    json.member("least_ms", leastByMs)
    json.member("most_ms", mostByMs)
    json.endObject()
  }
}
