import Indicators
import Protocol

/// Cars on the province's roads, each with one modem for each operator.
///
/// Past days: the tiles in which four fifths of the people live were driven twice, on different
/// days, as a surveyor would. Now: pairs of cars work through the tiles that are still missing.
package struct DriveTest: Devices, Sendable {
  private let networks: [RadioNetwork]
  private let cars: [Car]
  private let part: Part
  private let calendar: Calendar
  private let surveyed: Tour
  private let missing: Tour
  private var random: Random
  private var past: Past
  private var present: [Present]
  private var nextModem = 0

  private struct Car: Sendable {
    let name: String
    /// Where the present day's drive begins, metres on `missing`.
    let start: Double
  }

  /// How far the story of the past has been told.
  private struct Past {
    var leg: Int
    var network = 0
    /// Metres into the leg.
    var offset = 0.0
  }

  private struct Present {
    var metres: Double
    var lastMs: Int64
  }

  /// City and country roads, m/s.
  private static let speed = 11.0
  /// A sample every so many metres in a survey.
  private static let step = 100.0
  /// What one car surveys in one day.
  private static let legMetres = 40_000.0
  private static let passes = 2
  /// Samples in one message of a survey's log.
  private static let samplesOfMessage = 40

  /// - Parameters:
  ///   - modems: rounded up to whole cars; none: no cars.
  ///   - part: this fleet's share of the cars and of the survey.
  package init(
    grid: PopulationGrid, modems: Int, part: Part, seed: UInt64, nowMs: Int64,
    utcOffsetMinutes: Int = 420, tellsPast: Bool = true
  ) {
    networks = RadioNetwork.profiles.map { RadioNetwork($0, grid: grid, seed: seed) }
    calendar = Calendar(nowMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
    self.part = part
    random = Random(seed: Random.hash(seed, 1, UInt64(part.index)))
    var reached = 0
    let split = grid.places.firstIndex { place in
      reached += place.population
      return reached * 5 > grid.population * 4
    }
    let places = grid.places.map(\.tile)
    let border = min((split ?? 0) + 1, places.count)
    surveyed = Tour(through: Array(places[..<border]))
    let rest = Tour(through: Array(places[border...].isEmpty ? places[...] : places[border...]))
    missing = rest
    let carCount = (modems + RadioNetwork.profiles.count - 1) / RadioNetwork.profiles.count
    cars = (0..<carCount).filter(part.contains).map { number in
      // Two cars share a road, so that a tile is seen by two sources.
      let pairs = Double(max(1, (carCount + 1) / 2))
      return Car(
        name: "sim-car-\(padded(number + 1))", start: rest.length * Double(number / 2) / pairs)
    }
    present = cars.map { Present(metres: $0.start, lastMs: nowMs) }
    past = Past(leg: tellsPast && !cars.isEmpty ? part.index : .max)
  }

  private var legCount: Int {
    max(1, Int((surveyed.length / DriveTest.legMetres).rounded(.up))) * DriveTest.passes
  }

  mutating package func nextPast() -> Outgoing? {
    guard past.leg < legCount else { return nil }
    // This part's legs are every part.count-th; a car drives one a day, the latest yesterday.
    let turn = past.leg / part.count
    let car = cars[turn % cars.count]
    let daysAgo = (legCount - 1) / part.count / cars.count - turn / cars.count + 1
    let legStart = DriveTest.legMetres * Double(past.leg % (legCount / DriveTest.passes))
    let legEnd = min(DriveTest.legMetres, surveyed.length - legStart)
    let startMs = calendar.ms(daysAgo: daysAgo, hour: 8)
    var samples: [Measurement] = []
    var metres = past.offset
    while metres < legEnd, samples.count < DriveTest.samplesOfMessage {
      samples.append(
        sample(
          of: car, network: past.network, at: surveyed.position(at: legStart + metres),
          timeMs: startMs + Int64(metres / DriveTest.speed * 1_000)))
      metres += DriveTest.step
    }
    advancePast(to: metres, legEnd: legEnd)
    return samples.isEmpty ? nextPast() : Outgoing(samples)
  }

  mutating package func measure(nowMs: Int64) -> Outgoing? {
    guard !cars.isEmpty else { return nil }
    let index = nextModem / networks.count % cars.count
    let network = nextModem % networks.count
    nextModem += 1
    // A car's modems measure at one place; then it drives on.
    if network == 0 {
      let elapsed = max(0, nowMs - present[index].lastMs)
      present[index].metres += Double(elapsed) / 1_000 * DriveTest.speed
      present[index].lastMs = nowMs
    }
    let place = missing.position(at: present[index].metres)
    return Outgoing([sample(of: cars[index], network: network, at: place, timeMs: nowMs)])
  }

  private mutating func advancePast(to metres: Double, legEnd: Double) {
    past.offset = metres
    guard metres >= legEnd else { return }
    past.offset = 0
    past.network += 1
    guard past.network == networks.count else { return }
    past.network = 0
    past.leg += part.count
  }

  private mutating func sample(
    of car: Car, network: Int, at place: Position, timeMs: Int64
  ) -> Measurement {
    // The position's error, some metres.
    let seen = Position(
      latitude: place.latitude + random.normal() * 2e-5,
      longitude: place.longitude + random.normal() * 2e-5)
    return Measurement(
      source: "\(car.name)-\(networks[network].profile.plmn)", timeMs: timeMs, isSimulated: true,
      body: .coverage(networks[network].measure(at: seen, random: &random)))
  }
}

/// A fleet's share of the devices, where several agents stand in the province.
package struct Part: Sendable {
  package let index: Int
  package let count: Int

  package init(_ index: Int, of count: Int) {
    self.index = index
    self.count = count
  }

  package func contains(_ number: Int) -> Bool { number % count == index }
}

func padded(_ number: Int, digits: Int = 3) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
}
