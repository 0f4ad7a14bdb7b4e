package import Daemon

/// The probe's state as a JSON file, for the next run, for `hatang-agent status` and for people.
extension ProbeState {
  private static let bytesMax = 64 << 20

  /// - Returns: the state; and where the file was damaged, the name under which it was set aside.
  package static func load(
    _ path: String, kind: String, name: String
  ) throws(FileError) -> (state: ProbeState, damaged: String?) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try Files.read(path, bytesMax: bytesMax)
    } catch {
      guard error.isMissing else { throw error }
      return (.new(kind: kind, name: name), nil)
    }
    if let state = try? ProbeState(ConfigNode.answer(bytes, of: path)) { return (state, nil) }
    let aside = "\(path).damaged"
    try Files.move(path, to: aside)
    return (.new(kind: kind, name: name), aside)
  }

  package func save(_ path: String) throws(FileError) {
    try Files.writeAtomically(path, Array((json + "\n").utf8), mode: 0o640)
  }

  package init(_ root: ConfigNode) throws(ConfigError) {
    let counts: ClosedRange<Int64> = 0...Int64.max
    self.init(id: try root.required("id").string())
    next = try root.required("next").integer(in: counts)
    dropped = try root.required("dropped").integer(in: counts)
    for (word, count) in try root.required("runs").object() {
      runs[word] = try count.integer(in: counts)
    }
    for node in try root.required("waiting").array() {
      var row = JSONWriter()
      row.node(try node.required("row"))
      waiting.append(
        Waiting(
          number: try node.required("number").integer(in: counts),
          topic: try node.required("topic").string(), row: row.text))
    }
    if let node = root["last"], !node.isNull {
      last = LastRun(
        endedMs: RFC3339.parse(try node.required("ended_at").string()) ?? 0,
        outcome: try node.required("outcome").string(),
        text: Bilingual(try node.required("vi").string(), try node.required("en").string()))
    }
    if let node = root["last_done_at"], !node.isNull {
      lastDoneMs = RFC3339.parse(try node.string())
    }
    budget = try DataBudget(root["budget"])
    for (name, value) in try root.required("figures").object() {
      figures.append(
        Figure(name: name, value: try value.number(in: -1e300...1e300)))
    }
  }

  package var json: String {
    var json = JSONWriter()
    json.beginObject()
    json.member("id", id)
    json.member("next", next)
    json.key("runs")
    json.beginObject()
    for (word, count) in runs.sorted(by: { $0.key < $1.key }) { json.member(word, count) }
    json.endObject()
    json.key("last")
    if let last {
      json.beginObject()
      json.member("ended_at", timeMs: last.endedMs)
      json.member("outcome", last.outcome)
      json.member("vi", last.text.vi)
      json.member("en", last.text.en)
      json.endObject()
    } else {
      json.null()
    }
    json.member("last_done_at", timeMs: lastDoneMs)
    json.key("budget")
    budget.write(to: &json)
    json.key("figures")
    json.beginObject()
    for figure in figures { json.member(figure.name, figure.value) }
    json.endObject()
    json.member("dropped", dropped)
    json.key("waiting")
    json.beginArray()
    for entry in waiting {
      json.beginObject()
      json.member("number", entry.number)
      json.member("topic", entry.topic)
      json.key("row")
      json.raw(entry.row)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text
  }

  /// For node_exporter's textfile collector.
  func prometheus(kind: String, name: String) -> String {
    let labels = [("kind", kind), ("probe", name)]
    var text = PrometheusText()
    text.family("hatang_probe_runs_total", "Runs of a probe, by how they ended.", .counter)
    for outcome in ProbeOutcome.allCases {
      text.sample(labels + [("outcome", outcome.rawValue)], runs[outcome.rawValue] ?? 0)
    }
    text.family("hatang_probe_waiting", "Measurements that wait for the local broker.", .gauge)
    text.sample(labels, waiting.count)
    text.family(
      "hatang_probe_dropped_total", "Measurements dropped after too long without a broker.",
      .counter)
    text.sample(labels, dropped)
    if let lastDoneMs {
      text.family(
        "hatang_probe_last_done_timestamp_seconds", "When a run last ended well.", .gauge)
      text.sample(labels, Double(lastDoneMs) / 1_000)
    }
    if budget.month != nil || budget.usedBytes > 0 {
      text.family("hatang_probe_budget_used_bytes", "Bytes that this month's tests took.", .gauge)
      text.sample(labels, budget.usedBytes)
    }
    for figure in figures {
      text.family("hatang_probe_\(figure.name)", "Of the last reading.", .gauge)
      text.sample(labels, figure.value)
    }
    return text.text
  }
}
