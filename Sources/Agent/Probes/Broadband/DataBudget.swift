import Daemon

/// How many bytes the tests of a month took. Months are those of Vietnam's clocks (UTC+7, without
/// summer time), as a line's plan counts them.
package struct DataBudget: Equatable {
  /// Such as `2026-11`; `nil`: no test yet, or the right time was not known at any.
  package private(set) var month: String?
  package private(set) var usedBytes: Int64 = 0
  /// What the last whole test took: the next will take about the same. 0: none yet.
  package private(set) var lastTestBytes: Int64 = 0

  private static let utcOffsetMs: Int64 = 7 * 3_600_000

  package init() {}

  init(_ node: ConfigNode?) throws(ConfigError) {
    guard let node, !node.isNull else { return }
    if let text = node["month"], !text.isNull { month = try text.string() }
    usedBytes = try node.required("used_bytes").integer(in: 0...Int64.max)
    lastTestBytes = try node.required("last_test_bytes").integer(in: 0...Int64.max)
  }

  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("month", month)
    json.member("used_bytes", usedBytes)
    json.member("last_test_bytes", lastTestBytes)
    json.endObject()
  }

  package static func month(ofMs ms: Int64) -> String {
    String(RFC3339.format(ms: ms + utcOffsetMs).prefix(7))
  }

  /// Whether a test that takes so much fits into what is left of the month. Takes it off at once,
  /// so that a power cut in the middle of the test is no way around the budget.
  /// - Parameter nowMs: the right time; `nil`: nobody knows it, and the month stays what it was.
  /// - Returns: `nil` where it does not fit.
  package mutating func reserve(_ bytes: Int64, of limit: Int64, nowMs: Int64?) -> Reservation? {
    if let nowMs { enter(DataBudget.month(ofMs: nowMs)) }
    let sum = usedBytes.addingReportingOverflow(bytes)
    guard !sum.overflow, sum.partialValue <= limit else { return nil }
    usedBytes = sum.partialValue
    return Reservation(month: month, bytes: bytes)
  }

  /// Only a later month begins anew. What was used before any was known counts in the first, and so
  /// does what was used in one that can only be a wrong clock's, for it is still to come.
  private mutating func enter(_ now: String) {
    if let month, month < now { usedBytes = 0 }
    month = now
  }

  package struct Reservation {
    let month: String?
    let bytes: Int64
  }

  /// What the test really took takes the place of what was reserved.
  /// - Parameter isWhole: both directions ran, so it tells what the next will take.
  package mutating func settle(_ reservation: Reservation, tookBytes: Int64, isWhole: Bool) {
    if month == reservation.month { usedBytes += tookBytes - reservation.bytes }
    if isWhole { lastTestBytes = tookBytes }
  }
}
