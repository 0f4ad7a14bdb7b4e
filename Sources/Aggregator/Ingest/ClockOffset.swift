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
    current = arrivedMs &- sentMs
    spanStartMs = arrivedMs
  }

  mutating func add(sentMs: Int64, arrivedMs: Int64) {
    let difference = arrivedMs &- sentMs
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
  var offsetMs: Int64 { 0 &- min(current, previous ?? current) }
}
