import Simulator
import TestSupport
import Testing

extension Repository {
  /// The shipped table.
  static let population = (try? text("seeds/population.csv")) ?? ""
}

@Suite struct PopulationGridTests {
  @Test func `the shipped table has its tiles, areas and people`() throws {
    let grid = try PopulationGrid(csv: Repository.population, name: "population.csv")
    #expect(grid.places.count == 2_814)
    #expect(grid.areas.count == 6)
    #expect(grid.population == 852_800)
    #expect(grid.places.first?.population ?? 0 > grid.places.last?.population ?? 0)
  }

  @Test(arguments: [
    ("", "p.csv:1: the first line must be quadkey,area,population"),
    ("quadkey,area,population\n", "p.csv: no tile in it"),
    (
      "quadkey,area,population\n1322101301030002,phu-ly,0",
      "p.csv:2: 1322101301030002,phu-ly,0 is no z16 quadkey, area and population above 0"
    ),
    (
      "quadkey,area,population\n132210130103000,phu-ly,9",
      "p.csv:2: 132210130103000,phu-ly,9 is no z16 quadkey, area and population above 0"
    ),
  ])
  func `a table that cannot be read is refused with its line`(csv: String, text: String) {
    let error = #expect(throws: GridError.self) { try PopulationGrid(csv: csv, name: "p.csv") }
    #expect(error?.description == text)
  }
}
