import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport

/// Another agent at the same broker, that sends a batch now and then and waits for its receipt, as
/// `Sender` does: again after five seconds without one. Used by one thread.
final class HonestAgent {
  private let name: String
  private let connection: Connection
  private let stream = StreamID(high: 0x600d, low: UInt64.random(in: 0 ... .max))
  private var next: SequenceNumber = 0
  /// The batch under way.
  private var flight: (bytes: [UInt8], since: Duration, sentAt: Duration)?
  private var restUntil: Duration = .zero
  /// From the first sending of each batch to its receipt.
  private(set) var delays: [Duration] = []

  private static let silence: Duration = .seconds(5)
  private static let rest: Duration = .milliseconds(200)

  init(port: Int, name: String) throws {
    self.name = name
    connection = try Connection(
      ConnectionOptions(host: "127.0.0.1", port: port, clientID: "honest-\(name)"))
    try connection.connect()
    try waitUntil("\(name) is connected") {
      try turn()
      return connection.isConnected
    }
    let id = try connection.subscribe(to: Topic.receipt(agent: name))
    try waitUntil("\(name) is subscribed") {
      try turn()
      return connection.takeEvents().contains {
        if case .subscribed(id) = $0 { true } else { false }
      }
    }
  }

  var slowest: Duration { delays.max() ?? .zero }

  /// Sends if it is time, and takes receipts.
  func step() throws {
    let now = monotonicNow()
    if flight == nil, now >= restUntil {
      let bytes = batch()
      try send(bytes)
      flight = (bytes, now, now)
    } else if let waiting = flight, now - waiting.sentAt > HonestAgent.silence {
      try send(waiting.bytes)
      flight?.sentAt = now
    }
    try turn()
  }

  /// Until the batch under way, and one more, have their receipts.
  func settle() throws {
    let count = delays.count + 2
    try waitUntil("\(name) has two receipts more") {
      try step()
      return delays.count >= count
    }
  }

  private func batch() -> [UInt8] {
    let ms = wallClockMs()
    let sample = Measurement(
      source: "quay-1", timeMs: ms,
      body: .service(ServiceCount(area: "phu-ly", counter: "payments", value: Int64(next))))
    return Batch.of(stream, first: next, [Segment.encode([sample], receivedMs: ms)], counts: [1])
  }

  private func send(_ bytes: [UInt8]) throws {
    try connection.publish(
      Publication(topic: Topic.batch(agent: name), payload: bytes, isRetained: false))
  }

  private func turn() throws {
    try connection.write()
    var entry = pollfd(fd: connection.fileDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
    poll(&entry, 1, 5)
    try connection.read(messagesMax: 100)
    try connection.maintain()
    for message in connection.takeMessages() {
      let receipt = try Receipt(decoding: message.payload)
      guard receipt.stream == stream, receipt.next > next, let waiting = flight else { continue }
      next = receipt.next
      delays.append(monotonicNow() - waiting.since)
      restUntil = monotonicNow() + HonestAgent.rest
      flight = nil
    }
  }
}

extension Batch {
  /// Segments as they are, with what the batch says of their measurements.
  static func of(
    _ stream: StreamID, first: SequenceNumber, _ segments: [[UInt8]], counts: [Int]
  ) -> [UInt8] {
    var place = first
    let pieces = zip(segments, counts).map { bytes, count in
      defer { place += UInt64(count) }
      return Piece(first: place, count: count, bytes: bytes[...])
    }
    return Batch(
      stream: stream, acknowledged: first, oldestHeld: 0, sentMs: wallClockMs(), holes: [],
      segments: pieces
    ).encoded()
  }
}
