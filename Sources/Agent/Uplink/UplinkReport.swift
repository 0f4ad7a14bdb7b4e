import Protocol
import Synchronization

/// What the uplink tells the main thread of itself, for status and metrics.
final class UplinkReport: Sendable {
  private let facts = Mutex(Facts())

  struct Facts: Sendable {
    var isConnected = false
    /// The aggregator has answered on this connection.
    var isAnswered = false
    /// When the connection was made or lost, ms since 1970; 0: neither yet.
    var sinceMs: Int64 = 0
    /// When the last receipt came, ms since 1970; 0: none yet.
    var lastReceiptMs: Int64 = 0
    /// Measurements without a receipt.
    var backlog: UInt64 = 0
    /// Age of the oldest of them, s; 0: there is none.
    var oldestUnsentSeconds: Int64 = 0
    /// From sending a batch to its receipt, ms; `nil`: no receipt yet.
    var roundTripMs: Int64?
    /// `nil`: no receipt has answered a batch yet.
    var clock: ClockComparison?
    var trend = BacklogTrend()
    var streams: [AgentStatus.Stream] = []
    /// What the broker said last, while something is wrong.
    var trouble: String?
  }

  init() {}

  var current: Facts { facts.withLock { $0 } }

  func update(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
}
