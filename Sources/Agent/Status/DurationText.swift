/// A length of time as a person says it, in one unit, rounded down.
package enum DurationText {
  package static func vi(_ seconds: Int64) -> String {
    let (count, unit) = parts(seconds)
    return "\(count) \(["giây", "phút", "giờ", "ngày"][unit])"
  }

  package static func en(_ seconds: Int64) -> String {
    let (count, unit) = parts(seconds)
    return "\(count) \(["s", "min", "h", "days"][unit])"
  }

  private static func parts(_ seconds: Int64) -> (count: Int64, unit: Int) {
    let seconds = max(0, seconds)
    return if seconds < 120 {
      (seconds, 0)
    } else if seconds < 2 * 3_600 {
      (seconds / 60, 1)
    } else if seconds < 72 * 3_600 {
      (seconds / 3_600, 2)
    } else {
      (seconds / 86_400, 3)
    }
  }
}
