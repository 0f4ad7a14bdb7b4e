/// How far an agent's clock is from ours, judged by batches: each arrives after it was sent, so the
/// least of arrival less sending time, over a while, is the difference with the least delay in it.
struct ClockOffset {
  /// Least of the current and of the previous span, ms.
  private var current: Int64
  private var previous: Int64?
  private var spanStartMs: Int64

  /// Recent is one to two of these: long enough to meet a batch without delay, short enough to
  /// follow a clock that is set right.
  private static let spanMs: Int64 = 5 * 60_000

  init(sentMs: Int64, arrivedMs: Int64) {
    current = ClockOffset.difference(sentMs, arrivedMs)
    spanStartMs = arrivedMs
  }

  mutating func add(sentMs: Int64, arrivedMs: Int64) {
    let difference = ClockOffset.difference(sentMs, arrivedMs)
    let elapsed = arrivedMs - spanStartMs
    if elapsed < 0 || elapsed >= ClockOffset.spanMs {
      previous = elapsed < 2 * ClockOffset.spanMs && elapsed >= 0 ? current : nil
      current = difference
      spanStartMs = arrivedMs
    } else {
      current = min(current, difference)
    }
  }

  /// The agent's clock less ours, ms.
  var offsetMs: Int64 { 0 - min(current, previous ?? current) }

  /// A century at most: an agent may send any number, and others calculate with this one.
  private static func difference(_ sentMs: Int64, _ arrivedMs: Int64) -> Int64 {
    let (difference, overflow) = arrivedMs.subtractingReportingOverflow(sentMs)
    if overflow { return sentMs < 0 ? differenceMax : -differenceMax }
    return min(max(difference, -differenceMax), differenceMax)
  }

  private static let differenceMax: Int64 = 100 * 366 * 86_400_000
}
