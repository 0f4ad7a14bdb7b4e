import Synchronization

/// The state behind the newest revision of 20.2, from the thread that computes to the web server's:
/// the map shows what the figure was made of, and the walk through the state is paid once.
package final class LatestCoverage: Sendable {
  private let kept = Mutex<Computation?>(nil)

  struct Computation: Sendable {
    /// Of the figure that it gave, which may be that of the one before: what was seen in a tile can
    /// change and the figure not.
    let revision: Int64
    /// 1, 2, … since the start.
    let serial: UInt64
    /// `nil`: areas stand in for tiles, of which a map has another need.
    let coverage: IndicatorEngine.Coverage?
  }

  package init() {}

  func put(_ coverage: IndicatorEngine.Coverage?, revision: Int64) {
    kept.withLock {
      $0 = Computation(
        revision: revision, serial: ($0?.serial ?? 0) + 1, coverage: coverage)
    }
  }

  /// `nil`: that revision was made before the start, or by another process.
  func computation(of revision: Int64) -> Computation? {
    kept.withLock { $0?.revision == revision ? $0 : nil }
  }
}
