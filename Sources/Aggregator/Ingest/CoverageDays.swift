import Indicators
import Protocol

/// Adds coverage samples up by operator, z19 cell, local day and source until they are merged into
/// the store: one row written for many samples. This is the hot loop of ingest.
struct CoverageDays {
  private var indexOf: [Key: Int] = [:]
  private var keys: [Key] = []
  private var counts: [CoverageCounts] = []

  private struct Key: Hashable, Comparable {
    let operatorID: Int64
    let cell: Int64
    let day: Int64
    let source: Int64

    /// In the order of the table, so that neighbours are written together.
    static func < (a: Key, b: Key) -> Bool {
      (a.operatorID, a.cell, a.day, a.source) < (b.operatorID, b.cell, b.day, b.source)
    }
  }

  /// What is known of an operator once for a whole block.
  struct Operator {
    let id: Int64
    let isRoaming: Bool
  }

  /// The columns of a block that the state is made of.
  struct Columns {
    let latitude: DecodedColumn
    let longitude: DecodedColumn
    let accuracy: DecodedColumn
    let radioAccess: DecodedColumn
    let active: DecodedColumn
    let ssRsrp: DecodedColumn

    init(_ block: Block) {
      latitude = block.integers(.latitude)
      longitude = block.integers(.longitude)
      accuracy = block.integers(.accuracy)
      radioAccess = block.integers(.radioAccess)
      active = block.integers(.active)
      ssRsrp = block.integers(.ssRsrp)
    }
  }

  var rows: [CoverageRow] {
    keys.indices.sorted { keys[$0] < keys[$1] }.map { index in
      CoverageRow(
        operatorID: keys[index].operatorID, cell: keys[index].cell, day: keys[index].day,
        source: keys[index].source, counts: counts[index])
    }
  }

  /// Adds one row of a block, whose time was found sound.
  @inline(__always)
  mutating func add(
    _ columns: borrowing Columns, row: Int, timeMs: Int64, source: Int64, operator: Operator,
    rules: borrowing StateRules
  ) {
    let cell = Tile.cell(
      latitudeMicrodegrees: Int32(truncatingIfNeeded: columns.latitude[row] ?? 0),
      longitudeMicrodegrees: Int32(truncatingIfNeeded: columns.longitude[row] ?? 0))
    let index = self.index(
      of: Key(
        operatorID: `operator`.id, cell: cell, day: rules.day(of: timeMs), source: source))
    if counts[index].oldestMs > timeMs { counts[index].oldestMs = timeMs }
    if counts[index].newestMs < timeMs { counts[index].newestMs = timeMs }
    if let accuracy = columns.accuracy[row], accuracy > rules.accuracyDecimetresMax {
      counts[index].inaccurate += 1
    } else if `operator`.isRoaming {
      counts[index].roaming += 1
    } else if let level = columns.ssRsrp[row] {
      // A level is evidence for and against, whatever the phone calls its access.
      counts[index].conclusive += 1
      if level >= rules.coveredTenths { counts[index].covered += 1 }
      if level >= rules.strongTenths { counts[index].strong += 1 }
    } else if columns.active[row] == 1, !isNR(columns.radioAccess[row]) {
      // It looked, and there was no NR.
      counts[index].conclusive += 1
    } else {
      counts[index].inconclusive += 1
    }
  }

  @inline(__always)
  private func isNR(_ radioAccess: Int64?) -> Bool {
    radioAccess == RadioAccess.nrSA.rawValue || radioAccess == RadioAccess.nrNSA.rawValue
  }

  @inline(__always)
  private mutating func index(of key: Key) -> Int {
    // A device sends several samples from one cell: mostly it is the last one again.
    if let last = keys.last, last == key { return keys.count - 1 }
    if let known = indexOf[key] { return known }
    indexOf[key] = keys.count
    keys.append(key)
    counts.append(CoverageCounts())
    return keys.count - 1
  }
}
