package import Daemon
import Synchronization

/// What ingest and the recomputation of the indicators tell each other and the other threads: the
/// web server's metrics, the watchdog.
package final class IngestReport: Sendable {
  private let facts = Mutex(Facts())

  package struct Facts: Sendable {
    /// Rises with every turn of ingest's loop, idle or not: the watchdog's proof of life.
    package var progress: UInt64 = 0
    /// Rises with every commit that may have changed the state by day.
    package var stateVersion: UInt64 = 0
    /// False while the state is made again from the segments: nothing is to be computed from it.
    package var isStateWhole = false
    /// How far that is.
    package var rebuilding = ""
    package var isConnected = false
    /// New measurements of the last minute, for the rate.
    package var recent = RecentCounts()
    /// So far ahead of what is believed the clock is, s; 0: it is believed.
    package var clockLagSeconds: Int64 = 0
    /// Messages of the last commit; as many as one may have says that more are waiting.
    package var lastGroupCount = 0
    /// What the broker or the store said last, while something is wrong.
    package var trouble: String?
    /// Since the daemon started.
    package var measurements: UInt64 = 0
    package var duplicates: UInt64 = 0
    /// From a group's first message in hand to its commit, s.
    package var commitSeconds = Histogram(bounds: commitBounds)
    /// Of each step in which old segments are deleted: so long ingest waits for it, s.
    package var retentionSeconds = Histogram(bounds: commitBounds)
    /// From the state by day to all indicators, s.
    package var recomputeSeconds = Histogram(bounds: commitBounds)
    /// Ingest ended for good: nothing but a person can help.
    package var fatal: String?
    package var hasEnded = false

    /// One line for `systemctl status`.
    package var summary: String {
      if hasEnded { return fatal ?? "ended" }
      if !isStateWhole, !rebuilding.isEmpty { return "makes the state again: \(rebuilding)" }
      if let trouble { return "waits: \(trouble)" }
      guard isConnected else { return "connects to the broker" }
      return "connected; \(measurements) measurements since the start"
    }

    private static let commitBounds = [
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    ]
  }

  package init() {}

  package var current: Facts { facts.withLock { $0 } }

  package func update(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }

  /// - Parameter step: how long it took; `nil`: nothing was due.
  func retained(until clock: RetentionClock?, in step: Duration?) {
    let lag = (clock?.lagMs ?? 0) / 1_000
    facts.withLock {
      $0.clockLagSeconds = lag
      if let step { $0.retentionSeconds.observe(step.inSeconds) }
    }
  }

  func recomputed(in duration: Duration) {
    facts.withLock { $0.recomputeSeconds.observe(duration.inSeconds) }
  }

  func progressed() { facts.withLock { $0.progress &+= 1 } }

  func committed(_ outcome: IngestOutcome, messages: Int, in duration: Duration) {
    facts.withLock {
      $0.lastGroupCount = messages
      $0.recent.add(outcome.measurements, now: monotonicNow())
      $0.commitSeconds.observe(duration.inSeconds)
      $0.measurements += outcome.measurements
      $0.duplicates += outcome.duplicates
      if outcome.changedState { $0.stateVersion += 1 }
      $0.trouble = nil
    }
  }
}

/// Counts of the last minute, by second.
package struct RecentCounts: Sendable {
  private var counts = [UInt64](repeating: 0, count: spanSeconds)
  /// The second of the last count; those that lie between it and now are empty.
  private var last: Int64 = 0
  private var first: Int64?

  private static let spanSeconds = 60

  package mutating func add(_ count: UInt64, now: Duration) {
    let second = now.components.seconds
    forget(before: second)
    counts[Int(second % Int64(RecentCounts.spanSeconds))] += count
  }

  /// A second, over the last minute or since the first count.
  package func perSecond(now: Duration) -> Double {
    var current = self
    let second = now.components.seconds
    current.forget(before: second)
    guard let first else { return 0 }
    let span = min(max(second - first + 1, 1), Int64(RecentCounts.spanSeconds))
    return Double(current.counts.reduce(0, +)) / Double(span)
  }

  private mutating func forget(before second: Int64) {
    if first == nil {
      first = second
      last = second
    }
    guard second > last else { return }
    for empty in max(last + 1, second - Int64(RecentCounts.spanSeconds) + 1)...second {
      counts[Int(empty % Int64(RecentCounts.spanSeconds))] = 0
    }
    last = second
  }
}
