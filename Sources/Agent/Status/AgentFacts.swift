import Daemon
import Glibc
import MQTT
import Protocol

/// All that the daemon says of itself, at one moment: the status file and the service manager's
/// line are made from it.
struct AgentFacts {
  let configuration: AgentConfiguration
  let version: String
  let startedMs: Int64
  let nowMs: Int64
  let isRunning: Bool
  let intake: IntakeReport.Facts
  let uplink: UplinkReport.Facts
  let buffer: BufferFigures
  let isSalvaging: Bool
  /// When the uplink's certificate ends; `nil`: it uses none.
  let certificateExpiryMs: Int64?
  let check: CheckRecord?
  let recent: RecentIntake.Total
  let clock: HostClock
  /// In which `DiskWrites.bytes` were written.
  let writtenSeconds: Int64

  /// `running`, `paused` (the buffer has no room) or `stopped`.
  var state: String {
    guard isRunning else { return "stopped" }
    return intake.pausedReason == nil ? "running" : "paused"
  }

  var figures: BufferFigures { intake.counts.figures }

  /// For `systemctl status`.
  var line: String {
    let local = intake.isConnected ? "local broker up" : "local broker down"
    let central = uplink.isConnected ? "uplink up" : "uplink down"
    let paused = intake.pausedReason.map { ", paused: \($0)" } ?? ""
    return "\(local), \(central), \(uplink.backlog) to deliver\(paused)"
  }

  /// The status file: what `hatang-agent status` reads.
  var json: String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("agent", configuration.agent)
    json.member("version", version)
    json.member("state", state)
    json.member("paused_reason", intake.pausedReason)
    json.member("pid", isRunning ? getpid() : nil)
    json.member("started_at", timeMs: startedMs)
    json.member("written_at", timeMs: nowMs)
    json.key("local")
    connection(
      &json, configuration.local.name, isConnected: intake.isConnected, intake.sinceMs,
      intake.trouble
    ) { _ in }
    json.key("uplink")
    connection(
      &json, configuration.uplink.name, isConnected: uplink.isConnected, uplink.sinceMs,
      uplink.trouble
    ) { json in
      json.member("answered", uplink.isAnswered)
      json.member("last_receipt_at", timeMs: AgentFacts.known(uplink.lastReceiptMs))
      json.member("round_trip_ms", uplink.roundTripMs)
      json.member("certificate_expires_at", timeMs: certificateExpiryMs)
      json.member("clock_offset_ms", uplink.clock?.offsetMs)
      json.member("clock_accuracy_ms", uplink.clock?.accuracyMs)
      json.member("clock_compared_at", timeMs: uplink.clock?.madeMs)
    }
    json.member("backlog", uplink.backlog)
    json.member("oldest_unsent_seconds", uplink.oldestUnsentSeconds)
    json.member(
      "backlog_shrinks_per_second", uplink.trend.shrinkingPerSecond.map { ($0 * 10).rounded() / 10 }
    )
    json.member("last_commit_at", timeMs: AgentFacts.known(intake.lastCommitMs))
    json.member("accepted", figures.accepted)
    json.member("rejected", figures.rejected)
    counts(&json)
    json.member("redelivered", intake.redelivered)
    json.member("repeated", intake.repeated)
    json.member("unknown_fields", intake.unknownFields)
    lastUnknownField(&json)
    json.member("simulated", intake.isSimulated)
    json.key("buffer")
    json.beginObject()
    json.member("path", configuration.buffer.path)
    json.member("bytes", buffer.bytes)
    json.member("max_bytes", configuration.buffer.bytesMax)
    json.member("when_full", configuration.buffer.whenFull.rawValue)
    json.member("salvaging", isSalvaging)
    json.endObject()
    json.member("written_bytes", DiskWrites.bytes)
    json.member("written_seconds", writtenSeconds)
    clock(&json)
    last24Hours(&json)
    lastCheck(&json)
    streams(&json)
    json.endObject()
    return json.text + "\n"
  }

  private func connection(
    _ json: inout JSONWriter, _ broker: String, isConnected: Bool, _ sinceMs: Int64,
    _ trouble: String?, _ more: (inout JSONWriter) -> Void
  ) {
    json.beginObject()
    json.member("broker", broker)
    json.member("connected", isConnected)
    json.member("since", timeMs: AgentFacts.known(sinceMs))
    json.member("trouble", trouble)
    more(&json)
    json.endObject()
  }

  private func counts(_ json: inout JSONWriter) {
    let sorted = intake.counts.entries.sorted {
      ($0.key.kind, $0.key.field) < ($1.key.kind, $1.key.field)
    }
    json.key("accepted_by_kind")
    json.beginObject()
    for (key, entry) in sorted where key.field.isEmpty { json.member(key.kind, entry.count) }
    json.endObject()
    json.key("rejections")
    json.beginArray()
    for (key, entry) in sorted where !key.field.isEmpty {
      json.beginObject()
      json.member("kind", key.kind)
      json.member("field", key.field)
      json.member("count", entry.count)
      json.member("last_at", timeMs: entry.lastMs)
      json.member("reason", entry.reason)
      json.member("sample", entry.sample)
      json.endObject()
    }
    json.endArray()
  }

  /// What is known of the right time, and how far the machine's clock is ahead of it.
  private func clock(_ json: inout JSONWriter) {
    let offset = clock.offset
    json.key("clock")
    json.beginObject()
    json.member("known", offset != nil)
    json.member("known_by", offset?.evidence.name)
    json.member("known_since", timeMs: offset.map { $0.offsetMs + $0.sinceMs })
    json.member("accuracy_ms", offset?.accuracyMs)
    json.member("wrong_by_ms", offset.map { clock.read().offsetMs - $0.offsetMs })
    json.endObject()
  }

  private func last24Hours(_ json: inout JSONWriter) {
    json.key("last_24_hours")
    json.beginObject()
    json.member("seconds", recent.seconds)
    json.member("accepted", recent.rows)
    json.member("bytes", recent.bytes)
    json.endObject()
  }

  /// `null` where none has come since the start.
  private func lastUnknownField(_ json: inout JSONWriter) {
    json.key("last_unknown_field")
    guard let field = intake.lastUnknownField else { return json.null() }
    json.beginObject()
    json.member("field", field.name)
    json.member("topic", field.topic)
    json.member("at", timeMs: field.timeMs)
    json.endObject()
  }

  /// `null` where `hatang-agent check` has not sent a record since the start.
  private func lastCheck(_ json: inout JSONWriter) {
    json.key("check")
    guard let check else { return json.null() }
    json.beginObject()
    json.member("source", check.source)
    json.member("state", check.receiptedMs == nil ? "taken" : "receipted")
    json.member("taken_at", timeMs: check.takenMs)
    json.member("receipted_at", timeMs: check.receiptedMs)
    json.endObject()
  }

  private func streams(_ json: inout JSONWriter) {
    json.key("streams")
    json.beginArray()
    for stream in uplink.streams {
      json.beginObject()
      json.member("stream", stream.stream.description)
      json.member("acknowledged", stream.acknowledged)
      json.member("next", stream.next)
      json.endObject()
    }
    json.endArray()
  }

  private static func known(_ ms: Int64) -> Int64? { ms == 0 ? nil : ms }
}
