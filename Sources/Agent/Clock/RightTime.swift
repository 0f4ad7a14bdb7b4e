import Daemon

/// The right time, for a program that does not live long enough to learn it.
package enum RightTime {
  /// The daemon's word counts as long: it writes each 10 s at least, and by then the clock may have
  /// been set.
  private static let ageMsMax: Int64 = 30_000

  /// What the kernel says where it is synchronised, else what the daemon beside us has learnt; a
  /// unit may have closed the kernel's word to us.
  /// - Returns: ms since 1970; `nil`: nobody knows.
  package static func ms(_ reading: ClockReading = .now(), statusFile: String) -> Int64? {
    if reading.isTrusted { return reading.wallMs }
    guard
      case .running(let status) = AgentStatusFile.read(statusFile, nowMs: reading.wallMs),
      let writtenMs = (try? status["written_at"]?.string()).flatMap({ RFC3339.parse($0) }),
      abs(reading.wallMs - writtenMs) <= ageMsMax,
      let wrongByMs = try? status.at("clock", "wrong_by_ms")?.integer(in: -limitMs...limitMs)
    else { return nil }
    let rightMs = reading.wallMs - wrongByMs
    return rightMs >= ClockReading.plausibleFromMs ? rightMs : nil
  }

  /// No clock is wrong by more than a thousand years.
  private static let limitMs: Int64 = 1_000 * 366 * 86_400_000
}
