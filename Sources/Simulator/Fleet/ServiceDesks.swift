import Indicators
import Protocol

/// The counters of the online public services, one desk for each area: dossiers, results, payments,
/// and how many of them were online. They only rise, and begin again at zero when the desk's
/// program is restarted.
package struct ServiceDesks: Devices, Sendable {
  private let desks: [Desk]
  private let calendar: Calendar
  private let startMs: Int64
  private let readings: Int
  private var random: Random
  /// What came in while one looks, beyond the year's steady flow: by desk and pair of counters.
  private var rush: [[Rush]]
  private var nextReading: Int
  private var nextDesk = 0

  private struct Desk: Sendable {
    let area: String
    /// Dossiers a day.
    let perDay: Double
    /// When its program was restarted this month; `nil`: it was not.
    let restartedMs: Int64?
  }

  private struct Rush {
    var all: Int64 = 0
    var online: Int64 = 0
  }

  private struct Pair: Sendable {
    let all: String
    let online: String
    let share: Double
    /// What the share gains in a day.
    let gain: Double
    /// Of the dossiers.
    let volume: Double
  }

  private static let pairs = [
    Pair(
      all: "dossiers_received", online: "dossiers_received_online", share: 0.58, gain: 0.0007,
      volume: 1),
    Pair(
      all: "results_issued", online: "results_issued_electronic", share: 0.7, gain: 0.0006,
      volume: 0.95),
    Pair(all: "payments", online: "payments_online", share: 0.45, gain: 0.0008, volume: 0.4),
  ]
  /// Between two readings of the past.
  private static let readingMs: Int64 = 2 * 86_400_000

  package init(
    grid: PopulationGrid, desks count: Int, part: Part, seed: UInt64, nowMs: Int64,
    utcOffsetMinutes: Int = 420, tellsPast: Bool = true
  ) {
    let calendar = Calendar(nowMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
    let day = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
    let monthStart = LocalDay.firstDay(ofMonth: LocalDay.month(ofDay: day))
    // From the last day of the year before, so that the year to date has its first value.
    let yearStart = LocalDay.day(year: LocalDay.date(ofDay: day).year, month: 1, day: 1)
    startMs = calendar.ms(daysAgo: day - yearStart + 1, hour: 6)
    readings = Int((nowMs - startMs) / ServiceDesks.readingMs) + 1
    desks = grid.areas.prefix(count).enumerated().filter { part.contains($0.offset) }.map {
      Desk(
        area: $0.element.id, perDay: Double($0.element.population) / 2_000,
        // Every third desk was restarted in the middle of what has passed of this month.
        restartedMs: $0.offset % 3 == 1
          ? calendar.ms(daysAgo: (day - monthStart) / 2, hour: 3) : nil)
    }
    self.calendar = calendar
    random = Random(seed: Random.hash(seed, 4, UInt64(part.index)))
    rush = desks.map { _ in ServiceDesks.pairs.map { _ in Rush() } }
    nextReading = tellsPast ? 0 : .max
  }

  mutating package func nextPast() -> Outgoing? {
    guard nextReading < readings * desks.count else { return nil }
    defer { nextReading += 1 }
    let timeMs = startMs + Int64(nextReading / desks.count) * ServiceDesks.readingMs
    return reading(ofDesk: nextReading % desks.count, timeMs: timeMs)
  }

  mutating package func measure(nowMs: Int64) -> Outgoing? {
    guard !desks.isEmpty else { return nil }
    let desk = nextDesk
    nextDesk = (nextDesk + 1) % desks.count
    let days = Double(nowMs - startMs) / 86_400_000
    for (index, pair) in ServiceDesks.pairs.enumerated() {
      for _ in 0..<(1 + random.next() % 6) {
        rush[desk][index].all += 1
        if random.chance(min(0.99, pair.share + pair.gain * days)) { rush[desk][index].online += 1 }
      }
    }
    return reading(ofDesk: desk, timeMs: nowMs)
  }

  private func reading(ofDesk index: Int, timeMs: Int64) -> Outgoing {
    let desk = desks[index]
    let zeroMs = desk.restartedMs.flatMap { $0 <= timeMs ? $0 : nil } ?? startMs
    let counters = ServiceDesks.pairs.enumerated().flatMap { number, pair in
      let now = ServiceDesks.counts(pair, of: desk, days: days(to: timeMs))
      let zero = ServiceDesks.counts(pair, of: desk, days: days(to: zeroMs))
      let rush = rush[index][number]
      return [
        (pair.all, now.all - zero.all + rush.all),
        (pair.online, now.online - zero.online + rush.online),
      ]
    }
    return Outgoing(
      counters.map { name, value in
        Measurement(
          source: "sim-desk-\(desk.area)", timeMs: timeMs, isSimulated: true,
          body: .service(ServiceCount(area: desk.area, counter: name, value: value)))
      })
  }

  private func days(to timeMs: Int64) -> Double { Double(timeMs - startMs) / 86_400_000 }

  /// The flow since the year began: steady, with a share that grows.
  private static func counts(_ pair: Pair, of desk: Desk, days: Double) -> Rush {
    let perDay = desk.perDay * pair.volume
    return Rush(
      all: Int64(perDay * days),
      online: Int64(perDay * (pair.share * days + pair.gain * days * days / 2)))
  }
}
