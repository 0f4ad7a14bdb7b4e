import Daemon
import MQTT

/// A test connection to a broker: up to the answer to a subscription, so that an access list that
/// forbids our topics shows as well.
enum BrokerCheck {
  /// For TCP, TLS, CONNACK and SUBACK together.
  private static let patience: Duration = .seconds(10)

  /// - Returns: ms from the first packet to the last answer.
  static func roundTripMs(
    _ broker: BrokerSettings, clientID: String, filter: String
  ) throws -> Int64 {
    let connection = try Connection(broker.connectionOptions(clientID: clientID))
    let start = monotonicNow()
    try connection.connect()
    defer { connection.disconnect() }
    var poller = Poller()
    while true {
      for event in connection.takeEvents() {
        switch event {
        case .connected: _ = try connection.subscribe(to: filter, retained: .never)
        case .subscribed: return (monotonicNow() - start).milliseconds
        case .refused(let error): throw error
        case .disconnected(let error):
          if let error { throw error }
        case .published: break
        }
      }
      guard monotonicNow() - start < patience else {
        throw FileError(
          "reach", broker.name, code: 0, hint: "no answer within 10 s; check host, port, firewall")
      }
      poller.removeAll()
      if let descriptor = connection.fileDescriptor {
        let isWriting = connection.wantsWrite
        poller.add(descriptor, isWriting ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: .milliseconds(500))
      try connection.read(messagesMax: 100)
      try connection.write()
      try connection.maintain()
      _ = connection.takeMessages()
    }
  }
}
