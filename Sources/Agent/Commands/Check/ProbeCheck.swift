package import Daemon
import Glibc
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
          try CoverageProbe(settings: settings).measure(ProbeTime(ProbeTime.inCheck))
        })
    }
    for settings in configuration.probes.broadband {
      parts += try BroadbandCheck.parts(settings)
    }
    for settings in configuration.probes.service {
      parts.append(
        part(settings, bytesMax) { () throws(ProbeFailure) in
          try ServiceProbe(settings: settings).measure(ProbeTime(ProbeTime.inCheck))
        })
    }
    return parts
  }

  // MARK: Rights

  /// Who measures when a timer fires: the owner of the buffer's folder, as for `probe`; before the
  /// service's first start has made that, its user. `nil`: ourselves, for we are not root, or
  /// nobody else is known here.
  static func user(of configuration: AgentConfiguration) -> SystemUser? {
    guard geteuid() == 0 else { return nil }
    guard let folder = FileFacts(Files.directory(of: configuration.buffer.path)) else {
      return SystemUser(named: FileCheck.serviceUser)
    }
    guard folder.owner != 0 else { return nil }
    return SystemUser(id: folder.owner)
      ?? SystemUser(
        name: "\(folder.owner)", id: folder.owner, group: folder.group, groups: [folder.group])
  }

  /// Root could read what the timers' runs cannot, and would run the site's commands.
  /// - Returns: why this thread has not got the user's rights; `nil`: it has.
  static func take(_ user: SystemUser) -> Bilingual? {
    do throws(FileError) {
      try Privileges.becomeOnThisThread(user)
      return nil
    } catch {
      return Bilingual(
        "Không đo thử được với quyền của \(user.name): \(error)",
        "a trial with the rights of the service is not possible")
    }
  }

  // MARK: Readings

  /// A real reading. Nothing is published, kept or counted.
  private static func part(
    _ settings: some ProbeSettings, _ bytesMax: Int,
    _ measure: @escaping @Sendable () throws(ProbeFailure) -> ProbeReading
  ) -> CheckPart {
    let kind = type(of: settings).kind
    let name = "probe_\(kind.name)_\(settings.name)"
    let command = "\(kind.name) \(settings.name)"
    return CheckPart(name, .probe(name), ifHanging: remedy(command)) { _, findings in
      do throws(ProbeFailure) {
        let reading = try measure()
        try ProbeRun.check(
          reading.rows, kind: kind, source: settings.source, payloadBytesMax: bytesMax)
        if let failure = reading.failure { throw failure }
        findings.add(name, .passed, reading.text)
      } catch { add(error, name, command: command, findings) }
    }
  }

  /// - Parameter command: what `hatang-agent probe` calls it, such as `coverage modem-1`.
  static func add(
    _ failure: ProbeFailure, _ name: String, command: String, _ findings: CheckFindings
  ) {
    findings.add(
      name, isPassing(failure.outcome) ? .warning : .failed, failure.text,
      remedy: remedy(command))
  }

  /// By itself a probe has more time than in a check.
  static func remedy(_ command: String) -> Bilingual {
    Bilingual(
      "Thử lại: sudo hatang-agent probe \(command) --print; mã kết quả: "
        + "zless \(InstalledFile.probes)",
      "try again as above; that document says what each outcome asks for")
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
