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
  }

  package init(_ reader: StoreReader) throws(StoreError) {
    agents = try reader.rows(
      """
      SELECT name, online, last_seen_ms, version, backlog, oldest_unsent_seconds, clock_offset_ms,
        accepted, rejected, buffer_bytes, written_bytes, simulated FROM agents ORDER BY name
      """
    ) { row in
      Agent(
        name: row.text(0), isOnline: row.integer(1) != 0, lastSeenMs: row.optionalInteger(2),
        version: row.text(3), backlog: row.integer(4), oldestUnsentSeconds: row.integer(5),
        clockOffsetMs: row.optionalInteger(6), accepted: row.integer(7),
        rejected: row.integer(8), bufferBytes: row.integer(9), writtenBytes: row.integer(10),
        isSimulated: row.integer(11) != 0)
    }
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
      json.member("accepted", agent.accepted)
      json.member("rejected", agent.rejected)
      json.member("buffer_bytes", agent.bufferBytes)
      json.member("written_bytes", agent.writtenBytes)
      json.member("simulated", agent.isSimulated)
      json.endObject()
    }
    json.endArray()
    if page != nil { json.member("next", next) }
    json.endObject()
  }

  /// - Parameter nowMs: for "seen so long ago".
  package func table(nowMs: Int64) -> String {
    guard !agents.isEmpty else { return "No agent has been heard of yet.\n" }
    var table = TextTable([
      ("AGENT", .left), ("STATE", .left), ("SEEN", .right), ("VERSION", .left),
      ("BACKLOG", .right), ("OLDEST UNSENT", .right), ("CLOCK", .right), ("REJECTED", .right),
      ("DATA", .left),
    ])
    for agent in agents {
      table.add([
        agent.name, agent.isOnline ? "online" : "offline",
        agent.lastSeenMs.map { AgentsReport.age((nowMs - $0) / 1_000) + " ago" } ?? "never",
        agent.version.isEmpty ? "-" : agent.version, "\(agent.backlog)",
        agent.backlog > 0 ? AgentsReport.age(agent.oldestUnsentSeconds) : "-",
        agent.clockOffsetMs.map { "\($0 > 0 ? "+" : "")\($0) ms" } ?? "-",
        "\(agent.rejected)", agent.isSimulated ? "simulated" : "",
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
