import Enrolment

/// What is worth an operator's attention. The page's list of problems and Prometheus' rules
/// (config/prometheus/alerts.yml, rendered by `AlertRules`) are made from this one table, with the
/// same bounds; a test lets both judge the same facts.
package enum Condition: String, CaseIterable, Sendable {
  case ledgerUnbalanced = "HatangLedgerUnbalanced"
  case ingestDisconnected = "HatangIngestDisconnected"
  case diskAlmostFull = "HatangDiskAlmostFull"
  case diskFillsUp = "HatangDiskFillsUp"
  case stateRebuilding = "HatangStateRebuilding"
  case clockJumped = "HatangClockJumped"
  case measurementsLost = "HatangMeasurementsLost"
  case batchesRefused = "HatangBatchesRefused"
  case measurementsSetAside = "HatangMeasurementsSetAside"
  case agentSilent = "HatangAgentSilent"
  case agentBehind = "HatangAgentBehind"
  case agentClockWrong = "HatangAgentClockWrong"
  case agentRejecting = "HatangAgentRejecting"
  case agentOverQuota = "HatangAgentOverQuota"
  case agentCertificateExpires = "HatangAgentCertificateExpires"
  case agentFlashWear = "HatangAgentFlashWear"
  case indicatorStale = "HatangIndicatorStale"

  package enum Severity: String, Sendable {
    case critical
    case warning
  }

  package var severity: Severity {
    switch self {
    case .ledgerUnbalanced, .ingestDisconnected, .diskAlmostFull: .critical
    case .diskFillsUp, .stateRebuilding, .clockJumped, .measurementsLost, .batchesRefused,
      .measurementsSetAside, .agentSilent, .agentBehind, .agentClockWrong, .agentRejecting,
      .agentOverQuota, .agentCertificateExpires, .agentFlashWear, .indicatorStale:
      .warning
    }
  }

  /// The bounds, in the units of the metrics.
  enum Bound {
    static let silentSeconds: Int64 = 600
    static let behindSeconds: Int64 = 3_600
    static let clockSeconds: Int64 = 60
    static let rejectedShare = 0.01
    static let rejectedSeconds: Int64 = 3_600
    static let certificateSeconds = Certificate.warningDays * 86_400
    static let writtenPerDay: Int64 = 10_000_000_000
    static let lostSeconds: Int64 = 86_400
    static let refusedSeconds: Int64 = 3_600
    static let asideSeconds: Int64 = 86_400
    static let freeBytes: Int64 = 1_000_000_000
    static let fullSeconds: Int64 = 14 * 86_400
    static let staleSeconds: Int64 = 7 * 86_400
  }

  /// PromQL.
  package var expression: String {
    let seen = "hatang_agent_last_seen_timestamp_seconds"
    let (accepted, rejected) = ("hatang_agent_accepted_measurements", Condition.rejected)
    return switch self {
    case .ledgerUnbalanced: "hatang_ledger_unbalanced_streams > 0"
    case .ingestDisconnected: "hatang_ingest_connected == 0"
    case .diskAlmostFull: "hatang_store_free_bytes < \(Bound.freeBytes)"
    case .diskFillsUp: "hatang_store_full_timestamp_seconds - time() < \(Bound.fullSeconds)"
    case .stateRebuilding: "hatang_state_whole == 0"
    case .clockJumped: "hatang_clock_lead_seconds > 0"
    case .measurementsLost: Condition.since("hatang_measurements_lost", Bound.lostSeconds)
    case .batchesRefused: Condition.since("hatang_batches_refused", Bound.refusedSeconds)
    case .measurementsSetAside:
      Condition.since("hatang_measurements_set_aside", Bound.asideSeconds)
    case .agentSilent: "time() - \(seen) > \(Bound.silentSeconds)"
    case .agentBehind:
      "hatang_agent_backlog_age_seconds > \(Bound.behindSeconds) and on(agent) "
        + "time() - \(seen) <= \(Bound.silentSeconds)"
    case .agentClockWrong: "abs(hatang_agent_clock_offset_seconds) > \(Bound.clockSeconds)"
    case .agentRejecting:
      "\(rejected) / (\(accepted) + \(rejected)) > \(Bound.rejectedShare) and on(agent) "
        + "time() - hatang_agent_last_rejected_timestamp_seconds < \(Bound.rejectedSeconds)"
    case .agentOverQuota: Condition.since("hatang_agent_over_quota", Bound.refusedSeconds)
    case .agentCertificateExpires:
      "hatang_agent_certificate_expiry_timestamp_seconds - time() < \(Bound.certificateSeconds)"
    case .agentFlashWear: "hatang_agent_written_bytes_per_day > \(Bound.writtenPerDay)"
    case .indicatorStale:
      "time() - hatang_indicator_newest_timestamp_seconds > \(Bound.staleSeconds)"
    }
  }

  private static let rejected = "hatang_agent_rejected_measurements"

  private static func since(_ name: String, _ seconds: Int64) -> String {
    "time() - \(name)_last_timestamp_seconds < \(seconds)"
  }
}
