package import Daemon
package import Indicators

/// What the configuration says about the province: its indicators, areas and people.
package struct Tables: Sendable {
  package let indicators: IndicatorTable
  package let areas: AreaTable
  package let population: PopulationTable
  /// `sha256:…` of the population table; `nil`: there is none, and areas stand in for tiles.
  package let populationVersion: String?
  package let outlines: AreaOutlines?
  package let availability: AvailabilityFile?

  package init(_ configuration: AggregatorConfiguration) throws(ConfigError) {
    let areas = try AreaTable(file: configuration.areasPath)
    self.areas = areas
    indicators = try IndicatorTable(file: configuration.indicatorsPath)
    outlines =
      if let path = configuration.outlinesPath {
        try AreaOutlines(file: path, areas: areas)
      } else { nil }
    if let path = configuration.populationPath {
      let (table, digest) = try PopulationFile.read(path, areas: areas)
      population = table
      populationVersion = "sha256:" + digest
    } else {
      population = Tables.populationByArea(areas, hasOutlines: outlines != nil)
      populationVersion = nil
    }
    availability =
      if let path = configuration.availabilityPath {
        try AvailabilityFile(file: path, areas: areas)
      } else { nil }
  }

  package init(
    indicators: IndicatorTable, areas: AreaTable,
    population: (table: PopulationTable, digest: String)? = nil, outlines: AreaOutlines? = nil,
    availability: AvailabilityFile? = nil
  ) {
    self.indicators = indicators
    self.areas = areas
    self.outlines = outlines
    self.availability = availability
    self.population =
      population?.table ?? Tables.populationByArea(areas, hasOutlines: outlines != nil)
    populationVersion = population.map { "sha256:" + $0.digest }
  }

  /// Without outlines no cell has an area, so nobody would ever be measured: then there are no
  /// weights, and the figure says that.
  private static func populationByArea(
    _ areas: AreaTable, hasOutlines: Bool
  ) -> PopulationTable {
    PopulationTable(
      areas: areas.ids, populations: areas.areas.map { hasOutlines ? $0.population : 0 })
  }
}
