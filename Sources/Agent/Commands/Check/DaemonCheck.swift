package import Daemon

/// Whether the daemon runs, and takes in.
package enum DaemonCheck {
  package static let start = Bilingual(
    "Khởi động: sudo systemctl start hatang-agent", "start it as above")

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    examine(site.status, findings)
  }

  package static func examine(_ status: AgentStatusFile, _ findings: CheckFindings) {
    guard case .running(let root) = status else {
      findings.add(
        "daemon", .warning,
        Bilingual("Dịch vụ không chạy: \(status.text.vi)", status.text.en), remedy: start)
      return
    }
    if let reason = root["paused_reason"], !reason.isNull {
      findings.add(
        "daemon", .failed,
        Bilingual(
          "Dịch vụ đang chạy nhưng tạm dừng thu thập: \(reason.plain)",
          "the daemon runs, but has paused: it takes nothing in"),
        remedy: Bilingual(
          "Xem dòng về đĩa; khi có chỗ, dịch vụ tự chạy tiếp",
          "see the lines on disk; it goes on by itself once there is room"))
      return
    }
    findings.add("daemon", .passed, Bilingual("Dịch vụ đang chạy", "the daemon runs"))
  }
}
