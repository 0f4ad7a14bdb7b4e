import Daemon
import Glibc
import Protocol

/// Measures once: makes traffic flow, then asks the modem at once what it sees.
///
/// The order matters. An idle non-standalone modem reports LTE alone inside 5G coverage, and takes
/// its 5G leg down some ten seconds after the last byte.
struct CoverageProbe {
  let settings: CoverageProbeSettings

  /// How long the first signal report may take beyond the modem's own period.
  private static let reportPatience: Duration = .seconds(10)
  /// Kept for the modem's last answers and the position, whatever is waited for before them.
  private static let lastAnswers: Duration = .seconds(4)

  func measure(_ time: ProbeTime) throws(ProbeFailure) -> ProbeReading {
    let manager = ModemManager(timeout: settings.timeout, time: time)
    let modem = try manager.modem(settings.modem)
    try ModemReading.check(modem.node)
    try manager.setUpSignal(modem.index, seconds: settings.signalSeconds)
    if settings.position == .modem { try manager.setUpLocation(modem.index) }
    let traffic = try settings.traffic.map { (traffic) throws(ProbeFailure) in
      try flow(traffic, over: settings.interface ?? modem.netPort, time)
    }
    let timeMs = wallClockMs()
    let reading = try read(manager, modem.index, time)
    // What gpsd says takes a moment, and the radio's answer is in hand by now.
    let position = try self.position(reading.location, manager, modem.index, time)
    let row = self.row(reading.modem, position, timeMs: timeMs, isActive: traffic?.hasFlowed)
    return ProbeReading(
      rows: [row], text: text(reading.modem, traffic),
      figures: traffic.map { [("traffic_bytes", Double($0.bytes))] } ?? [])
  }

  // MARK: Traffic

  private struct Flow {
    let hasFlowed: Bool
    let bytes: Int64
    /// The tool's own words where it failed.
    var complaint: String?
  }

  private func flow(
    _ traffic: CoverageProbeSettings.Traffic, over interface: String?, _ time: ProbeTime
  ) throws(ProbeFailure) -> Flow {
    guard let interface else {
      throw ProbeFailure(
        .incomplete, "modem không nêu cổng mạng nào; hãy ghi interface vào cấu hình",
        "the modem names no network port; add interface to the configuration")
    }
    let card = NetworkInterface(interface)
    guard let before = card.counters else {
      throw ProbeFailure(
        .incomplete, "không có giao diện mạng \(interface); hãy kết nối modem, hoặc sửa interface",
        "there is no network interface \(interface); connect the modem, or correct interface")
    }
    let limit = try time.forProgram(settings.timeout, keeping: Self.lastAnswers)
    let words: [String]
    switch traffic.way {
    case .ping(let host, let count, let payloadBytes):
      words = PingReport.words(host, count: count, interface: interface, payloadBytes: payloadBytes)
    case .download(let url, let bytesMax):
      words = [
        "curl", "--silent", "--show-error", "--fail", "--interface", interface, "--range",
        "0-\(bytesMax - 1)", "--output", "/dev/null", "--max-time",
        "\(limit.components.seconds)", "--", url,
      ]
    }
    // A second more than curl gives itself, so that it can say why.
    let outcome = try ProbeTool.run(words, within: limit + .seconds(1))
    let bytes = max(0, (card.counters?.received ?? 0) - before.received)
    let isAnswered = outcome.exitCode == 0 && bytes >= traffic.bytesMin
    let complaint = outcome.exitCode == 0 ? nil : ProbeTool.words(outcome)
    return Flow(hasFlowed: isAnswered, bytes: bytes, complaint: complaint)
  }

  // MARK: The modem

  /// Asks until the modem gives a level of what it is on, or long enough. That it was on 5G at the
  /// first look counts, also if its leg is gone at the second.
  private func read(
    _ manager: ModemManager, _ index: String, _ time: ProbeTime
  ) throws(ProbeFailure) -> (modem: ModemReading, location: ConfigNode?) {
    let patience: Duration = .seconds(settings.signalSeconds) + Self.reportPatience
    let deadline = monotonicNow() + time.left(patience, keeping: Self.lastAnswers)
    var best: (modem: ModemReading, location: ConfigNode?)?
    while true {
      let modem = try manager.node(index)
      try ModemReading.check(modem)
      let signal = try manager.signal(index)
      let location = try? manager.location(index)
      let reading = try ModemReading(modem: modem, signal: signal, location: location)
      if let best, best.modem.radioAccess.isNR, !reading.radioAccess.isNR { return best }
      best = (reading, location)
      if reading.isSettled || monotonicNow() >= deadline { return (reading, location) }
      Self.pause(until: deadline)
    }
  }

  private func position(
    _ location: ConfigNode?, _ manager: ModemManager, _ index: String, _ time: ProbeTime
  ) throws(ProbeFailure) -> ProbePosition {
    switch settings.position {
    case .modem:
      let deadline = monotonicNow() + time.left(settings.timeout, keeping: Self.lastAnswers)
      var location = location
      while true {
        if let location, let position = ProbePosition(location: location) { return position }
        guard monotonicNow() < deadline else { throw ProbePosition.none }
        Self.pause(until: deadline)
        location = try manager.location(index)
      }
    case .gpsd(let host, let port):
      return try GPSD.position(host: host, port: port, within: time.left(settings.timeout))
    case .fixed(let latitude, let longitude, let accuracy):
      return ProbePosition(
        latitude: "\(latitude)", longitude: "\(longitude)", accuracy: accuracy.map { "\($0)" })
    }
  }

  /// A second, or what is left.
  private static func pause(until deadline: Duration) {
    var poller = Poller()
    _ = try? poller.wait(timeout: max(.zero, min(deadline - monotonicNow(), .seconds(1))))
  }

  // MARK: The row

  private func row(
    _ reading: ModemReading, _ position: ProbePosition, timeMs: Int64, isActive: Bool?
  ) -> String {
    var json = JSONWriter()
    json.beginObject()
    json.member("time", Double(timeMs) / 1_000)
    json.number("lat", position.latitude)
    json.number("lon", position.longitude)
    json.number("accuracy", position.accuracy)
    json.member("rat", reading.radioAccess.name)
    if let isActive { json.member("active", isActive) }
    json.number("ss_rsrp", reading.ssRsrp)
    json.number("ss_rsrq", reading.ssRsrq)
    json.number("ss_sinr", reading.ssSinr)
    if let plmn = reading.plmn { json.member("plmn", plmn) }
    if let cell = reading.cell { json.member("cell", cell) }
    json.endObject()
    return json.text
  }

  private func text(_ reading: ModemReading, _ flow: Flow?) -> Bilingual {
    let level = reading.ssRsrp.map { ", SS-RSRP \($0) dBm" } ?? ""
    guard let flow else {
      return Bilingual(
        "\(reading.radioAccess.name)\(level), không tạo lưu lượng",
        "\(reading.radioAccess.name)\(level), no traffic made")
    }
    let complaint = flow.complaint.map { " (\($0))" } ?? ""
    return flow.hasFlowed
      ? Bilingual(
        "\(reading.radioAccess.name)\(level), có lưu lượng \(flow.bytes) byte",
        "\(reading.radioAccess.name)\(level), \(flow.bytes) bytes of traffic")
      : Bilingual(
        "\(reading.radioAccess.name)\(level), lưu lượng không chạy: \(flow.bytes) byte\(complaint)",
        "\(reading.radioAccess.name)\(level), traffic did not flow: \(flow.bytes) bytes\(complaint)"
      )
  }
}

extension JSONWriter {
  /// A number with the digits of whoever said it; nothing where it is absent. What is no number
  /// stays a text, for the check to name.
  mutating func number(_ name: String, _ digits: String?) {
    guard let digits else { return }
    guard DecimalNumber(json: digits) != nil else { return member(name, digits) }
    key(name)
    raw(digits)
  }
}
