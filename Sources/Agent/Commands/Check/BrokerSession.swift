import Daemon
import MQTT

/// A short test connection to a broker: each step waits for its answer, at most for `patience`.
final class BrokerSession {
  private let connection: Connection
  private let name: String
  private let patience: Duration
  private var poller = Poller()
  private var messages: [Message] = []
  private var settled: Set<Int32> = []
  private var refusal: MQTTError?
  private var isConnected = false

  init(_ broker: BrokerSettings, clientID: String, patience: Duration) throws(MQTTError) {
    connection = try Connection(broker.connectionOptions(clientID: clientID))
    name = broker.name
    self.patience = patience
  }

  deinit { connection.disconnect() }

  var limits: BrokerLimits { connection.brokerLimits }

  /// - Returns: ms from the first packet to the CONNACK.
  func connect() throws -> Int64 {
    let start = monotonicNow()
    try connection.connect()
    try expect { $0.isConnected }
    return (monotonicNow() - start).milliseconds
  }

  /// - Returns: the broker's refusal; `nil`: granted.
  func subscribe(
    to filter: String, retained: Connection.RetainedHandling = .always
  ) throws -> MQTTError? {
    refusal = nil
    let id = try connection.subscribe(to: filter, retained: retained)
    try expect { $0.settled.contains(id) || $0.refusal != nil }
    return refusal
  }

  /// - Returns: the broker's refusal; `nil`: acknowledged.
  func publish(_ topic: String, _ payload: [UInt8]) throws -> MQTTError? {
    refusal = nil
    let id = try connection.publish(Publication(topic: topic, payload: payload))
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
      try take()
      if condition(self) { return true }
      let left = deadline - monotonicNow()
      guard left > .zero else { return false }
      poller.removeAll()
      if let descriptor = connection.fileDescriptor {
        poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: min(left, .milliseconds(500)))
      try connection.read(messagesMax: 100)
      try connection.write()
      try connection.maintain()
    }
  }

  private func take() throws {
    messages += connection.takeMessages()
    for event in connection.takeEvents() {
      switch event {
      case .connected: isConnected = true
      case .subscribed(let id), .published(let id): settled.insert(id)
      case .refused(let error):
        // A refused connection ends with `disconnected`, and throws where it is driven.
        refusal = error
      case .disconnected(let error):
        isConnected = false
        if let error { throw error }
      }
    }
  }
}
