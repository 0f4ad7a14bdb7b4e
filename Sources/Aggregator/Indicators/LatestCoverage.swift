import Synchronization

/// The state behind the newest revision of 20.2, from the thread that computes to the web server's:
/// the map shows what the figure was made of, and the walk through the state is paid once.
package final class LatestCoverage: Sendable {
  private let kept = Mutex<Entry?>(nil)

  struct Entry: Sendable {
    let revision: Int64
    let coverage: IndicatorEngine.Coverage
  }

  package init() {}

  func put(_ entry: Entry) { kept.withLock { $0 = entry } }

  /// `nil`: that revision was made before the start, or by another process.
  func coverage(of revision: Int64) -> IndicatorEngine.Coverage? {
    kept.withLock { $0?.revision == revision ? $0?.coverage : nil }
  }
}
