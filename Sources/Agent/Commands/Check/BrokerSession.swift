import Daemon
import MQTT

/// A short test connection to a broker: each step waits for its answer, at most for `patience`.
///
/// mosquitto closes the connection right after it has refused a publication. So an answer counts
/// before the end does, and after a refusal the next step connects anew.
final class BrokerSession {
  private let connection: Connection
  private let name: String
  private let patience: Duration
  private var poller = Poller()
  private var messages: [Message] = []
  private var settled: Set<Int32> = []
  private var refusal: MQTTError?
  /// Why the connection is over, since it was made last.
  private var failure: (any Error)?

  init(_ broker: BrokerSettings, clientID: String, patience: Duration) throws(MQTTError) {
    connection = try Connection(broker.options(clientID: clientID))
    name = broker.name
    self.patience = patience
  }

  deinit { connection.disconnect() }

  var limits: BrokerLimits { connection.brokerLimits }

  /// - Returns: ms from the first packet to the CONNACK.
  func connect() throws -> Int64 {
    let start = monotonicNow()
    failure = nil
    try connection.connect()
    try expect { $0.connection.isConnected }
    return (monotonicNow() - start).milliseconds
  }

  /// - Returns: the broker's refusal; `nil`: granted.
  func subscribe(
    to filter: String, retained: Connection.RetainedHandling = .always
  ) throws -> MQTTError? {
    try prepare()
    let id = try connection.subscribe(to: filter, retained: retained)
    try expect { $0.settled.contains(id) || $0.refusal != nil }
    return refusal
  }

  /// - Returns: the broker's refusal; `nil`: acknowledged.
  func publish(_ topic: String, _ payload: [UInt8]) throws -> MQTTError? {
    try prepare()
    let id: Int32
    do throws(MQTTError) {
      id = try connection.publish(Publication(topic: topic, payload: payload))
    } catch {
      // The CONNACK has refused it beforehand, such as QoS 1 where max_qos is 0.
      guard connection.isConnected else { throw error }
      return error
    }
    try expect { $0.settled.contains(id) || $0.refusal != nil }
    return refusal
  }

  /// The first message for which it is so; `nil`: none came within the time.
  func message(
    within limit: Duration, where isMeant: (Message) -> Bool
  ) throws -> Message? {
    try pump(within: limit) { $0.messages.contains(where: isMeant) }
    return messages.first(where: isMeant)
  }

  private func prepare() throws {
    if refusal != nil { connection.abandon() }
    refusal = nil
    if !connection.isConnected { _ = try connect() }
  }

  private func expect(_ condition: (BrokerSession) -> Bool) throws {
    guard try !pump(within: patience, until: condition) else { return }
    throw FileError(
      "reach", name, code: 0,
      hint: "no answer within \(patience.components.seconds) s; check host, port, firewall")
  }

  @discardableResult
  private func pump(
    within limit: Duration, until condition: (BrokerSession) -> Bool
  ) throws -> Bool {
    let deadline = monotonicNow() + limit
    while true {
      take()
      if condition(self) { return true }
      if let failure { throw failure }
      let left = deadline - monotonicNow()
      guard left > .zero else { return false }
      poller.removeAll()
      if let descriptor = connection.fileDescriptor {
        poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: min(left, .milliseconds(500)))
      do {
        try connection.read(messagesMax: 100)
        try connection.write()
        try connection.maintain()
      } catch { failure = error }
    }
  }

  private func take() {
    messages += connection.takeMessages()
    for event in connection.takeEvents() {
      switch event {
      case .connected: break
      case .subscribed(let id), .published(let id): settled.insert(id)
      case .refused(let error): refusal = error
      case .disconnected(let error): failure = failure ?? error
      }
    }
  }
}
