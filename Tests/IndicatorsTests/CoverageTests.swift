import Indicators
import Testing

private let today = 20_000
private let base = Tile(latitude: 20.541, longitude: 105.913, zoom: 16).index

/// Bins of one operator in one tile: `perDay` cells on each of `days` days, of which the first
/// `covered` bins are covered.
private func bins(
  operator id: Int64, tile: Int64, days: Int, perDay: Int, covered: Int, age: Int = 0,
  source: Int64 = 1
) -> [CoverageRow] {
  (0..<days * perDay).map { number in
    CoverageRow(
      operatorID: id, cell: tile << 6 | Int64(number % perDay), day: today - age - number / perDay,
      source: source, conclusive: 3, covered: number < covered ? 2 : 1, strong: 0,
      oldestMs: Int64(number), newestMs: Int64(number + 1))
  }
}

private func state(
  _ rows: [CoverageRow], _ table: PopulationTable, method: Method = Method()
) -> CoverageState {
  var accumulator = CoverageAccumulator(method: method, table: table, today: today)
  for row in rows.sorted(by: isBefore) { accumulator.add(row) }
  return accumulator.finish()
}

private func isBefore(_ a: CoverageRow, _ b: CoverageRow) -> Bool {
  (a.operatorID, a.cell, a.day, a.source) < (b.operatorID, b.cell, b.day, b.source)
}

private let example = PopulationTable(
  areas: ["west", "east"],
  rows: [3200, 1800, 900, 400, 500, 200].enumerated().map {
    PopulationTable.Row(
      tile: base + Int64($0.offset), area: $0.offset < 2 ? 0 : 1, population: $0.element)
  })

private func exampleRows() -> [CoverageRow] {
  // (days, bins a day, covered of A, covered of B)
  let tiles = [(8, 5, 40, 38), (5, 5, 24, 25), (3, 4, 9, 4), (2, 3, 3, 5), (1, 3, 3, 3)]
  return tiles.enumerated().flatMap { index, tile in
    [(Int64(1), tile.2), (2, tile.3)].flatMap { id, covered in
      bins(
        operator: id, tile: base + Int64(index), days: tile.0, perDay: tile.1, covered: covered)
    }
  }
}

@Test func `the worked example of 20.2 comes out to six digits`() throws {
  let figure = state(exampleRows(), example).province()
  #expect(figure.operators.map(\.operatorID) == [1, 2])
  let first = figure.operators[0]
  #expect(isSame(first.measuredShare, 0.9))
  #expect(isSame(first.effectiveBins, 42.708417))
  #expect(isSame(first.share, 0.921111))
  #expect(isSame(first.interval, 0.801482, 0.971238))
  #expect(isSame(first.bounds, 0.721333, 0.974114))
  let second = figure.operators[1]
  #expect(isSame(second.share, 0.868783))
  #expect(isSame(second.interval, 0.736695, 0.940005))
  #expect(isSame(second.bounds, 0.663025, 0.946005))
  #expect(figure.headline == first)
  #expect(figure.isShown)
  let target = Target(value: 0.99, year: 2030)
  #expect(Verdict(bounds: figure.bounds, isShown: true, target: target) == .notReached)
}

@Test func `neighbouring bins count for less, as the table of the example says`() {
  let places = state(exampleRows(), example).operators[0].places
  let effective = places.filter(\.isMeasured).map { $0.effectiveBins(rho: 0.25) }
  #expect(effective.count == 4)
  for (found, expected) in zip(effective, [20, 12.5, 6.857143, 4]) {
    #expect(isSame(found, expected))
  }
}

@Test func `an area has its own people, its own threshold and its own largest operator`() {
  let state = state(exampleRows(), example)
  let west = state.area(0)
  #expect(west.population == 5000 && west.isShown)
  #expect(west.headline?.operatorID == 1)
  let east = state.area(1)
  #expect(east.population == 2000)
  // 1/((900/1300)²/6.857 + (400/1300)²/4) = 10.687747 effective bins.
  #expect(east.reasons.count == 1)
  guard case .effectiveBins(let found, 30) = east.reasons.first else {
    Issue.record("another reason: \(east.reasons)")
    return
  }
  #expect(isSame(found, 10.687747))
}

@Test func `a tile on a border counts in both areas with the people of each`() {
  let table = PopulationTable(
    areas: ["west", "east"],
    rows: [
      .init(tile: base, area: 1, population: 300), .init(tile: base, area: 0, population: 700),
    ])
  let state = state(bins(operator: 1, tile: base, days: 30, perDay: 5, covered: 150), table)
  #expect(state.province().population == 1000)
  #expect(state.area(0).headline?.measuredPopulation == 700)
  #expect(state.area(1).headline?.measuredPopulation == 300)
}

@Test func `a parked car weighs no more than one visit`() throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  var rows = bins(operator: 1, tile: base, days: 2, perDay: 3, covered: 3)
  rows[0].conclusive = 10_000
  rows[0].covered = 10_000
  let place = try #require(state(rows, table).operators.first?.places.first)
  #expect(place.bins == 6 && place.covered == 3)
}

@Test func `two sources of one day make one bin of the sum of their samples, and two visits`()
  throws
{
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  var rows: [CoverageRow] = []
  for day in 0..<2 {
    for cell in 0..<3 {
      for source in 0..<2 {
        // 2 of 3 covered by one source, 0 of 3 by the other: the bin is not covered.
        rows.append(
          CoverageRow(
            operatorID: 1, cell: base << 6 | Int64(cell), day: today - day, source: Int64(source),
            conclusive: 3, covered: source == 0 ? 2 : 0, strong: 0))
      }
    }
  }
  let place = try #require(state(rows, table).operators.first?.places.first)
  #expect(place.bins == 6 && place.covered == 0 && place.visits == 4)
  #expect(isSame(place.effectiveBins(rho: 0.25), 6 / 1.125))
}

@Test func `more visits than bins do not make a bin worth more than one`() throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  let rows = (0..<5).flatMap { day in
    (0..<4).map { source in
      CoverageRow(
        operatorID: 1, cell: base << 6, day: today - day, source: Int64(source), conclusive: 1,
        covered: 1, strong: 1)
    }
  }
  let place = try #require(state(rows, table).operators.first?.places.first)
  #expect(place.bins == 5 && place.visits == 20)
  #expect(place.effectiveBins(rho: 0.25) == 5)
}

@Test(arguments: [
  // (age of the second half of the visits, window that is used; nil: unmeasured)
  (0, 90), (87, 90), (88, 180), (177, 180), (178, 365), (362, 365), (363, nil as Int?),
])
func `a tile uses the shortest window in which it is measured`(age: Int, window: Int?) throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  // One day now and one in the past: only together are they two days, and five bins.
  var rows = bins(operator: 1, tile: base, days: 1, perDay: 3, covered: 3)
  rows += bins(operator: 1, tile: base, days: 1, perDay: 3, covered: 0, age: age + 2)
  let figure = try #require(state(rows, table).province().headline)
  #expect(figure.widestWindow == window ?? 0)
  #expect(figure.measuredPlaces == (window == nil ? 0 : 1))
  #expect(figure.bins == (window == nil ? 0 : 6))
}

@Test func `an old bin is not mixed in while a shorter window is enough`() throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  var rows = bins(operator: 1, tile: base, days: 2, perDay: 3, covered: 6)
  rows += bins(operator: 1, tile: base, days: 9, perDay: 9, covered: 0, age: 120)
  let figure = try #require(state(rows, table).province().headline)
  #expect(figure.bins == 6 && figure.share == 1 && figure.samples == 18)
}

@Test func `what decides nothing is counted, each for its reason`() {
  var rows = exampleRows()
  rows[0].inconclusive = 7
  rows[1].inaccurate = 5
  rows[2].roaming = 4
  rows.append(
    CoverageRow(
      operatorID: 1, cell: (base + 50) << 6, day: today, source: 1, conclusive: 2, covered: 2,
      strong: 0, inconclusive: 1))
  rows.append(
    CoverageRow(
      operatorID: 1, cell: base << 6, day: today - 400, source: 1, conclusive: 9, covered: 9,
      strong: 0))
  let state = state(rows, example)
  #expect(state.counts.inconclusive == 8)
  #expect(state.counts.inaccurate == 5)
  #expect(state.counts.roaming == 4)
  #expect(state.counts.outside == 3)
  #expect(state.counts.outsideCells == 1)
  #expect(state.counts.stale == 9)
  #expect(isSame(state.province().headline?.share ?? 0, 0.921111))
}

@Test func `without rows nothing is measured and everything is possible`() {
  let figure = state([], example).province()
  #expect(figure.reasons == [.nothingMeasured])
  #expect(figure.bounds == .unknown)
  #expect(figure.headline == nil)
}

@Test func `too few people in measured tiles give the share, and bounds instead of a value`() {
  let rows = bins(operator: 1, tile: base + 1, days: 40, perDay: 5, covered: 200)
  let figure = state(rows, example).province()
  #expect(figure.reasons == [.populationShare(1800.0 / 7000, needed: 0.5)])
  let lower = Wilson.interval(share: 1, count: 100).lower
  #expect(isSame(figure.bounds, 1800.0 / 7000 * lower, 1))
}

@Test func `the strong series has its own threshold and the same weights`() throws {
  var rows = exampleRows()
  for index in rows.indices where rows[index].cell & 1 == 0 {
    rows[index].strong = rows[index].covered
  }
  let figure = try #require(state(rows, example).province().headline)
  #expect(figure.strongShare < figure.share && figure.strongShare > 0)
}

@Test func `without a population table the areas stand in for tiles`() throws {
  let table = PopulationTable(areas: ["west", "east"], populations: [600, 400])
  var accumulator = CoverageAccumulator(
    method: Method(), table: table, today: today,
    areaOfCell: { cell in
      switch Tile.tile(ofCell: cell) - base {
      case 0, 2: 0
      case 1: 1
      default: nil
      }
    })
  let rows = [(0, 10), (1, 0), (2, 20), (3, 20)].flatMap { index, covered in
    bins(operator: 1, tile: base + Int64(index), days: 4, perDay: 5, covered: covered)
  }
  for row in rows.sorted(by: isBefore) { accumulator.add(row) }
  let state = accumulator.finish()
  let figure = try #require(state.province().headline)
  #expect(figure.measuredPlaces == 2 && figure.bins == 60)
  #expect(isSame(figure.share, 0.6 * 30 / 40))
  #expect(state.area(1).headline?.share == 0)
  #expect(state.counts.outside == 60)
}

@Test func `the same rows give the same figures whatever else was added before`() {
  let rows = exampleRows()
  let once = state(rows, example).province()
  #expect(state(rows.reversed(), example).province() == once)
}

@Test func `a bin of which exactly half is covered is covered, and one below is not`() throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  var rows = bins(operator: 1, tile: base, days: 2, perDay: 3, covered: 0)
  for index in rows.indices {
    rows[index].conclusive = 4
    rows[index].covered = index < 3 ? 2 : 1
  }
  let place = try #require(state(rows, table).operators.first?.places.first)
  #expect(place.bins == 6 && place.covered == 3)
}

@Test func `a visit just outside the window is no second day inside it`() throws {
  let table = PopulationTable(areas: ["a"], rows: [.init(tile: base, area: 0, population: 10)])
  var rows = bins(operator: 1, tile: base, days: 1, perDay: 6, covered: 6)
  rows += bins(operator: 1, tile: base, days: 1, perDay: 1, covered: 1, age: 90)
  let figure = try #require(state(rows, table).province().headline)
  #expect(figure.widestWindow == 180 && figure.bins == 7)
}
