import Daemon
import Protocol

/// How the configured probes fare, from their state files, for `hatang-agent status`.
package struct ProbeStatus {
  /// `coverage modem-1`.
  let title: String
  /// `nil`: it has not run yet, or its file cannot be read.
  let state: ProbeState?

  package static func all(_ configuration: AgentConfiguration) -> [ProbeStatus] {
    let probes: [any ProbeSettings] =
      configuration.probes.coverage + configuration.probes.broadband + configuration.probes.service
    return probes.map { probe in
      let kind = type(of: probe).kind.name
      let path = "\(configuration.probesFolder)/\(kind)-\(probe.name).json"
      let root = (try? Files.read(path)).flatMap { try? ConfigNode.answer($0, of: path) }
      return ProbeStatus(
        title: "\(kind) \(probe.name)", state: root.flatMap { try? ProbeState($0) })
    }
  }

  /// For people; empty where no probe is set up.
  package static func text(_ probes: [ProbeStatus]) -> String {
    guard !probes.isEmpty else { return "" }
    return "đo tự động / probes\n" + probes.map { "  \($0.title): \($0.line)\n" }.joined()
  }

  /// One line: the last run, and what waits.
  var line: String {
    guard let state, let last = state.last else { return "chưa chạy / has not run" }
    let mark = last.outcome == ProbeOutcome.done.rawValue ? "✓" : "✗"
    let waiting = state.waiting.isEmpty ? "" : "; chờ / waiting: \(state.waiting.count)"
    let dropped = state.dropped == 0 ? "" : "; bỏ / dropped: \(state.dropped)"
    return "\(mark) \(RFC3339.format(ms: last.endedMs)) \(last.text.vi)\(waiting)\(dropped)"
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("probe", title)
    json.member("last_run_at", timeMs: state?.last?.endedMs)
    json.member("last_done_at", timeMs: state?.lastDoneMs)
    json.member("outcome", state?.last?.outcome)
    json.member("text_vi", state?.last?.text.vi)
    json.member("text_en", state?.last?.text.en)
    json.member("waiting", state?.waiting.count)
    json.member("dropped", state?.dropped)
    json.key("runs")
    json.beginObject()
    for (word, count) in (state?.runs ?? [:]).sorted(by: { $0.key < $1.key }) {
      json.member(word, count)
    }
    json.endObject()
    json.endObject()
  }
}
