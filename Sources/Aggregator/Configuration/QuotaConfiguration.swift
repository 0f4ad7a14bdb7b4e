package import Daemon

/// What one agent may cost the province: `quotas`. Each rate is of a bucket that is full at first
/// and holds a burst. A sound agent that drains a long backlog stays within the burst; one that is
/// over gets no receipt, keeps what it has, and sends it again later.
package struct QuotaConfiguration: Equatable, Sendable {
  /// Batches and statuses.
  package var messages = Rate(perSecond: 100, burst: 20_000)
  /// Of their payloads.
  package var bytes = Rate(perSecond: 200_000, burst: 1_000_000_000)
  /// Measurements, as the batch says; a hole counts as a thousand.
  package var samples = Rate(perSecond: 5_000, burst: 20_000_000)
  /// Streams that an agent may begin in a day. It begins one with a new buffer, and after an outage
  /// so that live data need not wait: one in ten minutes at most.
  package var streams = 1_000

  package struct Rate: Equatable, Sendable {
    package var perSecond: Int
    package var burst: Int

    package init(perSecond: Int, burst: Int) {
      self.perSecond = perSecond
      self.burst = burst
    }
  }

  private static let numberMax: Int64 = 1_000_000_000_000

  package init() {}

  package init(_ node: ConfigNode) throws(ConfigError) {
    try node.expectKeys([
      "messages_per_second", "messages_burst", "bytes_per_second", "bytes_burst",
      "samples_per_second", "samples_burst", "streams",
    ])
    messages = try QuotaConfiguration.rate(node, "messages", default: messages)
    bytes = try QuotaConfiguration.rate(node, "bytes", default: bytes)
    samples = try QuotaConfiguration.rate(node, "samples", default: samples)
    streams = Int(
      try node.integer(
        "streams", in: 1...QuotaConfiguration.numberMax, default: Int64(streams)))
  }

  private static func rate(
    _ node: ConfigNode, _ name: String, default absent: Rate
  ) throws(ConfigError) -> Rate {
    let rate = Rate(
      perSecond: Int(
        try node.integer(
          "\(name)_per_second", in: 1...numberMax, default: Int64(absent.perSecond))),
      burst: Int(
        try node.integer("\(name)_burst", in: 1...numberMax, default: Int64(absent.burst))))
    guard rate.burst >= rate.perSecond else {
      throw (node["\(name)_burst"] ?? node).error(
        "makes \(name)_burst \(rate.burst) and \(name)_per_second \(rate.perSecond), but a burst "
          + "holds a second at least; raise \(name)_burst")
    }
    return rate
  }
}
