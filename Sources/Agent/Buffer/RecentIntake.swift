/// How much the intake has stored of late, by the hour of the monotonic clock: how long the disk
/// lasts at this rate.
package struct RecentIntake: Equatable, Sendable {
  private let began: Duration
  private var hours: [Int64: Amount] = [:]

  private struct Amount: Equatable, Sendable {
    var rows = 0
    var bytes = 0
  }

  package struct Total: Equatable, Sendable {
    /// What it covers: since the daemon began, 24 hours at most.
    package let seconds: Int64
    package let rows: Int
    /// Of segments, as they lie in the buffer.
    package let bytes: Int
  }

  /// The present one, which has just begun, included.
  private static let hoursMax: Int64 = 24

  package init(now: Duration) { began = now }

  package mutating func add(rows: Int, bytes: Int, now: Duration) {
    let hour = Self.hour(now)
    if hours[hour] == nil { hours = hours.filter { $0.key > hour - Self.hoursMax } }
    hours[hour, default: Amount()].rows += rows
    hours[hour, default: Amount()].bytes += bytes
  }

  package func total(now: Duration) -> Total {
    let first = Self.hour(now) - Self.hoursMax + 1
    let kept = hours.filter { $0.key >= first }.values
    let from = max(began, .seconds(first * 3_600))
    return Total(
      seconds: (now - from).components.seconds, rows: kept.reduce(0) { $0 + $1.rows },
      bytes: kept.reduce(0) { $0 + $1.bytes })
  }

  private static func hour(_ now: Duration) -> Int64 { now.components.seconds / 3_600 }
}
