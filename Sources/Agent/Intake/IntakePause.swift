import Daemon

/// The buffer did not take a group; it is tried again, and the broker holds what comes.
package struct IntakePause: Equatable {
  /// When it first failed.
  package let since: Duration
  package let nextAttempt: Duration
  package let isWorthTelling: Bool

  private static let retryAfter: Duration = .seconds(1)
  /// A file that is being replaced is there again at once, or after a few attempts.
  private static let retryAfterReplacement: Duration = .milliseconds(20)
  /// A replacement that takes longer does not come about.
  private static let replacementMax: Duration = .seconds(2)

  package init(after error: BufferError, since: Duration, now: Duration) {
    self.since = since
    let isLong = now - since >= IntakePause.replacementMax
    let isQuick = error.nature == .replacing && !isLong
    nextAttempt =
      now + (isQuick ? IntakePause.retryAfterReplacement : IntakePause.retryAfter)
    isWorthTelling = !isQuick
  }
}
