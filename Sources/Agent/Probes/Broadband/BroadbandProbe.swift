import Daemon
import Protocol

/// Measures a fixed line once: waits for nobody, puts itself off while others use the line, and
/// keeps to the month's data.
package struct BroadbandProbe {
  let settings: BroadbandProbeSettings
  /// One attempt at one server, and no waiting.
  let isOnce: Bool
  private let interface: NetworkInterface

  init(settings: BroadbandProbeSettings, isOnce: Bool) {
    self.settings = settings
    self.isOnce = isOnce
    interface = NetworkInterface(settings.interface)
  }

  private static let versionLimit: Duration = .seconds(5)

  func measure(_ run: ProbeRun) throws(ProbeFailure) -> ProbeReading {
    let version = try lookAtTool()
    let test = SpeedTest(
      settings: settings, binding: try SpeedTest.binding(interface, version: version.number))
    try checkLineIsFree()
    let meter = DataMeter(settings, interface, run) { RightTime.ms(statusFile: run.statusFile) }
    try meter.reserve()
    do throws(ProbeFailure) {
      let line = LineTest(settings: settings, isOnce: isOnce, test: test, meter: meter)
      let rates = try line.run()
      meter.settle(isWhole: rates.up != nil)
      return reading(rates, version: version.text)
    } catch {
      meter.settle(isWhole: false)
      throw error
    }
  }

  // MARK: Before the test

  /// What can be said of tool and device without loading the line.
  package struct Look: Equatable {
    /// Such as `iperf3 3.12`.
    package let tool: String
    /// `nil`: the kernel does not know.
    package let linkBps: Int64?
    /// `nil`: neither Ethernet nor Wi-Fi.
    package let isWired: Bool?
    /// What others carry over the interface at the moment; `nil`: it does not count.
    package let useBps: Double?

    package init(tool: String, linkBps: Int64?, isWired: Bool?, useBps: Double?) {
      self.tool = tool
      self.linkBps = linkBps
      self.isWired = isWired
      self.useBps = useBps
    }
  }

  /// - Returns: the look; and how iperf3 is started here.
  func look(watching duration: Duration) throws(ProbeFailure) -> (look: Look, test: SpeedTest) {
    let version = try lookAtTool()
    let test = SpeedTest(
      settings: settings, binding: try SpeedTest.binding(interface, version: version.number))
    let look = Look(
      tool: version.text, linkBps: interface.linkBps, isWired: interface.isWired,
      useBps: useBps(over: duration))
    return (look, test)
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
    guard let rate = useBps(over: .seconds(settings.busySeconds)),
      rate > Double(settings.busyBps)
    else { return }
    let shown = "\(Self.megabits(rate)) Mbit/s"
    throw ProbeFailure(
      .putOff, "đường truyền đang được dùng (\(shown) trên \(settings.interface)), hoãn đo",
      "the line is in use (\(shown) on \(settings.interface)), put off")
  }

  /// The busier way's rate while we load it with nothing; `nil`: the interface does not count.
  private func useBps(over duration: Duration) -> Double? {
    guard let before = interface.counters else { return nil }
    let start = monotonicNow()
    Self.pause(duration)
    guard let after = interface.counters else { return nil }
    let seconds = max(0.001, (monotonicNow() - start).inSeconds)
    let bytes = max(after.received - before.received, after.sent - before.sent)
    return Double(max(0, bytes)) * 8 / seconds
  }

  static func pause(_ duration: Duration) {
    var poller = Poller()
    _ = try? poller.wait(timeout: duration)
  }

  // MARK: The row

  private func reading(_ rates: LineTest.Rates, version: String) -> ProbeReading {
    var json = JSONWriter()
    json.beginObject()
    json.member("time", Double(rates.timeMs) / 1_000)
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
      rows: [json.text], text: text(rates), figures: figures, failure: rates.failure)
  }

  private func text(_ rates: LineTest.Rates) -> Bilingual {
    let down = Self.megabits(rates.down)
    let up = rates.up.map(Self.megabits) ?? "-"
    let idle = rates.idle?.medianMs.map(Self.tenths) ?? "-"
    let loaded = rates.loadedDown?.medianMs.map(Self.tenths) ?? "-"
    return Bilingual(
      "xuống \(down), lên \(up) Mbit/s, trễ \(idle) ms (khi tải \(loaded) ms), \(rates.server)",
      "down \(down), up \(up) Mbit/s, latency \(idle) ms (loaded \(loaded) ms), \(rates.server)")
  }

  package static func megabits(_ bps: Double) -> String { tenths(bps / 1e6) }

  private static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
