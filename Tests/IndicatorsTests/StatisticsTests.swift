import Indicators
import Testing

/// Six digits, as docs/methodology.md gives its examples.
func isSame(_ found: Double, _ expected: Double) -> Bool { abs(found - expected) <= 0.5e-6 }

func isSame(_ found: Interval, _ lower: Double, _ upper: Double) -> Bool {
  isSame(found.lower, lower) && isSame(found.upper, upper)
}

@Test func `24 of 25 have the Wilson interval of the methodology`() {
  #expect(isSame(Wilson.interval(share: 24.0 / 25, count: 25), 0.804559, 0.992904))
}

@Test func `a Wilson interval stays inside 0 … 1 and knows nothing without observations`() {
  #expect(Wilson.interval(share: 0, count: 0) == .unknown)
  #expect(Wilson.interval(share: 1, count: 3).upper == 1)
  let wrong = (1...2_000).filter { count in
    let none = Wilson.interval(share: 0, count: Double(count))
    let all = Wilson.interval(share: 1, count: Double(count))
    // Exactly: an upper end of 1 − 1e-16 would miss a target of 100 %.
    return none.lower != 0 || none.upper >= 1 || all.lower <= 0 || all.upper != 1
  }
  #expect(wrong == [])
}

@Test func `what was not seen may be all good, to the last digit`() {
  let wrong = (0...1_000).filter { Interval(0.5, 1).bounds(seen: Double($0) / 1_000).upper != 1 }
  #expect(wrong == [])
}

@Test func `full coverage reaches 99 % from 381 effective bins`() {
  #expect(Wilson.interval(share: 1, count: 380).lower < 0.99)
  #expect(Wilson.interval(share: 1, count: 381).lower >= 0.99)
}

@Test(arguments: [
  (Interval(0.99, 1), true, Verdict.reached),
  (Interval(0.5, 0.989999), true, .notReached),
  (Interval(0.98, 0.99), true, .undecided),
  (Interval(0.99, 1), false, .insufficient),
])
func `a verdict needs the bounds on its side`(
  bounds: Interval, isShown: Bool, expected: Verdict
) {
  let target = Target(value: 0.99, year: 2030)
  #expect(Verdict(bounds: bounds, isShown: isShown, target: target) == expected)
}

@Test func `eight months have the slope, interval and crossing of the methodology`() throws {
  let shares = [0.62, 0.64, 0.63, 0.67, 0.69, 0.68, 0.72, 0.74]
  let trend = try #require(Trend(shares.enumerated().map { ($0.offset, $0.element) }))
  #expect(isSame(trend.slope, 0.0166667))
  #expect(isSame(trend.slopeInterval, 0.012, 0.022))
  #expect(isSame(trend.intercept, 0.616667))
  let month = try #require(trend.month(reaching: 0.99))
  #expect(isSame(month, 22.4))
}

@Test func `five months make no trend and a missing month is no zero`() throws {
  #expect(Trend((0..<5).map { ($0, 0.5) }) == nil)
  let gap = try #require(Trend([0, 1, 2, 5, 6, 7].map { ($0, 0.5 + 0.01 * Double($0)) }))
  #expect(isSame(gap.slope, 0.01))
}

@Test func `the outlook follows where the whole interval of the forecast ends`() throws {
  let start = 2026 * 12
  func trend(_ share: (Int) -> Double) throws -> Trend {
    try #require(Trend((0..<12).map { (start + $0, share($0)) }))
  }
  let target = Target(value: 0.99, year: 2030)
  #expect(try trend { 0.6 + 0.02 * Double($0) }.outlook(for: target) == .onTrack)
  #expect(try trend { 0.6 + 0.001 * Double($0) }.outlook(for: target) == .atRisk)
  #expect(try trend { 0.6 + 0.02 * Double($0 % 2) }.outlook(for: target) == .atRisk)
  // Level, and already there.
  #expect(try trend { _ in 0.995 }.outlook(for: target) == .onTrack)
  // Rising for sure, but the slower end of the interval comes too late.
  let unsure = try trend { 0.6 + 0.008 * Double($0) + ($0 % 3 == 0 ? 0.04 : 0) }
  #expect(unsure.slopeInterval.lower > 0)
  #expect(unsure.outlook(for: target) == .unknown)
}

@Test func `forecasts stay shares`() throws {
  let steep = try #require(Trend((0..<6).map { ($0, 0.1 * Double($0)) }))
  #expect(steep.forecast(month: 100) == 1)
  #expect(steep.forecast(month: -100) == 0)
  #expect(steep.forecastInterval(month: 100) == Interval(1, 1))
}
