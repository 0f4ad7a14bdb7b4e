import Glibc

/// What a command hands back to whoever started it; 64 and above after sysexits.h.
public enum ExitCode: Int32, Error, CaseIterable, Sendable {
  case done = 0
  /// The check or the work failed.
  case failed = 1
  /// The command line is wrong.
  case usage = 64
  /// The other side does not answer.
  case unreachable = 69
  /// Not now: the next run may do it.
  case putOff = 75
  /// The configuration is wrong.
  case configuration = 78

  // Of `hatang-agent probe`, each for one thing that somebody has to mend; docs/probes.md.

  /// A program is not installed.
  case toolMissing = 80
  /// A program was not done by its deadline, and was ended.
  case toolHung = 81
  /// A program ended with an error of its own.
  case toolFailed = 82
  /// An answer is not of the form that it should have.
  case nonsense = 83
  /// An answer ends in the middle.
  case cutShort = 84
  /// A value is not legal.
  case outOfRange = 85
  /// An answer lacks a value that is asked for.
  case incomplete = 86
  case noModem = 90
  case simLocked = 91
  /// No position.
  case noFix = 92
  /// No server answers, or they refuse.
  case refused = 93
  /// All servers are busy with others.
  case serversBusy = 94
  /// This month's data budget is used up.
  case budgetUsed = 95

  /// Those of every program.
  public static let common: [ExitCode] = [.done, .failed, .usage, .unreachable, .configuration]

  /// For manual pages.
  package var meaning: String {
    switch self {
    case .done: "Done."
    case .failed: "The check or the work failed; the text on standard error says why."
    case .usage: "The command line is wrong."
    case .unreachable: "The other side, such as a broker, does not answer or refuses."
    case .configuration: "The configuration is wrong; file, line and key are named."
    case .putOff: "Probe: not now; the next run may do it."
    case .toolMissing: "Probe: a program is not installed."
    case .toolHung: "Probe: a program was not done by its deadline, and was ended."
    case .toolFailed: "Probe: a program ended with an error of its own."
    case .nonsense: "Probe: an answer is not of the form that it should have."
    case .cutShort: "Probe: an answer ends in the middle."
    case .outOfRange: "Probe: a value is not legal."
    case .incomplete: "Probe: an answer lacks a value that is asked for."
    case .noModem: "Probe: there is no modem."
    case .simLocked: "Probe: the SIM is locked."
    case .noFix: "Probe: there is no position."
    case .refused: "Probe: no server answers, or they refuse."
    case .serversBusy: "Probe: all servers are busy with others."
    case .budgetUsed: "Probe: this month's data budget is used up."
    }
  }

  /// Ends the process with this code.
  public func exit() -> Never { Glibc.exit(rawValue) }
}
