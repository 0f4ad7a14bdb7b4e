import Daemon

/// Deletes segments, and readings of counters, that are older than the store keeps them: a little
/// at a time, so that ingest waits for no more than one small transaction.
package struct Retention {
  private let rules: StateRules
  /// Whether the kernel takes its clock for synchronised.
  private let isSynchronised: () -> Bool
  /// `nil`: not asked for yet.
  package private(set) var clock: RetentionClock?
  /// When to look again, ms on our clock.
  private var dueMs: Int64 = 0
  /// Series whose old readings are still to be deleted in this round.
  private var series: [Int64] = []
  private var isDeletingSegments = false
  /// Segments up to this id were passed over in this round.
  private var passedID: Int64 = 0

  /// Segments of one step: about a megabyte.
  private static let segmentsPerStep = 128
  private static let pointsPerStep = 10_000
  private static let intervalMs: Int64 = 10 * 60_000

  /// Key of `meta`: the time that was believed last, ms since 1970.
  private static let clockKey = "retention.clock_ms"

  package init(
    rules: StateRules,
    isSynchronised: @escaping () -> Bool = { SystemClock.isSynchronised == true }
  ) {
    self.rules = rules
    self.isSynchronised = isSynchronised
  }

  /// One small step, if anything is due.
  ///
  /// - Parameters:
  ///   - nowMs: the machine's clock.
  ///   - now: the boot's clock.
  /// - Returns: whether there is more to do at once.
  package mutating func step(
    _ store: any Store, nowMs: Int64, now: Duration = monotonicNow()
  ) throws(StoreError) -> Bool {
    let oldestMs = (clock?.nowMs ?? 0) - rules.keepRawMs
    if isDeletingSegments {
      try deleteSegments(store, arrivedBefore: oldestMs)
      return true
    }
    if let next = series.last {
      // Whole days: a day's figures are made from all of its readings.
      let dayStartMs = rules.times(of: rules.day(of: oldestMs)).lowerBound
      let deleted = try store.deleteServicePoints(
        series: next, before: dayStartMs, limit: Retention.pointsPerStep)
      if deleted < Retention.pointsPerStep { series.removeLast() }
      return true
    }
    guard nowMs >= dueMs || nowMs < dueMs - 2 * Retention.intervalMs else { return false }
    dueMs = nowMs + Retention.intervalMs
    let believedMs = try moveClock(store, nowMs, now)
    isDeletingSegments = true
    passedID = 0
    do throws(StoreError) {
      try store.noteSize(nowMs: believedMs)
    } catch {
      // An hour without its size is no reason to let go of the broker.
      if error.nature != .passing { throw error }
    }
    series = try store.seriesIDs()
    return true
  }

  /// What arrived "in 2037" stays, and must not hide what comes after it: it is passed over. What a
  /// clock hides that was ahead by less goes later, by no more than `keepRawMs`.
  private mutating func deleteSegments(
    _ store: any Store, arrivedBefore oldestMs: Int64
  ) throws(StoreError) {
    let deleted = try store.deleteSegments(
      after: passedID, arrivedBefore: oldestMs, limit: Retention.segmentsPerStep)
    guard deleted == 0 else { return }
    guard let last = try store.lastLookedAt(after: passedID),
      last.arrivedMs > clock?.nowMs ?? .max
    else {
      isDeletingSegments = false
      return
    }
    passedID = last.id
  }

  private mutating func moveClock(
    _ store: any Store, _ wallMs: Int64, _ now: Duration
  ) throws(StoreError) -> Int64 {
    var moved: RetentionClock
    if let clock {
      moved = clock
    } else {
      moved = RetentionClock(believedMs: try lastBelieved(store) ?? wallMs, at: now)
    }
    let wasBelieved = moved.lagMs == 0
    moved.move(to: wallMs, isSynchronised: isSynchronised(), at: now)
    if moved.lagMs > 0, wasBelieved {
      Log.warning(
        "the clock jumped ahead and is not synchronised: nothing is deleted by it",
        [("clock", RFC3339.format(ms: wallMs)), ("believed", RFC3339.format(ms: moved.nowMs))])
    }
    if moved.believedMs != clock?.believedMs {
      let text = "\(moved.believedMs)"
      try store.transaction { () throws(StoreError) in
        try store.setMeta(Retention.clockKey, text)
      }
    }
    clock = moved
    return moved.nowMs
  }

  /// Before this was kept: when the newest segment came.
  private func lastBelieved(_ store: any Store) throws(StoreError) -> Int64? {
    if let known = try store.meta(Retention.clockKey).flatMap({ Int64($0) }) { return known }
    let last = try store.lastSegmentID()
    return try store.segments(after: last - 1, limit: 1).first?.arrivedMs
  }
}
