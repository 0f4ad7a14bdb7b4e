import Glibc

/// What a command hands back to whoever started it; 64 and above after sysexits.h.
public enum ExitCode: Int32, Error, Sendable {
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

  /// Ends the process with this code.
  public func exit() -> Never { Glibc.exit(rawValue) }
}
