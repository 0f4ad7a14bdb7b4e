package import Daemon
import Glibc

/// The status file as others than the daemon see it: also when the daemon is down, killed or hangs.
package enum AgentStatusFile {
  case running(ConfigNode)
  /// It ended in order, and said so.
  case stopped(ConfigNode)
  /// Its process is gone without a word, or has not written for so many seconds.
  case dead(ConfigNode, ageSeconds: Int64)
  case unreadable(ConfigError)

  /// The daemon writes each 10 s at least.
  private static let ageMaxSeconds: Int64 = 30

  package static func read(_ path: String, nowMs: Int64) -> AgentStatusFile {
    do throws(ConfigError) {
      let root = try ConfigNode.parse(file: path)
      let writtenAt = try root.required("written_at")
      guard let writtenMs = RFC3339.parse(try writtenAt.string()) else {
        throw writtenAt.error("is no RFC 3339 time; remove the file, the daemon makes a new one")
      }
      if try root.required("state").string() == "stopped" { return .stopped(root) }
      let process = try root.required("pid").integer(in: 1...Int64(Int32.max))
      let age = max(0, nowMs - writtenMs) / 1_000
      // EPERM: it lives, under another user.
      let isAlive = kill(Int32(process), 0) == 0 || errno == EPERM
      return isAlive && age <= ageMaxSeconds ? .running(root) : .dead(root, ageSeconds: age)
    } catch { return .unreadable(error) }
  }

  package var root: ConfigNode? {
    switch self {
    case .running(let root), .stopped(let root), .dead(let root, _): root
    case .unreadable: nil
    }
  }

  /// The word for programs.
  package var name: String {
    switch self {
    case .running: "running"
    case .stopped: "stopped"
    case .dead: "dead"
    case .unreadable: "unknown"
    }
  }

  package var text: Bilingual {
    switch self {
    case .running: Bilingual("đang chạy", "running")
    case .stopped: Bilingual("đã dừng", "stopped in order")
    case .dead(_, let age):
      Bilingual(
        "không còn trả lời, lần cuối \(age) s trước", "dead: it wrote last \(age) s ago")
    case .unreadable(let error):
      Bilingual("chưa có trạng thái", "no status: \(error)")
    }
  }
}
