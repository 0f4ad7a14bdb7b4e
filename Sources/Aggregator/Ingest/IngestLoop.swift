import Daemon
import MQTT
import Protocol

/// Ingest's thread: one MQTT connection, one store, one loop around poll(2).
///
///     poll → read until the socket is dry or the linger time is over; what is over an agent's
///            quotas is dropped → a group from the agents in turn
///          → one transaction → COMMIT → receipts leave
///
/// What is not committed is not receipted: where the store fails, what waits is forgotten and the
/// connection dropped, and the agents send again. The PUBACK only tells the broker to go on: the
/// session ends with the connection, so the broker would not send anything again in any case.
final class IngestLoop {
  private let broker: BrokerSettings
  private let store: any Store
  private let ingestor: Ingestor
  private let quotas: QuotaConfiguration
  private var admission: Admission
  private let rules: StateRules
  private let report: IngestReport
  private let stop: StopSignal
  private var retention: Retention
  /// Files that people carried here.
  private let inbox: TakeOutInbox
  private var poller = Poller()
  /// Not yet confirmed by the broker.
  private var subscriptionsDue = 0
  private var refusalLog = RateLimit(perSeconds: 10)
  private var troubleLog = RateLimit(perSeconds: 30)

  /// Messages of one transaction, and of one reading: each may have `Batch.bytesMax`.
  static let messagesMax = 64
  /// Messages that the broker may have under way to us: they lie in the sockets until we read them.
  private static let windowMax = 512
  /// How long a group waits for more messages once it has one.
  private static let linger: Duration = .milliseconds(20)
  /// Between two readings of a group's messages.
  private static let nap: Duration = .milliseconds(5)
  /// How long a carried file is worked on while there is no broker, before the watchdog is told.
  private static let carryTime: Duration = .milliseconds(500)
  /// Between two attempts at broker or store.
  private static let backoff: ClosedRange<Duration> = .seconds(1) ... .seconds(30)
  /// For people. Each run has an id of its own, so that nobody can take its place at the broker.
  static let clientID = "hatang-aggregator"

  init(
    _ configuration: AggregatorConfiguration, store: any Store, report: IngestReport,
    stop: StopSignal
  ) {
    broker = configuration.broker
    rules = StateRules(configuration.method, keepRawDays: configuration.keepRawDays)
    self.store = store
    quotas = configuration.quotas
    admission = Admission(quotas)
    ingestor = Ingestor(
      store: store, rules: rules, allowedAgents: configuration.agents, streamsMax: quotas.streams)
    retention = Retention(rules: rules)
    inbox = TakeOutInbox(storePath: configuration.storePath)
    self.report = report
    self.stop = stop
  }

  /// Until `stop` is set or the store is damaged.
  func run() {
    var backoff = Backoff(IngestLoop.backoff)
    inbox.open()
    while !stop.isSet {
      backoff.begin()
      do {
        try makeStateWhole()
        try session()
      } catch let error as StoreError where error.nature == .corrupt {
        Log.error("the store is damaged", [("error", error)])
        report.update { $0.fatal = error.description }
        return
      } catch {
        note(error)
      }
      report.update { $0.isConnected = false }
      backoff.wait(unless: stop) {
        report.progressed()
        takeCarried()
      }
    }
  }

  /// Nothing is ingested while the state is being made again: agents keep what they have.
  private func makeStateWhole() throws(StoreError) {
    guard !report.current.isStateWhole else { return }
    let rebuild = Rebuild(store: store, rules: rules)
    let due = try rebuild.kindsDue()
    let isLong = due.isEmpty ? false : try store.lastSegmentID() > 0
    if isLong {
      let kinds = due.map(\.name).sorted().joined(separator: ",")
      Log.notice("making the state again from the kept segments", [("kinds", kinds)])
    }
    let isWhole = try rebuild.run { done, all in
      report.progressed()
      report.update { $0.rebuilding = "segment \(done) of \(all)" }
      return !stop.isSet
    }
    if isWhole, isLong { Log.notice("the state is whole again") }
    report.update {
      $0.isStateWhole = isWhole
      $0.stateVersion += 1
    }
  }

  /// One connection, from connecting to its end.
  private func session() throws {
    var options = broker.options(clientID: IngestLoop.clientID)
    options.receiveMaximum = IngestLoop.windowMax
    admission.forget()
    let connection = try Connection(options)
    try connection.connect()
    var maintained = monotonicNow()
    var hasMore = false
    while !stop.isSet {
      let mayWait = connection.isDry && !hasMore && admission.isEmpty
      try poll(connection, timeout: mayWait ? .seconds(1) : .zero)
      report.progressed()
      try read(connection)
      guard try handleEvents(of: connection) else { return }
      guard let group = try gather(connection) else { return }
      if !group.isEmpty { try commit(group, connection) }
      try connection.write()
      // Connecting goes on in `write` too, and poll would not tell of what came there.
      guard try handleEvents(of: connection) else { return }
      if monotonicNow() - maintained >= .seconds(1) {
        maintained = monotonicNow()
        try connection.maintain()
        try countDropped()
      }
      // One small step a turn: it neither waits for an idle hour nor holds a group up for long.
      let began = monotonicNow()
      hasMore = try retention.step(store, nowMs: wallClockMs())
      report.retained(until: retention.clock, in: hasMore ? monotonicNow() - began : nil)
      if let outcome = try carry() {
        hasMore = true
        if connection.isConnected { try publish(outcome.replies, connection) }
      }
    }
    connection.disconnect()
  }

  private func poll(_ connection: Connection, timeout: Duration) throws {
    poller.removeAll()
    poller.add(stop.fileDescriptor, .readable)
    if let descriptor = connection.fileDescriptor {
      poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
    }
    try poller.wait(timeout: timeout)
  }

  /// - Returns: whether the connection lives.
  private func handleEvents(of connection: Connection) throws -> Bool {
    for event in connection.takeEvents() {
      switch event {
      case .connected:
        // Retained status messages follow: they say who is online.
        try ingestor.sessionBegan()
        _ = try connection.subscribe(to: Topic.allStatuses)
        _ = try connection.subscribe(to: Topic.allBatches)
        subscriptionsDue = 2
      case .subscribed:
        subscriptionsDue -= 1
        // Not before: what agents send until then does not reach us.
        if subscriptionsDue == 0 { connected() }
      case .published: break
      case .refused(let error): throw error
      case .disconnected(let error):
        if let error { throw error }
        return false
      }
    }
    return true
  }

  private func connected() {
    Log.notice("connected to the broker", [("broker", "\(broker.host):\(broker.port)")])
    report.update {
      $0.isConnected = true
      $0.trouble = nil
    }
  }

  /// The next group: of what has come, and of what comes within the linger time. Where more than a
  /// group waits already, only what is at hand is read: a flood has to be read to be dropped.
  ///
  /// - Returns: `nil`: the connection is over.
  private func gather(_ connection: Connection) throws -> [Arrival]? {
    guard !admission.isEmpty else { return [] }
    let deadline = monotonicNow() + IngestLoop.linger
    while !admission.isFull, !stop.isSet {
      let left = deadline - monotonicNow()
      guard left > .zero else { break }
      if connection.isDry {
        if admission.waitingCount >= IngestLoop.messagesMax { break }
        // The flow gathers in the socket: each waking costs more than what it then reads.
        poller.removeAll()
        try poller.wait(timeout: min(left, IngestLoop.nap))
      }
      try read(connection)
      try connection.write()
      // What is left in the inbox would count as something to be read, and this would spin.
      guard try handleEvents(of: connection) else { return nil }
    }
    return admission.nextGroup(messagesMax: IngestLoop.messagesMax)
  }

  private func read(_ connection: Connection) throws {
    guard !admission.isFull else { return }
    try connection.read(messagesMax: IngestLoop.messagesMax)
    // Not once a group: an agent's clock would seem to be ahead by the linger time.
    let (arrivedMs, now) = (wallClockMs(), monotonicNow())
    for message in connection.takeMessages() {
      admission.admit(
        Arrival(
          topic: message.topic, payload: message.payload, isRetained: message.isRetained,
          arrivedMs: arrivedMs), now: now)
    }
  }

  private func countDropped() throws {
    let dropped = admission.takeDropped().map { dropped in
      (
        Refusal(
          agent: dropped.agent, reason: .overQuota, text: quotas.text(dropped.overrun)),
        times: dropped.count
      )
    }
    try ingestor.count(dropped, nowMs: wallClockMs())
    tell(of: dropped.map(\.0))
  }

  private func commit(_ group: [Arrival], _ connection: Connection) throws {
    let began = monotonicNow()
    let outcome: IngestOutcome
    do throws(StoreError) {
      outcome = try ingestor.ingest(group, nowMs: wallClockMs())
    } catch {
      guard error.nature == .lasting else { throw error }
      // One message spoils the group: take the others, and note which it was.
      guard group.count > 1 else {
        Log.error("a message cannot be stored", [("topic", group[0].topic), ("error", error)])
        return try ingestor.refuse(group[0], error, nowMs: wallClockMs())
      }
      for arrival in group { try commit([arrival], connection) }
      return
    }
    report.committed(outcome, messages: group.count, in: monotonicNow() - began)
    try publish(outcome.replies, connection)
    tell(of: outcome.refusals)
  }

  private func publish(_ replies: [IngestReply], _ connection: Connection) throws {
    for reply in replies {
      try connection.publish(
        Publication(
          topic: Topic.receipt(agent: reply.agent), payload: reply.receipt.encoded(),
          isRetained: false))
    }
  }

  private func tell(of refusals: [Refusal]) {
    for refusal in refusals where refusalLog.allows(now: monotonicNow()) {
      Log.warning(
        "refused",
        [
          ("agent", refusal.agent), ("reason", refusal.reason.rawValue), ("text", refusal.text),
          ("unlogged", refusalLog.suppressed),
        ])
    }
  }

  // MARK: What people carried here

  /// One group of a carried file. `nil`: none waits.
  private func carry() throws -> IngestOutcome? {
    let began = monotonicNow()
    guard let outcome = try inbox.step(ingestor, nowMs: wallClockMs()) else { return nil }
    report.committed(outcome, messages: 0, in: monotonicNow() - began)
    tell(of: outcome.refusals)
    return outcome
  }

  /// While there is no broker; its agents hear of it when they connect.
  private func takeCarried() {
    guard report.current.isStateWhole else { return }
    let deadline = monotonicNow() + IngestLoop.carryTime
    do {
      while !stop.isSet, monotonicNow() < deadline, try carry() != nil {}
    } catch {
      note(error)
    }
  }

  private func note(_ error: any Error) {
    let text = "\(error)"
    let isNew = report.current.trouble != text
    report.update {
      $0.trouble = text
      $0.isConnected = false
    }
    if isNew || troubleLog.allows(now: monotonicNow()) {
      Log.warning("ingest waits", [("error", text)])
    }
  }
}
