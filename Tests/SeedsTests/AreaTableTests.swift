import Foundation
import Testing

/// areas.json, population.csv and areas.geojson say the same.
@Suite struct AreaTableTests {
  @Test func `the population grid sums to each area's census figure and to the province's`() throws
  {
    var sums: [String: Int] = [:]
    var tiles: Set<String> = []
    let rows = try gridRows()
    for row in rows {
      sums[row.area, default: 0] += row.population
      tiles.insert(row.quadkey)
    }
    #expect(rows.count == 3_051)
    #expect(tiles.count == 2_814)
    #expect(sums.values.reduce(0, +) == 852_800)
    #expect(
      sums == Dictionary(uniqueKeysWithValues: try areas().map { ($0.id, $0.population) }))
  }

  @Test func `each row of the grid is a z16 tile, once for each area`() throws {
    var seen: Set<String> = []
    for row in try gridRows() {
      #expect(row.quadkey.count == 16 && row.quadkey.allSatisfy { "0123".contains($0) })
      #expect(row.population > 0)
      #expect(
        seen.insert(row.quadkey + row.area).inserted, "\(row.quadkey) \(row.area) stands twice")
    }
  }

  @Test func `the areas are the plan's one city, two towns and three districts`() throws {
    let table = try areas()
    #expect(
      table.map { "\($0.type["vi"] ?? "") \($0.name["vi"] ?? "")" } == [
        "thành phố Phủ Lý", "thị xã Duy Tiên", "thị xã Kim Bảng", "huyện Thanh Liêm",
        "huyện Bình Lục", "huyện Lý Nhân",
      ])
    let plan = try String(
      contentsOf: seeds.appending(path: "chuong-trinh-hanh-dong-57-ha-nam.txt"), encoding: .utf8)
    #expect(plan.contains("02 đô thị (thị xã Duy Tiên và thị xã Kim Bảng)"))
    #expect(plan.contains("thành phố Phủ Lý"))
  }

  @Test func `each area has its outline`() throws {
    struct Outlines: Decodable {
      struct Feature: Decodable { let properties: [String: String] }
      let features: [Feature]
    }
    let bytes = try Data(contentsOf: seeds.appending(path: "areas.geojson"))
    let outlines = try JSONDecoder().decode(Outlines.self, from: bytes)
    let drawn = outlines.features.compactMap { $0.properties["area"] }
    #expect(drawn.sorted() == (try areas().map(\.id).sorted()))
  }

  private struct Area: Decodable {
    let id: String
    let name: [String: String]
    let type: [String: String]
    let population: Int
    let households: Int?
  }

  private func areas() throws -> [Area] {
    struct Table: Decodable { let areas: [Area] }
    let bytes = try Data(contentsOf: seeds.appending(path: "areas.json"))
    return try JSONDecoder().decode(Table.self, from: bytes).areas
  }

  private func gridRows() throws -> [(quadkey: String, area: String, population: Int)] {
    let text = try String(contentsOf: seeds.appending(path: "population.csv"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    try #require(lines.first == "quadkey,area,population")
    return try lines.dropFirst().map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      try #require(cells.count == 3, "\(line)")
      return (String(cells[0]), String(cells[1]), try #require(Int(cells[2]), "\(line)"))
    }
  }
}
