/// The aggregator's clock against ours, by a batch and its receipt: the receipt names the moment of
/// its commit, which lies between our sending and our receiving.
package struct ClockComparison: Equatable, Sendable {
  /// Aggregator's clock minus ours, ms.
  package let offsetMs: Int64
  /// The truth lies at most so far from it, ms: half of the round trip.
  package let accuracyMs: Int64
  /// When it was made, ms since 1970.
  package let madeMs: Int64

  /// An older comparison may not stay: clocks drift, and are set.
  private static let ageMaxMs: Int64 = 60_000

  /// - Parameter sentMs: our clock when the batch left, as the receipt echoes it.
  /// - Returns: `nil` where our clock was set back meanwhile.
  package init?(sentMs: Int64, committedMs: Int64, receivedMs: Int64) {
    guard sentMs > 0, committedMs > 0, receivedMs >= sentMs else { return nil }
    offsetMs = committedMs - (sentMs + (receivedMs - sentMs) / 2)
    accuracyMs = (receivedMs - sentMs + 1) / 2
    madeMs = receivedMs
  }

  /// The better of two: the more exact one, unless it is old.
  package static func better(_ old: ClockComparison?, _ new: ClockComparison?) -> ClockComparison? {
    guard let old, let new else { return new ?? old }
    let age = new.madeMs - old.madeMs
    let isOld = !(0...ageMaxMs).contains(age)
    return isOld || new.accuracyMs <= old.accuracyMs ? new : old
  }
}
