import Daemon

/// A fixed line's rates and round trips: server after server until one gives a rate. What was
/// measured stays, whatever fails after it; what was not is absent.
struct LineTest {
  let settings: BroadbandProbeSettings
  /// One attempt at one server, and no waiting.
  let isOnce: Bool
  let test: SpeedTest
  let meter: DataMeter

  private static let pingCount: Int64 = 10
  private static let pingLimit: Duration = .seconds(15)

  struct Rates {
    let server: String
    /// When it began, ms since 1970.
    let timeMs: Int64
    let down: Double
    var up: Double?
    /// `nil` where the host answers no ping, which many do not.
    var idle: PingReport?
    var loadedDown: PingReport?
    var loadedUp: PingReport?
    /// Why something is missing.
    var failure: ProbeFailure?
  }

  /// One direction with one server.
  private enum Attempt {
    case rate(Double, PingReport?)
    case busy
    /// The server refused, or iperf3 hung, failed or answered nonsense.
    case failed(ProbeFailure)
  }

  /// The meter has reserved a test's data.
  func run() throws(ProbeFailure) -> Rates {
    var failures: [ProbeFailure] = []
    var complaints: [Bilingual] = []
    var isAnyBusy = false
    for server in isOnce ? Array(settings.servers.prefix(1)) : settings.servers {
      // A test that ended in the middle took data, too.
      if !failures.isEmpty {
        meter.settle(isWhole: false)
        try meter.reserve()
      }
      let host = settings.pingHost ?? server.host
      let (idle, trouble) = Self.report(startPing(host, count: Self.pingCount))
      let timeMs = wallClockMs()
      switch attempt(server, .down, host) {
      case .rate(let down, let loaded):
        var rates = Rates(
          server: server.name, timeMs: timeMs, down: down, idle: idle, loadedDown: loaded,
          failure: trouble)
        measureUp(server, host, &rates)
        return rates
      case .busy:
        isAnyBusy = true
        complaints.append(Bilingual("\(server.name): busy", "\(server.name): busy"))
      case .failed(let failure):
        failures.append(failure)
        complaints.append(failure.text.after("\(server.name): "))
      }
    }
    throw Self.failure(failures, complaints, isAnyBusy: isAnyBusy)
  }

  private static func failure(
    _ failures: [ProbeFailure], _ complaints: [Bilingual], isAnyBusy: Bool
  ) -> ProbeFailure {
    let vi = complaints.map(\.vi).joined(separator: "; ")
    let en = complaints.map(\.en).joined(separator: "; ")
    if isAnyBusy {
      return ProbeFailure(
        .serversBusy, "máy chủ iperf3 đang bận: \(vi)", "the iperf3 servers are busy: \(en)")
    }
    // What iperf3 itself could not do says more than a server that is not there.
    let outcome = failures.first { $0.outcome != .refused }?.outcome ?? .refused
    return ProbeFailure(
      outcome, "không máy chủ iperf3 nào nhận đo: \(vi)", "no iperf3 server takes the test: \(en)")
  }

  private func measureUp(
    _ server: BroadbandProbeSettings.Server, _ host: String, _ rates: inout Rates
  ) {
    let only = Bilingual(
      "chỉ đo được chiều xuống: \(server.name)",
      "only the down direction was measured: \(server.name)")
    switch attempt(server, .up, host) {
    case .rate(let up, let loaded):
      rates.up = up
      rates.loadedUp = loaded
    case .busy:
      rates.failure = ProbeFailure(
        .serversBusy, "\(only.vi) đang bận", "\(only.en) is busy")
    case .failed(let failure):
      rates.failure = ProbeFailure(
        failure.outcome, "\(only.vi): \(failure.text.vi)", "\(only.en): \(failure.text.en)")
    }
  }

  /// As often as the settings say while the server is busy; with the round trips under load.
  private func attempt(
    _ server: BroadbandProbeSettings.Server, _ direction: SpeedTest.Direction, _ host: String
  ) -> Attempt {
    let attempts = isOnce ? 1 : settings.attempts
    for number in 1...attempts {
      do throws(ProbeFailure) {
        let process = try test.start(server, direction)
        // Five a second for as long as the load lasts; begun with it, so the ramp is in it too.
        let loading = startPing(host, count: settings.seconds * 5)
        switch try test.finish(process) {
        case .rate(let rate): return .rate(rate, Self.report(loading).report)
        case .refused(let words): return .failed(ProbeFailure(.refused, words, words))
        case .busy: break
        }
      } catch { return .failed(error) }
      // So that probes that met once do not meet again.
      if number < attempts { BroadbandProbe.pause(settings.retry * Double.random(in: 0.5...1.5)) }
    }
    return .busy
  }

  // MARK: Round trips

  private func startPing(
    _ host: String, count: Int64
  ) -> Result<SupervisedProcess, ProbeFailure> {
    Result { () throws(ProbeFailure) in
      try ProbeTool.start(
        PingReport.words(host, count: count, interface: settings.interface),
        within: .milliseconds(200 * count) + Self.pingLimit)
    }
  }

  /// Without a report there is no latency, and a rate is worth as much. A ping that is missing or
  /// hangs is told; a host that does not answer is none's fault.
  private static func report(
    _ ping: Result<SupervisedProcess, ProbeFailure>
  ) -> (report: PingReport?, trouble: ProbeFailure?) {
    do throws(ProbeFailure) {
      let outcome = try ProbeTool.finish(try ping.get())
      let report = PingReport(String(decoding: outcome.output, as: UTF8.self))
      return (report.flatMap { $0.received > 0 ? $0 : nil }, nil)
    } catch {
      return (
        nil,
        ProbeFailure(
          error.outcome, "không đo được độ trễ: \(error.text.vi)",
          "the latency was not measured: \(error.text.en)")
      )
    }
  }
}

extension Bilingual {
  /// With the same words before both.
  fileprivate func after(_ words: String) -> Bilingual { Bilingual(words + vi, words + en) }
}
