package import Indicators

/// Where people live: the province's table, which also says what areas there are.
package struct PopulationGrid: Sendable {
  /// By falling population.
  package let places: [Place]
  /// In order of their ids.
  package let areas: [Area]
  package let population: Int

  package struct Place: Sendable {
    package let tile: Tile
    package let area: String
    package let population: Int
  }

  package struct Area: Sendable {
    package let id: String
    package let population: Int
  }

  /// - Parameters:
  ///   - text: `quadkey,area,population`, as seeds/README.md says.
  ///   - name: the file, for errors.
  package init(csv text: String, name: String) throws(GridError) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == "quadkey,area,population" else {
      throw GridError("\(name):1: the first line must be quadkey,area,population")
    }
    var people: [Int64: (area: String, most: Int, sum: Int)] = [:]
    var areas: [String: Int] = [:]
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == 3, let tile = Tile(quadkey: cells[0]), tile.zoom == Tile.tileZoom,
        let count = Int(cells[2]), count > 0
      else {
        throw GridError(
          "\(name):\(index + 1): \(line) is no z16 quadkey, area and population above 0")
      }
      let area = String(cells[1])
      areas[area, default: 0] += count
      var entry = people[tile.index] ?? (area, 0, 0)
      // A tile on a border belongs to the area in which most of its people live.
      if count > entry.most { (entry.area, entry.most) = (area, count) }
      entry.sum += count
      people[tile.index] = entry
    }
    guard !people.isEmpty else { throw GridError("\(name): no tile in it") }
    places = people.map { index, entry in
      Place(
        tile: Tile(zoom: Tile.tileZoom, index: index), area: entry.area, population: entry.sum)
    }.sorted { ($1.population, $0.tile.index) < ($0.population, $1.tile.index) }
    self.areas = areas.map { Area(id: $0.key, population: $0.value) }.sorted { $0.id < $1.id }
    population = self.areas.reduce(0) { $0 + $1.population }
  }
}

package struct GridError: Error, Equatable, CustomStringConvertible {
  package let description: String
  init(_ text: String) { description = text }
}
