/// Deletes segments, and readings of counters, that are older than the store keeps them: a little
/// at a time, so that ingest waits for no more than one small transaction.
package struct Retention {
  private let rules: StateRules
  /// When to look again, ms on our clock.
  private var dueMs: Int64 = 0
  /// Series whose old readings are still to be deleted in this round.
  private var series: [Int64] = []
  private var isDeletingSegments = false

  /// Segments of one step: about a megabyte.
  private static let segmentsPerStep = 128
  private static let intervalMs: Int64 = 10 * 60_000

  package init(rules: StateRules) { self.rules = rules }

  /// One small step, if anything is due.
  ///
  /// - Returns: whether there is more to do at once.
  package mutating func step(_ store: any Store, nowMs: Int64) throws(StoreError) -> Bool {
    let oldestMs = nowMs - rules.keepRawMs
    if isDeletingSegments {
      let deleted = try store.deleteSegments(
        arrivedBefore: oldestMs, limit: Retention.segmentsPerStep)
      isDeletingSegments = deleted == Retention.segmentsPerStep
      return true
    }
    if let next = series.popLast() {
      // Whole days: a day's figures are made from all of its readings.
      let dayStartMs = rules.times(of: rules.day(of: oldestMs)).lowerBound
      try store.deleteServicePoints(series: next, before: dayStartMs)
      return true
    }
    guard nowMs >= dueMs || nowMs < dueMs - 2 * Retention.intervalMs else { return false }
    dueMs = nowMs + Retention.intervalMs
    isDeletingSegments = true
    do throws(StoreError) {
      try store.noteSize(nowMs: nowMs)
    } catch {
      // An hour without its size is no reason to let go of the broker.
      if error.nature != .passing { throw error }
    }
    series = try store.seriesIDs()
    return true
  }
}
