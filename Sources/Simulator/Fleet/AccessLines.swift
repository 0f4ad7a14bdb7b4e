import Protocol

/// Fixed lines with a probe each: what the plan promises, what could be ordered, what the probe's
/// own port can carry, and what arrives.
package struct AccessLines: Devices, Sendable {
  private let lines: [Line]
  private let calendar: Calendar
  private var random: Random
  private var nextPastTest: Int
  private var nextLine = 0

  private struct Line: Sendable {
    let name: String
    let area: String
    let provisioned: Int64
    let offered: Int64
    let link: Int64
    /// Share of the plan that arrives on a good day.
    let delivered: Double
  }

  private static let gigabit: Int64 = 1_000_000_000
  /// Days with a test before today: more than a verdict needs.
  private static let pastDays = 5
  /// TCP over gigabit Ethernet brings at most this share of the line rate.
  private static let goodput = 0.9415

  package init(
    grid: PopulationGrid, lines count: Int, part: Part, seed: UInt64, nowMs: Int64,
    utcOffsetMinutes: Int = 420, tellsPast: Bool = true
  ) {
    calendar = Calendar(nowMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
    var maker = Random(seed: Random.hash(seed, 2))
    let all = AccessLines.areas(of: count, grid: grid).enumerated().map { number, area in
      AccessLines.line(number: number, area: area, random: &maker)
    }
    lines = all.enumerated().filter { part.contains($0.offset) }.map(\.element)
    random = Random(seed: Random.hash(seed, 3, UInt64(part.index)))
    nextPastTest = tellsPast ? 0 : .max
  }

  mutating package func nextPast() -> Outgoing? {
    guard nextPastTest < lines.count * AccessLines.pastDays else { return nil }
    let line = lines[nextPastTest % lines.count]
    let daysAgo = AccessLines.pastDays - nextPastTest / lines.count
    nextPastTest += 1
    // Probes test at night, when nobody else uses the line.
    let timeMs = calendar.ms(daysAgo: daysAgo, hour: 2 + 3 * random.unit())
    return Outgoing([test(of: line, timeMs: timeMs)])
  }

  mutating package func measure(nowMs: Int64) -> Outgoing? {
    guard !lines.isEmpty else { return nil }
    defer { nextLine = (nextLine + 1) % lines.count }
    return Outgoing([test(of: lines[nextLine], timeMs: nowMs)])
  }

  private mutating func test(of line: Line, timeMs: Int64) -> Measurement {
    let ceiling = Double(line.link) * AccessLines.goodput
    let arrives = Double(line.provisioned) * (line.delivered + 0.01 * random.normal())
    let down = max(1e6, min(ceiling, arrives))
    let latency = 2_500 + 6_000 * random.unit()
    return Measurement(
      source: "sim-\(line.name)", timeMs: timeMs, isSimulated: true,
      body: .broadband(
        Broadband(
          line: line.name, area: line.area, downBps: Int64(down),
          upBps: Int64(down * (0.5 + 0.4 * random.unit())),
          latencyMicroseconds: Int64(latency),
          jitterMicroseconds: Int64(latency * 0.2 * random.unit()),
          lossMillionths: random.chance(0.9) ? 0 : Int64(2_000 * random.unit()),
          provisionedDownBps: line.provisioned, offeredDownBps: line.offered,
          linkBps: line.link, isWired: true, tool: "hatang-simulator", streams: 8,
          durationMs: 10_000)))
  }

  /// An area for each line: by population, but at least six lines an area while they last.
  private static func areas(of count: Int, grid: PopulationGrid) -> [String] {
    var given = Dictionary(uniqueKeysWithValues: grid.areas.map { ($0.id, 0) })
    return (0..<count).map { _ in
      let next = grid.areas.min { left, right in
        need(left, given[left.id] ?? 0) < need(right, given[right.id] ?? 0)
      }
      let id = next?.id ?? ""
      given[id, default: 0] += 1
      return id
    }
  }

  private static func need(_ area: PopulationGrid.Area, _ given: Int) -> (Double, String) {
    (given < 6 ? Double(given) - 1_000 : Double(given) / Double(area.population), area.id)
  }

  private static func line(number: Int, area: String, random: inout Random) -> Line {
    let isGigabit = random.chance(0.72)
    let isOffered = isGigabit || random.chance(0.6)
    let link = random.unit()
    return Line(
      name: "line-\(padded(number + 1))", area: area,
      provisioned: isGigabit ? gigabit : 300_000_000,
      offered: isOffered ? gigabit : 500_000_000,
      // An old switch before the probe: then a test says nothing about the line.
      link: link < 0.06 ? 100_000_000 : link < 0.7 ? gigabit : 2_500_000_000,
      delivered: random.chance(0.92) ? 0.97 + 0.05 * random.unit() : 0.6 + 0.2 * random.unit())
  }
}
