import Daemon

/// What one agent has left of its quotas, and what of it waits. Pure: `now` is any monotonic clock.
package struct AgentQuota {
  private var messages: TokenBucket
  private var bytes: TokenBucket
  private var samples: TokenBucket

  /// What an agent has no more of.
  package enum Overrun: Equatable {
    case messages
    case bytes
    case samples
    /// So much of it waits for its turn that it must be a flood.
    case waiting
  }

  init(_ limits: QuotaConfiguration, now: Duration) {
    messages = TokenBucket(limits.messages, now: now)
    bytes = TokenBucket(limits.bytes, now: now)
    samples = TokenBucket(limits.samples, now: now)
  }

  /// One message more, before it is looked into. What is refused has not cost anything: a flood
  /// that goes on gets as much as a steady sender.
  mutating func take(_ limits: QuotaConfiguration, byteCount: Int, now: Duration) -> Overrun? {
    messages.refill(limits.messages, now: now)
    bytes.refill(limits.bytes, now: now)
    samples.refill(limits.samples, now: now)
    if messages.isEmpty { return .messages }
    if bytes.isEmpty { return .bytes }
    if samples.isEmpty { return .samples }
    messages.spend(1)
    bytes.spend(byteCount)
    return nil
  }

  /// What the message holds. It may lead into debt, so that the largest batch passes whatever the
  /// burst is.
  mutating func spend(samples count: Int) { samples.spend(count) }

  /// Whether it has been quiet for so long that nothing needs to be remembered of it.
  func isFull(_ limits: QuotaConfiguration, now: Duration) -> Bool {
    messages.isFull(limits.messages, now: now) && bytes.isFull(limits.bytes, now: now)
      && samples.isFull(limits.samples, now: now)
  }
}

/// A rate with a burst: it fills evenly, and what it holds may be spent at once.
struct TokenBucket {
  private var tokens: Double
  private var filledAt: Duration

  init(_ rate: QuotaConfiguration.Rate, now: Duration) {
    tokens = Double(rate.burst)
    filledAt = now
  }

  var isEmpty: Bool { tokens < 1 }

  mutating func refill(_ rate: QuotaConfiguration.Rate, now: Duration) {
    tokens = held(rate, now: now)
    filledAt = max(filledAt, now)
  }

  mutating func spend(_ count: Int) { tokens -= Double(count) }

  func isFull(_ rate: QuotaConfiguration.Rate, now: Duration) -> Bool {
    held(rate, now: now) >= Double(rate.burst)
  }

  private func held(_ rate: QuotaConfiguration.Rate, now: Duration) -> Double {
    let elapsed = max(.zero, now - filledAt).inSeconds
    return min(Double(rate.burst), tokens + elapsed * Double(rate.perSecond))
  }
}

extension QuotaConfiguration {
  /// What a refusal says.
  func text(_ overrun: AgentQuota.Overrun) -> String {
    let name: String
    let rate: Rate
    switch overrun {
    case .messages: (name, rate) = ("messages", messages)
    case .bytes: (name, rate) = ("bytes", bytes)
    case .samples: (name, rate) = ("samples", samples)
    case .waiting:
      return """
        more than \(Admission.laneCountMax) messages or \(Admission.laneBytesMax) bytes of this \
        agent wait, which is more than a sound one has under way; see what sends in its name
        """
    }
    return """
      more than \(rate.perSecond) \(name) a second beyond a burst of \(rate.burst); what is \
      dropped gets no receipt and is sent again; see what it sends, or raise \
      quotas.\(name)_per_second
      """
  }
}
