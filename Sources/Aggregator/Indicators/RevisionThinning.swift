import Indicators

/// Which revisions may go, so that the table stays bounded though a value may change every two
/// seconds. The older, the fewer:
///
/// | age | kept of each code |
/// |---|---|
/// | up to 15 minutes | all |
/// | up to 1 day | the last of every quarter of an hour |
/// | up to 90 days | the last of every local day |
/// | beyond | the last of every local month |
///
/// and always the latest, and what was before and after a change that people made (parameters,
/// population table). That is at most 450 + 96 + 90 and twelve a year. Numbers are never used
/// again, so a gap shows that something was thinned out.
package enum RevisionThinning {
  package struct Entry: Equatable, Sendable {
    package let revision: Int64
    package let computedAtMs: Int64
    package let cause: String

    package init(revision: Int64, computedAtMs: Int64, cause: String) {
      self.revision = revision
      self.computedAtMs = computedAtMs
      self.cause = cause
    }
  }

  private static let minuteMs: Int64 = 60_000
  private static let allMs: Int64 = 15 * minuteMs
  private static let quartersMs: Int64 = 24 * 60 * minuteMs
  private static let daysMs: Int64 = 90 * 24 * 60 * minuteMs

  /// - Parameter entries: of one code, rising.
  /// - Returns: the revisions that may go.
  package static func expired(
    _ entries: [Entry], nowMs: Int64, utcOffsetMinutes: Int
  ) -> [Int64] {
    var expired: [Int64] = []
    for (entry, next) in zip(entries, entries.dropFirst()) {
      if isMadeByPeople(entry) || isMadeByPeople(next) { continue }
      let age = nowMs - entry.computedAtMs
      if age <= allMs { continue }
      let slots = [entry, next].map { slot($0.computedAtMs, age, utcOffsetMinutes) }
      if slots[0] == slots[1] { expired.append(entry.revision) }
    }
    return expired
  }

  /// Whether between two revisions that are kept one may have been thinned out that was computed
  /// before a moment between them: then nobody knows any more what was shown at that moment.
  ///
  /// - Parameters:
  ///   - before: `nil`: none is kept from before the moment.
  ///   - next: the first one that is kept and was not computed before it.
  package static func mayHaveThinned(
    between before: Entry?, and next: Entry, until endMs: Int64, nowMs: Int64,
    utcOffsetMinutes: Int
  ) -> Bool {
    guard next.revision > (before?.revision ?? 0) + 1 else { return false }
    let day = LocalDay.day(ofMs: next.computedAtMs, utcOffsetMinutes: utcOffsetMinutes)
    let monthMs = LocalDay.startMs(
      ofDay: LocalDay.firstDay(ofMonth: LocalDay.month(ofDay: day)),
      utcOffsetMinutes: utcOffsetMinutes)
    // What is gone gave way to a later one of its own day or, beyond 90 days, month.
    let fromMs = max(monthMs, before?.computedAtMs ?? monthMs)
    return fromMs < endMs && nowMs - fromMs > daysMs
  }

  /// A number that is the same for all moments of which only the last is kept.
  private static func slot(_ timeMs: Int64, _ age: Int64, _ utcOffsetMinutes: Int) -> Int64 {
    if age <= quartersMs { return timeMs / allMs }
    let day = LocalDay.day(ofMs: timeMs, utcOffsetMinutes: utcOffsetMinutes)
    return Int64(age <= daysMs ? day : LocalDay.month(ofDay: day))
  }

  private static func isMadeByPeople(_ entry: Entry) -> Bool {
    let cause = IndicatorResult.Cause(rawValue: entry.cause)
    return cause == .parameters || cause == .populationTable
  }
}
