import Daemon

/// A fixed line's rates and round trips: server after server until one gives a rate. What was
/// measured stays, whatever fails after it; what was not is absent.
struct LineTest {
  let settings: BroadbandProbeSettings
  /// One attempt at one server, and no waiting.
  let isOnce: Bool
  let test: SpeedTest
  let meter: DataMeter
  /// Nothing is begun that could last beyond it: the unit's time would end the run in the middle,
  /// with nothing said.
  private let deadline: Duration

  private static let pingCount: Int64 = 10
  /// Beyond the pings' own time.
  private static let pingSlack: Duration = .seconds(15)

  init(settings: BroadbandProbeSettings, isOnce: Bool, test: SpeedTest, meter: DataMeter) {
    self.settings = settings
    self.isOnce = isOnce
    self.test = test
    self.meter = meter
    deadline = monotonicNow() + settings.runLimit
  }

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
    case rate(Double, Latency)
    case busy
    /// The server refused, or iperf3 hung, failed or answered nonsense.
    case failed(ProbeFailure)
  }

  /// Round trips; without a report there is no latency, and a rate is worth as much.
  private struct Latency {
    var report: PingReport?
    /// Ping is missing, hung or failed. A host that does not answer is none's fault.
    var trouble: ProbeFailure?
  }

  /// The meter has reserved a test's data.
  func run() throws(ProbeFailure) -> Rates {
    var failures: [ProbeFailure] = []
    var complaints: [Bilingual] = []
    var isAnyBusy = false
    let servers = isOnce ? Array(settings.servers.prefix(1)) : settings.servers
    for (place, server) in servers.enumerated() {
      if place > 0, !hasTime(for: 2) {
        complaints.append(untried(servers[place...]))
        break
      }
      // A test that ended in the middle took data, too.
      if !failures.isEmpty {
        meter.settle(isWhole: false)
        do throws(ProbeFailure) {
          try meter.reserve()
        } catch {
          guard error.outcome == .budgetUsed else { throw error }
          // The month had data when the run began: why that was not enough is the servers' fault.
          complaints.append(error.text)
          break
        }
      }
      let host = settings.pingHost ?? server.host
      let idle = Self.latency(startPing(host, count: Self.pingCount), Bilingual("", ""))
      let timeMs = wallClockMs()
      switch attempt(server, .down, host) {
      case .rate(let down, let loaded):
        var rates = Rates(
          server: server.name, timeMs: timeMs, down: down, idle: idle.report,
          loadedDown: loaded.report, failure: idle.trouble ?? loaded.trouble)
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

  /// Whether round trips and so many directions with one server would be done by the deadline,
  /// however each of them hangs.
  private func hasTime(for directions: Int, after wait: Duration = .zero) -> Bool {
    let idle = Self.limit(ofPings: Self.pingCount)
    return monotonicNow() + wait + idle + test.limit * directions <= deadline
  }

  private func untried(_ servers: ArraySlice<BroadbandProbeSettings.Server>) -> Bilingual {
    let names = servers.map(\.name).joined(separator: ", ")
    let seconds = settings.runLimit.components.seconds
    return Bilingual(
      "chưa thử vì lần chạy chỉ có \(seconds) s: \(names)",
      "not tried, for a run has \(seconds) s: \(names)")
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
      rates.loadedUp = loaded.report
      rates.failure = rates.failure ?? loaded.trouble
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
        case .rate(let rate):
          return .rate(rate, Self.latency(loading, Bilingual(" khi tải", " under load")))
        case .refused(let words): return .failed(ProbeFailure(.refused, words, words))
        case .busy: break
        }
      } catch { return .failed(error) }
      // So that probes that met once do not meet again.
      let wait = settings.retry * Double.random(in: 0.5...1.5)
      let directions = direction == .down ? 2 : 1
      guard number < attempts, hasTime(for: directions, after: wait) else { break }
      BroadbandProbe.pause(wait)
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
        within: Self.limit(ofPings: count))
    }
  }

  private static func limit(ofPings count: Int64) -> Duration {
    .milliseconds(200 * count) + pingSlack
  }

  /// - Parameter when: the line was not idle.
  private static func latency(
    _ ping: Result<SupervisedProcess, ProbeFailure>, _ when: Bilingual
  ) -> Latency {
    do throws(ProbeFailure) {
      let outcome = try ProbeTool.finish(try ping.get())
      let report = PingReport(String(decoding: outcome.output, as: UTF8.self))
      // 1: no answer. Anything else without a report: it could not ask.
      guard report != nil || outcome.exitCode <= 1 else {
        throw ProbeTool.failed("ping", ProbeTool.words(outcome))
      }
      return Latency(report: report.flatMap { $0.received > 0 ? $0 : nil })
    } catch {
      return Latency(
        trouble: ProbeFailure(
          error.outcome, "không đo được độ trễ\(when.vi): \(error.text.vi)",
          "the latency\(when.en) was not measured: \(error.text.en)"))
    }
  }
}

extension Bilingual {
  /// With the same words before both.
  fileprivate func after(_ words: String) -> Bilingual { Bilingual(words + vi, words + en) }
}
