import Protocol

/// The last record that `hatang-agent check` sent through this daemon, and how far it came: the
/// status file tells it, so that the check sees its receipt.
struct CheckRecord: Equatable, Sendable {
  /// The check's random id.
  let source: String
  let stream: StreamID
  let number: SequenceNumber
  /// When it was committed, ms since 1970.
  let takenMs: Int64
  /// When a receipt first covered it, ms since 1970; `nil`: none yet.
  private(set) var receiptedMs: Int64?

  init(source: String, stream: StreamID, number: SequenceNumber, takenMs: Int64) {
    self.source = source
    self.stream = stream
    self.number = number
    self.takenMs = takenMs
  }

  mutating func receipted(_ stream: StreamID, next: SequenceNumber, nowMs: Int64) {
    guard receiptedMs == nil, stream == self.stream, next > number else { return }
    receiptedMs = nowMs
  }
}
