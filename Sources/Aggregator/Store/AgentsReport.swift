package import Daemon
import SQLite

/// What operators see of the agents: `agents`, `agents --json`, `/api/v1/agents`.
package struct AgentsReport: Equatable, Sendable {
  package var agents: [Agent]

  package struct Agent: Equatable, Sendable {
    package var name: String
    package var isOnline: Bool
    /// `nil`: never heard of.
    package var lastSeenMs: Int64?
    package var version: String
    package var backlog: Int64
    package var oldestUnsentSeconds: Int64
    /// The agent's clock less ours; `nil`: not known.
    package var clockOffsetMs: Int64?
    package var accepted: Int64
    package var rejected: Int64
    package var bufferBytes: Int64
    package var writtenBytes: Int64
    package var isSimulated: Bool
    /// The store's number of it.
    package var id: Int64 = 0
    /// Since when it is on line, or off; `nil`: not known.
    package var stateSinceMs: Int64?
    /// When its certificate expires; `nil`: nobody says.
    package var certificateMs: Int64?
    /// As the authority's index has it: all its certificates were.
    package var isRevoked = false
    /// Flash wear: bytes a day since its daemon started; `nil`: watched for less than an hour.
    package var writtenPerDay: Double?
    /// Arrival of the last measurement of each kind.
    package var lastByKind: [Last] = []
    /// What its clock stamped before it was right, by the evidence.
    package var clockCorrections: [ClockCorrection] = []
    /// By its own clock; `nil`: none, or it does not say.
    package var lastRejectMs: Int64?
    /// Messages dropped because it was over its quotas, and when that was last; `nil`: never.
    package var overQuota: Int64 = 0
    package var overQuotaMs: Int64?
    /// Measurements a second that came from it, over the last one to two hours.
    package var perSecond = 0.0

    /// How long its backlog takes at that rate, s; `nil`: nothing waits, or nothing comes.
    package var backlogSeconds: Int64? {
      guard backlog > 0, perSecond > 0 else { return nil }
      return Int64(clamping: Int64((min(Double(backlog) / perSecond, 1e12)).rounded(.up)))
    }
  }

  package struct Last: Equatable, Sendable {
    package let kind: String
    package let atMs: Int64
  }

  /// - Parameters:
  ///   - authority: what was issued and revoked; `nil`: not known.
  ///   - nowMs: for rates.
  package init(
    _ reader: StoreReader, authority: AuthorityIndex? = nil, nowMs: Int64 = wallClockMs()
  ) throws(StoreError) {
    agents = try reader.rows(
      """
      SELECT name, online, last_seen_ms, version, backlog, oldest_unsent_seconds, clock_offset_ms,
        accepted, rejected, buffer_bytes, written_bytes, simulated, id,
        iif(online, state_since_ms, iif(told_online, last_seen_ms, state_since_ms)),
        certificate_ms, wear_from_ms, wear_from_bytes
      FROM agents ORDER BY name
      """
    ) { row in
      var agent = Agent(
        name: row.text(0), isOnline: row.integer(1) != 0, lastSeenMs: row.optionalInteger(2),
        version: row.text(3), backlog: row.integer(4), oldestUnsentSeconds: row.integer(5),
        clockOffsetMs: row.optionalInteger(6), accepted: row.integer(7),
        rejected: row.integer(8), bufferBytes: row.integer(9), writtenBytes: row.integer(10),
        isSimulated: row.integer(11) != 0)
      agent.id = row.integer(12)
      agent.stateSinceMs = row.optionalInteger(13)
      agent.certificateMs = row.optionalInteger(14)
      if let fromMs = row.optionalInteger(15), let seenMs = agent.lastSeenMs,
        seenMs - fromMs >= 3_600_000
      {
        let days = Double(seenMs - fromMs) / 86_400_000
        agent.writtenPerDay = Double(agent.writtenBytes - row.integer(16)) / days
      }
      return agent
    }
    try addArrivals(reader, nowMs)
    if let authority { add(authority) }
  }

  /// Of two ends of a certificate the earlier counts: what was issued last need not be installed
  /// yet, and what the agent says is of when it was heard last.
  private mutating func add(_ authority: AuthorityIndex) {
    let issued = Dictionary(
      uniqueKeysWithValues: authority.expiries.map { ($0.agent, $0.expiresMs) })
    let revoked = authority.revoked
    for place in agents.indices {
      let agent = agents[place]
      agents[place].isRevoked = revoked.contains(agent.name)
      agents[place].certificateMs =
        [agent.certificateMs, issued[agent.name]].compactMap { $0 }.min()
    }
  }

  private mutating func addArrivals(_ reader: StoreReader, _ nowMs: Int64) throws(StoreError) {
    var index: [Int64: Int] = [:]
    for (place, agent) in agents.enumerated() { index[agent.id] = place }
    let kinds = try reader.rows(
      "SELECT agent, kind, last_ms FROM received WHERE last_ms IS NOT NULL ORDER BY agent, kind"
    ) { (agent: $0.integer(0), kind: $0.text(1), atMs: $0.integer(2)) }
    for each in kinds {
      guard let place = index[each.agent] else { continue }
      agents[place].lastByKind.append(Last(kind: each.kind, atMs: each.atMs))
    }
    let corrections = try reader.rows("SELECT * FROM clock_corrections ORDER BY agent, evidence") {
      (agent: $0.integer(0), correction: ClockCorrection($0, at: 1))
    }
    for each in corrections {
      if let place = index[each.agent] { agents[place].clockCorrections.append(each.correction) }
    }
    let rejects = try reader.rows("SELECT agent, max(last_ms) FROM rejects GROUP BY agent") {
      (agent: $0.integer(0), lastMs: $0.integer(1))
    }
    for each in rejects {
      if let place = index[each.agent] { agents[place].lastRejectMs = each.lastMs }
    }
    for each in try AgentsReport.overQuotas(reader) {
      guard let place = index[each.agent] else { continue }
      agents[place].overQuota = each.count
      agents[place].overQuotaMs = each.lastMs
    }
    let hour = StoreHours.hour(ofMs: nowMs)
    let counts = try reader.rows(
      """
      SELECT agent, sum(count) FROM received_hours WHERE hour BETWEEN \(hour - 1) AND \(hour)
      GROUP BY agent
      """
    ) { (agent: $0.integer(0), count: $0.integer(1)) }
    let seconds = Double(nowMs - (hour - 1) * StoreHours.msPerHour) / 1_000
    for each in counts {
      if let place = index[each.agent] { agents[place].perSecond = Double(each.count) / seconds }
    }
  }

  private static func overQuotas(
    _ reader: StoreReader
  ) throws(StoreError) -> [(agent: Int64, count: Int64, lastMs: Int64)] {
    try reader.rows(
      """
      SELECT agents.id, count, last_ms FROM refusals JOIN agents ON agents.name = agent
      WHERE reason = '\(Refusal.Reason.overQuota.rawValue)'
      """
    ) { ($0.integer(0), $0.integer(1), $0.integer(2)) }
  }

  package func write(to json: inout JSONWriter) { write(to: &json, page: nil) }

  /// - Parameter page: `nil`: all of them, and no word of more.
  func write(to json: inout JSONWriter, page: ListPage?) {
    let (shown, next) =
      page?.part(of: agents, isAfter: { $0.name > $1 }, cursor: \.name) ?? (agents[...], nil)
    json.beginObject()
    json.key("agents")
    json.beginArray()
    for agent in shown {
      json.beginObject()
      json.member("agent", agent.name)
      json.member("online", agent.isOnline)
      json.member("last_seen", timeMs: agent.lastSeenMs)
      json.member("version", agent.version.isEmpty ? nil : agent.version)
      json.member("backlog", agent.backlog)
      json.member("oldest_unsent_seconds", agent.oldestUnsentSeconds)
      json.member("clock_offset_ms", agent.clockOffsetMs)
      json.key("clock_corrections")
      json.beginArray()
      for correction in agent.clockCorrections { correction.write(to: &json) }
      json.endArray()
      json.member("accepted", agent.accepted)
      json.member("rejected", agent.rejected)
      json.member("buffer_bytes", agent.bufferBytes)
      json.member("written_bytes", agent.writtenBytes)
      json.member("simulated", agent.isSimulated)
      json.member("since", timeMs: agent.stateSinceMs)
      json.member("certificate_expires", timeMs: agent.certificateMs)
      json.member("written_bytes_per_day", agent.writtenPerDay.map { $0.rounded() })
      json.member("over_quota", agent.overQuota)
      json.member("over_quota_at", timeMs: agent.overQuotaMs)
      json.objectMember("last_received") { json in
        for last in agent.lastByKind { json.member(last.kind, timeMs: last.atMs) }
      }
      json.endObject()
    }
    json.endArray()
    if page != nil { json.member("next", next) }
    json.endObject()
  }

  /// - Parameter nowMs: for "seen so long ago".
  package func table(nowMs: Int64) -> String {
    guard !agents.isEmpty else {
      return "Chưa trạm nào lên tiếng.\n  No agent has been heard of yet.\n"
    }
    var table = TextTable([
      (Bilingual("TRẠM", "AGENT"), .left), (Bilingual("TRẠNG THÁI", "STATE"), .left),
      (Bilingual("THẤY TRƯỚC ĐÂY", "SEEN AGO"), .right),
      (Bilingual("PHIÊN BẢN", "VERSION"), .left), (Bilingual("CHỜ GỬI", "BACKLOG"), .right),
      (Bilingual("CHỜ LÂU NHẤT", "OLDEST UNSENT"), .right),
      (Bilingual("ĐỒNG HỒ", "CLOCK"), .right), (Bilingual("TỪ CHỐI", "REJECTED"), .right),
      (Bilingual("SỐ LIỆU", "DATA"), .left),
    ])
    for agent in agents {
      table.add([
        agent.name, agent.isOnline ? "nối / online" : "mất / offline",
        agent.lastSeenMs.map { AgentsReport.age((nowMs - $0) / 1_000) } ?? "-",
        agent.version.isEmpty ? "-" : agent.version, "\(agent.backlog)",
        agent.backlog > 0 ? AgentsReport.age(agent.oldestUnsentSeconds) : "-",
        agent.clockOffsetMs.map { "\($0 > 0 ? "+" : "")\($0) ms" } ?? "-",
        "\(agent.rejected)", agent.isSimulated ? "giả lập / simulated" : "",
      ])
    }
    return table.text
  }

  /// `12 s`, `5 min`, `3 h`, `2 d`.
  static func age(_ seconds: Int64) -> String {
    switch max(0, seconds) {
    case ..<120: "\(max(0, seconds)) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) d"
    }
  }
}
