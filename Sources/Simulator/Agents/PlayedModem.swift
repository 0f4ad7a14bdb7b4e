import Glibc
package import Protocol

/// A 5G modem that is read once a second: in a cabinet, or in a car that drives about the province.
package struct PlayedModem {
  private var latitude: Double
  private var longitude: Double
  /// Radians from north, clockwise.
  private var heading: Double
  private let metresPerSecond: Double
  /// SS-RSRP, 0.1 dBm.
  private var level: Double

  /// Where cars turn back, degrees: about the province.
  private static let latitudes = 20.40...20.65
  private static let longitudes = 105.80...106.10
  private static let metresPerDegree = 111_320.0
  /// Of a fixed antenna's position, microdegrees: about two metres.
  private static let scatter: Int32 = 20

  package init(metresPerSecond: Double, using random: inout Random) {
    latitude = Double.random(in: PlayedModem.latitudes, using: &random)
    longitude = Double.random(in: PlayedModem.longitudes, using: &random)
    heading = Double.random(in: 0..<(2 * .pi), using: &random)
    level = Double.random(in: -1_100 ... -800, using: &random)
    self.metresPerSecond = metresPerSecond
  }

  /// A second later.
  package mutating func next(using random: inout Random) -> Coverage {
    if metresPerSecond > 0 { drive(using: &random) }
    level = min(max(level + Double.random(in: -15...15, using: &random), -1_250), -700)
    let scatter = -PlayedModem.scatter...PlayedModem.scatter
    return Coverage(
      latitudeMicrodegrees: Int32(latitude * 1e6) + Int32.random(in: scatter, using: &random),
      longitudeMicrodegrees: Int32(longitude * 1e6) + Int32.random(in: scatter, using: &random),
      accuracyDecimetres: Int32.random(in: 30...60, using: &random), radioAccess: .nrSA,
      isActive: true, ssRsrpTenths: Int32(level),
      ssRsrqTenths: Int32.random(in: -140 ... -100, using: &random),
      ssSinrTenths: Int32.random(in: 0...250, using: &random), plmn: "45204", band: "n78",
      cell: "\(Int(latitude * 50) * 1_000 + Int(longitude * 50))")
  }

  private mutating func drive(using random: inout Random) {
    heading += Double.random(in: -0.1...0.1, using: &random)
    let metres = metresPerSecond / PlayedModem.metresPerDegree
    let (north, east) = (
      latitude + metres * cos(heading),
      longitude + metres * sin(heading) / cos(latitude * .pi / 180)
    )
    guard PlayedModem.latitudes.contains(north), PlayedModem.longitudes.contains(east) else {
      heading += .pi / 2
      return
    }
    (latitude, longitude) = (north, east)
  }
}
