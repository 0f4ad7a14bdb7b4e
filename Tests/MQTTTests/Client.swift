import Glibc
import MQTT
import TestSupport
import Testing

/// Drives a connection as a daemon does, until something is so.
final class Client {
  let connection: Connection
  private(set) var messages: [Message] = []
  private(set) var events: [Connection.Event] = []
  /// Whether `step` calls `write`; without it no PUBACK leaves.
  var writes = true

  init(_ options: ConnectionOptions) throws { connection = try Connection(options) }

  /// One round of the poll loop. Errors come as events too.
  func step(timeoutMs: Int32 = 10) {
    if let descriptor = connection.fileDescriptor, connection.isDry {
      let events = Int16(connection.wantsWrite && writes ? POLLIN | POLLOUT : POLLIN)
      var entry = pollfd(fd: descriptor, events: events, revents: 0)
      _ = poll(&entry, 1, timeoutMs)
    } else {
      _ = poll(nil, 0, 1)
    }
    do {
      try connection.read(messagesMax: 1_000)
      if writes || !connection.isConnected { try connection.write() }
      try connection.maintain()
    } catch {}
    messages += connection.takeMessages()
    events += connection.takeEvents()
  }

  func until(_ what: String = "", _ condition: (Client) -> Bool) -> Bool {
    eventually {
      if condition(self) { return true }
      step()
      return condition(self)
    }
  }

  @discardableResult
  func connect() throws -> Client {
    try connection.connect()
    #expect(until { $0.connection.isConnected })
    return self
  }

  func subscribe(_ filter: String, retained: Connection.RetainedHandling = .always) throws {
    let id = try connection.subscribe(to: filter, retained: retained)
    #expect(until { $0.events.contains { if case .subscribed(id) = $0 { true } else { false } } })
  }

  func publish(_ topic: String, _ payload: String, isRetained: Bool = false) throws {
    let id = try connection.publish(
      Publication(topic: topic, payload: Array(payload.utf8), isRetained: isRetained))
    #expect(until { $0.events.contains { if case .published(id) = $0 { true } else { false } } })
  }

  var texts: [String] { messages.map { String(decoding: $0.payload, as: UTF8.self) } }

  var failures: [String] {
    events.compactMap {
      switch $0 {
      case .disconnected(let error): error?.description ?? "as we wished"
      case .refused(let error): "refused: \(error)"
      default: nil
      }
    }
  }

  var isSessionPresent: Bool? {
    for case .connected(let isPresent) in events.reversed() { return isPresent }
    return nil
  }
}

extension ConnectionOptions {
  static func to(_ broker: Broker, _ name: String) -> ConnectionOptions {
    ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: name)
  }

  /// A session that lives on without its connection.
  static func lasting(_ broker: Broker, _ name: String) -> ConnectionOptions {
    var options = to(broker, name)
    options.isCleanStart = false
    options.sessionExpirySeconds = .max
    return options
  }
}
