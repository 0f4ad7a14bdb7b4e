package import Daemon

/// The areas that figures are given for (`areas.json`): configuration, for districts come and go.
package struct AreaTable: Sendable {
  package let province: LocalText
  /// In the order of the file.
  package let areas: [Area]

  package struct Area: Sendable {
    package let id: String
    package let name: LocalText
    package let population: Int
    /// `nil`: not known.
    package let households: Int?
  }

  package init(file: String) throws(ConfigError) {
    try self.init(try ConfigNode.parse(file: file))
  }

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["province", "areas"])
    province = try LocalText(try node.required("province"))
    var areas: [Area] = []
    let list = try node.required("areas")
    for entry in try list.array() {
      let area = try Area(entry)
      if areas.contains(where: { $0.id == area.id }) {
        throw try entry.required("id").error(
          "is \"\(area.id)\", which an earlier area has already; ids must be unique")
      }
      areas.append(area)
    }
    guard !areas.isEmpty else { throw list.error("is empty; list at least one area") }
    self.areas = areas
  }

  package var ids: [String] { areas.map(\.id) }

  package func index(of id: String) -> Int? { areas.firstIndex { $0.id == id } }

  /// Households of each area, and whether they are: where one area has none, people for all.
  package var householdWeights: (weights: [Double], areHouseholds: Bool) {
    let households = areas.compactMap(\.households)
    guard households.count == areas.count else {
      return (areas.map { Double($0.population) }, false)
    }
    return (households.map(Double.init), true)
  }
}

extension AreaTable.Area {
  /// An area where nobody lives has no weight, and is no area.
  private static let peopleRange: ClosedRange<Int64> = 1...1_000_000_000

  /// An id is a level of a path and a value in measurements.
  private static func isLegal(id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d
      }
  }

  fileprivate init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys(["id", "name", "type", "population", "households"])
    id = try node.required("id").string(
      legal: "a-z 0-9 -, 1…64 characters", where: AreaTable.Area.isLegal)
    name = try LocalText(try node.required("name"))
    population = Int(try node.required("population").integer(in: AreaTable.Area.peopleRange))
    let households = node["households"]
    self.households =
      if let households, !households.isNull {
        Int(try households.integer(in: AreaTable.Area.peopleRange))
      } else { nil }
  }
}
