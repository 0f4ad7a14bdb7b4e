/// How fast the backlog shrinks: the last minute of it.
package struct BacklogTrend: Equatable, Sendable {
  private var samples: [Sample] = []

  private struct Sample: Equatable, Sendable {
    let at: Duration
    let backlog: UInt64
  }

  private static let every: Duration = .seconds(5)
  private static let samplesMax = 13
  /// Less says nothing.
  private static let spanMin: Duration = .seconds(10)

  package init() {}

  package mutating func add(_ backlog: UInt64, now: Duration) {
    if let last = samples.last, now - last.at < Self.every { return }
    samples.append(Sample(at: now, backlog: backlog))
    if samples.count > Self.samplesMax { samples.removeFirst() }
  }

  /// Measurements a second; negative where it grows, `nil` where too little is known.
  package var shrinkingPerSecond: Double? {
    guard let first = samples.first, let last = samples.last, last.at - first.at >= Self.spanMin
    else { return nil }
    let gone = Double(first.backlog) - Double(last.backlog)
    return gone / (Double((last.at - first.at).components.seconds))
  }
}
