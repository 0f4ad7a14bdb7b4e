import Glibc
import Indicators
package import Protocol

/// One operator's 5G sites and what they give at a place.
package struct RadioNetwork: Sendable {
  package let profile: Profile
  private let sites: [Position]
  /// Sites by the z13 tile (4.6 km) in which they stand.
  private let sitesOfTile: [Int64: [Int]]

  package struct Profile: Sendable {
    package let plmn: String
    let access: RadioAccess
    let band: String
    /// How far the build-out has come.
    let sitesPer100000People: Double
  }

  /// MCC and MNC as the ITU lists them; the build-out is invented.
  package static let profiles = [
    Profile(plmn: "45204", access: .nrSA, band: "n78", sitesPer100000People: 30),
    Profile(plmn: "45201", access: .nrNSA, band: "n41", sitesPer100000People: 13),
    Profile(plmn: "45202", access: .nrNSA, band: "n78", sitesPer100000People: 20),
  ]

  private static let siteZoom = 13

  package init(_ profile: Profile, grid: PopulationGrid, seed: UInt64) {
    self.profile = profile
    var random = Random(seed: Random.hash(seed, UInt64(profile.plmn) ?? 0))
    let count = max(1, Int(profile.sitesPer100000People * Double(grid.population) / 100_000))
    var places = grid.places.map { (weight: random.unit() / Double($0.population), tile: $0.tile) }
    // The smallest of uniform/weight: more people, sooner a site.
    places.sort { $0.weight < $1.weight }
    sites = places.prefix(count).map { place in
      Position(
        latitude: place.tile.south + (place.tile.north - place.tile.south) * random.unit(),
        longitude: place.tile.west + (place.tile.east - place.tile.west) * random.unit())
    }
    var index: [Int64: [Int]] = [:]
    for (number, site) in sites.enumerated() {
      index[RadioNetwork.tile(of: site).index, default: []].append(number)
    }
    sitesOfTile = index
  }

  /// What a modem in a moving car says here.
  package func measure(at place: Position, random: inout Random) -> Coverage {
    var coverage = Coverage(
      latitudeMicrodegrees: Int32((place.latitude * 1e6).rounded()),
      longitudeMicrodegrees: Int32((place.longitude * 1e6).rounded()),
      // As receivers say it under an open sky; now and then a tree or a house.
      accuracyDecimetres: random.chance(0.95) ? 39 : 120, radioAccess: .lte,
      // A drive test loads the link; now and then the download has just ended.
      isActive: random.chance(0.95), plmn: profile.plmn)
    guard let (level, site) = strongest(at: place, random: &random), level > -120 else {
      return coverage
    }
    coverage.radioAccess = profile.access
    coverage.isActive = true
    coverage.ssRsrpTenths = tenths(level, in: LegalRange.ssRsrp)
    let load = random.normal()
    coverage.ssRsrqTenths = tenths(-10.5 - max(0, -85 - level) / 6 + load, in: LegalRange.ssRsrq)
    coverage.ssSinrTenths = tenths(24 + (level + 75) / 2 + 2 * load, in: LegalRange.ssSinr)
    coverage.band = profile.band
    coverage.cell = "\(profile.plmn)\(1_000 + site * 3 + Int(random.next() % 3))"
    return coverage
  }

  /// SS-RSRP of the best site, dBm: −72 at 100 m, 32 dB a decade, shadows of 5 dB that stay where
  /// they are, 1.5 dB that come and go. −110 dBm is reached at about 1.5 km.
  private func strongest(at place: Position, random: inout Random) -> (Double, Int)? {
    let home = RadioNetwork.tile(of: place)
    let block = Tile(latitude: place.latitude, longitude: place.longitude, zoom: 18)
    var best: (level: Double, site: Int)?
    for dx in -1...1 {
      for dy in -1...1 {
        let tile = Tile(zoom: home.zoom, x: home.x + dx, y: home.y + dy)
        for site in sitesOfTile[tile.index] ?? [] {
          let distance = max(30, sites[site].metres(to: place))
          var shadow = Random(seed: Random.hash(UInt64(site), UInt64(block.index)))
          let level = -72 - 32 * log10(distance / 100) + 5 * shadow.normal()
          if level > best?.level ?? -.infinity { best = (level, site) }
        }
      }
    }
    return best.map { ($0.level + 1.5 * random.normal(), $0.site) }
  }

  private func tenths(_ value: Double, in range: LegalRange) -> Int32 {
    let units = Int64((value * 10).rounded())
    return Int32(min(max(units, range.values.lowerBound), range.values.upperBound))
  }

  private static func tile(of place: Position) -> Tile {
    Tile(latitude: place.latitude, longitude: place.longitude, zoom: siteZoom)
  }
}
