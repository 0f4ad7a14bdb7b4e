import Daemon
import SQLite

/// The metrics that the conditions of config/prometheus/alerts.yml are about.
extension OperationsFacts {
  func write(to text: inout PrometheusText) {
    agentClocks(to: &text)
    agentCounts(to: &text)
    quotas(to: &text)
    lasts(to: &text)
    text.family(
      "hatang_ledger_unbalanced_streams", "Streams for which next is not received + lost.", .gauge)
    text.sample([], ledger.streams.count { !$0.isBalanced })
    text.family("hatang_store_bytes", "The store's file and its log.", .gauge)
    text.sample([], store.bytes)
    text.family(
      "hatang_sqlite_memory_bytes",
      "Of resident memory what SQLite holds, mostly cached pages.",
      .gauge)
    text.sample([], Database.memoryBytes)
    text.family("hatang_store_free_bytes", "Free on the store's file system.", .gauge)
    text.sample([], store.freeBytes)
    text.family(
      "hatang_store_full_timestamp_seconds", "When the disk is full if it goes on as it does.",
      .gauge)
    if let fullMs = store.fullAtMs(nowMs) { text.sample([], Double(fullMs) / 1_000) }
    guard let ingest else { return }
    text.family("hatang_ingest_connected", "1: connected to the broker.", .gauge)
    text.sample([], ingest.isConnected ? 1 : 0)
    text.family(
      "hatang_ingest_group_messages", "Messages of the last commit, at most 64.", .gauge)
    text.sample([], ingest.lastGroupCount)
    text.family("hatang_state_whole", "0: the state is being made again.", .gauge)
    text.sample([], ingest.isStateWhole ? 1 : 0)
    text.family(
      "hatang_clock_lead_seconds",
      "The aggregator's clock less the time by which it deletes; 0: they are the same.", .gauge)
    text.sample([], ingest.clockLagSeconds)
  }

  private func agentClocks(to text: inout PrometheusText) {
    text.family(
      "hatang_agent_backlog_age_seconds", "Age of the oldest measurement not sent.", .gauge)
    for agent in standing { text.sample([("agent", agent.name)], agent.oldestUnsentSeconds) }
    text.family(
      "hatang_agent_clock_offset_seconds", "The agent's clock less the aggregator's.", .gauge)
    for agent in standing {
      guard let offset = agent.clockOffsetMs else { continue }
      text.sample([("agent", agent.name)], Double(offset) / 1_000)
    }
    text.family(
      "hatang_agent_certificate_expiry_timestamp_seconds", "When its certificate expires.",
      .gauge)
    for each in certificates { text.sample([("agent", each.agent)], each.expiresMs / 1_000) }
    text.family(
      "hatang_agent_last_rejected_timestamp_seconds", "When it rejected something last.", .gauge)
    for agent in standing {
      guard let lastMs = agent.lastRejectMs else { continue }
      text.sample([("agent", agent.name)], Double(lastMs) / 1_000)
    }
  }

  private func agentCounts(to text: inout PrometheusText) {
    text.family(
      "hatang_agent_accepted_measurements", "Accepted since the agent's buffer was made.", .gauge)
    for agent in standing { text.sample([("agent", agent.name)], agent.accepted) }
    text.family(
      "hatang_agent_rejected_measurements", "Rejected since the agent's buffer was made.", .gauge)
    for agent in standing { text.sample([("agent", agent.name)], agent.rejected) }
    text.family(
      "hatang_agent_written_bytes_per_day", "Flash wear since the agent's daemon started.", .gauge)
    for agent in standing {
      guard let written = agent.writtenPerDay else { continue }
      text.sample([("agent", agent.name)], written)
    }
  }

  private func quotas(to text: inout PrometheusText) {
    text.family(
      "hatang_agent_over_quota_total", "Messages dropped that were over the agent's quotas.",
      .counter)
    for agent in standing { text.sample([("agent", agent.name)], agent.overQuota) }
    text.family(
      "hatang_agent_over_quota_last_timestamp_seconds", "When the last of them came.", .gauge)
    for agent in standing {
      guard let lastMs = agent.overQuotaMs else { continue }
      text.sample([("agent", agent.name)], Double(lastMs) / 1_000)
    }
  }

  /// When something was counted last, by reason.
  private func lasts(to text: inout PrometheusText) {
    text.family(
      "hatang_measurements_lost_last_timestamp_seconds", "When a loss was declared last.", .gauge)
    for each in lost {
      if let lastMs = each.lastMs { text.sample([("reason", each.reason)], Double(lastMs) / 1_000) }
    }
    text.family(
      "hatang_batches_refused_last_timestamp_seconds", "When a message was refused last.", .gauge)
    let refused = Dictionary(grouping: ledger.refusals.filter { !$0.isOfQuotas }, by: \.reason)
    for (reason, all) in refused.sorted(by: { $0.key < $1.key }) {
      text.sample([("reason", reason)], Double(all.map(\.lastMs).max() ?? 0) / 1_000)
    }
    text.family(
      "hatang_measurements_set_aside_last_timestamp_seconds", "When one was set aside last.",
      .gauge)
    let aside = Dictionary(grouping: ledger.setAside, by: \.reason)
    for (reason, all) in aside.sorted(by: { $0.key < $1.key }) {
      text.sample([("reason", reason)], Double(all.map(\.lastMs).max() ?? 0) / 1_000)
    }
  }
}
