package import Protocol

/// What one line's tests of one local day say (methodology 20.1).
///
/// Order-independent: sums, least and greatest, and of what the tests claim about the line the
/// latest claim, equal times decided by the greater value.
package struct BroadbandDay: Equatable, Sendable {
  package var tests: Int64 = 0
  /// Wired, enough streams, long enough: only these may speak of what the line delivers.
  package var countedTests: Int64 = 0
  /// Best of the tests that count, bit/s.
  package var bestDownBps: Int64?
  /// Best link of a wired test, bit/s.
  package var linkBps: Int64?
  /// A test was wired; `false`: all that say how were on Wi-Fi; `nil`: none says.
  package var isWired: Bool?
  package var area: Claim<String>?
  package var provisionedBps: Claim<Int64>?
  package var offeredBps: Claim<Int64>?
  package var oldestMs = Int64.max
  package var newestMs = Int64.min

  /// What a test says of its line, and when it said so.
  package struct Claim<Value: Comparable & Sendable>: Comparable, Sendable {
    package let timeMs: Int64
    package let value: Value

    package init(timeMs: Int64, value: Value) {
      self.timeMs = timeMs
      self.value = value
    }

    package static func < (a: Claim, b: Claim) -> Bool {
      (a.timeMs, a.value) < (b.timeMs, b.value)
    }
  }

  package init() {}

  /// One test.
  package init(_ test: Broadband, timeMs: Int64, isCounted: Bool) {
    tests = 1
    countedTests = isCounted ? 1 : 0
    bestDownBps = isCounted ? test.downBps : nil
    linkBps = test.isWired == true ? test.linkBps : nil
    isWired = test.isWired
    area = test.area.map { Claim(timeMs: timeMs, value: $0) }
    provisionedBps = test.provisionedDownBps.map { Claim(timeMs: timeMs, value: $0) }
    offeredBps = test.offeredDownBps.map { Claim(timeMs: timeMs, value: $0) }
    oldestMs = timeMs
    newestMs = timeMs
  }

  package mutating func merge(_ other: BroadbandDay) {
    tests += other.tests
    countedTests += other.countedTests
    bestDownBps = greater(bestDownBps, other.bestDownBps)
    linkBps = greater(linkBps, other.linkBps)
    if let wired = other.isWired { isWired = isWired == true || wired }
    area = greater(area, other.area)
    provisionedBps = greater(provisionedBps, other.provisionedBps)
    offeredBps = greater(offeredBps, other.offeredBps)
    oldestMs = min(oldestMs, other.oldestMs)
    newestMs = max(newestMs, other.newestMs)
  }
}

/// The greater of what is there.
func greater<T: Comparable>(_ a: T?, _ b: T?) -> T? {
  guard let a else { return b }
  guard let b else { return a }
  return max(a, b)
}
