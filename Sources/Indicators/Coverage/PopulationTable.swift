/// How many people live where: the weights of 20.2.
///
/// A *place* is what is measured or not: a z16 tile, or, without a population table, a whole area.
/// A tile that crosses a border belongs to several areas, with the people of each.
public struct PopulationTable: Sendable {
  /// Ids of the areas, in the order of the areas table.
  public let areas: [String]
  /// z16 tiles, rising; empty if areas stand in for tiles.
  let tiles: [Int64]
  /// People of each place in the whole province.
  let population: [Double]
  /// People of each place by area; rising by area, then place.
  let shares: [Share]
  /// The part of `shares` that belongs to each area.
  let areaShares: [Range<Int>]

  struct Share: Sendable {
    let area: Int
    let place: Int
    let population: Double
  }

  public struct Row: Sendable {
    /// z16 tile.
    public let tile: Int64
    /// Its place in `areas`.
    public let area: Int
    public let population: Int

    public init(tile: Int64, area: Int, population: Int) {
      self.tile = tile
      self.area = area
      self.population = population
    }
  }

  /// Places are tiles; otherwise areas stand in for them.
  public let isByTile: Bool
  /// Places that can be measured.
  public var placeCount: Int { population.count }

  public init(areas: [String], rows: [Row]) {
    let sorted = rows.sorted { ($0.tile, $0.area) < ($1.tile, $1.area) }
    var tiles: [Int64] = []
    var population: [Double] = []
    var shares: [Share] = []
    for row in sorted {
      if tiles.last != row.tile {
        tiles.append(row.tile)
        population.append(0)
      }
      population[population.count - 1] += Double(row.population)
      shares.append(
        Share(area: row.area, place: tiles.count - 1, population: Double(row.population)))
    }
    self.init(
      areas: areas, tiles: tiles, population: population, shares: shares, isByTile: true)
  }

  /// People of a place; 0 for one outside.
  public func population(of place: MeasuredPlace) -> Int {
    place.place >= 0 ? Int(population[place.place]) : 0
  }

  /// Every tile with its people and the area in which most of them live; tiles rising.
  public var peopledTiles: [(tile: Int64, people: Int, area: Int)] {
    var areaOf = Array(repeating: (area: 0, people: -1.0), count: tiles.count)
    for share in shares where isByTile && share.population > areaOf[share.place].people {
      areaOf[share.place] = (share.area, share.population)
    }
    return tiles.indices.map { (tiles[$0], Int(population[$0]), areaOf[$0].area) }
  }

  /// By area, in the order of `areas`.
  public var peopleByArea: [Int] {
    areaShares.map { range in shares[range].reduce(0) { $0 + Int($1.population) } }
  }

  public var tileCount: Int { tiles.count }

  /// Without a table: each area is one place.
  public init(areas: [String], populations: [Int]) {
    self.init(
      areas: areas, tiles: [], population: populations.map(Double.init),
      shares: populations.indices.map {
        Share(area: $0, place: $0, population: Double(populations[$0]))
      }, isByTile: false)
  }

  private init(
    areas: [String], tiles: [Int64], population: [Double], shares: [Share], isByTile: Bool
  ) {
    self.areas = areas
    self.isByTile = isByTile
    self.tiles = tiles
    self.population = population
    let sorted = shares.sorted { ($0.area, $0.place) < ($1.area, $1.place) }
    var ranges: [Range<Int>] = []
    var start = 0
    for area in areas.indices {
      let end = sorted[start...].firstIndex { $0.area != area } ?? sorted.count
      ranges.append(start..<end)
      start = end
    }
    self.shares = sorted
    areaShares = ranges
  }
}
