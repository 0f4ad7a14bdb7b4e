import Aggregator
import Daemon

/// What the province's operators give to the aggregator.
extension Target {
  static let province = [
    Target(name: "aggregator-configuration") { bytes in
      complain("aggregator.json5") {
        _ = try AggregatorConfiguration(ConfigNode.parse(text: text(bytes), name: $0))
      }
    },
    Target(name: "indicator-table") { bytes in
      complain("indicators.json") {
        _ = try IndicatorTable(ConfigNode.parse(text: text(bytes), name: $0))
      }
    },
    Target(name: "area-table") { bytes in
      complain("areas.json") { _ = try AreaTable(ConfigNode.parse(text: text(bytes), name: $0)) }
    },
    Target(name: "outlines") { bytes in
      complain("areas.geojson") {
        _ = try AreaOutlines(ConfigNode.parse(text: text(bytes), name: $0), areas: areas)
      }
    },
    Target(name: "population") { bytes in
      complain("population.csv") {
        _ = try PopulationFile.parse(text: text(bytes), name: $0, areas: areas)
      }
    },
    Target(name: "availability") { bytes in
      complain("availability.csv") {
        _ = try AvailabilityFile(text: text(bytes), name: $0, areas: areas)
      }
    },
  ]

  /// Whatever is wrong with a file, the complaint begins with its name.
  private static func complain(_ name: String, _ read: (String) throws -> Void) {
    do { try read(name) } catch {
      hold("\(error)".hasPrefix("\(name):"), "an error names the file: \(error)")
    }
  }

  private static let areas: AreaTable = {
    do {
      return try AreaTable(
        try ConfigNode.parse(
          text: """
            { province: { vi: "P", en: "P" }, areas: [
              { id: "phu-ly", name: { vi: "Phủ Lý", en: "Phu Ly" }, population: 158212 } ] }
            """, name: "areas.json"))
    } catch { fatalError("\(error)") }
  }()
}
