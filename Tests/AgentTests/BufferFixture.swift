import Agent
import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport
import Testing

/// A buffer in a folder of its own.
final class BufferFixture {
  let folder = TemporaryFolder()
  var bytesMax = 100_000_000
  var whenFull = "pause"
  var keepHours = 72
  /// The kernel says that its clock is right.
  var clock = HostClock(boot: 1) {
    ClockReading(
      wallMs: wallClockMs(), bootMs: monotonicNow().milliseconds, isSynchronised: true)
  }

  var path: String { folder.file("buffer.db") }

  func settings() throws -> BufferSettings {
    try configuration(localPort: 1, uplinkPort: 1).buffer
  }

  func configuration(
    localPort: Int, uplinkPort: Int, lingerMs: Int = 20
  ) throws -> AgentConfiguration {
    try AgentConfiguration(
      ConfigNode.parse(
        text: """
          { agent: "kcn-1", local: { port: \(localPort) },
            uplink: { host: "127.0.0.1", port: \(uplinkPort) },
            buffer: { path: "\(path)", max_bytes: \(bytesMax), min_free_bytes: 0,
              when_full: "\(whenFull)", linger_ms: \(lingerMs),
              keep_acknowledged_hours: \(keepHours) },
            status_file: "\(folder.file("status.json"))" }
          """, name: "test"))
  }

  /// Opens it, and lets it go without an orderly end.
  func open() throws -> OpenBuffer {
    let buffer = try Buffer(settings(), clock: clock)
    try buffer.open()
    return try OpenBuffer(buffer)
  }

  /// So many measurements whose times count on from a first.
  static func measurements(_ count: Int, from first: Int) -> [Measurement] {
    (first..<(first + count)).map { index -> Measurement in
      let noise = Int32(SeededGenerator.noise(Int64(index), below: 65_536))
      let coverage = Coverage(
        latitudeMicrodegrees: 20_500_000 + noise, longitudeMicrodegrees: 105_900_000 - noise,
        radioAccess: .nrSA, ssRsrpTenths: -900 - noise % 300)
      return Measurement(source: "xe-01", timeMs: Int64(index), body: .coverage(coverage))
    }
  }
}

/// A buffer with both of its users on one thread.
final class OpenBuffer {
  let buffer: Buffer
  let writer: BufferWriter
  let reader: BufferReader
  private var stored = 0

  init(_ buffer: Buffer) throws {
    self.buffer = buffer
    writer = try BufferWriter(buffer)
    reader = BufferReader(buffer)
  }

  /// One that was not closed, as in a crash, has its salvage going, and soon no folder for it.
  deinit { Salvage.stop(buffer) }

  func store(_ count: Int, nowMs: Int64 = 1_000) throws {
    var group = BufferWriter.Group()
    group.measurements = BufferFixture.measurements(count, from: stored)
    try writer.commit(group, nowMs: nowMs)
    stored += count
  }

  /// As `run` ends it.
  func close() {
    writer.close()
    reader.close()
    buffer.close()
  }

  func live() throws -> StreamExtent { try #require(try reader.streams().last) }

  /// Numbers held of a stream, piece by piece.
  func held(_ stream: StreamID) throws -> [Range<SequenceNumber>] {
    var pieces: [Range<SequenceNumber>] = []
    var from: SequenceNumber? = 0
    while let start = from {
      let (segments, next) = try reader.segments(
        of: stream, from: start, bytesMax: 20_000, countMax: 64)
      pieces += segments.map { $0.first..<$0.end }
      from = next
    }
    return pieces
  }

  func holes(_ stream: StreamID) throws -> [Hole] {
    try reader.holes(of: stream, from: 0, countMax: 1_000_000)
  }

  /// The times of all measurements that are held: what `store` numbered.
  func times(_ stream: StreamID) throws -> [Int64] {
    var times: [Int64] = []
    var from: SequenceNumber? = 0
    while let start = from {
      let (segments, next) = try reader.segments(
        of: stream, from: start, bytesMax: 20_000, countMax: 64)
      for piece in segments {
        times += try Segment(decoding: piece.bytes).measurements.map(\.timeMs)
      }
      from = next
    }
    return times
  }
}

extension OpenBuffer {
  /// Asks until the file has been replaced and the salvage is done.
  func settle(whole streams: Int) -> Bool {
    eventually(within: .seconds(60)) {
      writer.yieldIfDamaged()
      guard let known = try? reader.streams(), !buffer.isSalvaging else { return false }
      return known.count == streams
    }
  }

  /// Every number below the bound is held once or lost once.
  func expectBalanced(_ id: StreamID, bound: SequenceNumber) throws {
    let held = try held(id).map { ($0.lowerBound, $0.upperBound) }
    let lost = try holes(id).map { ($0.first, $0.last + 1) }
    var next: SequenceNumber = 0
    for (first, end) in (held + lost).sorted(by: { $0.0 < $1.0 }) {
      #expect(first == next)
      next = end
    }
    #expect(next == bound)
  }
}

/// Overwrites a part of a file.
func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) {
  let file = open(path, O_WRONLY)
  defer { close(file) }
  precondition(pwrite(file, bytes, bytes.count, off_t(offset)) == bytes.count)
}

func rubbish(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}
