import Daemon
import Enrolment

/// Writes the status file, about once a second where something changed, and at the end. Owned by
/// the main thread, so that a slow disk delays neither intake nor uplink.
final class StatusFile {
  private let configuration: AgentConfiguration
  private let version: String
  private let intake: IntakeReport
  private let uplink: UplinkReport
  private let buffer: Buffer
  /// When the process began to write to the disk, by the boot's clock.
  private let processStart: Duration
  /// When this configuration was taken.
  private let startedMs = wallClockMs()
  /// As it was when this configuration was read.
  private let certificateExpiryMs: Int64?
  private var written = ""
  private var writtenAt: Duration = .zero
  private var troubleLog = RateLimit(perSeconds: 60)

  /// So that a reader sees that the daemon lives.
  private static let writeEvery: Duration = .seconds(10)

  /// What changes without anything having happened.
  private static let ticking = [
    "\"written_at\"", "\"written_seconds\"", "\"seconds\"", "\"known_since\"", "\"accuracy_ms\"",
    "\"wrong_by_ms\"",
  ]

  init(
    _ configuration: AgentConfiguration, version: String, intake: IntakeReport,
    uplink: UplinkReport, buffer: Buffer, processStart: Duration
  ) {
    self.configuration = configuration
    self.version = version
    self.intake = intake
    self.uplink = uplink
    self.buffer = buffer
    self.processStart = processStart
    do throws(EnrolmentError) {
      certificateExpiryMs = try CertificateFile(configuration.uplink)?.certificate.notAfterMs
    } catch {
      // The uplink will say what that means; here it is only a date that is not known.
      Log.warning("certificate not read", [("error", error)])
      certificateExpiryMs = nil
    }
  }

  func write(isRunning: Bool) {
    let facts = AgentFacts(
      configuration: configuration, version: version, startedMs: startedMs, nowMs: wallClockMs(),
      isRunning: isRunning, intake: intake.current, uplink: uplink.current,
      buffer: buffer.currentFigures, isSalvaging: buffer.isSalvaging,
      certificateExpiryMs: certificateExpiryMs, check: buffer.currentCheck,
      recent: buffer.currentIntake, clock: buffer.clock,
      writtenSeconds: (monotonicNow() - processStart).components.seconds)
    let text = facts.json
    let body = text.split(separator: "\n").filter { line in
      !Self.ticking.contains { line.contains($0) }
    }.joined(separator: "\n")
    let now = monotonicNow()
    guard body != written || now - writtenAt >= Self.writeEvery || !isRunning else { return }
    ServiceManager.status(facts.line)
    do throws(FileError) {
      // It says nothing that a power cut may not take.
      try Files.writeAtomically(configuration.statusFile, Array(text.utf8), isDurable: false)
      if let path = configuration.textfile {
        try Files.writeAtomically(path, Array(facts.prometheus.utf8), isDurable: false)
      }
      written = body
      writtenAt = now
    } catch {
      if troubleLog.allows(now: now) {
        Log.warning("status file not written", [("error", error)])
      }
    }
  }
}
