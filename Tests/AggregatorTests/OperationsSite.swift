import Aggregator
import Daemon
import Indicators
import Protocol
import SQLite
import TestSupport
import Testing

/// A province with agents in every sort of trouble, and one without, two days after 1970: so that
/// Prometheus' own clock, which begins there in its rule tests, tells the same time.
final class OperationsSite {
  let site: Site
  let report = IngestReport()
  static let nowMs: Int64 = 2 * 86_400_000

  /// - Parameter diskMegabytes: of a disk of its own for the store; `nil`: where all is.
  init(isInTrouble: Bool = true, diskMegabytes: Int? = nil) throws {
    site = try Site(diskMegabytes: diskMegabytes)
    report.update {
      $0.isConnected = true
      $0.isStateWhole = true
    }
    let nowMs = Self.nowMs
    for name in ["fine-1", "silent-1", "behind-1", "clock-1", "reject-1", "expire-1", "wear-1"] {
      var status = AgentStatus(
        isOnline: true, version: "0.1.0", timeMs: nowMs, accepted: 1_000, writtenBytes: 0)
      status.certificateExpiresMs = nowMs + 90 * 86_400_000
      try tell(name, status, at: nowMs - 86_400_000)
      status.timeMs = nowMs
      if isInTrouble { worsen(&status, name) }
      let seen = isInTrouble && name == "silent-1" ? nowMs - 11_520_000 : nowMs - 20_000
      try tell(name, status, at: seen)
      let offset: Int64 = isInTrouble && name == "clock-1" ? 300_000 : 0
      try send(name, sentMs: seen + offset, at: seen)
    }
    if isInTrouble { try troubleOfAll() }
  }

  private func worsen(_ status: inout AgentStatus, _ name: String) {
    switch name {
    case "silent-1": status.backlog = 14_203
    case "behind-1":
      status.backlog = 4_000
      status.oldestUnsentSeconds = 7_200
    case "reject-1":
      status.rejected = 20
      status.rejects = [
        AgentStatus.Reject(
          kind: "coverage", field: "ss_rsrp", count: 20, lastMs: Self.nowMs - 60_000,
          reason: "ss_rsrp is -3 <b>", sample: "{\"x\":\"<script>alert(1)</script>\"}")
      ]
    case "expire-1": status.certificateExpiresMs = Self.nowMs + 3 * 86_400_000
    case "wear-1": status.writtenBytes = 40_000_000_000
    default: break
    }
  }

  private func tell(_ name: String, _ status: AgentStatus, at ms: Int64) throws {
    try site.ingest([.status(name, status, at: ms)], at: ms)
  }

  private func stream(_ name: String) -> StreamID {
    StreamID(high: 3, low: name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
  }

  private func send(_ name: String, sentMs: Int64, at ms: Int64) throws {
    try site.ingest(
      [.batch(name, .of(stream(name), from: 0, [[.coverage(at: ms)]], sentMs: sentMs), at: ms)],
      at: ms)
  }

  /// Lost, refused, set aside, unbalanced, a disk that fills up, no connection.
  private func troubleOfAll() throws {
    report.update { $0.clockLagSeconds = 4_000_000 }
    let nowMs = Self.nowMs
    let hole = Hole(first: 1, last: 500, reason: .bufferFull)
    try site.ingest(
      [
        .batch(
          "fine-1",
          .of(
            stream("fine-1"), from: 501, [[.coverage(at: nowMs + 90 * 86_400_000)]],
            sentMs: nowMs - 9_000, oldestHeld: 501, holes: [hole]), at: nowMs - 9_000),
        Arrival(topic: "hatang/v1/odd-1/batch", payload: [1, 2], arrivedMs: nowMs - 5_000),
      ], at: nowMs - 5_000)
    let over = Refusal(agent: "wear-1", reason: .overQuota, text: "more than …")
    try site.ingestor.count([(over, times: 12_345)], nowMs: nowMs - 3_000)
    let database = try Database(path: site.path, mode: .readWrite)
    try database.execute("UPDATE streams SET received = received + 1 WHERE id = 2")
    let hour = nowMs / 3_600_000
    try database.execute(
      """
      INSERT INTO store_hours VALUES(\(hour - 24), 0, 0), (\(hour), 1000000000000, 0);
      INSERT INTO revisions VALUES('20.2', 1, 0, 'new_data', '\(try revision())')
      """)
    report.update {
      $0.isConnected = false
      $0.isStateWhole = false
      $0.trouble = "broker <i>gone</i>"
    }
  }

  /// An indicator whose newest measurement is older than a week.
  private func revision() throws -> String {
    let province = try Province()
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let reader = try StoreReader(path: province.site.path)
    let json = try #require(try reader.latestIndicators(["20.2"])["20.2"])
    let newest = try #require(json.firstMatch(of: /"newest":"[^"]*"/)?.output)
    return json.replacing(newest, with: "\"newest\":\"1969-12-20T00:00:00Z\"")
  }

  func router(nowMs: Int64 = OperationsSite.nowMs) throws -> Router {
    Router(
      try StoreReader(path: site.path), tables: try Province.tables(), method: .init(),
      report: report, agentAreas: ["fine-1": "phu-ly", "silent-1": "duy-tien"],
      now: { nowMs })
  }

  func facts() throws -> OperationsFacts {
    try OperationsFacts(
      try StoreReader(path: site.path), indicators: try Province.indicators(),
      ingest: report.current, nowMs: Self.nowMs)
  }
}
