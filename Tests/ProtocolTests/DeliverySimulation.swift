import Protocol
import TestSupport

/// One schedule: an agent, a network that loses, doubles, reorders and delays, and an aggregator,
/// all driven from one seed through crashes, partitions, restores, overflow and damage; then peace,
/// and a reckoning.
struct DeliverySimulation {
  private var generator: SeededGenerator
  private var now: Duration = .zero
  private var agent: SimulatedAgent
  private var aggregator = SimulatedAggregator()
  private var backups: [[StreamID: SimulatedAggregator.Account]] = []
  private var isRestored = false
  private var up: [(at: Duration, batch: Batch)] = []
  private var down: [(at: Duration, receipt: Receipt)] = []
  private var retainedStatus: AgentStatus?
  private var lastArrival: Duration = .zero
  private var isPartitioned = false
  private let faults: Faults

  /// What went wrong, in words; thrown so that the test can print the seed beside it.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// How often each fault comes: once in so many steps; 0 is never.
  struct Faults {
    var loss = 20
    var duplicate = 20
    var reorder = 20
    var partition = 40
    var agentCrash = 60
    var aggregatorRestart = 60
    var restore = 120
    var damage = 150
    var prune = 30
    var newStream = 80
  }

  /// Steps of trouble before peace.
  static let stepsMax = 160
  /// Steps of peace in which everything must have arrived.
  static let settlingStepsMax = 20_000

  init(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var faults = Faults()
    // Every other schedule leaves some faults out, so that they also meet one at a time.
    if generator.once(in: 2) {
      for fault in [\Faults.restore, \.damage, \.agentCrash, \.aggregatorRestart, \.loss] {
        if generator.once(in: 2) { faults[keyPath: fault] = 0 }
      }
    }
    self.faults = faults
    agent = SimulatedAgent(
      segmentsMax: generator.once(in: 3) ? 12 : 1_000, using: &generator)
    self.generator = generator
  }

  mutating func run() throws {
    connect()
    for _ in 0..<Int.random(in: 20...DeliverySimulation.stepsMax, using: &generator) {
      trouble()
      try step()
    }
    connect()
    try settle()
    // What a restore undid behind the agent's back, its next status brings to light.
    publishStatus()
    try settle()
    try reckon()
  }

  /// Peace until nothing is under way and nothing is left to send.
  private mutating func settle() throws {
    var steps = 0
    while !up.isEmpty || !down.isEmpty || agent.sender.streams.contains(where: { !$0.isFinished }) {
      steps += 1
      guard steps < DeliverySimulation.settlingStepsMax else {
        throw Failure(description: "not settled: \(agent.sender.streams.map(\.backlog))")
      }
      try step()
    }
  }

  // MARK: Trouble

  private mutating func happens(_ fault: Int) -> Bool {
    fault > 0 && generator.once(in: fault)
  }

  private mutating func trouble() {
    agent.commit(count: Int.random(in: 1...5, using: &generator))
    if happens(faults.partition) { isPartitioned ? connect() : partition() }
    if happens(faults.agentCrash) {
      agent.restart()
      loseTheNetwork()
      isPartitioned = true
    }
    if happens(faults.prune) { agent.prune() }
    if happens(faults.damage) {
      agent.damage(now: now, using: &generator)
      loseTheNetwork()
      isPartitioned = true
    }
    if happens(faults.newStream) {
      agent.beginStream(now: now, using: &generator)
      publishStatus()
    }
    if generator.once(in: 10) { backups.append(aggregator.store) }
    if happens(faults.restore), let backup = backups.randomElement(using: &generator) {
      aggregator.store = backup
      isRestored = true
      aggregatorStarts()
    }
    if happens(faults.aggregatorRestart) { aggregatorStarts() }
    if generator.once(in: 15) { publishStatus() }
  }

  private mutating func partition() {
    isPartitioned = true
    agent.sender.disconnected()
    loseTheNetwork()
  }

  private mutating func connect() {
    isPartitioned = false
    agent.sender.connected()
    publishStatus()
  }

  /// Clean sessions: what was under way is gone.
  private mutating func loseTheNetwork() {
    up.removeAll()
    down.removeAll()
  }

  private mutating func aggregatorStarts() {
    up.removeAll()
    if let retainedStatus { send(aggregator.answer(retainedStatus)) }
  }

  private mutating func publishStatus() {
    guard agent.sender.isConnected else { return }
    retainedStatus = agent.status
    send(aggregator.answer(agent.status))
  }

  private mutating func send(_ receipts: [Receipt]) {
    guard !isPartitioned else { return }
    for receipt in receipts { down.append((arrival(), receipt)) }
  }

  /// Mostly one after the other, as MQTT promises; now and then overtaken.
  private mutating func arrival() -> Duration {
    let at = now + .milliseconds(Int.random(in: 1...400, using: &generator))
    if happens(faults.reorder) { return at + .milliseconds(3_000) }
    lastArrival = max(lastArrival, at)
    return lastArrival
  }

  // MARK: One step

  private mutating func step() throws {
    try sendBatches()
    advanceClock()
    deliverBatches()
    deliverReceipts()
    agent.sender.expire(now: now)
    guard agent.sender.inFlight <= agent.sender.limits.windowMax else {
      throw Failure(description: "\(agent.sender.inFlight) batches in flight")
    }
  }

  private mutating func sendBatches() throws {
    var sent = 0
    while let request = agent.sender.nextRequest() {
      let size = Int.random(in: 1...8, using: &generator)
      guard let (batch, end) = agent.batch(for: request, segmentsMax: size, now: now) else {
        throw Failure(description: "request for a stream that is not held")
      }
      agent.sender.sent(request.stream, end: end, now: now, using: &generator)
      if !isPartitioned, !happens(faults.loss) {
        up.append((arrival(), batch))
        if happens(faults.duplicate) { up.append((arrival(), batch)) }
      }
      sent += 1
      guard sent <= agent.sender.limits.windowMax else {
        throw Failure(description: "more sent than the window holds")
      }
    }
  }

  /// To the next thing that happens, or a little on.
  private mutating func advanceClock() {
    let events = [up.map(\.at).min(), down.map(\.at).min(), agent.sender.deadline]
    let next = events.compactMap { $0 }.min() ?? now
    now = max(now, min(next, now + .seconds(30))) + .milliseconds(1)
  }

  private mutating func deliverBatches() {
    guard up.contains(where: { $0.at <= now }) else { return }
    let due = up.filter { $0.at <= now }.sorted { $0.at < $1.at }
    up.removeAll { $0.at <= now }
    for item in due {
      guard let receipt = aggregator.receive(item.batch) else { continue }
      if !happens(faults.loss) { send([receipt]) }
    }
  }

  private mutating func deliverReceipts() {
    guard down.contains(where: { $0.at <= now }) else { return }
    let due = down.filter { $0.at <= now }.sorted { $0.at < $1.at }
    down.removeAll { $0.at <= now }
    for item in due { agent.receive(item.receipt, now: now, using: &generator) }
  }

  // MARK: The reckoning

  private func reckon() throws {
    guard aggregator.refusals == 0 else {
      throw Failure(description: "\(aggregator.refusals) batches refused")
    }
    for stream in agent.disk where stream.next > 0 {
      guard let account = aggregator.store[stream.id] else {
        throw Failure(description: "stream of \(stream.next) never arrived")
      }
      try reckon(stream, account)
    }
  }

  private func reckon(
    _ stream: SimulatedAgent.StoredStream, _ account: SimulatedAggregator.Account
  ) throws {
    let ledger = account.ledger
    guard ledger.isBalanced, ledger.next == stream.next else {
      throw Failure(description: "unbalanced: \(ledger), sent \(stream.next)")
    }
    var places = account.segments.map { ($0.first, $0.end) }
    for segment in account.segments
    where segment.bytes.last != UInt8(truncatingIfNeeded: segment.first)
      || !segment.bytes.dropLast().elementsEqual(stream.identity)
    {
      throw Failure(description: "another segment's bytes at \(segment.first)")
    }
    for hole in account.holes {
      places.append((hole.first, hole.last + 1))
      try checkDeclared(hole, of: stream)
    }
    places.sort { $0.0 < $1.0 }
    var expected: SequenceNumber = 0
    for (first, end) in places {
      guard first == expected else {
        throw Failure(description: "numbers \(min(first, expected))… missing or twice")
      }
      expected = end
    }
    guard expected == stream.next else { throw Failure(description: "the end is missing") }
    let received = account.segments.reduce(0) { $0 + UInt64($1.count) }
    guard received == ledger.received else { throw Failure(description: "miscounted") }
  }

  /// The aggregator may call lost only what the agent really no longer had.
  private func checkDeclared(_ hole: Hole, of stream: SimulatedAgent.StoredStream) throws {
    for number in hole.first...hole.last {
      let isDropped = stream.holes.contains {
        $0.first <= number && number <= $0.last && $0.reason == hole.reason
      }
      let isPruned =
        hole.reason == .noLongerKept && isRestored
        && number < agent.pruned[stream.id, default: 0]
      guard isDropped || isPruned else {
        throw Failure(
          description: """
            \(number) of \(hole) is called lost and was not; the agent declared \(stream.holes), \
            pruned \(agent.pruned[stream.id, default: 0])\(isRestored ? ", restored" : "")
            """)
      }
    }
  }
}
