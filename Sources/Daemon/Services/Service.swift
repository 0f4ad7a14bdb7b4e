import Synchronization

/// A part of a daemon that works on a thread of its own from its making until `requestStop`.
public protocol Service: AnyObject {
  /// For log and watchdog.
  var name: String { get }
  /// Rises as long as its thread gets on; the watchdog is fed only if all parts' do.
  var progress: UInt64 { get }
  /// Why it ended by itself; `nil`: it did not.
  var fatal: String? { get }
  /// Asks its thread to finish what it has begun and to end. Returns at once.
  func requestStop()
  var hasStopped: Bool { get }
}

/// Counts a thread's turns, for the watchdog. Shared by that thread and the one that watches.
public final class Progress: Sendable {
  private let turns = Atomic<UInt64>(0)

  public init() {}

  public var count: UInt64 { turns.load(ordering: .relaxed) }
  public func turn() { turns.wrappingAdd(1, ordering: .relaxed) }
}

/// A service made of one function on one thread: `body` returns when `stop` is set, or earlier
/// with the reason why it cannot go on.
public final class ThreadService: Service {
  public let name: String
  private let stop: StopSignal
  private let turns = Progress()
  private let outcome = Outcome()

  /// Shared with the thread.
  private final class Outcome: Sendable {
    let hasEnded = Atomic<Bool>(false)
    let fatal = Mutex<String?>(nil)
  }

  public init(
    name: String, stackBytes: Int = 512 << 10,
    body: @escaping @Sendable (StopSignal, Progress) -> String?
  ) throws(FileError) {
    self.name = name
    let stop = try StopSignal()
    self.stop = stop
    let (turns, outcome) = (turns, outcome)
    _ = try Thread(name: name, stackBytes: stackBytes) {
      let fatal = body(stop, turns)
      outcome.fatal.withLock { $0 = fatal }
      outcome.hasEnded.store(true, ordering: .releasing)
    }
  }

  public var progress: UInt64 { turns.count }
  public var fatal: String? { outcome.fatal.withLock { $0 } }
  public func requestStop() { stop.set() }
  public var hasStopped: Bool { outcome.hasEnded.load(ordering: .acquiring) }
}
