import Daemon

/// `buffer` in the configuration.
package struct BufferSettings: Equatable, Sendable {
  package let path: String
  /// The buffer file and its log together.
  package let bytesMax: Int64
  /// Of the file system that holds the buffer; below it the buffer counts as full.
  package let freeBytesMin: Int64
  package let whenFull: WhenFull
  /// Measurements of so long share one commit.
  package let linger: Duration
  /// Messages that share one commit at most; the broker has no more under way to us. 1 is a commit
  /// for each message, and only good for seeing what that costs.
  package let commitMessagesMax: Int
  /// How long the aggregator's receipt is outlived, if there is room.
  package let keepAcknowledgedMs: Int64
  /// What the flash may be made to write in a day; `check` warns beyond it.
  package let flashBytesPerDayMax: Int64

  package enum WhenFull: String, CaseIterable, Sendable {
    /// Stop acknowledging: the local broker holds what comes.
    case pause = "pause"
    /// Make room, and declare what was dropped as a hole.
    case dropOldest = "drop_oldest"
  }

  static let pathDefault = "/var/lib/hatang-agent/buffer.db"

  init(_ node: ConfigNode?) throws(ConfigError) {
    try node?.expectKeys([
      "path", "max_bytes", "min_free_bytes", "when_full", "linger_ms", "commit_messages",
      "keep_acknowledged_hours", "flash_budget_bytes_per_day",
    ])
    path = try node?["path"]?.path() ?? Self.pathDefault
    bytesMax =
      try node?.integer("max_bytes", in: 1_000_000...1_000_000_000_000, default: 2_000_000_000)
      ?? 2_000_000_000
    freeBytesMin =
      try node?.integer("min_free_bytes", in: 0...1_000_000_000_000, default: 200_000_000)
      ?? 200_000_000
    let word = try node?["when_full"]?.oneOf(WhenFull.allCases.map(\.rawValue))
    whenFull = word.flatMap(WhenFull.init) ?? .pause
    linger = .milliseconds(try node?.integer("linger_ms", in: 0...60_000, default: 200) ?? 200)
    commitMessagesMax = Int(
      try node?.integer("commit_messages", in: 1...1_000, default: 1_000) ?? 1_000)
    let hours = try node?.integer("keep_acknowledged_hours", in: 0...8_760, default: 72) ?? 72
    keepAcknowledgedMs = hours * 3_600_000
    flashBytesPerDayMax =
      try node?.integer(
        "flash_budget_bytes_per_day", in: 1_000_000...100_000_000_000_000, default: 5_000_000_000)
      ?? 5_000_000_000
  }
}
