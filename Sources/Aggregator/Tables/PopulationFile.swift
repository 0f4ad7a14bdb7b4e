package import Daemon
package import Indicators

/// People per z16 tile and area (`population.csv`: `quadkey,area,population`).
package enum PopulationFile {
  package static let header = ["quadkey", "area", "population"]

  /// - Returns: the table, and the digest that names its version.
  package static func read(
    _ file: String, areas: AreaTable
  ) throws(ConfigError) -> (table: PopulationTable, digest: String) {
    try table(try CSVFile(file: file, header: header), areas)
  }

  package static func parse(
    text: String, name: String, areas: AreaTable
  ) throws(ConfigError) -> (table: PopulationTable, digest: String) {
    try table(try CSVFile(text: text, name: name, header: header), areas)
  }

  private static func table(
    _ file: CSVFile, _ areas: AreaTable
  ) throws(ConfigError) -> (table: PopulationTable, digest: String) {
    struct Key: Hashable {
      let tile: Int64
      let area: Int
    }
    var lineOf: [Key: Int] = [:]
    var rows: [PopulationTable.Row] = []
    for row in file.rows {
      guard let tile = Tile(quadkey: row.fields[0]), tile.zoom == Tile.tileZoom else {
        throw file.error(row, 0, legal: "\(Tile.tileZoom) digits 0…3")
      }
      let area = try file.area(row, 1, in: areas)
      let population = try file.integer(row, 2, in: 0...1_000_000_000)
      if let line = lineOf.updateValue(row.line, forKey: Key(tile: tile.index, area: area)) {
        throw ConfigError(
          file: file.file, line: row.line,
          text: "tile \(row.fields[0]) of \(row.fields[1]) is in line \(line) already; "
            + "add the two rows up")
      }
      rows.append(
        PopulationTable.Row(tile: tile.index, area: area, population: population))
    }
    guard rows.contains(where: { $0.population > 0 }) else {
      throw ConfigError(
        file: file.file, line: nil, text: "nobody lives in any of its tiles; use another table")
    }
    return (PopulationTable(areas: areas.ids, rows: rows), file.digest)
  }
}
