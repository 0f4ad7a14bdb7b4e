import Daemon
import Glibc
import Protocol

/// How the configured probes fare, from their state files, for `hatang-agent status`.
package struct ProbeStatus {
  /// `coverage modem-1`.
  let title: String
  let standing: Standing

  enum Standing {
    case neverRun
    case known(ProbeState)
    /// Why nothing can be said.
    case unknown(Bilingual)
  }

  private var state: ProbeState? {
    if case .known(let state) = standing { state } else { nil }
  }

  package static func all(_ settings: StatusSettings) -> [ProbeStatus] {
    let probes: [any ProbeSettings] =
      settings.probes.coverage + settings.probes.broadband + settings.probes.service
    return probes.map { probe in
      let kind = type(of: probe).kind.name
      return ProbeStatus(
        title: "\(kind) \(probe.name)",
        standing: standing("\(settings.probesFolder)/\(kind)-\(probe.name).json"))
    }
  }

  /// - Parameter path: of the state file, which is for the service and for root to read.
  private static func standing(_ path: String) -> Standing {
    do throws(FileError) {
      let bytes = try Files.read(path)
      guard let state = try? ProbeState(ConfigNode.answer(bytes, of: path)) else {
        return .unknown(
          Bilingual(
            "tệp trạng thái hỏng, lần đo sau sẽ thay nó: \(path)",
            "its state file is damaged, the next run replaces it"))
      }
      return .known(state)
    } catch {
      if error.isMissing { return .neverRun }
      guard error.code == EACCES else {
        return .unknown(Bilingual("không đọc được: \(error)", "\(error)"))
      }
      return .unknown(
        Bilingual("không đọc được, chạy bằng sudo", "cannot be read, run this with sudo"))
    }
  }

  /// For people; empty where no probe is set up.
  package static func text(_ probes: [ProbeStatus]) -> String {
    guard !probes.isEmpty else { return "" }
    return "đo tự động / probes\n" + probes.map { "  \($0.title): \($0.line)\n" }.joined()
  }

  /// One line: the last run, and what waits.
  var line: String {
    if case .unknown(let why) = standing { return "\(why.vi) / \(why.en)" }
    guard let state, let last = state.last else { return "chưa chạy / has not run" }
    let mark = last.outcome == ProbeOutcome.done.rawValue ? "✓" : "✗"
    let waiting = state.waiting.isEmpty ? "" : "; chờ / waiting: \(state.waiting.count)"
    let dropped = state.dropped == 0 ? "" : "; bỏ / dropped: \(state.dropped)"
    return "\(mark) \(RFC3339.format(ms: last.endedMs)) \(last.text.vi)\(waiting)\(dropped)"
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("probe", title)
    var error: String?
    if case .unknown(let why) = standing { error = why.en }
    json.member("error", error)
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
