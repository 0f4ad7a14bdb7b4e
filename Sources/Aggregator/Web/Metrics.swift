import Daemon
import Enrolment
import Indicators
import SQLite

/// `/metrics`, in Prometheus' text format. Totals come from the store, so they do not restart with
/// the daemon; the histograms are of this run.
extension Router {
  func metrics() throws -> String {
    var text = PrometheusText()
    let facts = try operationsFacts()
    try delivery(facts, to: &text)
    agents(facts.standing, to: &text)
    try indicators(to: &text)
    facts.write(to: &text)
    return text.text
  }

  /// What agents say of themselves is not summed by SQL, whose `sum` fails where it does not fit.
  private func delivery(_ facts: OperationsFacts, to text: inout PrometheusText) throws {
    text.family(
      "hatang_measurements_received_total", "Measurements taken in, each once.", .counter)
    for (kind, count) in try counts("SELECT kind, sum(count) FROM received GROUP BY kind") {
      text.sample([("kind", kind)], count)
    }
    text.family(
      "hatang_measurements_duplicate_total", "Measurements that came again and were not counted.",
      .counter)
    for (_, count) in try counts("SELECT '', ifnull(sum(duplicates), 0) FROM streams") {
      text.sample([], count)
    }
    text.family(
      "hatang_measurements_lost_total", "Measurements that agents declared lost.", .counter)
    for lost in facts.lost { text.sample([("reason", lost.reason)], lost.count) }
    text.family(
      "hatang_measurements_rejected_total",
      "Measurements not used: rejected by agents (reason agent), or kept and set aside.", .counter)
    text.sample([("reason", "agent")], facts.agents.map(\.rejected).clampedSum())
    let aside = "SELECT reason, sum(count) FROM set_aside GROUP BY reason"
    for (reason, count) in try counts(aside) { text.sample([("reason", reason)], count) }
    text.family(
      "hatang_measurements_clock_corrected_total",
      "Measurements whose time an agent stamped before its clock was right, by the evidence that "
        + "corrected it; none: used as stamped.", .counter)
    let corrected = "SELECT evidence, sum(count) FROM clock_corrections GROUP BY evidence"
    for (evidence, count) in try counts(corrected) { text.sample([("evidence", evidence)], count) }
    text.family("hatang_batches_refused_total", "Messages from agents refused.", .counter)
    let refused = "SELECT reason, sum(count) FROM refusals GROUP BY reason"
    for (reason, count) in try counts(refused) { text.sample([("reason", reason)], count) }
    text.family(
      "hatang_ingest_commit_seconds", "From a group of messages to its commit.", .histogram)
    text.histogram([], report.current.commitSeconds)
    text.family(
      "hatang_retention_step_seconds",
      "Steps that delete old measurements; ingest waits for each.", .histogram)
    text.histogram([], report.current.retentionSeconds)
    text.family(
      "hatang_recompute_seconds", "From the state by day to all indicators.", .histogram)
    text.histogram([], report.current.recomputeSeconds)
  }

  private func agents(_ agents: [AgentsReport.Agent], to text: inout PrometheusText) {
    text.family("hatang_agent_up", "1: the agent is connected to the broker.", .gauge)
    for agent in agents { text.sample([("agent", agent.name)], agent.isOnline ? 1 : 0) }
    text.family("hatang_agent_backlog", "Measurements that the agent has not sent yet.", .gauge)
    for agent in agents { text.sample([("agent", agent.name)], agent.backlog) }
    text.family(
      "hatang_agent_last_seen_timestamp_seconds", "When anything came from the agent.", .gauge)
    for agent in agents {
      guard let seen = agent.lastSeenMs else { continue }
      text.sample([("agent", agent.name)], Double(seen) / 1_000)
    }
  }

  /// In the indicator's unit; only what has a value, for a gauge cannot say "unknown".
  private func indicators(to text: inout PrometheusText) throws {
    let shown = try indicatorsReport().shown()
    text.family(
      "hatang_indicator_value", "The indicator in its unit; area province is all of it.", .gauge)
    for indicator in shown {
      for (area, figure) in Self.figures(indicator) {
        if let value = figure.value {
          text.sample([("code", indicator.code), ("area", area)], value)
        }
      }
    }
    text.family(
      "hatang_indicator_unmeasured_share", "What was not seen, 0…1; area province is all of it.",
      .gauge)
    for indicator in shown {
      for (area, figure) in Self.figures(indicator) {
        if let share = figure.unmeasuredShare {
          text.sample([("code", indicator.code), ("area", area)], share)
        }
      }
    }
    text.family(
      "hatang_indicator_newest_timestamp_seconds", "The newest measurement in the value.", .gauge)
    for indicator in shown {
      guard let newest = indicator.figure.newestMs else { continue }
      text.sample([("code", indicator.code)], Double(newest) / 1_000)
    }
  }

  private static func figures(
    _ indicator: ShownIndicator
  ) -> [(String, ShownIndicator.Figure)] {
    [("province", indicator.figure)] + indicator.areas.map { ($0.id, $0.figure) }
  }

  private func counts(_ sql: String) throws -> [(String, Int64)] {
    try store.rows(sql) { ($0.text(0), $0.integer(1)) }
  }
}
