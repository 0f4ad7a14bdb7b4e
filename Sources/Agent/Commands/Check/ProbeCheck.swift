import Daemon

/// The built-in probes: their tools, their devices, a reading of each.
package enum ProbeCheck {
  /// For each probe of the configuration a name and what adds its line, each in a thread of its
  /// own, so that a modem that hangs delays no other part.
  package static func parts(
    _ configuration: AgentConfiguration
  ) -> [(name: String, reading: @Sendable (CheckFindings) -> Void)] {
    ProbeTrial.all(configuration).map { trial in
      (trial.name, { findings in add(trial, to: findings) })
    }
  }

  private static func add(_ trial: ProbeTrial, to findings: CheckFindings) {
    switch trial.run() {
    case .success(let reading): findings.add(trial.name, .passed, reading)
    case .failure(let failure):
      findings.add(
        trial.name, isPassing(failure.outcome) ? .warning : .failed, failure.text,
        remedy: Bilingual(
          "Thử lại: sudo hatang-agent probe \(trial.command) --print; mã kết quả: "
            + "zless \(InstalledFile.probes)",
          "try again as above; that document says what each outcome asks for"))
    }
  }

  /// Whether it goes away by itself.
  private static func isPassing(_ outcome: ProbeOutcome) -> Bool {
    switch outcome {
    case .done, .putOff, .serversBusy, .budgetUsed, .brokerAway: true
    case .failed, .toolMissing, .toolHung, .toolFailed, .nonsense, .cutShort, .outOfRange,
      .incomplete, .noModem, .simLocked, .noFix, .refused:
      false
    }
  }
}
