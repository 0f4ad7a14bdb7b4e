package import Protocol

/// The devices around one local broker: the past first, then the present, all kinds in turn.
package struct Fleet: Sendable {
  private var cars: DriveTest
  private var lines: AccessLines
  private var desks: ServiceDesks
  private let order: [Kind]
  private var turn = 0
  /// The past of every kind has been handed out.
  package private(set) var isPresent = false

  package struct Size: Sendable {
    package let modems: Int
    package let lines: Int
    package let desks: Int

    /// - Parameter kind: `nil`: all of them. A service desk for each area, then a quarter modems
    ///   and the rest lines.
    package init(devices: Int, kind: Kind?, areas: Int) {
      switch kind {
      case .coverage: (modems, lines, desks) = (devices, 0, 0)
      case .broadband: (modems, lines, desks) = (0, devices, 0)
      case .service: (modems, lines, desks) = (0, 0, devices)
      case .check: (modems, lines, desks) = (0, 0, 0)
      case nil:
        desks = min(devices, areas)
        modems = (devices - desks) / 4
        lines = devices - desks - modems
      }
    }
  }

  package init(
    grid: PopulationGrid, devices: Int, kind: Kind?, part: Part, seed: UInt64, nowMs: Int64,
    tellsPast: Bool = true
  ) {
    let size = Size(devices: devices, kind: kind, areas: grid.areas.count)
    cars = DriveTest(
      grid: grid, modems: size.modems, part: part, seed: seed, nowMs: nowMs, tellsPast: tellsPast)
    lines = AccessLines(
      grid: grid, lines: size.lines, part: part, seed: seed, nowMs: nowMs, tellsPast: tellsPast)
    desks = ServiceDesks(
      grid: grid, desks: size.desks, part: part, seed: seed, nowMs: nowMs, tellsPast: tellsPast)
    // How often each kind has its turn: a modem measures all the time, a line seldom.
    let turns: [Kind] = [.coverage, .coverage, .service, .coverage, .coverage, .broadband]
    order = kind.map { [$0] } ?? turns
  }

  /// The next message of the past; `nil`: it is told.
  mutating package func nextPast() -> Outgoing? {
    if isPresent { return nil }
    // The counters and lines are few, so the small tables are full at once.
    if let message = desks.nextPast() ?? lines.nextPast() ?? cars.nextPast() { return message }
    isPresent = true
    return nil
  }

  /// What one device measures now; `nil`: this fleet has no devices.
  mutating package func measure(nowMs: Int64) -> Outgoing? {
    for _ in order {
      let kind = order[turn % order.count]
      turn += 1
      let message =
        switch kind {
        case .coverage: cars.measure(nowMs: nowMs)
        case .broadband: lines.measure(nowMs: nowMs)
        case .service: desks.measure(nowMs: nowMs)
        case .check: nil as Outgoing?
        }
      if let message { return message }
    }
    return nil
  }
}
