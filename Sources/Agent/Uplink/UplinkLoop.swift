import Daemon
import Enrolment
import MQTT
import Protocol

/// The uplink's thread: one MQTT connection to the province's broker, one connection to the
/// buffer, one `Sender`, one loop around poll(2).
///
///     poll → read receipts → forget what is committed → send what the sender asks for
///
/// Nothing here can delay the intake: the two share the buffer's file and one wake-up descriptor.
final class UplinkLoop<Source: UplinkSource> {
  private let broker: BrokerSettings
  private let agent: String
  private let version: String
  private let source: Source
  private let wakeUp: WakeUp
  private let report: UplinkReport
  private let stop: StopSignal
  private let progress: Progress
  private var sender: Sender
  private var bound = BatchBound()
  private var clockQuestion = ClockQuestion()
  private var poller = Poller()
  private var generator = SystemRandomNumberGenerator()
  private var statusDue: Duration = .zero
  /// Read with the configuration, which is read again when the certificate is replaced.
  private let certificateExpiresMs: Int64?
  private var troubleLog = RateLimit(perSeconds: 30)

  /// Bytes of segments in one batch: small while little is known of the line (2 s at 16 kbit/s),
  /// larger with the window, up to what makes a backlog cheap.
  private var batchBytesMax: Int { min(bound.bytes, 4_096 * sender.window) }
  /// Batches in flight: a mebibyte at most.
  private static var windowMax: Int { 16 }
  private static var statusEvery: Duration { .seconds(30) }
  /// Between two attempts at the broker.
  private static var backoff: ClosedRange<Duration> { .seconds(1) ... .seconds(60) }

  /// - Parameter wakeUp: signalled by the intake after each commit.
  init(
    broker: BrokerSettings, agent: String, version: String, source: Source, wakeUp: WakeUp,
    report: UplinkReport, stop: StopSignal, progress: Progress
  ) {
    self.broker = broker
    certificateExpiresMs = (try? CertificateFile(broker))?.certificate.notAfterMs
    self.agent = agent
    self.version = version
    self.source = source
    self.wakeUp = wakeUp
    self.report = report
    self.stop = stop
    self.progress = progress
    var limits = Sender.Limits()
    limits.windowMax = Self.windowMax
    sender = Sender(limits: limits)
  }

  /// Until `stop` is set.
  func run() {
    var backoff = Backoff(Self.backoff)
    while !stop.isSet {
      backoff.begin()
      do {
        try openStreams()
        try session()
      } catch {
        bound.broke()
        note(error)
      }
      sender.disconnected()
      report.update {
        if $0.isConnected { $0.sinceMs = wallClockMs() }
        $0.isConnected = false
        $0.isAnswered = false
      }
      backoff.wait(unless: stop) {
        progress.turn()
        _ = try? refresh()
        // Where the line is dead for good, the file must still say what was receipted.
        try? source.prune()
        _ = try? tell()
      }
    }
  }

  // MARK: One connection

  private func session() throws {
    var options = broker.options(clientID: "hatang-\(agent)-uplink")
    // Room for a status beside a full window.
    options.inflightMaximum = Self.windowMax + 4
    options.will = Publication(
      topic: Topic.status(agent: agent), payload: AgentStatus.offline.encoded(), isRetained: true)
    let connection = try Connection(options)
    try connection.connect()
    var maintained = monotonicNow()
    while !stop.isSet {
      try poll(connection)
      progress.turn()
      try connection.read(messagesMax: 64)
      guard try handleEvents(of: connection) else { return }
      for message in connection.takeMessages() { try take(message) }
      try refresh()
      // What the socket has not taken yet need not grow.
      if connection.isConnected, !connection.wantsWrite { try send(connection) }
      try connection.write()
      let now = monotonicNow()
      if now - maintained >= .seconds(1) {
        maintained = now
        try connection.maintain()
        try source.prune()
        try tell()
      }
    }
    farewell(connection)
  }

  private func poll(_ connection: Connection) throws {
    poller.removeAll()
    poller.add(stop.fileDescriptor, .readable)
    poller.add(wakeUp.fileDescriptor, .readable)
    if let descriptor = connection.fileDescriptor {
      poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
    }
    var timeout: Duration = connection.isDry ? .seconds(1) : .zero
    if let deadline = sender.deadline {
      timeout = min(timeout, max(.zero, deadline - monotonicNow()))
    }
    try poller.wait(timeout: timeout)
    wakeUp.drain()
  }

  /// - Returns: whether the connection lives.
  private func handleEvents(of connection: Connection) throws -> Bool {
    for event in connection.takeEvents() {
      switch event {
      case .connected:
        _ = try connection.subscribe(to: Topic.receipt(agent: agent))
        sender.connected()
        bound.connected(packetBytesMax: connection.brokerLimits.packetBytesMax)
        clockQuestion.connected()
        statusDue = .zero
        Log.notice("uplink connected", [("broker", broker.name)])
        report.update {
          $0.isConnected = true
          $0.sinceMs = wallClockMs()
          $0.trouble = bound.trouble(broker: broker.name)
        }
      case .subscribed, .published: break
      case .refused(let error): throw error
      case .disconnected(let error):
        if let error { throw error }
        return false
      }
    }
    return true
  }

  /// The retained status says "offline" also where the broker did not see us go.
  private func farewell(_ connection: Connection) {
    guard connection.isConnected else { return connection.disconnect() }
    let goodbye = Publication(
      topic: Topic.status(agent: agent), payload: AgentStatus.offline.encoded(), isRetained: true)
    _ = try? connection.publish(goodbye)
    connection.disconnect()
  }

  // MARK: Receipts

  private func take(_ message: Message) throws {
    let receipt: Receipt
    do throws(WireError) {
      receipt = try Receipt(decoding: message.payload)
    } catch {
      if troubleLog.allows(now: monotonicNow()) {
        Log.warning("receipt not understood", [("topic", message.topic), ("error", error)])
      }
      return
    }
    try learnTime(from: receipt)
    let nowMs = wallClockMs()
    report.update {
      $0.isAnswered = true
      $0.lastReceiptMs = nowMs
      guard receipt.echoedSentMs > 0 else { return }
      $0.roundTripMs = max(0, nowMs - receipt.echoedSentMs)
      $0.clock = .better(
        $0.clock,
        ClockComparison(
          sentMs: receipt.echoedSentMs, committedMs: receipt.committedMs, receivedMs: nowMs))
    }
    switch sender.received(receipt, now: monotonicNow()) {
    case .advanced(let next):
      bound.receipted()
      report.update { $0.trouble = nil }
      try source.setAcknowledged(receipt.stream, next)
    case .rewound(let next):
      Log.notice(
        "the aggregator asks again", [("stream", receipt.stream), ("from", next)])
      try source.setAcknowledged(receipt.stream, next)
    case .unchanged, .unknownStream: break
    case .beyondNext:
      Log.error(
        "more is committed of this stream than was numbered here; was the buffer restored?",
        [("stream", receipt.stream), ("expected", receipt.next)])
      if receipt.stream == sender.streams.last?.id { try beginStream() }
    }
  }

  // MARK: Sending

  /// What the intake has added, and what the buffer had to drop.
  private func refresh() throws(Source.Failure) {
    for stream in try source.streams() {
      guard sender.streams.contains(where: { $0.id == stream.id }) else {
        // The buffer was replaced, or another stream begun: start from what is there now.
        try openStreams()
        if report.current.isConnected { sender.connected() }
        statusDue = .zero
        return
      }
      sender.appended(stream.id, next: stream.next)
      sender.dropped(stream.id, oldestHeld: stream.oldestHeld)
    }
    sender.expire(now: monotonicNow())
  }

  private func openStreams() throws(Source.Failure) {
    sender = Sender(limits: sender.limits)
    for stream in try source.streams() {
      sender.open(
        stream.id, oldestHeld: stream.oldestHeld, next: stream.next,
        acknowledged: stream.acknowledged)
    }
  }

  private func send(_ connection: Connection) throws {
    let now = monotonicNow()
    if now >= statusDue { try publishStatus(connection, now) }
    guard try isTimeKnown(connection, now) else { return }
    while let request = sender.nextRequest() {
      let (segments, nextHeld) = try source.segments(
        of: request.stream, from: request.from, bytesMax: batchBytesMax,
        countMax: Batch.segmentsMax)
      // Stamped by a clock that is not known to be right any more: known again in a moment.
      guard !segments.isEmpty || nextHeld != request.from else { return }
      let (batch, end) = request.assemble(
        segments: segments, nextHeld: nextHeld,
        holes: try source.holes(
          of: request.stream, from: request.acknowledged, countMax: Batch.holesMax + 1),
        oldestHeld: try source.oldestHeld(of: request.stream), sentMs: wallClockMs())
      try publish(batch, connection)
      sender.sent(request.stream, end: end, now: now, using: &generator)
    }
    if sender.wantsNewStream(lag: try lag(), now: now) { try beginStream() }
  }

  private func publish(_ batch: Batch, _ connection: Connection) throws {
    clockQuestion.sent(batch.sentMs, bootMs: monotonicNow().milliseconds)
    let payload = batch.encoded()
    bound.sent(payload.count, isOneSegment: batch.segments.count == 1)
    try connection.publish(Publication(topic: Topic.batch(agent: agent), payload: payload))
  }

  /// Whether measurements may be sent; asks for the time where it is not known.
  private func isTimeKnown(_ connection: Connection, _ now: Duration) throws -> Bool {
    if source.clock.offset != nil || source.clock.isWaived { return true }
    if let live = sender.streams.last, clockQuestion.wantsToAsk(now: now) {
      try publish(ClockQuestion.batch(live, sentMs: wallClockMs()), connection)
    }
    return false
  }

  private func learnTime(from receipt: Receipt) throws {
    let wasKnown = source.clock.offset != nil
    clockQuestion.received(receipt, source.clock, now: monotonicNow())
    guard !wasKnown, let offset = source.clock.offset else { return }
    // On the disk before what was corrected by it leaves.
    try source.noteClock()
    Log.notice(
      "the time is known",
      [
        ("by", offset.evidence.name), ("accuracy_ms", offset.accuracyMs),
        ("clock_wrong_by_ms", offset.offsetMs - source.clock.read().offsetMs),
      ])
  }

  /// Age of the oldest measurement of the live stream without a receipt.
  private func lag() throws(Source.Failure) -> Duration {
    guard let live = sender.streams.last, !live.isFinished else { return .zero }
    return try source.age(of: live.id, at: max(live.acknowledged, live.oldestHeld)) ?? .zero
  }

  private func beginStream() throws(Source.Failure) {
    let id = try source.beginStream()
    sender.begin(id, now: monotonicNow())
    statusDue = .zero
    Log.notice("live data gets a stream of its own", [("stream", id)])
  }

  // MARK: Telling

  private func publishStatus(_ connection: Connection, _ now: Duration) throws {
    statusDue = now + Self.statusEvery
    try tell()
    let figures = try source.figures()
    let facts = report.current
    var status = AgentStatus(
      isOnline: true, version: version, timeMs: wallClockMs(), backlog: facts.backlog,
      oldestUnsentSeconds: facts.oldestUnsentSeconds, accepted: figures.accepted,
      rejected: figures.rejected, bufferBytes: figures.bytes, writtenBytes: DiskWrites.bytes,
      streams: facts.streams)
    status.rejects = try source.rejects()
    status.certificateExpiresMs = certificateExpiresMs
    clockQuestion.sent(status.timeMs, bootMs: now.milliseconds)
    try connection.publish(
      Publication(
        topic: Topic.status(agent: agent), payload: status.encoded(), isRetained: true))
  }

  /// Brings the report up to date.
  private func tell() throws(Source.Failure) {
    let streams = sender.streams
    var age = Duration.zero
    for stream in streams where !stream.isFinished {
      let own = try source.age(of: stream.id, at: max(stream.acknowledged, stream.oldestHeld))
      age = max(age, own ?? .zero)
    }
    report.update {
      $0.backlog = streams.reduce(0) { $0 + $1.backlog }
      $0.trend.add($0.backlog, now: monotonicNow())
      $0.oldestUnsentSeconds = age.components.seconds
      $0.streams = sender.named(atMost: AgentStatus.streamsMax).map {
        AgentStatus.Stream(stream: $0.id, acknowledged: $0.acknowledged, next: $0.next)
      }
    }
  }

  // MARK: Trouble

  private func note(_ error: any Error) {
    // Both: what ends connections now may be something else.
    let text = [bound.trouble(broker: broker.name), "\(error)"].compactMap(\.self)
      .joined(separator: "; ")
    let isNew = report.current.trouble != text
    report.update { $0.trouble = text }
    if isNew || troubleLog.allows(now: monotonicNow()) {
      Log.warning("uplink waits", [("error", text)])
    }
  }
}
