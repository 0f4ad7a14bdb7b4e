import CLinux
import Glibc

/// The signals that a daemon obeys.
public enum Signal: Sendable {
  /// SIGTERM: end.
  case terminate
  /// SIGINT: end, from a terminal.
  case interrupt
  /// SIGHUP: read the configuration again.
  case hangUp
}

/// Signals as a descriptor for `Poller` (signalfd), so that no code runs in signal handlers.
public final class SignalDescriptor {
  public let fileDescriptor: Int32

  /// Blocks SIGTERM, SIGINT and SIGHUP in this thread and in those it starts later: so it comes
  /// before any thread. SIGPIPE is ignored for the whole process.
  public init() throws(FileError) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
    let code = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    guard code == 0 else { throw FileError("block", "signals", code: code) }
    signal(SIGPIPE, SIG_IGN)
    fileDescriptor = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard fileDescriptor >= 0 else { throw FileError("open", "a signalfd", code: errno) }
  }

  deinit { close(fileDescriptor) }

  /// The next signal that came; `nil` when there is none.
  public func next() -> Signal? {
    var facts = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(fileDescriptor, &facts, size) == size else { return nil }
    switch Int32(facts.ssi_signo) {
    case SIGTERM: return .terminate
    case SIGINT: return .interrupt
    case SIGHUP: return .hangUp
    default: return nil
    }
  }
}
