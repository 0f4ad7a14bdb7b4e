import Daemon
import Glibc
import MQTT

/// One connection to a local broker that comes back by itself, and what is in flight on it. QoS 1;
/// after a reconnect libmosquitto sends again what had no PUBACK.
final class BrokerLink {
  /// Publications that had their PUBACK.
  private(set) var acknowledged: Int64 = 0
  private(set) var published: Int64 = 0
  /// Publications that the broker refused with a reason.
  private(set) var refused: Int64 = 0
  private(set) var wasConnected = false
  /// Packet ids that were acknowledged since the last call of `takeAcknowledged`.
  private var settled: [Int32] = []

  private let connection: Connection
  /// Publications without a PUBACK at any time.
  private let window: Int
  private var nextAttempt: Duration = .zero
  private var nextMaintenance: Duration = .zero
  private var warnings = RateLimit(perSeconds: 10)

  private static let retry: Duration = .milliseconds(500)

  init(_ broker: Broker, clientID: String, window: Int) throws(MQTTError) {
    var options = ConnectionOptions(host: broker.host, port: broker.port, clientID: clientID)
    options.inflightMaximum = window
    connection = try Connection(options)
    self.window = window
  }

  var canPublish: Bool { connection.isConnected && inFlight < window }
  var inFlight: Int { Int(published - acknowledged - refused) }
  var fileDescriptor: Int32? { connection.fileDescriptor }
  var wantsWrite: Bool { connection.wantsWrite }

  @discardableResult
  func publish(_ topic: String, _ payload: [UInt8]) throws(MQTTError) -> Int32 {
    let id = try connection.publish(
      Publication(topic: topic, payload: payload, isRetained: false))
    published += 1
    return id
  }

  func takeAcknowledged() -> [Int32] {
    var taken: [Int32] = []
    swap(&taken, &settled)
    return taken
  }

  /// Everything that is due: reads, writes, keeps alive, connects again. Never throws: a broker
  /// that is away is waited for.
  func turn(now: Duration) {
    do throws(MQTTError) {
      if connection.fileDescriptor == nil, now >= nextAttempt {
        nextAttempt = now + BrokerLink.retry
        try connection.connect()
      }
      try connection.read(messagesMax: .max)
      try connection.write()
      if now >= nextMaintenance {
        nextMaintenance = now + .seconds(1)
        try connection.maintain()
      }
    } catch {
      warn(error, now: now)
    }
    for event in connection.takeEvents() { handle(event, now: now) }
  }

  /// Sends what was published since the last turn.
  func flush(now: Duration) {
    do throws(MQTTError) { try connection.write() } catch { warn(error, now: now) }
  }

  func close() {
    connection.disconnect()
  }

  private func handle(_ event: Connection.Event, now: Duration) {
    switch event {
    case .connected: wasConnected = true
    case .published(let id):
      acknowledged += 1
      settled.append(id)
    case .refused(let error):
      if connection.isConnected { refused += 1 }
      warn(error, now: now)
    case .disconnected(let error):
      if let error { warn(error, now: now) }
    case .subscribed: break
    }
  }

  private func warn(_ error: MQTTError, now: Duration) {
    guard warnings.allows(now: now) else { return }
    Log.warning("broker", [("error", error), ("more", warnings.suppressed)])
  }
}

/// Where a broker listens.
package struct Broker: Equatable, Sendable {
  package let host: String
  package let port: Int

  /// `host:port`.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
      let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
    else { return nil }
    host = String(text[..<colon])
    self.port = port
  }
}

/// So many things a second, without bursts longer than a quarter of a second.
package struct Pace: Sendable {
  /// A second; 0: as fast as it goes.
  private let rate: Double
  private var allowance = 0.0
  private var last: Duration

  package init(rate: Double, now: Duration) {
    self.rate = rate
    last = now
  }

  /// How many are due.
  package mutating func due(now: Duration) -> Int {
    guard rate > 0 else { return .max }
    allowance = min(allowance + rate * (now - last).inSeconds, max(1, rate / 4))
    last = now
    return Int(allowance)
  }

  package mutating func took(_ count: Int) {
    if rate > 0 { allowance -= Double(count) }
  }

  /// Until the next one is due.
  package var wait: Duration {
    rate > 0 ? .seconds(max(0, (1 - allowance) / rate)) : .zero
  }
}
