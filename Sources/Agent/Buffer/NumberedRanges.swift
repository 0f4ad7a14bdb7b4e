/// Which numbers of numbered payloads are stored: for each id ranges that neither overlap nor
/// touch, in order. A table of the buffer holds the same; this is the part of it that is in use.
struct NumberedRanges {
  /// By id; what was asked for last is kept.
  private var known: [String: [ClosedRange<Int64>]] = [:]
  /// As known before the present commit, for ids that it changes.
  private var before: [String: [ClosedRange<Int64>]] = [:]

  /// Ids in memory at a time: importing one file needs one.
  private static let idsMax = 64

  init() {}

  func isKnown(_ id: String) -> Bool { known[id] != nil }

  /// What the table says of an id.
  mutating func learn(_ id: String, _ ranges: [ClosedRange<Int64>]) {
    if known.count >= NumberedRanges.idsMax {
      // Ids of the present commit have to stay.
      known = known.filter { before[$0.key] != nil }
    }
    known[id] = ranges
  }

  func contains(_ id: String, _ number: Int64) -> Bool {
    let ranges = known[id] ?? []
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(number)
  }

  mutating func insert(_ id: String, _ range: ClosedRange<Int64>) {
    var ranges = known[id] ?? []
    if before[id] == nil { before[id] = ranges }
    var merged = range
    // Ranges that overlap or touch the new one: from the first that ends late enough …
    let start =
      ranges.firstIndex { $0.upperBound >= range.lowerBound &- 1 } ?? ranges.count
    var end = start
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound &+ 1 {
      merged =
        min(
          merged.lowerBound, ranges[end].lowerBound)...max(
          merged.upperBound, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(start..<end, with: [merged])
    known[id] = ranges
  }

  /// What the present commit has changed: rows to delete (by first number) and to write.
  var changes: [(id: String, gone: [Int64], new: [ClosedRange<Int64>])] {
    before.map { id, old in
      let ranges = known[id] ?? []
      let kept = Set(ranges)
      let had = Set(old)
      return (
        id, old.filter { !kept.contains($0) }.map(\.lowerBound),
        ranges.filter { !had.contains($0) }
      )
    }
  }

  mutating func committed() { before.removeAll() }

  mutating func forgotten() {
    for (id, ranges) in before { known[id] = ranges }
    before.removeAll()
  }
}
