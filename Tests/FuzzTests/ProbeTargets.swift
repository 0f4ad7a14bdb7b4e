import Agent
import Daemon
import Protocol

/// What tools and foreign services answer to the agent's probes, and what foreign devices publish.
extension Target {
  static let probes = [
    // mmcli's three answers, one after another.
    Target(name: "modem") { bytes in
      let answers = parts(bytes).map { try? ConfigNode.answer($0, of: "mmcli") }
      guard answers.count > 1, let modem = answers[0], let signal = answers[1] else { return }
      let location = answers.count > 2 ? answers[2] : nil
      try? ModemReading.check(modem)
      _ = location.flatMap { ProbePosition(location: $0) }
      do throws(ProbeFailure) {
        let found = try ModemReading(modem: modem, signal: signal, location: location)
        hold(found.radioAccess.isNR || found.ssRsrp == nil, "a level of NR is of NR")
      } catch { hold(!error.text.en.isEmpty, "a failure has its reason") }
    },
    Target(name: "gpsd") { bytes in
      _ = (try? ConfigNode.answer(bytes, of: "gpsd")).flatMap { ProbePosition(report: $0) }
    },
    Target(name: "iperf3") { bytes in
      do throws(ProbeFailure) {
        guard case .rate(let bps) = try SpeedTest.result(bytes) else { return }
        hold((0...1e12).contains(bps), "a rate is legal: \(bps)")
      } catch { hold(!error.text.en.isEmpty, "a failure has its reason") }
      _ = SpeedTest.version(text(bytes))
    },
    Target(name: "ping") { bytes in
      guard let report = PingReport(text(bytes)) else { return }
      hold((0...report.sent).contains(report.received), "no more came than was sent")
      if let median = report.medianMs { hold(median >= 0, "time passes: \(median)") }
    },
    // A counter's name, and what the service answered.
    Target(name: "counters") { bytes in
      let parts = parts(bytes)
      let from = text(parts[0])
      let answer = parts.count > 1 ? parts[1] : []
      checkCounter(from) { () throws(ProbeFailure) in try CounterAnswer.prometheus(answer) }
      checkCounter(from) { () throws(ProbeFailure) in try CounterAnswer.lines(answer) }
      if let node = try? ConfigNode.answer(answer, of: "service") {
        checkCounter(from) { CounterAnswer.json(node) }
      }
    },
    // A mapping, a topic, and what a device published.
    Target(name: "mapping") { bytes in
      let parts = parts(bytes)
      let mapping: Mapping
      do throws(ConfigError) {
        mapping = try Mapping(ConfigNode.parse(text: text(parts[0]), name: "m.json5"))
      } catch {
        hold("\(error)".hasPrefix("m.json5:"), "an error names the file and the line: \(error)")
        return
      }
      guard parts.count > 2 else { return }
      var parser = PayloadParser(payloadBytesMax: 262_144, mappings: [mapping])
      let parsed = parser.parse(topic: text(parts[1]), payload: parts[2], arrivalMs: arrivalMs)
      for rejection in parsed.rejections {
        hold(!rejection.reason.isEmpty, "a rejection has its reason")
      }
      guard !parsed.measurements.isEmpty else { return }
      let segment = Segment.encode(parsed.measurements, receivedMs: arrivalMs)
      hold(
        (try? Segment(decoding: segment[...]))?.measurements.count == parsed.measurements.count,
        "what a mapping makes, the wire takes")
    },
  ]

  private static let arrivalMs: Int64 = 1_795_486_650_000

  private static func checkCounter(
    _ from: String, _ read: () throws(ProbeFailure) -> CounterAnswer
  ) {
    do throws(ProbeFailure) {
      guard let value = try read().value(from) else { return }
      hold((0...9_007_199_254_740_992).contains(value), "a counter is legal: \(value)")
    } catch { hold(!error.text.en.isEmpty, "a failure has its reason") }
  }

  /// Several inputs in one, with a record separator (ASCII 30) between them; at least one.
  static func parts(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: 0x1e, omittingEmptySubsequences: false).map(Array.init)
  }
}
