import Daemon
import Enrolment

/// The line `certificates` of `check`, where there is an authority: yellow 30 days before an
/// agent's end, red after it.
enum ExpiryCheck {
  static func add(_ authority: AuthorityConfiguration, nowMs: Int64, to report: inout CheckReport) {
    guard let index = AuthorityIndex(file: authority.indexFile) else { return }
    let expiries = index.expiries
    let dayMs: Int64 = 86_400_000
    let ended = expiries.filter { $0.expiresMs <= nowMs }
    let due = expiries.filter {
      $0.expiresMs > nowMs && $0.expiresMs < nowMs + Certificate.warningDays * dayMs
    }
    func words(_ list: [(agent: String, expiresMs: Int64)]) -> String {
      list.map { "\($0.agent) \(RFC3339.format(ms: $0.expiresMs))" }.joined(separator: ", ")
    }
    let renewal = Bilingual(
      "hatang-aggregator renew TRẠM rồi giao gói, hoặc revoke",
      "hatang-aggregator renew AGENT and hand the bundle over, or revoke it")
    if !ended.isEmpty {
      report.add(
        "certificates", .failed,
        Bilingual("Chứng thư đã hết hạn: \(words(ended))", "ended: \(words(ended))"),
        remedy: renewal)
    }
    if !due.isEmpty {
      report.add(
        "certificates", .warning,
        Bilingual(
          "Chứng thư hết hạn trong \(Certificate.warningDays) ngày: \(words(due))",
          "to be renewed within \(Certificate.warningDays) days: \(words(due))"), remedy: renewal)
    }
    guard ended.isEmpty, due.isEmpty else { return }
    report.add(
      "certificates", .passed,
      Bilingual(
        "\(expiries.count) trạm đã đăng ký, chứng thư đều còn hạn",
        "\(expiries.count) agents enrolled, no certificate near its end"))
  }
}
