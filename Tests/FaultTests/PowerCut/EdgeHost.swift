import Agent
import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport

/// The buffer of an agent with both of its users on one thread, as the power-cut scenarios and the
/// failing disks drive it. Each measurement's time is its identity.
final class EdgeHost {
  let buffer: Buffer
  let writer: BufferWriter
  let reader: BufferReader

  struct Settings {
    var whenFull = "pause"
    var keepHours = 0
    var freeBytesMin = 0
    var bytesMax = 1_000_000
  }

  init(_ folder: String, _ settings: Settings = Settings()) throws {
    buffer = try Buffer(EdgeHost.settings(folder, settings), clock: EdgeHost.clock)
    do {
      try buffer.open()
      writer = try EdgeHost.writer(buffer)
    } catch {
      buffer.close()
      throw error
    }
    reader = BufferReader(buffer)
  }

  /// The kernel says that its clock is right.
  private static let clock = HostClock(boot: 1) {
    ClockReading(
      wallMs: wallClockMs(), bootMs: monotonicNow().milliseconds, isSynchronised: true)
  }

  /// As the intake's thread does: asks again where the file is being replaced.
  private static func writer(_ buffer: Buffer) throws -> BufferWriter {
    var writer: BufferWriter?
    let isOpen = try eventually(within: .seconds(60)) {
      do {
        writer = try BufferWriter(buffer)
        return true
      } catch let error as BufferError where error.nature == .replacing {
        return false
      }
    }
    guard isOpen, let writer else { throw Broken("the buffer is being replaced without end") }
    return writer
  }

  /// As `run` ends it.
  func close() {
    writer.close()
    reader.close()
    buffer.close()
  }

  private static func settings(_ folder: String, _ settings: Settings) throws -> BufferSettings {
    try AgentConfiguration(
      ConfigNode.parse(
        text: """
          { agent: "kcn-1", local: { port: 1 }, uplink: { host: "127.0.0.1", port: 1 },
            buffer: { path: "\(folder)/buffer.db", max_bytes: \(settings.bytesMax),
              min_free_bytes: \(settings.freeBytesMin), when_full: "\(settings.whenFull)",
              keep_acknowledged_hours: \(settings.keepHours) },
            status_file: "\(folder)/status.json" }
          """, name: "faults")
    ).buffer
  }

  // MARK: Intake

  static func message(_ id: Int64) -> Message {
    Message(
      topic: "measure/coverage/xe-01", payload: Array("\(id)".utf8),
      packetID: UInt16(truncatingIfNeeded: id % 65_535 + 1), isRetained: false)
  }

  static func measurements(_ count: Int, from id: Int64) -> [Measurement] {
    (0..<Int64(count)).map { index in
      let noise = Int32(SeededGenerator.noise(id + index, below: 100_000))
      let coverage = Coverage(
        latitudeMicrodegrees: 20_500_000 + noise, longitudeMicrodegrees: 105_900_000 - noise,
        radioAccess: .nrSA, ssRsrpTenths: -900 - noise % 300)
      return Measurement(source: "xe-01", timeMs: id + index, body: .coverage(coverage))
    }
  }

  /// One message's measurements in a commit of their own.
  /// - Returns: the stream that they went to, and their first number.
  @discardableResult
  func store(_ count: Int, from id: Int64) throws -> (stream: StreamID, first: SequenceNumber) {
    var group = BufferWriter.Group()
    group.measurements = EdgeHost.measurements(count, from: id)
    if id % 3 == 0 {
      let rejection = Rejection(kind: "coverage", field: "lat", reason: "is \(id)")
      group.reject([rejection], of: Array("{\(id)}".utf8))
    }
    _ = writer.isRedelivery(EdgeHost.message(id))
    do {
      try writer.commit(group, nowMs: 1_000)
    } catch {
      writer.forget()
      throw error
    }
    guard let live = try reader.streams().last else { throw Broken("no live stream") }
    return (live.id, live.next - SequenceNumber(count))
  }

  /// Whether the broker's sending this again would be noticed.
  func knows(_ id: Int64) -> Bool {
    writer.connected()
    defer { writer.forget() }
    return writer.isRedelivery(EdgeHost.message(id))
  }

  // MARK: Uplink

  /// A receipt came, and the time of pruning.
  func acknowledge(_ stream: StreamID, _ next: SequenceNumber) throws {
    try reader.setAcknowledged(stream, next)
  }

  /// A reader of its own: it prunes at its first call, and then not for a while.
  func prune() throws {
    let pruner = BufferReader(buffer)
    defer { pruner.close() }
    try pruner.prune()
  }

  /// Identities that are held, by their numbers.
  func held(_ stream: StreamID) throws -> [SequenceNumber: Int64] {
    var held: [SequenceNumber: Int64] = [:]
    var from: SequenceNumber? = 0
    while let start = from {
      let (segments, next) = try reader.segments(
        of: stream, from: start, bytesMax: 60_000, countMax: 64)
      for piece in segments {
        let measurements = try Segment(decoding: piece.bytes).measurements
        try hold(measurements.count == piece.count, "a segment of another length")
        for (index, measurement) in measurements.enumerated() {
          let number = piece.first + SequenceNumber(index)
          try hold(held[number] == nil, "number \(number) is held twice")
          held[number] = measurement.timeMs
        }
      }
      from = next
    }
    return held
  }

  func holes(_ stream: StreamID) throws -> [Hole] {
    try reader.holes(of: stream, from: 0, countMax: 1_000_000)
  }

  /// Waits for the salvage's thread; every start has one.
  func waitForSalvage() throws {
    let isOver = eventually(within: .seconds(60)) {
      for _ in 0..<200 where buffer.isSalvaging { sched_yield() }
      return !buffer.isSalvaging
    }
    try hold(isOver, "the salvage does not end")
  }

  /// What the daemon's threads do with a damaged file: they come by, and ask again, until all can
  /// be read.
  func settle() throws {
    var last = "nothing was read"
    let isSettled = try eventually(within: .seconds(60)) {
      do {
        try waitForSalvage()
        for stream in try reader.streams() { _ = try held(stream.id) }
        if buffer.isSalvaging { return false }
        return true
      } catch let error as BufferError {
        last = error.description
        writer.close()
        return false
      }
    }
    try hold(isSettled, "does not settle: \(last)")
  }
}
