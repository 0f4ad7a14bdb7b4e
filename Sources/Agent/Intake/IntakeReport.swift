import Synchronization

/// What the intake tells the main thread of itself, for status and metrics.
final class IntakeReport: Sendable {
  private let facts = Mutex(Facts())

  struct Facts: Sendable {
    var isConnected = false
    /// When the connection was made or lost, ms since 1970; 0: neither yet.
    var sinceMs: Int64 = 0
    /// Why nothing is taken from the local broker at the moment; `nil`: it is.
    var pausedReason: String?
    /// What the broker or the buffer said last, while something is wrong.
    var trouble: String?
    var counts = Counts()
    /// When the last commit was, ms since 1970; 0: none since the start.
    var lastCommitMs: Int64 = 0
    /// Redelivered messages that were recognised, since the start.
    var redelivered: UInt64 = 0
    /// Measurements of numbered payloads that were stored already, since the start.
    var repeated: UInt64 = 0
    /// Fields that nobody knows, since the start.
    var unknownFields: UInt64 = 0
    /// A simulated measurement has come since the start.
    var isSimulated = false
  }

  init() {}

  var current: Facts { facts.withLock { $0 } }

  func update(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
}
