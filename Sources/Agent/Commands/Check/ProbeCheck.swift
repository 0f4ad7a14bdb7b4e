package import Daemon
import Protocol

/// The built-in probes: their tools, their devices, a reading of each.
package enum ProbeCheck {
  /// For each probe of the configuration, in a lane of its own, so that a modem that hangs delays
  /// no other part.
  package static func parts(
    _ configuration: AgentConfiguration
  ) throws(FileError) -> [CheckPart] {
    let bytesMax = configuration.maxPayloadBytes
    var parts: [CheckPart] = []
    for settings in configuration.probes.coverage {
      parts.append(
        part(settings, bytesMax) { () throws(ProbeFailure) in
          try CoverageProbe(settings: settings).measure()
        })
    }
    for settings in configuration.probes.broadband {
      parts += try BroadbandCheck.parts(settings)
    }
    for settings in configuration.probes.service {
      parts.append(
        part(settings, bytesMax) { () throws(ProbeFailure) in
          try ServiceProbe(settings: settings).measure()
        })
    }
    return parts
  }

  /// A real reading. Nothing is published, kept or counted.
  private static func part(
    _ settings: some ProbeSettings, _ bytesMax: Int,
    _ measure: @escaping @Sendable () throws(ProbeFailure) -> ProbeReading
  ) -> CheckPart {
    let kind = type(of: settings).kind
    let name = "probe_\(kind.name)_\(settings.name)"
    return CheckPart(name, .probe(name)) { _, findings in
      do throws(ProbeFailure) {
        let reading = try measure()
        try ProbeRun.check(
          reading.rows, kind: kind, source: settings.source, payloadBytesMax: bytesMax)
        if let failure = reading.failure { throw failure }
        findings.add(name, .passed, reading.text)
      } catch { add(error, name, command: "\(kind.name) \(settings.name)", findings) }
    }
  }

  /// - Parameter command: what `hatang-agent probe` calls it, such as `coverage modem-1`.
  static func add(
    _ failure: ProbeFailure, _ name: String, command: String, _ findings: CheckFindings
  ) {
    findings.add(
      name, isPassing(failure.outcome) ? .warning : .failed, failure.text,
      remedy: Bilingual(
        "Thử lại: sudo hatang-agent probe \(command) --print; mã kết quả: "
          + "zless \(InstalledFile.probes)",
        "try again as above; that document says what each outcome asks for"))
  }

  /// Whether it goes away by itself.
  private static func isPassing(_ outcome: ProbeOutcome) -> Bool {
    switch outcome {
    case .done, .putOff, .serversBusy, .budgetUsed, .brokerAway: true
    case .failed, .toolMissing, .toolHung, .toolFailed, .nonsense, .cutShort, .outOfRange,
      .incomplete, .noModem, .simLocked, .noFix, .refused:
      false
    }
  }
}
