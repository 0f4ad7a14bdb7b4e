import Aggregator
import Glibc
import Protocol
import SQLite
import TestSupport

/// A store in a folder of its own, and the ingestor over it.
final class Site {
  let folder = TemporaryFolder()
  let rules: StateRules
  private(set) var store: SQLiteStore
  private(set) var ingestor: Ingestor

  private let isOnOwnDisk: Bool

  /// The store is open still: the disk goes with it.
  deinit { if isOnOwnDisk { umount2(folder.path, Int32(MNT_DETACH)) } }

  var path: String { folder.file("hatang.db") }

  /// - Parameter diskMegabytes: of a disk of its own, which takes root; `nil`: where all is.
  init(
    rules: StateRules = StateRules(), allowedAgents: Set<String>? = nil, diskMegabytes: Int? = nil
  ) throws {
    self.rules = rules
    isOnOwnDisk = diskMegabytes != nil
    if let diskMegabytes, mount("tmpfs", folder.path, "tmpfs", 0, "size=\(diskMegabytes)m") != 0 {
      throw TestFailure("mount tmpfs: \(String(cString: strerror(errno))); as root it can")
    }
    store = try SQLiteStore(path: folder.file("hatang.db"))
    ingestor = Ingestor(store: store, rules: rules, allowedAgents: allowedAgents)
    _ = try Rebuild(store: store, rules: rules).run()
  }

  /// Starts anew on the same file, or on one that was put in its place.
  func restart() throws {
    store = try SQLiteStore(path: path)
    ingestor = Ingestor(store: store, rules: rules)
  }

  @discardableResult
  func ingest(_ messages: [Arrival], at nowMs: Int64) throws -> IngestOutcome {
    try ingestor.ingest(messages, nowMs: nowMs)
  }

  func ledger() throws -> LedgerReport { try LedgerReport(try StoreReader(path: path)) }

  func agents() throws -> [AgentsReport.Agent] {
    try AgentsReport(try StoreReader(path: path)).agents
  }

  /// All rows of a query, each as one text.
  func rows(_ sql: String, columns: Int32) throws -> [String] {
    try StoreReader(path: path).rows(sql) { row in
      (0..<columns).map { row.isNull($0) ? "-" : row.text($0) }.joined(separator: "|")
    }
  }

  /// The whole state by day, by names in place of the store's numbers, in a fixed order.
  func state() throws -> [String] {
    let coverage = try rows(
      """
      SELECT plmn, cell, day, agents.name, sources.name, sources.simulated, conclusive, covered,
        strong, inconclusive, inaccurate, roaming, samples, oldest_ms, newest_ms
      FROM coverage_days JOIN operators ON operators.id = operator
        JOIN sources ON sources.id = source JOIN agents ON agents.id = sources.agent
      """, columns: 15)
    let broadband = try rows(
      """
      SELECT lines.line, simulated, day, tests, counted_tests, best_down_bps, link_bps, wired, area,
        area_ms, provisioned_bps, provisioned_ms, offered_bps, offered_ms, oldest_ms, newest_ms
      FROM broadband_days JOIN lines ON lines.id = broadband_days.line
      """, columns: 16)
    let series = """
      JOIN service_series ON service_series.id = series JOIN sources ON sources.id = source
        JOIN agents ON agents.id = sources.agent
      """
    let points = try rows(
      """
      SELECT agents.name, sources.name, area, counter, time_ms, value
      FROM service_points \(series)
      """, columns: 6)
    let days = try rows(
      """
      SELECT agents.name, sources.name, area, counter, day, first_ms, first, last_ms, last,
        increase, resets, points FROM service_days \(series)
      """, columns: 12)
    let aside = try rows(
      """
      SELECT name, kind, reason, count, last_ms, last
      FROM set_aside JOIN agents ON agents.id = agent
      """, columns: 6)
    return
      (coverage.map { "coverage \($0)" } + broadband.map { "broadband \($0)" }
      + points.map { "point \($0)" } + days.map { "day \($0)" } + aside.map { "aside \($0)" })
      .sorted()
  }

  /// Makes the state of every kind again, as after a change of parameters.
  func rebuild() throws {
    for kind in Kind.allCases { try store.setMeta(Rebuild.Key.state(kind), "by other rules") }
    _ = try Rebuild(store: store, rules: rules).run()
  }
}

extension Arrival {
  static func batch(_ agent: String, _ batch: Batch, at arrivedMs: Int64) -> Arrival {
    Arrival(topic: "hatang/v1/\(agent)/batch", payload: batch.encoded(), arrivedMs: arrivedMs)
  }

  static func status(
    _ agent: String, _ status: AgentStatus, isRetained: Bool = false, at arrivedMs: Int64
  ) -> Arrival {
    Arrival(
      topic: "hatang/v1/\(agent)/status", payload: status.encoded(), isRetained: isRetained,
      arrivedMs: arrivedMs)
  }
}

extension Batch {
  /// One batch of whole segments from a place on.
  static func of(
    _ stream: StreamID, from first: SequenceNumber, _ segments: [[Measurement]],
    sentMs: Int64 = 0, acknowledged: SequenceNumber = 0, oldestHeld: SequenceNumber = 0,
    holes: [Hole] = []
  ) -> Batch {
    var place = first
    var pieces: [Piece] = []
    for segment in segments {
      let bytes = Segment.encode(segment, receivedMs: sentMs)
      pieces.append(Piece(first: place, count: segment.count, bytes: bytes[...]))
      place += UInt64(segment.count)
    }
    return Batch(
      stream: stream, acknowledged: acknowledged, oldestHeld: oldestHeld, sentMs: sentMs,
      holes: holes, segments: pieces)
  }
}

/// 2026-06-01T00:00:00 at +07:00.
let dayStartMs: Int64 = 1_780_246_800_000

extension Measurement {
  static func coverage(
    _ source: String = "car-1", at timeMs: Int64 = dayStartMs, rsrp: Int32? = nil,
    access: RadioAccess = .nrSA, isActive: Bool? = nil, accuracy: Int32? = nil,
    plmn: String? = "45204", isSimulated: Bool = false, latitude: Int32 = 20_541_000,
    longitude: Int32 = 105_913_000
  ) -> Measurement {
    Measurement(
      source: source, timeMs: timeMs, isSimulated: isSimulated,
      body: .coverage(
        Coverage(
          latitudeMicrodegrees: latitude, longitudeMicrodegrees: longitude,
          accuracyDecimetres: accuracy, radioAccess: access, isActive: isActive,
          ssRsrpTenths: rsrp, plmn: plmn)))
  }

  static func count(
    _ counter: String, _ value: Int64, at timeMs: Int64, source: String = "desk-1",
    area: String? = nil
  ) -> Measurement {
    Measurement(
      source: source, timeMs: timeMs,
      body: .service(ServiceCount(area: area, counter: counter, value: value)))
  }
}
