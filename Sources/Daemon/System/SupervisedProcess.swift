import CLinux
import Glibc
import Synchronization

/// A program that has to be done by a deadline; then it is ended with all that it started. Owned by
/// one thread. Several may run at once: start them, then `finish` each.
public final class SupervisedProcess {
  /// The program, for messages.
  public let name: String
  /// What it was given.
  public let limit: Duration
  private let process: pid_t
  /// Readable once the process has ended (pidfd_open(2)).
  private let ending: Int32
  private let output: ChildProcess.Pipe
  private let errors: ChildProcess.Pipe
  private let deadline: Duration
  private var isReaped = false

  /// The groups of all that run; `nil`: none may be started any more.
  private static let groups = Mutex<Set<pid_t>?>([])

  public struct Outcome: Equatable, Sendable {
    /// What it wrote to standard output; not all of it where it hung.
    public let output: [UInt8]
    /// The beginning of what it wrote to standard error.
    public let errors: [UInt8]
    /// Its exit code; 128 + n where signal n ended it.
    public let exitCode: Int32
    /// It was not done by its deadline.
    public let isHung: Bool
  }

  /// So long it may take to end after SIGTERM.
  private static let grace: Duration = .seconds(2)
  private static let errorBytesMax = 8 << 10
  /// A program that reads nothing must not keep us from watching it.
  private static let inputBytesMax = 60_000

  /// What a tool may see of our environment: where programs are, where the system's D-Bus is. Its
  /// words are to be English, its numbers to have points.
  public static var plainEnvironment: [String] {
    ["PATH", "DBUS_SYSTEM_BUS_ADDRESS"].compactMap { name in
      guard let value = unsafe getenv(name) else { return nil }
      return "\(name)=\(unsafe String(cString: value))"
    } + ["LC_ALL=C"]
  }

  /// - Parameters:
  ///   - words: the program, searched in `$PATH`, and its arguments.
  ///   - input: at most 60,000 bytes.
  public init(
    _ words: [String], input: [UInt8] = [], within limit: Duration,
    environment: [String] = SupervisedProcess.plainEnvironment
  ) throws(FileError) {
    precondition(input.count <= SupervisedProcess.inputBytesMax)
    name = words.first ?? ""
    self.limit = limit
    let toChild = try ChildProcess.Pipe()
    let (output, errors) = (try ChildProcess.Pipe(), try ChildProcess.Pipe())
    (self.output, self.errors) = (output, errors)
    process = try SupervisedProcess.groups.withLock { groups throws(FileError) in
      guard groups != nil else { throw FileError("run", words.first ?? "", code: ECANCELED) }
      let process = try ChildProcess.spawn(
        words, reading: toChild.readEnd, writing: output.writeEnd, errors: errors.writeEnd,
        environment: environment, hasOwnGroup: true)
      groups?.insert(process)
      return process
    }
    deadline = monotonicNow() + limit
    ending = pidfd_open(process, 0)
    output.closeWriteEnd()
    errors.closeWriteEnd()
    toChild.closeReadEnd()
    for descriptor in [output.readEnd, errors.readEnd] {
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }
    guard ending >= 0 else { throw FileError("watch", name, code: errno) }
    // An empty pipe takes it at once. A program that reads nothing says why by its exit code.
    try? Files.write(input, to: toChild.writeEnd, name: name)
  }

  deinit {
    if !isReaped { _ = reap() }
    if ending >= 0 { close(ending) }
  }

  /// Ends all that run, with all that they started, and lets none be started any more: for a
  /// program that ends while threads of its own still wait for theirs.
  public static func endAll() {
    groups.withLock { groups in
      for group in groups ?? [] { kill(-group, SIGKILL) }
      groups = nil
    }
  }

  /// Waits for its end, or for the deadline.
  /// - Parameter bytesMax: a longer output is an error, and ends it.
  public func finish(bytesMax: Int = 16 << 20) throws(FileError) -> Outcome {
    var text: [UInt8] = []
    var words: [UInt8] = []
    var isHung = false
    var poller = Poller()
    var hasEnded = false
    while !hasEnded {
      let rest = deadline - monotonicNow()
      guard rest > .zero else {
        isHung = true
        break
      }
      poller.removeAll()
      poller.add(ending, .readable)
      for pipe in [output, errors] where pipe.readEnd >= 0 { poller.add(pipe.readEnd, .readable) }
      try poller.wait(timeout: rest)
      // Asked before the pipes are emptied: what it wrote last is in them by then.
      hasEnded = !poller.ready(ending).isEmpty
      drain(output, into: &text, keeping: bytesMax + 1)
      drain(errors, into: &words, keeping: SupervisedProcess.errorBytesMax)
      guard text.count <= bytesMax else {
        _ = reap()
        throw FileError(
          "read", "the output of \(name)", code: EFBIG, hint: "at most \(bytesMax) bytes")
      }
    }
    if isHung { askToEnd() }
    return Outcome(output: text, errors: words, exitCode: reap(), isHung: isHung)
  }

  /// SIGTERM, and a moment for tidying up.
  private func askToEnd() {
    kill(-process, SIGTERM)
    var poller = Poller()
    poller.add(ending, .readable)
    _ = try? poller.wait(timeout: SupervisedProcess.grace)
  }

  /// Ends the whole group; the exit code. Its id stays ours until waitpid(2), so no stranger is
  /// hit.
  private func reap() -> Int32 {
    isReaped = true
    kill(-process, SIGKILL)
    SupervisedProcess.groups.withLock { _ = $0?.remove(process) }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return -1 } }
    return ChildProcess.exitCode(status)
  }

  /// Reads what is there, and closes the pipe at its end. What is beyond `countMax` is dropped.
  private func drain(_ pipe: ChildProcess.Pipe, into bytes: inout [UInt8], keeping countMax: Int) {
    guard pipe.readEnd >= 0 else { return }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe read(pipe.readEnd, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else { return pipe.closeReadEnd() }
      bytes.append(contentsOf: chunk[..<count].prefix(max(0, countMax - bytes.count)))
      // More than is wanted: the caller ends the program rather than to read for ever.
      if bytes.count >= countMax, pipe === output { return }
    }
  }
}
