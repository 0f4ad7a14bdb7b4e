import Daemon
import SQLite

/// All that the operators' page, the metrics and `watch` show, read at one moment, so that they
/// say the same.
package struct OperationsFacts {
  package let nowMs: Int64
  /// By name.
  package let agents: [AgentsReport.Agent]
  /// Areas that an agent measures in, by its name: as configured, else as its enrolment said, else
  /// as its counters say.
  package let areasOf: [String: [String]]
  /// Where an agent stands in people's words, by its name, as its enrolment said.
  package let siteOf: [String: String]
  package let ledger: LedgerReport
  /// What agents declared lost, by reason, with when that was last; `nil`: before it was kept.
  package let lost: [(reason: String, count: Int64, lastMs: Int64?)]
  package let store: StoreFacts
  /// The newest measurement of each indicator that has one.
  package let newest: [(code: String, atMs: Int64)]
  /// When certificates expire, by agent; also of those that were enrolled and not heard yet.
  package let certificates: [(agent: String, expiresMs: Int64)]
  /// What ingest says of itself; `nil` in another process than the daemon.
  package let ingest: IngestReport.Facts?

  /// Who is expected to report: a site that was taken down is silent for good reason.
  var standing: [AgentsReport.Agent] { agents.filter { !$0.isRevoked } }

  package struct StoreFacts {
    package let bytes: Int64
    package let freeBytes: Int64
    /// Bytes a day, over at most a week; `nil`: watched for less than six hours.
    package let growthPerDay: Double?

    /// When the disk is full if that goes on; `nil`: it is not growing, or that is not known.
    package func fullAtMs(_ nowMs: Int64) -> Int64? {
      guard let growthPerDay, growthPerDay > 0 else { return nil }
      return nowMs + Int64(min(Double(freeBytes) / growthPerDay, 36_500) * 86_400_000)
    }
  }

  package init(
    _ reader: StoreReader, indicators: IndicatorTable, ingest: IngestReport.Facts?,
    agentAreas: [String: String] = [:], authority: AuthorityIndex? = nil, nowMs: Int64
  ) throws {
    self.nowMs = nowMs
    self.ingest = ingest
    let read = try reader.snapshot {
      (
        try AgentsReport(reader, authority: authority, nowMs: nowMs).agents,
        try LedgerReport(reading: reader),
        try OperationsFacts.lost(reader), try StoreFacts(reader, nowMs: nowMs),
        try OperationsFacts.areas(reader)
      )
    }
    var areasOf: [String: [String]]
    (agents, ledger, lost, store, areasOf) = read
    var expiries: [String: Int64] = [:]
    for expiry in authority?.expiries ?? [] { expiries[expiry.agent] = expiry.expiresMs }
    for agent in agents { expiries[agent.name] = agent.isRevoked ? nil : agent.certificateMs }
    certificates = expiries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    var siteOf: [String: String] = [:]
    for agent in agents {
      let site = authority?.sites[agent.name]
      if let area = site?.area, !area.isEmpty { areasOf[agent.name] = [area] }
      if let name = site?.name, !name.isEmpty { siteOf[agent.name] = name }
    }
    self.areasOf = areasOf.merging(agentAreas.mapValues { [$0] }) { _, configured in configured }
    self.siteOf = siteOf
    newest = try IndicatorsReport(reader, indicators).shown().compactMap { shown in
      shown.figure.newestMs.map { (shown.code, $0) }
    }
  }

  private static func lost(
    _ reader: StoreReader
  ) throws(StoreError) -> [(reason: String, count: Int64, lastMs: Int64?)] {
    // As floating point: an agent may declare any numbers, and a sum of them must not fail.
    try reader.rows(
      """
      SELECT reason, total(last - first + 1), max(declared_ms) FROM holes GROUP BY reason
      """
    ) { ($0.text(0), Int64(exactly: $0.double(1).rounded()) ?? .max, $0.optionalInteger(2)) }
  }

  private static func areas(_ reader: StoreReader) throws(StoreError) -> [String: [String]] {
    let rows = try reader.rows(
      """
      SELECT DISTINCT agents.name, area FROM service_series JOIN sources ON sources.id = source
        JOIN agents ON agents.id = sources.agent
      WHERE area <> '' ORDER BY agents.name, area
      """
    ) { ($0.text(0), $0.text(1)) }
    return Dictionary(grouping: rows, by: \.0).mapValues { $0.map(\.1) }
  }
}

extension OperationsFacts.StoreFacts {
  fileprivate init(_ reader: StoreReader, nowMs: Int64) throws {
    let path = reader.database.path
    bytes = (Files.byteCount(path) ?? 0) + (Files.byteCount(path + "-wal") ?? 0)
    freeBytes = try Files.freeBytes(path)
    let hour = StoreHours.hour(ofMs: nowMs)
    let sizes = try reader.rows(
      """
      SELECT hour, bytes FROM store_hours WHERE hour >= \(hour - StoreHours.shown) ORDER BY hour
      """
    ) { (hour: $0.integer(0), bytes: $0.integer(1)) }
    guard let first = sizes.first, let last = sizes.last, last.hour - first.hour >= 6 else {
      growthPerDay = nil
      return
    }
    growthPerDay = Double(last.bytes - first.bytes) * 24 / Double(last.hour - first.hour)
  }
}
