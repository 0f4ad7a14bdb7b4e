import CLinux
import Glibc

/// Runs another program to its end.
public enum ChildProcess {
  public struct Outcome: Equatable, Sendable {
    /// What it wrote to standard output.
    public let output: [UInt8]
    /// Its exit code; 128 + n where signal n ended it.
    public let exitCode: Int32
  }

  /// - Parameters:
  ///   - words: the program, searched in `$PATH`, and its arguments.
  ///   - input: given to it whole before its output is read, so only for programs that read all
  ///     before they write more than a pipe holds (64 KiB).
  ///   - bytesMax: a longer output is an error.
  ///
  /// Its standard error is ours. SIGPIPE must be ignored by the caller if there is input.
  public static func run(
    _ words: [String], input: [UInt8] = [], bytesMax: Int = 256 << 20
  ) throws(FileError) -> Outcome {
    let name = words.first ?? ""
    let toChild = try Pipe()
    let fromChild = try Pipe()
    let process = try spawn(words, reading: toChild.readEnd, writing: fromChild.writeEnd)
    toChild.closeReadEnd()
    fromChild.closeWriteEnd()
    var failure: FileError?
    var output: [UInt8] = []
    do throws(FileError) {
      try Files.write(input, to: toChild.writeEnd, name: name)
    } catch {
      // A program that does not read its input says why by its exit code.
      if error.code != EPIPE { failure = error }
    }
    toChild.closeWriteEnd()
    do throws(FileError) {
      output = try Files.readAll(fromChild.readEnd, name: "the output of \(name)", bytesMax)
    } catch { failure = failure ?? error }
    fromChild.closeReadEnd()
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 {
      guard errno == EINTR else { throw FileError("wait for", name, code: errno) }
    }
    if let failure { throw failure }
    return Outcome(output: output, exitCode: exitCode(status))
  }

  /// The exit code, or 128 + n where signal n ended it; as WIFEXITED and its like take a status
  /// apart (bits/waitstatus.h).
  static func exitCode(_ status: Int32) -> Int32 {
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 & 0xff : 128 + signal
  }

  /// - Parameters:
  ///   - errors: gets its standard error; `nil`: ours does.
  ///   - environment: `NAME=value`. Without one nothing in ours can change what the program does.
  ///   - hasOwnGroup: it leads a process group, so that it can be ended with all that it starts,
  ///     and SIGPIPE, which a daemon ignores, ends it as usual.
  static func spawn(
    _ words: [String], reading input: Int32, writing output: Int32, errors: Int32? = nil,
    environment: [String] = [], hasOwnGroup: Bool = false
  ) throws(FileError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if let errors { unsafe posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    if hasOwnGroup {
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      unsafe posix_spawnattr_setsigmask(&attributes, &signals)
      unsafe sigaddset(&signals, SIGPIPE)
      unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
      let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
      unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup($0) }
    unsafe variables.append(nil)
    defer { for index in unsafe variables.indices { unsafe free(variables[index]) } }
    var process: pid_t = 0
    let code = unsafe posix_spawnp(
      &process, words.first ?? "", &actions, &attributes, &arguments, &variables)
    guard code == 0 else {
      throw FileError(
        "run", words.first ?? "", code: code,
        hint: code == ENOENT ? "install the package that holds it" : "")
    }
    return process
  }

  /// A pipe whose ends are closed on exec and, at the latest, with the value.
  final class Pipe {
    private(set) var readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws(FileError) {
      var ends: (Int32, Int32) = (-1, -1)
      let result = unsafe withUnsafeMutableBytes(of: &ends) {
        unsafe pipe2($0.assumingMemoryBound(to: Int32.self).baseAddress, O_CLOEXEC)
      }
      guard result == 0 else { throw FileError("open", "a pipe", code: errno) }
      (readEnd, writeEnd) = ends
    }

    deinit {
      closeReadEnd()
      closeWriteEnd()
    }

    func closeReadEnd() {
      if readEnd >= 0 { close(readEnd) }
      readEnd = -1
    }

    func closeWriteEnd() {
      if writeEnd >= 0 { close(writeEnd) }
      writeEnd = -1
    }
  }
}
