package import Daemon
import Indicators

/// Outlines of the areas (`areas.geojson`: polygons with the property `area`): they say in which
/// area a cell lies where there is no population table, and maps draw them.
package struct AreaOutlines: Sendable {
  private let polygons: [Polygon]

  /// An outer ring and its holes; a point inside an odd number of rings is inside.
  private struct Polygon: Sendable {
    let area: Int
    let rings: [[Point]]
    let south: Double
    let north: Double
  }

  private struct Point: Sendable {
    let longitude: Double
    let latitude: Double
  }

  package init(file: String, areas: AreaTable) throws(ConfigError) {
    try self.init(try ConfigNode.parse(file: file), areas: areas)
  }

  package init(_ node: ConfigNode, areas: AreaTable) throws(ConfigError) {
    var polygons: [Polygon] = []
    for feature in try node.required("features").array() {
      let id = try feature.required("properties").required("area")
      guard let area = areas.index(of: try id.string()) else {
        throw id.error(
          "is \"\(try id.string())\", allowed \(areas.ids.joined(separator: ", ")); correct it")
      }
      let geometry = try feature.required("geometry")
      let coordinates = try geometry.required("coordinates")
      switch try geometry.required("type").oneOf(["Polygon", "MultiPolygon"]) {
      case "Polygon": polygons.append(try AreaOutlines.polygon(coordinates, area))
      default:
        for part in try coordinates.array() {
          polygons.append(try AreaOutlines.polygon(part, area))
        }
      }
    }
    self.polygons = polygons
  }

  /// The area that holds the middle of a z19 cell.
  package func area(ofCell cell: Int64) -> Int? {
    let centre = Tile(zoom: Tile.cellZoom, index: cell).centre
    return polygons.first {
      ($0.south...$0.north).contains(centre.latitude)
        && AreaOutlines.contains($0.rings, centre.latitude, centre.longitude)
    }?.area
  }

  /// Every ring with its area, to be drawn.
  package var rings: [(area: Int, points: [(latitude: Double, longitude: Double)])] {
    polygons.flatMap { polygon in
      polygon.rings.map { ring in (polygon.area, ring.map { ($0.latitude, $0.longitude) }) }
    }
  }

  private static func polygon(
    _ node: ConfigNode, _ area: Int
  ) throws(ConfigError) -> Polygon {
    var rings: [[Point]] = []
    for ring in try node.array() {
      var points: [Point] = []
      for position in try ring.array() {
        let pair = try position.array()
        guard pair.count >= 2 else {
          throw position.error("has \(pair.count) numbers, allowed 2: longitude, latitude")
        }
        points.append(
          Point(
            longitude: try pair[0].number(in: -180...180),
            latitude: try pair[1].number(in: -90...90)))
      }
      guard points.count >= 4 else {
        throw ring.error("has \(points.count) points, allowed 4 or more; close the ring")
      }
      rings.append(points)
    }
    let latitudes = rings.joined().map(\.latitude)
    return Polygon(
      area: area, rings: rings, south: latitudes.min() ?? 0, north: latitudes.max() ?? 0)
  }

  /// How often a line to the east crosses the rings: odd inside.
  private static func contains(
    _ rings: [[Point]], _ latitude: Double, _ longitude: Double
  ) -> Bool {
    var isInside = false
    for ring in rings {
      for (a, b) in zip(ring, ring.dropFirst()) {
        guard (a.latitude > latitude) != (b.latitude > latitude) else { continue }
        let part = (latitude - a.latitude) / (b.latitude - a.latitude)
        if longitude < a.longitude + part * (b.longitude - a.longitude) { isInside.toggle() }
      }
    }
    return isInside
  }
}
