package import Daemon

/// `hatang-agent status`: how the daemon is, from its status file; works when it is down.
package enum StatusCommand: Command {
  package static let usage = CommandLineParser.Command(
    "status", "Shows how the daemon is, what waits and what was rejected.",
    vi: "Dịch vụ thế nào, còn gì chờ gửi, đã từ chối gì.",
    options: [Commands.json])

  package static func run(_ options: Options) throws -> ExitCode {
    let settings = try StatusSettings(file: options.config)
    let status = AgentStatusFile.read(settings.statusFile, nowMs: wallClockMs())
    let probes = ProbeStatus.all(settings)
    Standard.output(
      options.has("json")
        ? json(status, path: settings.statusFile, probes: probes)
        : text(status, nowMs: wallClockMs()) + ProbeStatus.text(probes))
    if case .running = status { return .done }
    return .failed
  }

  /// `{"daemon": "running", "error": null, "status": { …the status file… }, "probes": [ … ]}`
  package static func json(
    _ status: AgentStatusFile, path: String, probes: [ProbeStatus] = []
  ) -> String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("daemon", status.name)
    json.member("status_file", path)
    var error: String?
    if case .unreadable(let cause) = status { error = "\(cause)" }
    json.member("error", error)
    json.key("status")
    if let root = status.root { json.node(root) } else { json.null() }
    json.key("probes")
    json.beginArray()
    for probe in probes { probe.write(to: &json) }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }

  /// Sentences first, then the rest as a table.
  package static func text(_ status: AgentStatusFile, nowMs: Int64) -> String {
    var lines = StatusSentences(status, nowMs: nowMs).all.flatMap { [$0.vi, "  \($0.en)"] }
    if case .running = status {
    } else {
      lines.append("→ sudo systemctl start hatang-agent")
    }
    guard let root = status.root else { return lines.joined(separator: "\n") + "\n" }
    lines.append("")
    func word(_ key: String, in node: ConfigNode?) -> String {
      node?[key].map { $0.isNull ? "-" : $0.plain } ?? "-"
    }
    func add(_ label: String, _ value: String) {
      lines.append("  \(label)\(String(repeating: " ", count: max(1, 34 - label.count)))\(value)")
    }
    add("tên / agent", word("agent", in: root))
    add("dịch vụ / daemon", "\(status.text.vi) / \(status.text.en)")
    add("trạng thái / state", "\(word("state", in: root)) (\(word("written_at", in: root)))")
    if let reason = root["paused_reason"], !reason.isNull { add("tạm dừng / paused", reason.plain) }
    for (label, key) in [
      ("broker tại chỗ / local broker", "local"), ("đường lên / uplink", "uplink"),
    ] {
      let node = root[key]
      let isUp = word("connected", in: node) == "true"
      let trouble = node?["trouble"].flatMap { $0.isNull ? nil : "; \($0.plain)" } ?? ""
      add(label, "\(isUp ? "✓" : "✗") \(word("broker", in: node))\(trouble)")
    }
    add(
      "chờ gửi / waiting",
      "\(word("backlog", in: root)), \(word("oldest_unsent_seconds", in: root)) s")
    add("biên nhận cuối / last receipt", word("last_receipt_at", in: root["uplink"]))
    add("đã nhận / accepted", word("accepted", in: root))
    add("từ chối / rejected", word("rejected", in: root))
    if let field = root["last_unknown_field"], !field.isNull {
      add(
        "trường lạ / unknown fields",
        "\(word("unknown_fields", in: root)): \"\(word("field", in: field))\" "
          + "(\(word("topic", in: field)), \(word("at", in: field)))")
    }
    add(
      "bộ đệm / buffer",
      "\(word("bytes", in: root["buffer"])) B of \(word("max_bytes", in: root["buffer"]))")
    add("ghi ra đĩa / written", "\(word("written_bytes", in: root)) B")
    for rejection in (try? root["rejections"]?.array()) ?? [] {
      let name = "\(word("kind", in: rejection)) \(word("field", in: rejection))"
      add(
        "✗ \(name): \(word("count", in: rejection))",
        "\(word("last_at", in: rejection)) \(word("reason", in: rejection))")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
