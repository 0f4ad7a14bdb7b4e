import Synchronization

/// What the intake tells the main thread of itself, for status and metrics.
package final class IntakeReport: Sendable {
  private let facts = Mutex(Facts())

  package struct Facts: Sendable {
    package var isConnected = false
    /// When the connection was made or lost, ms since 1970; 0: neither yet.
    var sinceMs: Int64 = 0
    /// Why nothing is taken from the local broker at the moment; `nil`: it is.
    var pausedReason: String?
    /// What the broker or the buffer said last, while something is wrong.
    package var trouble: String?
    var counts = Counts()
    /// When the last commit was, ms since 1970; 0: none since the start.
    var lastCommitMs: Int64 = 0
    /// Redelivered messages that were recognised, since the start.
    var redelivered: UInt64 = 0
    /// Measurements of numbered payloads that were stored already, since the start.
    var repeated: UInt64 = 0
    /// Fields that nobody knows, since the start.
    var unknownFields: UInt64 = 0
    /// The last of them; `nil`: none since the start.
    var lastUnknownField: UnknownField?
    /// A simulated measurement has come since the start.
    var isSimulated = false
  }

  /// A field that nobody knows: misspelt, most likely, and so missing in its measurement.
  struct UnknownField: Sendable {
    /// Cut where it is long.
    let name: String
    /// Whose it is: `measure/<kind>/<source>`, or a mapped device's. Cut where it is long.
    let topic: String
    let timeMs: Int64

    private static let topicCharactersMax = 200

    init(_ name: String, topic: String, timeMs: Int64) {
      self.name = name
      self.topic = String(topic.prefix(Self.topicCharactersMax))
      self.timeMs = timeMs
    }
  }

  package init() {}

  package var current: Facts { facts.withLock { $0 } }

  func update(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
}
