package import Daemon
import Glibc
import MQTT
import Protocol

/// The intake's thread: one MQTT connection to the local broker, one connection to the buffer, one
/// loop around poll(2).
///
///     poll → read until the socket is dry, the group is full or the linger time is over
///          → one transaction → COMMIT → PUBACKs leave
///
/// What is not committed is not acknowledged: after a crash the broker sends it again. Where the
/// buffer has no room, the group waits in memory and nothing more is read: the broker holds the
/// rest. The connection lives on meanwhile, as the broker was asked for no MQTT keep-alive (a
/// PINGREQ would take the PUBACKs along) and TCP's own watches the peer.
package final class IntakeLoop {
  private let broker: BrokerSettings
  private let agent: String
  private let linger: Duration
  /// Bounds the group. The broker's `max_inflight_messages` should not be less.
  private let receiveMaximum: Int
  private let writer: BufferWriter
  private let report: IntakeReport
  private let stop: StopSignal
  private let progress: Progress
  private var parser: PayloadParser
  private var subscriptions: Subscriptions
  private var group = BufferWriter.Group()
  /// Messages in the group, the rows of their payloads (whatever became of them), and when it has
  /// to be committed.
  private var messageCount = 0
  private var rowCount = 0
  /// A message of the group could not be taken in: nothing of it may be committed or acknowledged.
  private var isGroupVoid = false
  private var deadline: Duration = .zero
  /// The clock of the group.
  private var stamp: HostClock.Stamp
  private var pause: IntakePause?
  /// Until then a slow flow gathers in the socket: each time this thread wakes costs more than
  /// what it then reads. `nil`: read what comes at once.
  private var napUntil: Duration?
  private var tally = Tally()
  private var window = InFlightWindow()
  private var poller = Poller()
  private var troubleLog = RateLimit(perSeconds: 30)

  /// Since the last report.
  private struct Tally {
    var redelivered: UInt64 = 0
    var repeated: UInt64 = 0
    var unknownFields: UInt64 = 0
    var lastUnknownField: IntakeReport.UnknownField?
    var isSimulated = false
    var lastCommitMs: Int64 = 0
  }

  /// Rows of one transaction, or those of a chunk more.
  private static let rowsMax = 16_384
  /// What is read before it is looked at, or a message more. A row has two bytes at least and a
  /// payload `PayloadParser.rowsMax` of them, so a chunk has 43,000 rows at most.
  private static let chunkMax = 128
  private static let chunkBytesMax = 65_536
  private static let backoffMin: Duration = .milliseconds(500)
  /// Short: a local broker that lost its file has forgotten our session, and gives what it
  /// acknowledges meanwhile to nobody.
  private static let backoffMax: Duration = .seconds(3)
  /// An arrival is noted at most so much late.
  private static let napMax: Duration = .milliseconds(20)
  /// A flow is slow below so many messages a second; known after so much of a group's time.
  private static let slowRate = 2_000.0
  private static let slowAfter: Duration = .milliseconds(10)

  package init(
    _ configuration: AgentConfiguration, writer: BufferWriter, report: IntakeReport,
    stop: StopSignal, progress: Progress
  ) {
    broker = configuration.local
    agent = configuration.agent
    linger = configuration.buffer.linger
    receiveMaximum = configuration.buffer.commitMessagesMax
    parser = PayloadParser(
      payloadBytesMax: configuration.maxPayloadBytes, mappings: configuration.mappings)
    subscriptions = Subscriptions(
      configuration.mappings, bufferPath: configuration.buffer.path)
    self.writer = writer
    stamp = writer.clock.stamp()
    self.report = report
    self.stop = stop
    self.progress = progress
  }

  /// Until `stop` is set.
  package func run() {
    tell()
    var backoff = Self.backoffMin
    while !stop.isSet {
      let began = monotonicNow()
      do {
        try session()
      } catch {
        note(error)
      }
      report.update {
        if $0.isConnected { $0.sinceMs = wallClockMs() }
        $0.isConnected = false
      }
      if monotonicNow() - began > Self.backoffMax { backoff = Self.backoffMin }
      wait(backoff * Double.random(in: 0.75...1.25))
      backoff = min(backoff * 2, Self.backoffMax)
    }
    tell()
  }

  // MARK: One connection

  private func session() throws {
    var options = broker.options(clientID: "hatang-\(agent)")
    options.isCleanStart = false
    options.sessionExpirySeconds = .max
    options.receiveMaximum = receiveMaximum
    options.keepAliveSeconds = 0
    let connection = try Connection(options)
    try connection.connect()
    window = InFlightWindow()
    defer { leave(connection) }
    var maintained = monotonicNow()
    while !stop.isSet {
      try poll(connection)
      progress.turn()
      let now = monotonicNow()
      if now - maintained >= .seconds(1) {
        maintained = now
        try connection.maintain()
        writer.yieldIfDamaged()
        tell()
      }
      guard try takeIn(connection) else { return }
      if isCommitDue(connection) { commit() } else { napIfSlow(connection) }
      // The PUBACKs of an uncommitted group must not leave.
      if messageCount == 0 || !connection.isConnected {
        try connection.write()
        guard try handleEvents(of: connection) else { return }
      }
    }
  }

  private func poll(_ connection: Connection) throws {
    poller.removeAll()
    poller.add(stop.fileDescriptor, .readable)
    var timeout: Duration = .seconds(1)
    if let pause {
      timeout = pause.nextAttempt - monotonicNow()
    } else {
      if messageCount > 0 { timeout = min(timeout, deadline - monotonicNow()) }
      if !connection.isDry { timeout = .zero }
      if let napUntil {
        timeout = min(timeout, napUntil - monotonicNow())
      } else if let descriptor = connection.fileDescriptor {
        let mayWrite = connection.wantsWrite && messageCount == 0
        poller.add(descriptor, mayWrite ? [.readable, .writable] : .readable)
      }
    }
    try poller.wait(timeout: max(.zero, timeout))
    napUntil = nil
  }

  /// What waits for its commit anyway need not be read message by message.
  private func napIfSlow(_ connection: Connection) {
    guard messageCount > 0, pause == nil, connection.isDry else { return }
    let now = monotonicNow()
    let elapsed = now - (deadline - linger)
    guard elapsed >= Self.slowAfter,
      Double(messageCount) < elapsed.inSeconds * Self.slowRate
    else { return }
    napUntil = now + min(linger / 10, Self.napMax)
  }

  /// Reads until the socket is dry or the group is full.
  ///
  /// - Returns: whether the connection lives.
  private func takeIn(_ connection: Connection) throws -> Bool {
    guard pause == nil else { return true }
    repeat {
      // Also what was read before the connection broke is taken.
      defer { for message in connection.takeMessages() { take(message) } }
      try connection.read(
        messagesMax: min(Self.chunkMax, receiveMaximum - messageCount),
        payloadBytesMax: Self.chunkBytesMax)
      guard try handleEvents(of: connection) else { return false }
    } while !connection.isDry && !isGroupFull && pause == nil && !stop.isSet
    return true
  }

  /// - Returns: whether the connection lives.
  private func handleEvents(of connection: Connection) throws -> Bool {
    for event in connection.takeEvents() {
      switch event {
      case .connected(let isSessionPresent):
        writer.connected()
        try subscriptions.begin(connection, isSessionPresent: isSessionPresent)
        Log.notice(
          "local broker connected", [("broker", broker.name), ("session", isSessionPresent)])
      case .subscribed:
        guard subscriptions.acknowledged() else { continue }
        report.update {
          $0.isConnected = true
          $0.sinceMs = wallClockMs()
          $0.trouble = nil
        }
      case .published: break
      case .refused(let error): throw error
      case .disconnected(let error):
        if let error { throw error }
        return false
      }
    }
    return true
  }

  /// The connection is over: what was read from it is committed if that is possible (the broker
  /// sends it again, and it is recognised), or forgotten (and comes again).
  private func leave(_ connection: Connection) {
    // Within TLS messages may come while the handshake is finished, after which nobody has looked.
    if !connection.takeMessages().isEmpty { isGroupVoid = true }
    if messageCount > 0, !isGroupVoid { commit() }
    if messageCount == 0, !isGroupVoid {
      connection.disconnect()
      return
    }
    clearGroup()
    pause = nil
    writer.forget()
    connection.abandon()
  }

  // MARK: Messages

  private func take(_ message: Message) {
    let now = monotonicNow()
    if messageCount == 0 {
      deadline = now + linger
      stamp = writer.clock.stamp()
    }
    messageCount += 1
    guard !writer.isRedelivery(message) else {
      tally.redelivered += 1
      return
    }
    var parsed = parser.parse(
      topic: message.topic, payload: message.payload, arrivalMs: stamp.timeMs(now))
    rowCount += parsed.measurements.count + parsed.rejections.count
    guard parsed.numbered == nil || keepNew(&parsed) else {
      isGroupVoid = true
      return
    }
    tally.unknownFields += UInt64(parsed.unknownFieldCount)
    if let name = parsed.lastUnknownField {
      tally.lastUnknownField = IntakeReport.UnknownField(
        name, topic: message.topic, timeMs: stamp.timeMs(now))
    }
    if parsed.measurements.contains(where: \.isSimulated) { tally.isSimulated = true }
    group.measurements += parsed.measurements
    group.reject(parsed.rejections, of: message.payload)
  }

  /// - Returns: `false` where that cannot be known, and the stop came.
  private func keepNew(_ parsed: inout ParsedPayload) -> Bool {
    let before = parsed.measurements.count
    repeat {
      do throws(BufferError) {
        try writer.keepNew(&parsed)
        tally.repeated += UInt64(before - parsed.measurements.count)
        return true
      } catch {
        // Without the table nobody knows what is new: wait for it.
        note(error)
        wait(.milliseconds(50))
      }
    } while !stop.isSet
    return false
  }

  // MARK: Commit

  private var isGroupFull: Bool {
    messageCount >= receiveMaximum || rowCount >= Self.rowsMax
  }

  private func clearGroup() {
    group.removeAll()
    messageCount = 0
    rowCount = 0
    isGroupVoid = false
  }

  private func isCommitDue(_ connection: Connection) -> Bool {
    guard messageCount > 0, !isGroupVoid else { return false }
    let now = monotonicNow()
    if let pause { return now >= pause.nextAttempt }
    return isGroupFull || now >= deadline || stop.isSet
      || window.isExhausted(messageCount, now: now)
  }

  /// Stores the group. Where there is no room for it, it stays, and so does everything that comes
  /// after it at the broker.
  private func commit() {
    do throws(BufferError) {
      try writer.commit(
        group, nowMs: stamp.timeMs(monotonicNow()), mark: writer.clock.mark(stamp))
      window.committed(messageCount, isByDeadline: !isGroupFull, now: monotonicNow())
      clearGroup()
      tally.lastCommitMs = wallClockMs()
      guard pause != nil else { return }
      pause = nil
      Log.notice("the intake goes on")
      tell()
    } catch {
      let now = monotonicNow()
      let isNew = pause == nil
      let present = IntakePause(after: error, since: pause?.since ?? now, now: now)
      pause = present
      guard present.isWorthTelling else { return }
      report.update { $0.pausedReason = error.description }
      if isNew || troubleLog.allows(now: now) {
        Log.warning("the intake pauses, the local broker holds what comes", [("error", error)])
      }
    }
  }

  // MARK: Telling

  private func tell() {
    let tally = tally
    self.tally = Tally()
    let counts = writer.counts
    let isPaused = pause != nil
    report.update {
      $0.redelivered += tally.redelivered
      $0.repeated += tally.repeated
      $0.unknownFields += tally.unknownFields
      if let field = tally.lastUnknownField { $0.lastUnknownField = field }
      $0.isSimulated = $0.isSimulated || tally.isSimulated
      if tally.lastCommitMs > 0 { $0.lastCommitMs = tally.lastCommitMs }
      $0.counts = counts
      if !isPaused { $0.pausedReason = nil }
    }
  }

  private func note(_ error: any Error) {
    let text = "\(error)"
    let isNew = report.current.trouble != text
    report.update { $0.trouble = text }
    if isNew || troubleLog.allows(now: monotonicNow()) {
      Log.warning("intake waits", [("error", text)])
    }
  }

  /// Waits, but for `stop`, and shows the watchdog that it does so on purpose.
  private func wait(_ duration: Duration) {
    let deadline = monotonicNow() + duration
    poller.removeAll()
    poller.add(stop.fileDescriptor, .readable)
    while !stop.isSet {
      let left = deadline - monotonicNow()
      guard left > .zero else { return }
      progress.turn()
      writer.yieldIfDamaged()
      tell()
      guard (try? poller.wait(timeout: min(left, .seconds(1)))) != nil else { return }
    }
  }
}
