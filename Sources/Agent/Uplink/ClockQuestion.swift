import Daemon
package import Protocol

/// Asks the aggregator for the time while this machine does not know it: an empty batch, whose
/// receipt names the moment of its commit. Nothing else is sent until the answer is there, for
/// what is receipted can never be sent again with its right time.
///
/// Owned by the uplink's thread.
package struct ClockQuestion {
  /// When what was sent left, by the boot's clock; the key is what a receipt echoes.
  private var sentAt: [(echo: Int64, bootMs: Int64)] = []
  private var askedAt: Duration?
  private var answeredAt: Duration?
  /// Asked again at once when the aggregator has spoken.
  private var isDue = true

  package init() {}

  private static let sentMax = 64
  private static let every: Duration = .seconds(5)
  /// An answer may come fast, and bring no time that can be used.
  private static let everyMin: Duration = .milliseconds(500)
  /// An aggregator that answers for so long and tells no time does not tell it: what is stamped is
  /// sent as unverified.
  private static let patience: Duration = .seconds(120)

  package mutating func connected() {
    sentAt = []
    isDue = true
    answeredAt = nil
  }

  package mutating func sent(_ echo: Int64, bootMs: Int64) {
    // Two of one millisecond: the earlier one, for a longer way.
    guard !sentAt.contains(where: { $0.echo == echo }) else { return }
    sentAt.append((echo, bootMs))
    if sentAt.count > ClockQuestion.sentMax { sentAt.removeFirst() }
  }

  package mutating func received(_ receipt: Receipt, _ clock: HostClock, now: Duration) {
    isDue = true
    answeredAt = answeredAt ?? now
    if let sent = sentAt.first(where: { $0.echo == receipt.echoedSentMs }) {
      clock.compared(
        committedMs: receipt.committedMs, sentMs: sent.bootMs, receivedMs: now.milliseconds)
    }
    guard clock.offset == nil, let answeredAt, now - answeredAt > ClockQuestion.patience else {
      return
    }
    if !clock.isWaived { Log.warning("the aggregator does not tell the time") }
    clock.waive()
  }

  /// Whether to ask now.
  package mutating func wantsToAsk(now: Duration) -> Bool {
    let since = askedAt.map { now - $0 } ?? ClockQuestion.every
    guard since >= (isDue ? ClockQuestion.everyMin : ClockQuestion.every) else { return false }
    isDue = false
    askedAt = now
    return true
  }

  /// Takes nothing, gives nothing up: it names no number as lost.
  package static func batch(_ stream: Sender.Stream, sentMs: Int64) -> Batch {
    Batch(
      stream: stream.id, acknowledged: stream.acknowledged,
      oldestHeld: min(stream.oldestHeld, stream.acknowledged), sentMs: sentMs, holes: [],
      segments: [])
  }
}
