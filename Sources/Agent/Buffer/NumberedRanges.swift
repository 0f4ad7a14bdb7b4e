/// Which numbers of numbered payloads are stored, by id. A table of the buffer holds the same; this
/// is the part of it that is in use, and what the present commit is to change in it.
struct NumberedRanges {
  /// What was asked for last is kept.
  private var known: [String: RangeList] = [:]
  /// Of the present commit.
  private(set) var changes: [String: Change] = [:]

  /// Ranges that went and came; each has one row of the table.
  struct Change {
    /// First numbers.
    private(set) var gone: Set<Int64> = []
    /// Last numbers, by the first.
    private(set) var new: [Int64: Int64] = [:]

    fileprivate mutating func note(_ joined: ClosedRange<Int64>, of former: [ClosedRange<Int64>]) {
      for range in former {
        gone.insert(range.lowerBound)
        new[range.lowerBound] = nil
      }
      gone.remove(joined.lowerBound)
      new[joined.lowerBound] = joined.upperBound
    }
  }

  /// Ids in memory at a time, beside those of the present commit: importing one file needs one.
  private static let idsMax = 64
  /// Of a row, beside its id.
  private static let rowBytes = 64

  init() {}

  func isKnown(_ id: String) -> Bool { known[id] != nil }

  /// What the table says of an id.
  mutating func learn(_ id: String, _ ranges: RangeList) {
    if known.count >= NumberedRanges.idsMax {
      known = known.filter { changes[$0.key] != nil }
    }
    known[id] = ranges
  }

  func contains(_ id: String, _ number: Int64) -> Bool { known[id]?.contains(number) ?? false }

  mutating func insert(_ id: String, _ range: ClosedRange<Int64>) {
    // In place: a list may be long.
    let (joined, former) = known[id, default: RangeList()].insert(range)
    changes[id, default: Change()].note(joined, of: former)
  }

  /// What the changes take in the table, about.
  var changedBytes: Int {
    changes.reduce(0) { $0 + $1.value.new.count * ($1.key.utf8.count + NumberedRanges.rowBytes) }
  }

  /// - Parameter isPruned: the table has forgotten some; it has to be asked again.
  mutating func committed(isPruned: Bool) {
    if isPruned { known.removeAll() }
    changes.removeAll()
  }

  /// The table has to be asked again.
  mutating func forgotten() {
    for id in changes.keys { known[id] = nil }
    changes.removeAll()
  }
}

/// Ranges that neither overlap nor touch, in order.
struct RangeList {
  private var ranges: [ClosedRange<Int64>]

  init(_ ranges: [ClosedRange<Int64>] = []) { self.ranges = ranges }

  func contains(_ number: Int64) -> Bool {
    let index = firstIndex(endingFrom: number)
    return index < ranges.count && ranges[index].contains(number)
  }

  /// - Returns: the range that it became part of, and those of before that went into that.
  mutating func insert(
    _ range: ClosedRange<Int64>
  ) -> (joined: ClosedRange<Int64>, former: [ClosedRange<Int64>]) {
    let start = firstIndex(endingFrom: range.lowerBound &- 1)
    var end = start
    var joined = range
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound &+ 1 {
      let lower = min(joined.lowerBound, ranges[end].lowerBound)
      joined = lower...max(joined.upperBound, ranges[end].upperBound)
      end += 1
    }
    let former = Array(ranges[start..<end])
    ranges.replaceSubrange(start..<end, with: CollectionOfOne(joined))
    return (joined, former)
  }

  /// Of the first range that ends there or later.
  private func firstIndex(endingFrom number: Int64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
