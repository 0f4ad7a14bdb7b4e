/// Steps 2, 3 and 7 of 20.2: rows → bins → places, in one pass and without a table of cells, for
/// the rows come sorted by (operator, cell, day, source), as the store's primary key keeps them,
/// and the cells of a tile follow each other.
public struct CoverageAccumulator {
  private let method: Method
  private let table: PopulationTable
  /// Local day since 1970 that the windows end with.
  private let today: Int
  /// Area of a z19 cell where areas stand in for tiles.
  private let areaOfCell: (Int64) -> Int?
  private let oldestDay: Int

  private var operators: [OperatorPlaces] = []
  private var counts = CoverageCounts()

  private var operatorID: Int64?
  /// One sum by tile, or one for each area.
  private var open: [PlaceSums]
  private var places: [MeasuredPlace] = []
  private var outside: [MeasuredPlace] = []
  private var inconclusiveTiles: [Int64] = []
  /// The tile that `open[0]` is about, and its place; `nil`: outside.
  private var tile: Int64 = -1
  private var tilePlace: Int?
  /// Where to look for the next tile; rises within an operator.
  private var cursor = 0
  private var cell: Int64 = -1
  /// The sum in `open` that the cell belongs to.
  private var cellPlace: Int?
  private var isCellOutside = false
  private var binDay = Int.min
  private var bin = PlaceSums.Bin()

  /// - Parameter areaOfCell: asked only if the table is not by tile.
  public init(
    method: Method, table: PopulationTable, today: Int,
    areaOfCell: @escaping (Int64) -> Int? = { _ in nil }
  ) {
    precondition(!method.freshDays.isEmpty)
    self.method = method
    self.table = table
    self.today = today
    self.areaOfCell = areaOfCell
    oldestDay = today - (method.freshDays.last ?? 0) + 1
    open = Array(
      repeating: PlaceSums(windowCount: method.freshDays.count),
      count: table.isByTile ? 1 : table.placeCount)
  }

  /// Rows older than the widest window may be left out by the reader; they are counted here.
  public mutating func add(_ row: CoverageRow) {
    guard row.day >= oldestDay else {
      counts.stale += row.conclusive + row.inconclusive
      return
    }
    if row.operatorID != operatorID { begin(operator: row.operatorID) }
    if row.cell != cell { begin(cell: row.cell) }
    if row.day != binDay { begin(day: row.day) }
    counts.conclusive += row.conclusive
    counts.inconclusive += row.inconclusive
    counts.inaccurate += row.inaccurate
    counts.roaming += row.roaming
    if cellPlace == nil || (table.isByTile && tilePlace == nil) { countOutside(row) }
    guard let place = cellPlace else { return }
    open[place].add(inconclusive: row.inconclusive)
    guard row.conclusive > 0 else { return }
    open[place].addVisit(day: row.day, source: row.source)
    bin.conclusive += row.conclusive
    bin.covered += row.covered
    bin.strong += row.strong
    bin.oldestMs = min(bin.oldestMs, row.oldestMs)
    bin.newestMs = max(bin.newestMs, row.newestMs)
  }

  /// Ends the last place and gives everything.
  public mutating func finish() -> CoverageState {
    endOperator()
    return CoverageState(method: method, table: table, operators: operators, counts: counts)
  }

  private mutating func begin(operator id: Int64) {
    endOperator()
    operatorID = id
  }

  private mutating func endOperator() {
    endBin()
    endPlaces()
    if let operatorID, !places.isEmpty || !outside.isEmpty || !inconclusiveTiles.isEmpty {
      operators.append(
        OperatorPlaces(
          operatorID: operatorID, places: places, outside: outside,
          inconclusiveTiles: inconclusiveTiles))
    }
    inconclusiveTiles = []
    places = []
    outside = []
    tile = -1
    cell = -1
    cursor = 0
  }

  private mutating func begin(cell next: Int64) {
    endBin()
    cell = next
    isCellOutside = false
    guard table.isByTile else {
      cellPlace = areaOfCell(next)
      return
    }
    let nextTile = Tile.tile(ofCell: next)
    if nextTile != tile {
      endPlaces()
      tile = nextTile
      while cursor < table.tiles.count, table.tiles[cursor] < nextTile { cursor += 1 }
      let isKnown = cursor < table.tiles.count && table.tiles[cursor] == nextTile
      tilePlace = isKnown ? cursor : nil
    }
    cellPlace = 0
  }

  private mutating func countOutside(_ row: CoverageRow) {
    let samples = row.conclusive + row.inconclusive
    guard samples > 0 else { return }
    counts.outside += samples
    if !isCellOutside { counts.outsideCells += 1 }
    isCellOutside = true
  }

  private mutating func begin(day: Int) {
    endBin()
    binDay = day
  }

  private mutating func endBin() {
    if bin.conclusive > 0, let place = cellPlace {
      let age = today - binDay
      let window = method.freshDays.firstIndex { age < $0 } ?? method.freshDays.count - 1
      open[place].add(bin, window: window)
    }
    bin = PlaceSums.Bin()
    binDay = Int.min
  }

  private mutating func endPlaces() {
    for index in open.indices where !open[index].isEmpty {
      let place = table.isByTile ? tilePlace : index
      if table.isByTile, open[index].isInconclusive { inconclusiveTiles.append(tile) }
      guard
        let done = open[index].finish(
          place: place ?? -1, tile: table.isByTile ? tile : nil, method: method, today: today)
      else { continue }
      if place == nil { outside.append(done) } else { places.append(done) }
    }
  }
}

/// One operator's places, rising.
public struct OperatorPlaces: Equatable, Sendable {
  public let operatorID: Int64
  public let places: [MeasuredPlace]
  /// Tiles without people in the table: no weight, only on the map.
  public let outside: [MeasuredPlace]
  /// Tiles in which it was looked for, and nothing that was found decides anything; rising.
  public let inconclusiveTiles: [Int64]
}
