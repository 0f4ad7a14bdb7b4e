package import Daemon
import Glibc

/// What a probe remembers from run to run, in one file that is replaced as a whole: what waits for
/// the local broker, the next number, how runs ended. Owned by the run that holds the probe's lock.
///
/// A row has its number before it is published, and both are on disk by then. So a row whose PUBACK
/// was lost, or whose run was killed, is sent again with the same number, and the agent knows it.
package struct ProbeState: Equatable {
  /// The id of the numbered payloads. Made anew with the file, so that numbers that begin again at
  /// 0 are never taken for those of before.
  package private(set) var id: String
  /// The number that the next row gets.
  package internal(set) var next: Int64 = 0
  /// Rows that the broker has not acknowledged, oldest first.
  package internal(set) var waiting: [Waiting] = []
  /// Rows that were dropped because the broker was away for too long.
  package internal(set) var dropped: Int64 = 0
  /// Runs by their outcome's word.
  package internal(set) var runs: [String: Int64] = [:]
  package internal(set) var last: LastRun?
  /// When the last run ended well, ms; `nil`: none did.
  package internal(set) var lastDoneMs: Int64?
  /// Of the broadband probe.
  package var budget = DataBudget()
  /// Of the last reading: what no payload carries.
  package var figures: [Figure] = []

  /// Rows that wait at most. At one run a minute it is a week.
  package static let waitingMax = 10_000

  package struct Waiting: Equatable {
    let number: Int64
    let topic: String
    /// One JSON object.
    let row: String
  }

  package struct LastRun: Equatable {
    package let endedMs: Int64
    package let outcome: String
    package let text: Bilingual
  }

  package struct Figure: Equatable {
    package let name: String
    package let value: Double
  }

  init(id: String) { self.id = id }

  /// A state without a past.
  static func new(kind: String, name: String) -> ProbeState {
    var hex = String(UInt64.random(in: 0 ... .max), radix: 16)
    hex = String(repeating: "0", count: 16 - hex.count) + hex
    return ProbeState(id: "probe/\(kind)/\(name)/\(hex)")
  }

  // MARK: Changes

  package mutating func keep(_ rows: [String], topic: String) {
    for row in rows {
      waiting.append(Waiting(number: next, topic: topic, row: row))
      next += 1
    }
    let surplus = waiting.count - ProbeState.waitingMax
    guard surplus > 0 else { return }
    waiting.removeFirst(surplus)
    dropped += Int64(surplus)
  }

  /// The broker has them all.
  package mutating func clearWaiting() { waiting = [] }

  package mutating func end(_ outcome: ProbeOutcome, _ text: Bilingual, nowMs: Int64) {
    runs[outcome.rawValue, default: 0] += 1
    last = LastRun(endedMs: nowMs, outcome: outcome.rawValue, text: text)
    if outcome == .done { lastDoneMs = nowMs }
  }

  /// What waits, in payloads: rows with numbers in a row and one topic, of at most so many bytes.
  package func batches(bytesMax: Int) -> [(topic: String, batch: LogBatch)] {
    var batches: [(topic: String, batch: LogBatch)] = []
    var bytes = 0
    for entry in waiting {
      bytes += entry.row.utf8.count + 1
      if let last = batches.indices.last, batches[last].topic == entry.topic,
        batches[last].batch.rows.count < LogPublisher.rowsPerMessage, bytes <= bytesMax,
        Int64(batches[last].batch.first + batches[last].batch.rows.count) == entry.number
      {
        batches[last].batch.rows.append(entry.row)
      } else {
        batches.append((entry.topic, LogBatch(first: Int(entry.number), rows: [entry.row])))
        bytes = entry.row.utf8.count + 1
      }
    }
    return batches
  }
}
