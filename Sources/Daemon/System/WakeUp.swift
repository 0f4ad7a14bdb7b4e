import CLinux
import Glibc

/// Wakes a thread that waits in `Poller` from any other thread (eventfd).
public final class WakeUp: Sendable {
  /// Readable from `signal` until `drain`.
  public let fileDescriptor: Int32

  public init() throws(FileError) {
    fileDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard fileDescriptor >= 0 else { throw FileError("open", "an eventfd", code: errno) }
  }

  deinit { close(fileDescriptor) }

  public func signal() {
    // The only other outcome is a counter at its maximum, which is readable as well.
    _ = eventfd_write(fileDescriptor, 1)
  }

  public func drain() {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(fileDescriptor, &count)
  }
}
