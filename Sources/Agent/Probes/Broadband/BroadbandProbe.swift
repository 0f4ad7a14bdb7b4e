import Daemon
import Protocol

/// Measures a fixed line once: waits for nobody, puts itself off while others use the line, and
/// keeps to the month's data.
struct BroadbandProbe {
  let settings: BroadbandProbeSettings
  /// One attempt at one server, and no waiting.
  let isOnce: Bool
  private let interface: NetworkInterface

  init(settings: BroadbandProbeSettings, isOnce: Bool) {
    self.settings = settings
    self.isOnce = isOnce
    interface = NetworkInterface(settings.interface)
  }

  private static let pingCount: Int64 = 10
  private static let pingLimit: Duration = .seconds(15)
  private static let versionLimit: Duration = .seconds(5)

  private struct Rates {
    var down = 0.0
    var up: Double?
    var upFailure: ProbeFailure?
    var idle: PingReport?
    var loadedDown: PingReport?
    var loadedUp: PingReport?
    var server = ""
  }

  func measure(_ run: ProbeRun) throws(ProbeFailure) -> ProbeReading {
    let version = try lookAtTool()
    let test = SpeedTest(
      settings: settings, binding: try SpeedTest.binding(interface, version: version.number))
    try checkLineIsFree()
    let reservation = try reserve(run)
    let before = interface.counters
    let timeMs = wallClockMs()
    var rates: Rates?
    var failure: ProbeFailure?
    do throws(ProbeFailure) { rates = try self.rates(test) } catch { failure = error }
    settle(reservation, before, run, isWhole: rates?.up != nil)
    guard let rates else {
      throw failure ?? ProbeFailure(.failed, "không có kết quả", "there is no result")
    }
    return reading(rates, version: version.text, timeMs: timeMs)
  }

  // MARK: Before the test

  /// What can be said without loading the line.
  func look() throws(ProbeFailure) -> Bilingual {
    let version = try lookAtTool()
    let link = interface.linkBps.map { "\($0 / 1_000_000) Mbit/s" } ?? "?"
    return Bilingual(
      "\(version.text), \(settings.interface) đang nối, cổng \(link)",
      "\(version.text), \(settings.interface) is up, port \(link)")
  }

  private func lookAtTool() throws(ProbeFailure) -> (text: String, number: (major: Int, minor: Int))
  {
    guard interface.exists, interface.state != "down" else {
      throw ProbeFailure(
        .refused, "giao diện mạng \(settings.interface) không có hoặc đang ngắt; hãy kiểm tra cáp",
        "the network interface \(settings.interface) is missing or down; check the cable")
    }
    return try version()
  }

  private func version() throws(ProbeFailure) -> (text: String, number: (major: Int, minor: Int)) {
    let outcome = try ProbeTool.run(["iperf3", "--version"], within: Self.versionLimit)
    let text = String(decoding: outcome.output, as: UTF8.self)
    guard let number = SpeedTest.version(text) else {
      throw ProbeFailure(
        .nonsense, "iperf3 --version không nêu phiên bản", "iperf3 --version names no version")
    }
    return ("iperf3 \(number.major).\(number.minor)", number)
  }

  private func checkLineIsFree() throws(ProbeFailure) {
    guard let before = interface.counters else { return }
    let start = monotonicNow()
    Self.pause(.seconds(settings.busySeconds))
    guard let after = interface.counters else { return }
    let seconds = max(0.001, (monotonicNow() - start).inSeconds)
    let bytes = max(after.received - before.received, after.sent - before.sent)
    let rate = Double(max(0, bytes)) * 8 / seconds
    guard rate > Double(settings.busyBps) else { return }
    let shown = "\(Self.megabits(rate)) Mbit/s"
    throw ProbeFailure(
      .putOff, "đường truyền đang được dùng (\(shown) trên \(settings.interface)), hoãn đo",
      "the line is in use (\(shown) on \(settings.interface)), put off")
  }

  /// Takes what the test will need off the month's budget, on disk, before the first byte.
  private func reserve(_ run: ProbeRun) throws(ProbeFailure) -> DataBudget.Reservation? {
    // Counted without a bound too, so that a bound can be chosen.
    let limit = settings.budgetBytes ?? Int64.max
    var reservation: DataBudget.Reservation?
    let needed = settings.budgetBytes == nil ? 0 : neededBytes(run.state.budget)
    run.change { reservation = $0.budget.reserve(needed, of: limit, nowMs: wallClockMs()) }
    guard let reservation else {
      let used = run.state.budget.usedBytes
      throw ProbeFailure(
        .budgetUsed,
        "hết hạn mức dữ liệu tháng này: đã dùng \(used) trong \(limit) byte, lần đo cần \(needed)",
        "this month's data budget is used up: \(used) of \(limit) bytes, a test takes \(needed)")
    }
    try run.save()
    return reservation
  }

  /// As much as the last whole test; before there is one, both directions at the line's own rate.
  private func neededBytes(_ budget: DataBudget) -> Int64 {
    if budget.lastTestBytes > 0 { return budget.lastTestBytes }
    let rate = settings.provisionedDownBps ?? interface.linkBps ?? 0
    return rate / 8 * (settings.seconds + SpeedTest.warmUpSeconds) * 2
  }

  private func settle(
    _ reservation: DataBudget.Reservation?, _ before: NetworkInterface.Counters?, _ run: ProbeRun,
    isWhole: Bool
  ) {
    // Counters that went back (the interface came up anew) tell nothing: what was reserved stays.
    guard let reservation, let before, let after = interface.counters,
      after.received >= before.received, after.sent >= before.sent
    else { return }
    let took = after.received - before.received + after.sent - before.sent
    run.change { $0.budget.settle(reservation, tookBytes: took, isWhole: isWhole) }
  }

  // MARK: The test

  /// Server after server until one gives a rate.
  private func rates(_ test: SpeedTest) throws(ProbeFailure) -> Rates {
    var complaints: [String] = []
    var isAnyBusy = false
    for server in isOnce ? Array(settings.servers.prefix(1)) : settings.servers {
      let host = settings.pingHost ?? server.host
      let idle = try ping(host, count: Self.pingCount)
      let (result, loaded) = try attempt(test, server, .down, host)
      switch result {
      case .rate(let down):
        var rates = Rates(down: down, idle: idle, loadedDown: loaded, server: server.name)
        try measureUp(test, server, host, &rates)
        return rates
      case .busy:
        isAnyBusy = true
        complaints.append("\(server.name): busy")
      case .refused(let words): complaints.append("\(server.name): \(words)")
      }
    }
    let shown = complaints.joined(separator: "; ")
    guard !isAnyBusy else {
      throw ProbeFailure(
        .serversBusy, "máy chủ iperf3 đang bận: \(shown)", "the iperf3 servers are busy: \(shown)")
    }
    throw ProbeFailure(
      .refused, "không máy chủ iperf3 nào nhận đo: \(shown)",
      "no iperf3 server takes the test: \(shown)")
  }

  /// What the other direction lacks is said, and does not undo the first.
  private func measureUp(
    _ test: SpeedTest, _ server: BroadbandProbeSettings.Server, _ host: String, _ rates: inout Rates
  ) throws(ProbeFailure) {
    let (result, loaded) = try attempt(test, server, .up, host)
    switch result {
    case .rate(let up):
      rates.up = up
      rates.loadedUp = loaded
    case .busy:
      rates.upFailure = ProbeFailure(
        .serversBusy, "chỉ đo được chiều xuống: \(server.name) đang bận",
        "only the down direction was measured: \(server.name) is busy")
    case .refused(let words):
      rates.upFailure = ProbeFailure(
        .refused, "chỉ đo được chiều xuống: \(server.name): \(words)",
        "only the down direction was measured: \(server.name): \(words)")
    }
  }

  /// One direction with one server, as often as the settings say while it is busy; with the round
  /// trips under load.
  private func attempt(
    _ test: SpeedTest, _ server: BroadbandProbeSettings.Server, _ direction: SpeedTest.Direction,
    _ host: String
  ) throws(ProbeFailure) -> (SpeedTest.Result, PingReport?) {
    let attempts = isOnce ? 1 : settings.attempts
    for number in 1...attempts {
      let process = try test.start(server, direction)
      // Five a second for as long as the load lasts; begun with it, so the ramp is in it too.
      let loading = try startPing(host, count: settings.seconds * 5)
      let result = try test.finish(process)
      if result != .busy {
        guard case .rate = result else { return (result, nil) }
        return (result, try Self.report(loading))
      }
      // So that probes that met once do not meet again.
      if number < attempts { Self.pause(settings.retry * Double.random(in: 0.5...1.5)) }
    }
    return (.busy, nil)
  }

  private func startPing(_ host: String, count: Int64) throws(ProbeFailure) -> SupervisedProcess {
    try ProbeTool.start(
      PingReport.words(host, count: count, interface: settings.interface),
      within: .milliseconds(200 * count) + Self.pingLimit)
  }

  private func ping(_ host: String, count: Int64) throws(ProbeFailure) -> PingReport? {
    try Self.report(try startPing(host, count: count))
  }

  /// `nil` where the host answers no ping, which many do not: then latency is absent.
  private static func report(_ process: SupervisedProcess) throws(ProbeFailure) -> PingReport? {
    let outcome = try ProbeTool.finish(process)
    guard let report = PingReport(String(decoding: outcome.output, as: UTF8.self)),
      report.received > 0
    else { return nil }
    return report
  }

  private static func pause(_ duration: Duration) {
    var poller = Poller()
    _ = try? poller.wait(timeout: duration)
  }

  // MARK: The row

  private func reading(_ rates: Rates, version: String, timeMs: Int64) -> ProbeReading {
    var json = JSONWriter()
    json.beginObject()
    json.member("time", Double(timeMs) / 1_000)
    json.member("line", settings.line)
    if let area = settings.area { json.member("area", area) }
    json.member("down_bps", Int64(rates.down.rounded()))
    if let up = rates.up { json.member("up_bps", Int64(up.rounded())) }
    if let latency = rates.idle?.medianMs { json.member("latency_ms", latency) }
    if let latency = rates.loadedDown?.medianMs { json.member("down_latency_ms", latency) }
    if let latency = rates.loadedUp?.medianMs { json.member("up_latency_ms", latency) }
    if let jitter = rates.idle?.jitterMs { json.member("jitter_ms", jitter) }
    if let loss = rates.idle?.loss { json.member("loss", loss) }
    if let rate = settings.provisionedDownBps { json.member("provisioned_down_bps", rate) }
    if let rate = settings.offeredDownBps { json.member("offered_down_bps", rate) }
    if let link = interface.linkBps { json.member("link_bps", link) }
    if let isWired = interface.isWired { json.member("wired", isWired) }
    json.member("tool", version)
    json.member("streams", settings.streams)
    json.member("seconds", settings.seconds)
    json.endObject()
    var figures: [(name: String, value: Double)] = []
    for (name, value) in [
      ("idle_latency_ms", rates.idle?.medianMs), ("down_latency_ms", rates.loadedDown?.medianMs),
      ("up_latency_ms", rates.loadedUp?.medianMs),
    ] {
      if let value { figures.append((name, value)) }
    }
    return ProbeReading(
      rows: [json.text], text: text(rates), figures: figures, failure: rates.upFailure)
  }

  private func text(_ rates: Rates) -> Bilingual {
    let down = Self.megabits(rates.down)
    let up = rates.up.map(Self.megabits) ?? "-"
    let idle = rates.idle?.medianMs.map(Self.tenths) ?? "-"
    let loaded = rates.loadedDown?.medianMs.map(Self.tenths) ?? "-"
    return Bilingual(
      "xuống \(down), lên \(up) Mbit/s, trễ \(idle) ms (khi tải \(loaded) ms), \(rates.server)",
      "down \(down), up \(up) Mbit/s, latency \(idle) ms (loaded \(loaded) ms), \(rates.server)")
  }

  private static func megabits(_ bps: Double) -> String { tenths(bps / 1e6) }

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
