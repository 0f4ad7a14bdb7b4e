import Daemon
import MQTT
import Protocol

/// One agent as the province sees it: a connection of its own, one stream, and the uplink's real
/// `Sender`. What it has not been receipted for lies in memory instead of a buffer's file.
final class PlayedAgent {
  let name: String
  private let connection: Connection
  private let stream: StreamID
  private var sender: Sender
  /// Segments without a receipt, oldest first.
  private var held: [Held] = []
  private var next: SequenceNumber = 0
  private var attempt: Duration
  private var statusDue: Duration = .zero
  private var maintained: Duration = .zero
  private var random: Random
  private var modem: PlayedModem

  /// From making a measurement to its receipt, s; since the last call of `takeDelays`.
  private var delays: [Float] = []
  private(set) var made: UInt64 = 0
  private(set) var receipted: UInt64 = 0
  private(set) var connections = 0
  private(set) var refusals = 0

  private struct Held {
    let piece: Batch.Piece
    let madeAt: Duration
    /// Made before the run, for an outage that ends now: its age says nothing.
    let isBacklog: Bool
  }

  private static let batchBytesMax = 65_536
  private static let statusEvery: Duration = .seconds(30)
  private static let retry: Duration = .seconds(1)
  /// One agent of so many is in a car.
  private static let agentsPerCar = 20
  private static let metresPerSecondInCar = 10.0

  /// - Parameter firstAttempt: when it connects.
  init(
    index: Int, broker: Broker, seed: UInt64, firstAttempt: Duration
  ) throws(MQTTError) {
    name = "sim-agent-\(index)"
    random = Random(seed: Random.hash(seed, UInt64(index)))
    stream = StreamID(using: &random)
    modem = PlayedModem(
      metresPerSecond: index % PlayedAgent.agentsPerCar == 0
        ? PlayedAgent.metresPerSecondInCar : 0, using: &random)
    var options = ConnectionOptions(
      host: broker.host, port: broker.port, clientID: "hatang-\(name)-uplink")
    options.will = Publication(
      topic: Topic.status(agent: name), payload: AgentStatus.offline.encoded(), isRetained: true)
    options.connectTimeout = .seconds(60)
    connection = try Connection(options)
    var limits = Sender.Limits()
    limits.windowMax = 16
    sender = Sender(limits: limits)
    sender.open(stream, oldestHeld: 0, next: 0, acknowledged: 0)
    attempt = firstAttempt
  }

  var fileDescriptor: Int32? { connection.fileDescriptor }
  var wantsWrite: Bool { connection.wantsWrite }
  var isConnected: Bool { connection.isConnected }
  var backlog: UInt64 { made - receipted }

  func takeDelays() -> [Float] {
    var taken: [Float] = []
    swap(&taken, &delays)
    return taken
  }

  /// Measures so often, each second, in one segment.
  ///
  /// - Parameter lastMs: when it measures last.
  func measure(_ count: Int, now: Duration, lastMs: Int64, isBacklog: Bool = false) {
    let measurements = (0..<count).map { index in
      Measurement(
        source: "modem-1", timeMs: lastMs - Int64(count - 1 - index) * 1_000, isSimulated: true,
        body: .coverage(modem.next(using: &random)))
    }
    let bytes = Segment.encode(measurements, receivedMs: lastMs)
    held.append(
      Held(
        piece: Batch.Piece(first: next, count: count, bytes: bytes[...]), madeAt: now,
        isBacklog: isBacklog))
    next += SequenceNumber(count)
    made += UInt64(count)
    sender.appended(stream, next: next)
  }

  /// Everything that is due. A broker that is away is waited for.
  func turn(now: Duration, nowMs: Int64) {
    do {
      if connection.fileDescriptor == nil {
        guard now >= attempt else { return }
        attempt = now + PlayedAgent.retry * Double.random(in: 0.5...1.5, using: &random)
        try connection.connect()
      }
      try connection.read(messagesMax: 64)
      for event in connection.takeEvents() { try handle(event) }
      for message in connection.takeMessages() { take(message, now: now) }
      sender.expire(now: now)
      if connection.isConnected, !connection.wantsWrite { try send(now: now, nowMs: nowMs) }
      try connection.write()
      if now - maintained >= .seconds(5) {
        maintained = now
        try connection.maintain()
      }
    } catch {
      refusals += connection.isConnected ? 1 : 0
      for event in connection.takeEvents() { try? handle(event) }
    }
  }

  /// As when the line is cut: no word to the broker.
  func cut(now: Duration) {
    connection.abandon()
    attempt = now
    for event in connection.takeEvents() { try? handle(event) }
  }

  func close() { connection.disconnect() }

  private func handle(_ event: Connection.Event) throws {
    switch event {
    case .connected:
      _ = try connection.subscribe(to: Topic.receipt(agent: name))
      sender.connected()
      statusDue = .zero
      connections += 1
    case .disconnected: sender.disconnected()
    case .refused: refusals += 1
    case .subscribed, .published: break
    }
  }

  private func take(_ message: Message, now: Duration) {
    guard let receipt = try? Receipt(decoding: message.payload),
      case .advanced(let to) = sender.received(receipt, now: now)
    else { return }
    let done = held.prefix { $0.piece.end <= to }
    for each in done {
      receipted += UInt64(each.piece.count)
      if !each.isBacklog { delays.append(Float((now - each.madeAt).inSeconds)) }
    }
    held.removeFirst(done.count)
  }

  private func send(now: Duration, nowMs: Int64) throws {
    if now >= statusDue {
      statusDue = now + PlayedAgent.statusEvery
      try connection.publish(
        Publication(topic: Topic.status(agent: name), payload: status(nowMs), isRetained: true))
    }
    while let request = sender.nextRequest() {
      let pieces = pieces(from: request.from)
      let (batch, end) = request.assemble(
        segments: pieces,
        nextHeld: held.first { $0.piece.first >= pieces.last?.end ?? 0 }?
          .piece.first,
        holes: [], oldestHeld: held.first?.piece.first, sentMs: nowMs)
      try connection.publish(
        Publication(topic: Topic.batch(agent: name), payload: batch.encoded()))
      sender.sent(stream, end: end, now: now, using: &random)
    }
  }

  private func pieces(from: SequenceNumber) -> [Batch.Piece] {
    var bytes = 0
    var pieces: [Batch.Piece] = []
    for each in held where each.piece.first >= from {
      bytes += each.piece.bytes.count
      guard pieces.isEmpty || bytes <= PlayedAgent.batchBytesMax,
        pieces.count < Batch.segmentsMax
      else { break }
      pieces.append(each.piece)
    }
    return pieces
  }

  private func status(_ nowMs: Int64) -> [UInt8] {
    AgentStatus(
      isOnline: true, version: "simulator", timeMs: nowMs, backlog: backlog,
      oldestUnsentSeconds: 0, accepted: made, rejected: 0, bufferBytes: 0, writtenBytes: 0,
      streams: [AgentStatus.Stream(stream: stream, acknowledged: next - backlog, next: next)]
    ).encoded()
  }
}
