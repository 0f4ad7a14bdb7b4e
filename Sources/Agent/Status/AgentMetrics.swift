import Daemon

extension AgentFacts {
  /// For node_exporter's textfile collector.
  var prometheus: String {
    var text = PrometheusText()
    let sorted = intake.counts.entries.sorted {
      ($0.key.kind, $0.key.field) < ($1.key.kind, $1.key.field)
    }
    text.family(
      "hatang_agent_accepted_total", "Measurements taken in since the buffer was made.", .counter)
    for (key, entry) in sorted where key.field.isEmpty {
      text.sample([("kind", key.kind)], entry.count)
    }
    text.family(
      "hatang_agent_rejected_total", "Payloads and measurements rejected, by field.", .counter)
    for (key, entry) in sorted where !key.field.isEmpty {
      text.sample([("kind", key.kind), ("field", key.field)], entry.count)
    }
    text.family(
      "hatang_agent_unknown_fields_total", "Fields that nobody knows, since the daemon began.",
      .counter)
    text.sample([], intake.unknownFields)
    text.family("hatang_agent_backlog", "Measurements without a receipt.", .gauge)
    text.sample([], uplink.backlog)
    text.family("hatang_agent_buffer_bytes", "Bytes of the buffer file and its log.", .gauge)
    text.sample([], buffer.bytes)
    text.family(
      "hatang_agent_written_bytes_total", "Bytes written to disk since the daemon began.",
      .counter)
    text.sample([], DiskWrites.bytes)
    text.family("hatang_agent_uplink_connected", "1: connected to the province's broker.", .gauge)
    text.sample([], uplink.isConnected ? 1 : 0)
    text.family(
      "hatang_agent_oldest_unsent_seconds", "Age of the oldest measurement without a receipt.",
      .gauge)
    text.sample([], uplink.oldestUnsentSeconds)
    if let certificateExpiryMs {
      text.family(
        "hatang_agent_certificate_expiry_timestamp_seconds",
        "When the uplink's certificate ends; renew it 30 days before.", .gauge)
      text.sample([], certificateExpiryMs / 1_000)
    }
    return text.text
  }
}
