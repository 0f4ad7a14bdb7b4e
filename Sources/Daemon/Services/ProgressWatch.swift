/// Decides when the watchdog may be fed: only when every part has got on since it was fed last.
package struct ProgressWatch {
  private var seen: [UInt64]
  private var fed: Duration

  package enum Verdict: Equatable {
    /// All have got on: feed it.
    case advanced
    case waiting
    /// Places of the parts that have not got on for half of the watchdog's time.
    case stalled([Int])
  }

  package init(_ progress: [UInt64], now: Duration) {
    seen = progress
    fed = now
  }

  /// - Parameter watchdog: `nil`: nobody watches.
  package mutating func look(_ progress: [UInt64], now: Duration, watchdog: Duration?) -> Verdict {
    if zip(progress, seen).allSatisfy({ $0 != $1 }) {
      seen = progress
      fed = now
      return .advanced
    }
    guard let watchdog, now - fed > watchdog / 2 else { return .waiting }
    return .stalled(progress.indices.filter { progress[$0] == seen[$0] })
  }
}
