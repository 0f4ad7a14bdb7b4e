import Daemon
import Protocol

/// What `hatang-agent check` asks of each probe that is set up: its tool, its device, a real
/// reading. Nothing is published, kept or counted. A speed test is not run: it would take the
/// month's data and longer than a check may.
package struct ProbeTrial: Sendable {
  /// For programs, such as `probe_coverage_modem-1`.
  package let name: String
  /// What `hatang-agent probe` calls it, such as `coverage modem-1`.
  package let command: String
  /// Blocks as long as the tools take. The reading in a line, or why there is none.
  package let run: @Sendable () -> Result<Bilingual, ProbeFailure>

  package static func all(_ configuration: AgentConfiguration) -> [ProbeTrial] {
    let bytesMax = configuration.maxPayloadBytes
    return configuration.probes.coverage.map { settings in
      ProbeTrial(settings) { () throws(ProbeFailure) in
        try legal(CoverageProbe(settings: settings).measure(), settings, bytesMax)
      }
    }
      + configuration.probes.broadband.map { settings in
        ProbeTrial(settings) { () throws(ProbeFailure) in
          try BroadbandProbe(settings: settings, isOnce: true).look()
        }
      }
      + configuration.probes.service.map { settings in
        ProbeTrial(settings) { () throws(ProbeFailure) in
          try legal(ServiceProbe(settings: settings).measure(), settings, bytesMax)
        }
      }
  }

  private init(
    _ settings: some ProbeSettings,
    _ body: @escaping @Sendable () throws(ProbeFailure) -> Bilingual
  ) {
    let kind = type(of: settings).kind.name
    name = "probe_\(kind)_\(settings.name)"
    command = "\(kind) \(settings.name)"
    run = { Result(catching: body) }
  }

  private static func legal(
    _ reading: ProbeReading, _ settings: some ProbeSettings, _ bytesMax: Int
  ) throws(ProbeFailure) -> Bilingual {
    try ProbeRun.check(
      reading.rows, kind: type(of: settings).kind, source: settings.source,
      payloadBytesMax: bytesMax)
    if let failure = reading.failure { throw failure }
    return reading.text
  }
}
