import Glibc
import Protocol
import Testing

/// `HATANG_SCHEDULES` runs more (hours are fine), `HATANG_SEED` replays one.
@Suite struct DeliverySimulationTests {
  static let shards = 4

  private static func environment(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  @Test(arguments: 0..<shards)
  func `whatever the network and both sides do, everything arrives once or is declared lost`(
    shard: Int
  ) throws {
    if let seed = Self.environment("HATANG_SEED") {
      try run(seed)
      return
    }
    let schedules = Self.environment("HATANG_SCHEDULES") ?? 100_000
    for index in 0..<(schedules / UInt64(Self.shards)) {
      try run(UInt64(shard) << 48 | index)
    }
  }

  private func run(_ seed: UInt64) throws {
    var simulation = DeliverySimulation(seed: seed)
    do {
      try simulation.run()
    } catch {
      Issue.record("HATANG_SEED=\(seed): \(error)")
      throw error
    }
  }
}
