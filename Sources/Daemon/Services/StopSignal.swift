import Synchronization

/// Asks a thread to end, and wakes it from its wait.
public final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)
  private let wakeUp: WakeUp

  public init() throws(FileError) { wakeUp = try WakeUp() }

  public var isSet: Bool { flag.load(ordering: .acquiring) }
  /// Readable once it is set, for `Poller`.
  public var fileDescriptor: Int32 { wakeUp.fileDescriptor }

  public func set() {
    flag.store(true, ordering: .releasing)
    wakeUp.signal()
  }
}
