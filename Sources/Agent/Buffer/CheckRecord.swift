package import Protocol

/// The last record that `hatang-agent check` sent through this daemon, and how far it came: the
/// status file tells it, so that the check sees its receipt.
package struct CheckRecord: Equatable, Sendable {
  /// The check's random id.
  package let source: String
  package let stream: StreamID
  package let number: SequenceNumber
  /// When it was committed, ms since 1970.
  package let takenMs: Int64
  /// When a receipt first covered it, ms since 1970; `nil`: none yet.
  package private(set) var receiptedMs: Int64?

  package init(source: String, stream: StreamID, number: SequenceNumber, takenMs: Int64) {
    self.source = source
    self.stream = stream
    self.number = number
    self.takenMs = takenMs
  }

  package mutating func receipted(_ stream: StreamID, next: SequenceNumber, nowMs: Int64) {
    guard receiptedMs == nil, stream == self.stream, next > number else { return }
    receiptedMs = nowMs
  }
}
