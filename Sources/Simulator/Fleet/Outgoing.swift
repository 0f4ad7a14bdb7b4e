import Indicators
package import Protocol

/// One message that a device sends: one measurement, or an array of them.
package struct Outgoing: Equatable, Sendable {
  package let topic: String
  package let measurements: [Measurement]

  /// All of them come from one source and are of one kind.
  init(_ measurements: [Measurement]) {
    topic = Topic.measurement(measurements[0].kind, source: measurements[0].source)
    self.measurements = measurements
  }
}

/// What a group of devices sends: first what it measured on past days, then what it measures now.
/// Pure: time comes in, messages go out.
protocol Devices {
  /// The next message of the past; `nil`: it is told.
  mutating func nextPast() -> Outgoing?
  /// What one device measures now.
  mutating func measure(nowMs: Int64) -> Outgoing?
}

/// Local days of the fleet; the indicators count by them.
struct Calendar: Sendable {
  let nowMs: Int64
  let utcOffsetMinutes: Int

  /// A time of day so many days ago, ms since 1970.
  func ms(daysAgo: Int, hour: Double) -> Int64 {
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: utcOffsetMinutes)
    return LocalDay.startMs(ofDay: today - daysAgo, utcOffsetMinutes: utcOffsetMinutes)
      + Int64(hour * 3_600_000)
  }
}
