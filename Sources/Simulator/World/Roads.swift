import Glibc
package import Indicators

/// A position on the ground, degrees.
package struct Position: Equatable, Sendable {
  package var latitude: Double
  package var longitude: Double

  /// On a plane that touches the earth here: good to a metre over the few kilometres between
  /// neighbours.
  package func metres(to other: Position) -> Double {
    let north = (other.latitude - latitude) * 111_320
    let east = (other.longitude - longitude) * 111_320 * cos(latitude * .pi / 180)
    return (north * north + east * east).squareRoot()
  }

  func towards(_ other: Position, share: Double) -> Position {
    Position(
      latitude: latitude + (other.latitude - latitude) * share,
      longitude: longitude + (other.longitude - longitude) * share)
  }
}

/// A tour through tiles: from each to the nearest that was not visited yet. We have no road map of
/// the province, so a road is a line between the crossings of neighbouring tiles; every car uses
/// the same ones.
package struct Tour: Sendable {
  /// Metres along the tour at which each crossing lies; `jumps` count nothing.
  private let marks: [Double]
  private let crossings: [Position]
  /// Metres.
  package let length: Double

  /// Beyond this many metres a car does not drive but is carried.
  private static let jump = 4_000.0

  package init(through tiles: [Tile]) {
    let ordered = Tour.nearestNeighbours(tiles)
    crossings = ordered.map(Tour.crossing)
    var marks: [Double] = []
    var at = 0.0
    for (index, crossing) in crossings.enumerated() {
      if index > 0 {
        let distance = crossings[index - 1].metres(to: crossing)
        if distance <= Tour.jump { at += distance }
      }
      marks.append(at)
    }
    self.marks = marks
    length = at
  }

  /// The place after so many metres; the tour begins anew at its end.
  package func position(at metres: Double) -> Position {
    guard length > 0 else { return crossings[0] }
    let distance = metres.truncatingRemainder(dividingBy: length)
    var low = 0
    var high = marks.count - 1
    while low + 1 < high {
      let middle = (low + high) / 2
      if marks[middle] <= distance { low = middle } else { high = middle }
    }
    let span = marks[high] - marks[low]
    guard span > 0 else { return crossings[high] }
    return crossings[low].towards(crossings[high], share: (distance - marks[low]) / span)
  }

  /// Somewhere in the middle of the tile, always the same.
  private static func crossing(of tile: Tile) -> Position {
    let bits = Random.hash(UInt64(tile.index))
    let across = 0.3 + 0.4 * Double(bits & 0xffff) / 65_536
    let down = 0.3 + 0.4 * Double(bits >> 16 & 0xffff) / 65_536
    return Position(
      latitude: tile.north + (tile.south - tile.north) * down,
      longitude: tile.west + (tile.east - tile.west) * across)
  }

  private static func nearestNeighbours(_ tiles: [Tile]) -> [Tile] {
    var left = Set(tiles)
    guard var here = tiles.first else { return [] }
    var ordered: [Tile] = []
    while true {
      left.remove(here)
      ordered.append(here)
      guard let next = nearest(to: here, in: left) else { return ordered }
      here = next
    }
  }

  private static func nearest(to tile: Tile, in left: Set<Tile>) -> Tile? {
    guard !left.isEmpty else { return nil }
    let side = 1 << tile.zoom
    // Ring by ring; a province is some hundred tiles wide.
    for radius in 1...24 {
      for (dx, dy) in ring(radius) {
        let (x, y) = (tile.x + dx, tile.y + dy)
        guard (0..<side).contains(x), (0..<side).contains(y) else { continue }
        let candidate = Tile(zoom: tile.zoom, x: x, y: y)
        if left.contains(candidate) { return candidate }
      }
    }
    return left.min { $0.index < $1.index }
  }

  private static func ring(_ radius: Int) -> [(Int, Int)] {
    var steps: [(Int, Int)] = []
    for offset in -radius...radius {
      steps.append((offset, -radius))
      steps.append((offset, radius))
      if abs(offset) < radius {
        steps.append((-radius, offset))
        steps.append((radius, offset))
      }
    }
    // The straight neighbours first.
    return steps.sorted { abs($0.0) + abs($0.1) < abs($1.0) + abs($1.1) }
  }
}
