/// `config/prometheus/alerts.yml`, from the table of conditions.
package enum AlertRules {
  package static var yaml: String {
    var text = """
      # What pages an operator: the conditions of the page /operations, with the same bounds.
      # Made from Sources/Aggregator/Operations/Condition.swift; a test holds them together.
      groups:
        - name: hatang
          rules:
            # The page cannot say this of itself; name the scrape job as yours is named.
            - alert: HatangAggregatorDown
              expr: up{job="hatang"} == 0
              for: 1m
              labels:
                severity: critical
              annotations:
                summary: "Bộ tổng hợp không trả lời / The aggregator does not answer"
                description: "systemctl status hatang-aggregator"

      """
    for condition in Condition.allCases {
      text += """
              - alert: \(condition.rawValue)
                expr: \(condition.expression)
                labels:
                  severity: \(condition.severity.rawValue)
                annotations:
                  summary: "\(subject(condition))\(condition.summary.vi) / \(condition.summary.en)"
                  description: "\(condition.remedy.vi) / \(condition.remedy.en)"

        """
    }
    return text
  }

  /// Which one it is about, where there are many.
  private static func subject(_ condition: Condition) -> String {
    switch condition {
    case .agentSilent, .agentBehind, .agentClockWrong, .agentRejecting, .agentOverQuota,
      .agentCertificateExpires, .agentFlashWear:
      "{{ $labels.agent }}: "
    case .measurementsLost, .batchesRefused, .measurementsSetAside: "{{ $labels.reason }}: "
    case .indicatorStale: "{{ $labels.code }}: "
    case .ledgerUnbalanced, .ingestDisconnected, .diskAlmostFull, .diskFillsUp, .stateRebuilding,
      .clockJumped:
      ""
    }
  }
}
