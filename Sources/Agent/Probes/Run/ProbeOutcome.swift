package import Daemon

/// How a run of a probe ended. The raw value is its word in the state file and in metrics; what
/// each means is in docs/probes.md.
package enum ProbeOutcome: String, CaseIterable, Sendable {
  case done
  case failed
  /// Measured and kept; the local broker did not take it.
  case brokerAway = "broker_away"
  /// The line is in use by others.
  case putOff = "put_off"
  case toolMissing = "tool_missing"
  case toolHung = "tool_hung"
  case toolFailed = "tool_failed"
  case nonsense
  case cutShort = "cut_short"
  case outOfRange = "out_of_range"
  case incomplete
  case noModem = "no_modem"
  case simLocked = "sim_locked"
  case noFix = "no_fix"
  case refused
  case serversBusy = "servers_busy"
  case budgetUsed = "budget_used"

  package var exitCode: ExitCode {
    switch self {
    case .done: .done
    case .failed: .failed
    case .brokerAway: .unreachable
    case .putOff: .putOff
    case .toolMissing: .toolMissing
    case .toolHung: .toolHung
    case .toolFailed: .toolFailed
    case .nonsense: .nonsense
    case .cutShort: .cutShort
    case .outOfRange: .outOfRange
    case .incomplete: .incomplete
    case .noModem: .noModem
    case .simLocked: .simLocked
    case .noFix: .noFix
    case .refused: .refused
    case .serversBusy: .serversBusy
    case .budgetUsed: .budgetUsed
    }
  }
}

/// Why a probe has no reading.
package struct ProbeFailure: Error, Equatable {
  package let outcome: ProbeOutcome
  package let text: Bilingual

  package init(_ outcome: ProbeOutcome, _ vi: String, _ en: String) {
    self.outcome = outcome
    text = Bilingual(vi, en)
  }
}

/// What a probe measured in one run.
package struct ProbeReading {
  /// Measurements as payloads write them, one JSON object each.
  package var rows: [String]
  /// For the line that the run ends with.
  package var text: Bilingual
  /// What no payload carries, for metrics and the state file: name and value.
  package var figures: [(name: String, value: Double)] = []
  /// What of the reading is missing.
  package var failure: ProbeFailure?
}
