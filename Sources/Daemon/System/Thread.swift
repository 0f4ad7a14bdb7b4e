import CLinux
import Glibc
import Synchronization

/// A thread with a name and a stack of a stated size. Detached unless it is joined.
public final class Thread: Sendable {
  private let handle: pthread_t
  private let isJoined = Atomic<Bool>(false)

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// - Parameters:
  ///   - name: at most 15 bytes, as the kernel shows it; the rest is cut.
  ///   - stackBytes: at least 64 KiB.
  public init(
    name: String, stackBytes: Int = 512 << 10, body: @escaping @Sendable () -> Void
  ) throws(FileError) {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, max(stackBytes, 64 << 10))
    // Retained for the new thread, which takes it over; released here where there is none.
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var handle = pthread_t()
    let code = unsafe pthread_create(
      &handle, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe hatang_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      unsafe start.release()
      throw FileError("start", "thread \(name)", code: code)
    }
    self.handle = handle
  }

  deinit {
    if !isJoined.load(ordering: .acquiring) { pthread_detach(handle) }
  }

  /// Waits until the body has returned. A second call returns at once.
  public func join() {
    if isJoined.exchange(true, ordering: .acquiringAndReleasing) { return }
    pthread_join(handle, nil)
  }

  /// Leaves the processor to others that want it, as nice(1) does: what the calling thread works on
  /// can wait. Where that is forbidden it goes on as before.
  public static func stepBack() {
    // "the nice value is a per-thread attribute", setpriority(2)
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  }
}
