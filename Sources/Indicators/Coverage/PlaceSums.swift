/// Adds up the bins of one operator in one place, separately for each fresh window, until the place
/// is done.
struct PlaceSums {
  /// Per window, what is in it and in no shorter one.
  private var windows: [WindowSums]
  /// (day, source) of every row with a conclusive sample, packed; repeated.
  private var visits: [UInt64] = []
  private(set) var inconclusive: Int64 = 0

  private struct WindowSums {
    var bins = 0
    var covered = 0
    var strong = 0
    var samples: Int64 = 0
    var oldestMs = Int64.max
    var newestMs = Int64.min
  }

  /// One bin: all rows of a cell and a day.
  struct Bin {
    var conclusive: Int64 = 0
    var covered: Int64 = 0
    var strong: Int64 = 0
    var oldestMs = Int64.max
    var newestMs = Int64.min
  }

  init(windowCount: Int) { windows = Array(repeating: WindowSums(), count: windowCount) }

  /// Samples, and none that decides anything.
  var isInconclusive: Bool { visits.isEmpty && inconclusive > 0 }

  var isEmpty: Bool { visits.isEmpty && inconclusive == 0 }

  mutating func add(inconclusive count: Int64) { inconclusive += count }

  mutating func addVisit(day: Int, source: Int64) {
    let visit = PlaceSums.packed(day: day, source: source)
    // Rows come sorted by day within a cell, so most repeats follow each other.
    if visits.last != visit { visits.append(visit) }
  }

  /// - Parameter window: the shortest one that holds the bin's day.
  mutating func add(_ bin: Bin, window: Int) {
    windows[window].bins += 1
    // At least half: the median sample is covered.
    if 2 * bin.covered >= bin.conclusive { windows[window].covered += 1 }
    if 2 * bin.strong >= bin.conclusive { windows[window].strong += 1 }
    windows[window].samples += bin.conclusive
    windows[window].oldestMs = min(windows[window].oldestMs, bin.oldestMs)
    windows[window].newestMs = max(windows[window].newestMs, bin.newestMs)
  }

  /// The place's figures from the shortest window in which it is measured, and an empty sum for the
  /// next place. A place without any conclusive sample gives `nil`.
  mutating func finish(
    place: Int, tile: Int64?, method: Method, today: Int
  ) -> MeasuredPlace? {
    defer { clear() }
    guard !visits.isEmpty else { return nil }
    visits.sort()
    var sums = WindowSums()
    for (window, days) in method.freshDays.enumerated() {
      PlaceSums.merge(windows[window], into: &sums)
      guard sums.bins >= method.minBins else { continue }
      let firstDay = today - days + 1
      let seen = distinct(from: firstDay)
      guard seen.days >= method.minDays else { continue }
      return MeasuredPlace(
        place: place, tile: tile, window: window, bins: sums.bins, covered: sums.covered,
        strong: sums.strong,
        visits: seen.visits, samples: sums.samples, inconclusive: inconclusive,
        oldestMs: sums.oldestMs, newestMs: sums.newestMs, sources: sources(from: firstDay))
    }
    return MeasuredPlace(
      place: place, tile: tile, window: nil, bins: sums.bins, covered: sums.covered,
      strong: sums.strong,
      visits: 0, samples: sums.samples, inconclusive: inconclusive, oldestMs: sums.oldestMs,
      newestMs: sums.newestMs, sources: [])
  }

  /// Distinct (day, source) and days since a day; `visits` is sorted.
  private func distinct(from firstDay: Int) -> (visits: Int, days: Int) {
    var count = 0
    var days = 0
    var last: UInt64?
    for visit in visits where visit >= PlaceSums.packed(day: firstDay, source: 0) {
      if visit == last { continue }
      count += 1
      if last.map({ $0 >> 32 }) != visit >> 32 { days += 1 }
      last = visit
    }
    return (count, days)
  }

  private func sources(from firstDay: Int) -> [Int64] {
    var found: [Int64] = []
    for visit in visits where visit >= PlaceSums.packed(day: firstDay, source: 0) {
      let source = Int64(visit & 0xffff_ffff)
      if !found.contains(source) { found.append(source) }
    }
    return found
  }

  private mutating func clear() {
    for window in windows.indices { windows[window] = WindowSums() }
    visits.removeAll(keepingCapacity: true)
    inconclusive = 0
  }

  private static func merge(_ part: WindowSums, into sums: inout WindowSums) {
    sums.bins += part.bins
    sums.covered += part.covered
    sums.strong += part.strong
    sums.samples += part.samples
    sums.oldestMs = min(sums.oldestMs, part.oldestMs)
    sums.newestMs = max(sums.newestMs, part.newestMs)
  }

  private static func packed(day: Int, source: Int64) -> UInt64 {
    UInt64(UInt32(clamping: day)) << 32 | UInt64(UInt32(truncatingIfNeeded: source))
  }
}

/// One operator in one place.
public struct MeasuredPlace: Equatable, Sendable {
  /// Its place in the population table; -1: outside.
  public let place: Int
  /// Its z16 tile; `nil` where areas stand in for tiles.
  public let tile: Int64?
  /// The fresh window that was used; `nil`: measured in none.
  public let window: Int?
  /// n, k, and k of the strong series.
  public let bins: Int
  public let covered: Int
  public let strong: Int
  /// v: distinct (source, day).
  public let visits: Int
  public let samples: Int64
  /// In the widest window.
  public let inconclusive: Int64
  public let oldestMs: Int64
  public let newestMs: Int64
  /// Distinct, of a measured place.
  let sources: [Int64]

  public var isMeasured: Bool { window != nil }

  /// n′: what the bins are worth after the agreement of neighbours. More visits than bins (two
  /// devices in one bin) do not make a bin worth more than one.
  public func effectiveBins(rho: Double) -> Double {
    let perVisit = Double(bins) / Double(visits)
    return Double(bins) / max(1, 1 + (perVisit - 1) * rho)
  }
}
