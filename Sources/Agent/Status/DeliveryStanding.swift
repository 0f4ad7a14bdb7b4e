package import Daemon

/// Whether what waits is on its way to the province, by the daemon's status file.
///
/// A line that is cut without a word looks connected for minutes: TCP finds out late. What is sent
/// meanwhile goes without its receipt, and that shows at once.
package enum DeliveryStanding: Equatable {
  case disconnected
  /// Connected, and something waits; no receipt has come on this connection.
  case unanswered
  /// Receipts came, and then no more for so many seconds while something waited.
  case silent(seconds: Int64)
  case delivering

  /// The sender has repeated itself twice by then, after 5 and 15 s (`Sender.Limits.silence`), and
  /// whoever looks still learns of it within 20 s of the cut.
  package static let silentSecondsMin: Int64 = 17

  /// - Parameter nowMs: the host's clock, by which the times of the file are.
  package init(_ status: ConfigNode, nowMs: Int64) {
    let uplink = status["uplink"]
    guard (try? uplink?["connected"]?.boolean()) ?? false else {
      self = .disconnected
      return
    }
    func number(_ key: String) -> Int64 {
      (try? status[key]?.integer(in: 0...Int64.max)) ?? 0
    }
    guard number("backlog") > 0 else {
      self = .delivering
      return
    }
    guard (try? uplink?["answered"]?.boolean()) ?? false else {
      self = .unanswered
      return
    }
    let receiptMs = (try? uplink?["last_receipt_at"]?.string()).flatMap { RFC3339.parse($0) }
    let sinceReceipt = receiptMs.map { max(0, nowMs - $0) / 1_000 } ?? Int64.max
    // What came a moment ago cannot have its receipt yet, however old the last one is.
    let silence = min(sinceReceipt, number("oldest_unsent_seconds"))
    self = silence >= Self.silentSecondsMin ? .silent(seconds: silence) : .delivering
  }
}
