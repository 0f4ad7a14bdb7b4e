import Daemon
import Glibc

/// A program that the test started; killed by its own id when the test lets go of it.
public final class Program {
  public let pid: pid_t
  /// As `waitForEnd` gives it; `nil` while it runs.
  private var end: Int32?

  /// - Parameter log: gets standard output and error, appended.
  public init(_ path: String, _ arguments: [String], log: String) {
    pid = start(path, arguments, output: log)
  }

  deinit { kill() }

  public var isRunning: Bool {
    guard end == nil else { return false }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return true }
    end = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    return false
  }

  /// A power cut for one program.
  public func kill() {
    guard isRunning else { return }
    Glibc.kill(pid, SIGKILL)
    end = waitForEnd(of: pid)
  }

  /// SIGTERM; the exit code.
  public func terminate(within limit: Duration = .seconds(10)) throws -> Int32 {
    if isRunning { Glibc.kill(pid, SIGTERM) }
    return try wait(within: limit)
  }

  public func wait(within limit: Duration) throws -> Int32 {
    try waitUntil("process \(pid) has ended", within: limit) { !isRunning }
    return end ?? -1
  }
}

/// What a test could not do, or waited for in vain.
public struct TestFailure: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// How many times slower than usual everything is, and how much more memory it may take:
/// HATANG_SLOWNESS, which tools/sanitize.sh sets. Deadlines are multiplied by it.
public enum Slowness {
  public static let factor = getenv("HATANG_SLOWNESS").flatMap { Int(String(cString: $0)) } ?? 1
}

/// Waits until it is so; throws at the deadline.
public func waitUntil(
  _ what: String, within limit: Duration = .seconds(60), _ condition: () throws -> Bool
) throws {
  guard try eventually(within: limit, condition) else {
    throw TestFailure("after \(limit.components.seconds) s still not: \(what)")
  }
}

/// Runs a program to its end, at most until the limit; its output and exit code.
public func output(
  of path: String, _ arguments: [String], in folder: TemporaryFolder,
  within limit: Duration = .seconds(60)
) throws -> (text: String, exitCode: Int32) {
  let log = "run-\(UInt32.random(in: 0 ... .max)).log"
  let program = Program(path, arguments, log: folder.file(log))
  let code = try program.wait(within: limit)
  return (try folder.text(of: log), code)
}
