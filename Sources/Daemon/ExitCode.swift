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
  /// The configuration is wrong.
  case configuration = 78

  /// Ends the process with this code.
  public func exit() -> Never { Glibc.exit(rawValue) }
}
