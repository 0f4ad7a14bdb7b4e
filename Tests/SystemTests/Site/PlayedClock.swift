import Daemon
import Glibc
import Protocol
import SQLite
import TestSupport

/// What a program takes for the machine's clock, by `tools/played-clock.c`: a wrong time of day, a
/// start of the machine, another boot.
final class PlayedClock {
  private let path: String
  private let library: String
  private var wallMs: Int64 = 0
  private var bootMs: Int64 = 0
  private var isSynchronised = false
  private var boot = 0

  init(in folder: TemporaryFolder) throws {
    path = folder.file("played-clock")
    library = folder.file("played-clock.so")
    let made = try output(
      of: "/usr/bin/cc",
      ["-shared", "-fPIC", "-O1", "-o", library, Repository.path("tools/played-clock.c")],
      in: folder)
    guard made.exitCode == 0 else { throw TestFailure("cc: \(made.text)") }
    try write()
  }

  /// For `env`.
  var environment: [String] { ["LD_PRELOAD=\(library)", "PLAYED_CLOCK=\(path)"] }

  /// The machine has just started, and takes the time for this.
  func reboot(into timeMs: Int64) throws {
    boot += 1
    bootMs = 20_000 - monotonicNow().milliseconds
    isSynchronised = false
    try set(to: timeMs)
  }

  /// Somebody sets the clock, now. The kernel then takes it for one that is not synchronised, until
  /// it is told otherwise (`ntp_clear`).
  func set(to timeMs: Int64) throws {
    isSynchronised = false
    try move(to: timeMs)
  }

  /// The network's time is here.
  func synchronise() throws {
    isSynchronised = true
    try move(to: wallClockMs())
  }

  /// The oscillator has run away a little, and nobody has noticed.
  func drift(byMs: Int64) throws { try move(to: nowMs + byMs) }

  private func move(to timeMs: Int64) throws {
    wallMs = timeMs - wallClockMs()
    try write()
  }

  /// What the program takes for the time.
  var nowMs: Int64 { wallClockMs() + wallMs }

  /// The layout of `struct played`. Written over, not replaced: it is mapped.
  private func write() throws {
    var bytes: [UInt8] = []
    for number in [wallMs, bootMs, isSynchronised ? 1 : 0] {
      let pattern = UInt64(bitPattern: number)
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: pattern >> (8 * UInt64($0))) }
    }
    let digits = String(100_000_000 + boot).dropFirst()
    bytes += Array("\(digits)-0000-4000-8000-000000000000\n".utf8) + [0, 0, 0]
    let file = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(file) }
    guard file >= 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else {
      throw TestFailure("cannot write \(path)")
    }
  }
}

/// A counter whose readings say when they were taken really.
struct CounterReading: Hashable {
  let source: String
  let value: Int64

  /// Publishes it, without a time or with one.
  func publish(to broker: Broker, timeMs: Int64? = nil, in folder: TemporaryFolder) throws {
    let time = timeMs.map { "\"time\": \($0 / 1_000), " } ?? ""
    let sent = try output(
      of: "/usr/bin/mosquitto_pub",
      [
        "-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-t",
        "measure/service/\(source)", "-m",
        "{\(time)\"area\": \"phu-ly\", \"counter\": \"payments\", \"value\": \(value)}",
      ], in: folder)
    guard sent.exitCode == 0 else { throw TestFailure("mosquitto_pub: \(sent.text)") }
  }

  /// What the aggregator's store holds, with the times that it takes for right.
  static func received(store: String) throws -> [CounterReading: [Int64]] {
    var found: [CounterReading: [Int64]] = [:]
    let database = try Database(path: store, mode: .readOnly)
    let segments = try database.prepare("SELECT bytes FROM segments WHERE fault IS NULL")
    while try segments.step() {
      for measurement in try Segment(decoding: segments.blob(0)[...]).measurements {
        guard case .service(let count) = measurement.body else { continue }
        let reading = CounterReading(source: measurement.source, value: count.value)
        found[reading, default: []].append(measurement.timeMs)
      }
    }
    return found
  }
}
