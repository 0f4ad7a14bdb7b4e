import Daemon
import Glibc
import Protocol
import Simulator
import TestSupport

/// What the measurements share. HATANG_BENCH names the folder for what they write.
enum Bench {
  static let folder = getenv("HATANG_BENCH").map { String(cString: $0) } ?? ""
  static var isOn: Bool { !folder.isEmpty }

  /// One line for bench/bench.py.
  static func report(
    _ what: String, _ value: Double, unit: String, goal: Double? = nil, more: Bool = false
  ) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("what", what)
    writer.member("value", value)
    writer.member("unit", unit)
    writer.member("goal", goal)
    writer.member("more", more)
    writer.endObject()
    print("BENCH \(writer.text)")
  }

  /// Segments of 100 in order of arrival, each after its length and its rows as 4 bytes.
  static func write(_ measurements: [Measurement], to name: String) throws {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: measurements.count - 99, by: 100) {
      let rows = Array(measurements[start..<(start + 100)])
      let segment = Segment.encode(rows, receivedMs: BenchFleet.nowMs)
      for number in [segment.count, rows.count] {
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
      }
      bytes += segment
    }
    try Files.writeAtomically("\(folder)/\(name)", bytes, isDurable: false)
  }
}

/// The simulated fleet's past, as one agent would get it.
enum BenchFleet {
  /// 2026-11-24T02:00:00Z.
  static let nowMs: Int64 = 1_795_485_600_000

  static func coverage() -> [Measurement] {
    guard let text = try? Repository.text("seeds/population.csv"),
      let grid = try? PopulationGrid(csv: text, name: "population.csv")
    else { return [] }
    var fleet = Fleet(
      grid: grid, devices: 30, kind: .coverage, part: Part(0, of: 1), seed: 1, nowMs: nowMs)
    var told: [Measurement] = []
    while let message = fleet.nextPast() { told += message.measurements }
    return told
  }
}
