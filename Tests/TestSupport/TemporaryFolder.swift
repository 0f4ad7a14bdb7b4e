import Daemon
import Glibc

/// A folder of one test, removed with its content when the test lets go of it.
public final class TemporaryFolder {
  public let path: String

  public init() {
    var template = Array("/tmp/hatang-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      fatalError("mkdtemp: \(String(cString: strerror(errno)))")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// HATANG_KEEP=1 leaves it for the one who looks for a cause.
  deinit { if getenv("HATANG_KEEP") == nil { run("/bin/rm", ["-rf", path]) } }

  public func file(_ name: String) -> String { "\(path)/\(name)" }

  public func write(_ text: String, to name: String) {
    guard let file = fopen(self.file(name), "w") else { fatalError("cannot write \(name)") }
    fputs(text, file)
    fclose(file)
  }

  public func text(of name: String) throws -> String { try Files.text(file(name)) }

  public func contains(_ name: String) -> Bool { Files.exists(file(name)) }

  public func copy(_ name: String, to other: String) {
    precondition(run("/bin/cp", [file(name), file(other)]) == 0, "cp \(name) \(other)")
  }

  /// What lies in it, in one string.
  public func listing() throws -> String {
    let log = "listing-\(UInt32.random(in: 0 ... .max)).txt"
    waitForEnd(of: start("/bin/ls", [path], output: file(log)))
    return try text(of: log)
  }
}

/// Runs a program to its end; its exit code.
@discardableResult
public func run(_ program: String, _ arguments: [String]) -> Int32 {
  let pid = start(program, arguments)
  return waitForEnd(of: pid)
}

/// Starts a program; its output goes to /dev/null, or to a file.
public func start(
  _ program: String, _ arguments: [String], output: String = "/dev/null"
) -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  let flags = O_WRONLY | O_CREAT | O_APPEND
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o644)
  posix_spawn_file_actions_adddup2(&actions, 1, 2)
  // A worker thread of the test runner blocks signals; the program must not inherit that.
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  sigaddset(&signals, SIGPIPE)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
  defer { for word in words { free(word) } }
  words.append(nil)
  var pid: pid_t = 0
  let code = posix_spawnp(&pid, program, &actions, &attributes, words, environ)
  guard code == 0 else { fatalError("\(program): \(String(cString: strerror(code)))") }
  return pid
}

/// The exit code, or 128 + signal.
@discardableResult
public func waitForEnd(of pid: pid_t) -> Int32 {
  var status: Int32 = 0
  while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
}

/// Asks again and again until it is so; `false` at the deadline. For what gives no descriptor to
/// wait on.
public func eventually(
  within limit: Duration = .seconds(20), _ condition: () throws -> Bool
) rethrows -> Bool {
  let clock = ContinuousClock()
  let deadline = clock.now + limit * Slowness.factor
  repeat {
    if try condition() { return true }
    poll(nil, 0, 5)
  } while clock.now < deadline
  return false
}
