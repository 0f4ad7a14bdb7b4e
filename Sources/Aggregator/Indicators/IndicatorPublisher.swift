import Daemon
import MQTT
import Protocol

/// Keeps the retained messages `hatang/v1/indicators/<code>` up to date. A broker that is away
/// costs nothing: the latest value of each code waits, and leaves with the next connection.
final class IndicatorPublisher {
  private let options: ConnectionOptions
  private var connection: Connection?
  /// By code, what the broker should have.
  private var values: [String: String] = [:]
  /// Codes that this connection has not sent yet.
  private var due: Set<String> = []
  private var nextAttempt: Duration = .zero
  private var backoff = IndicatorPublisher.backoffMin
  private var maintained: Duration = .zero
  private var troubleLog = RateLimit(perSeconds: 30)

  private static let backoffMin: Duration = .seconds(1)
  private static let backoffMax: Duration = .seconds(30)

  init(_ broker: BrokerSettings) {
    options = broker.options(clientID: "hatang-indicators")
  }

  /// Does nothing if the broker has this value already.
  func publish(code: String, json: String) {
    if values[code] == json { return }
    values[code] = json
    due.insert(code)
  }

  func watch(_ poller: inout Poller) {
    guard let connection, let descriptor = connection.fileDescriptor else { return }
    poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
  }

  /// One turn of the owner's loop.
  func turn(now: Duration) {
    do throws(MQTTError) {
      guard let connection else {
        if now >= nextAttempt { try connect(now) }
        return
      }
      try connection.read(messagesMax: 16)
      for event in connection.takeEvents() {
        switch event {
        case .connected:
          backoff = IndicatorPublisher.backoffMin
          due = Set(values.keys)
        case .subscribed, .published: break
        case .refused(let error): note(error, now)
        case .disconnected(let error): return lose(error, now)
        }
      }
      if connection.isConnected { try send(connection) }
      try connection.write()
      if now - maintained >= .seconds(1) {
        maintained = now
        try connection.maintain()
      }
    } catch {
      lose(error, now)
    }
  }

  /// Sends what waits, and says goodbye.
  func finish() {
    guard let connection, connection.isConnected else { return }
    try? send(connection)
    connection.disconnect()
  }

  private func connect(_ now: Duration) throws(MQTTError) {
    let made = try Connection(options)
    connection = made
    try made.connect()
  }

  private func send(_ connection: Connection) throws(MQTTError) {
    for code in due.sorted() {
      guard let json = values[code] else { continue }
      try connection.publish(
        Publication(
          topic: Topic.indicator(code: code), payload: Array(json.utf8), isRetained: true))
      due.remove(code)
    }
  }

  private func lose(_ error: MQTTError?, _ now: Duration) {
    connection = nil
    nextAttempt = now + backoff * Double.random(in: 0.75...1.25)
    backoff = min(backoff * 2, IndicatorPublisher.backoffMax)
    if let error { note(error, now) }
  }

  private func note(_ error: MQTTError, _ now: Duration) {
    if troubleLog.allows(now: now) {
      Log.warning("indicators are not published", [("error", error)])
    }
  }
}
