import Daemon
import Enrolment

/// The line `certificates` of `check`, where there is an authority.
enum ExpiryCheck {
  static func add(_ authority: AuthorityConfiguration, nowMs: Int64, to report: inout CheckReport) {
    guard let index = AuthorityIndex(file: authority.indexFile) else { return }
    let expiries = index.expiries
    let dayMs: Int64 = 86_400_000
    let ended = expiries.filter { $0.expiresMs <= nowMs }
    let due = expiries.filter {
      $0.expiresMs > nowMs && $0.expiresMs < nowMs + Certificate.warningDays * dayMs
    }
    let words = { (list: [(agent: String, expiresMs: Int64)]) in
      list.map { "\($0.agent) \(RFC3339.format(ms: $0.expiresMs))" }.joined(separator: ", ")
    }
    let dueText = due.isEmpty ? "" : "; to be renewed: \(words(due))"
    if ended.isEmpty {
      report.add("certificates", passed: "\(expiries.count) agents enrolled\(dueText)")
    } else {
      report.add(
        "certificates", failed: "ended: \(words(ended))\(dueText)",
        remedy: "hatang-aggregator renew AGENT, or revoke it")
    }
  }
}
