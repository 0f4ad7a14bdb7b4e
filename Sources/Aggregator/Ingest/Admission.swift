import Protocol

/// What came from the broker and waits for its commit. Each agent has a lane of its own with a
/// bound, and groups are made of the lanes in turn, so that one that floods delays itself; what is
/// beyond an agent's quotas is dropped here, before anything is decoded or written, and counted.
///
/// A dropped batch gets no receipt, so a sound agent sends it again. Pure; owned by
/// ingest's thread.
package struct Admission {
  private let limits: QuotaConfiguration
  private var lanes: [Lane] = []
  private var laneOf: [String: Int] = [:]
  /// Lanes in which something waits, in the order of their turns.
  private var turns: [Int] = []
  private var turn = 0
  private var waitingBytes = 0
  package private(set) var waitingCount = 0

  private struct Lane {
    let agent: String
    var quota: AgentQuota
    var waiting: [Item] = []
    /// Items of `waiting` that have gone already.
    var taken = 0
    var bytes = 0
    /// What the lane may still put into groups; grows with each turn.
    var credit = 0
    var dropped: Dropped?

    var count: Int { waiting.count - taken }
  }

  private struct Item {
    let arrival: Arrival
    let samples: Int
    /// In memory: what a batch decodes to may be larger than its payload.
    let bytes: Int

    /// What has gone, and only keeps its place.
    static let gone = Item(
      arrival: Arrival(topic: "", payload: [], arrivedMs: 0), samples: 0, bytes: 0)

    /// In bytes: what takes time is the measurements, of which a few bytes may hold many, and each
    /// message by itself.
    var cost: Int { max(arrival.payload.count, samples * 8) + 1_024 }
  }

  /// Messages of an agent that were dropped since the last `takeDropped`.
  package struct Dropped: Equatable {
    package let agent: String
    package var count: Int64
    /// Of the last.
    package var overrun: AgentQuota.Overrun

    package init(agent: String, count: Int64, overrun: AgentQuota.Overrun) {
      self.agent = agent
      self.count = count
      self.overrun = overrun
    }
  }

  /// A sound agent has at most `Sender.Limits.windowMax` batches under way, and each once more
  /// where a receipt was late.
  package static let laneCountMax = 128
  static let laneBytesMax = 4 * Batch.bytesMax
  /// All lanes together; beyond it nothing is read, and the broker holds what comes.
  static let bytesMax = 64 << 20
  static let countMax = 1_024
  /// Of one group, and of every other transaction that measurements are taken into: their state is
  /// collected in memory, and a few hundred bytes may hold 65,536.
  static let groupSamplesMax = 131_072
  static let groupBytesMax = 8 << 20
  /// Items that a lane may still hold after they have gone.
  package static let takenMax = 16
  /// A row of the ledger each, which every reader of it pays for.
  private static let samplesPerHole = 1_000
  /// What a lane may have at each turn: a small part of a group.
  private static let quantum = 16_384
  /// Agents that are told apart; made-up names beyond them share a lane.
  static let lanesMax = 10_000

  package init(_ limits: QuotaConfiguration) { self.limits = limits }

  package var isEmpty: Bool { waitingCount == 0 }

  /// Messages in memory: those that wait, and a few in each lane that have gone.
  package var heldCount: Int { lanes.reduce(0) { $0 + $1.waiting.count } }

  /// Nothing more is to be read before a group is taken.
  package var isFull: Bool {
    waitingBytes >= Admission.bytesMax || waitingCount >= Admission.countMax
  }

  package mutating func admit(_ arrival: Arrival, now: Duration) {
    let index = lane(of: Admission.agent(of: arrival.topic), now: now)
    var arrival = arrival
    let byteCount = arrival.payload.count
    if lanes[index].count >= Admission.laneCountMax
      || (lanes[index].count > 0 && lanes[index].bytes + byteCount > Admission.laneBytesMax)
    {
      return drop(.waiting, index)
    }
    if let overrun = lanes[index].quota.take(limits, byteCount: byteCount, now: now) {
      return drop(overrun, index)
    }
    if arrival.topic.hasSuffix("/batch") { arrival.decodedBatch = try? arrival.batch() }
    let samples = Admission.samples(in: arrival.decodedBatch)
    lanes[index].quota.spend(samples: samples)
    if lanes[index].count == 0 { turns.append(index) }
    let pieces = arrival.decodedBatch?.segments.count ?? 0
    let bytes = max(byteCount, pieces * MemoryLayout<Batch.Piece>.stride)
    lanes[index].waiting.append(Item(arrival: arrival, samples: samples, bytes: bytes))
    lanes[index].bytes += bytes
    waitingBytes += bytes
    waitingCount += 1
  }

  /// The next transaction: so many messages from the lanes in turn, in order within each.
  package mutating func nextGroup(messagesMax: Int) -> [Arrival] {
    var group: [Arrival] = []
    var (bytes, samples) = (0, 0)
    while group.count < messagesMax, !turns.isEmpty {
      turn %= turns.count
      let index = turns[turn]
      let item = lanes[index].waiting[lanes[index].taken]
      guard lanes[index].credit >= item.cost else {
        lanes[index].credit += Admission.quantum
        turn += 1
        continue
      }
      let isWhole =
        bytes + item.arrival.payload.count > Admission.groupBytesMax
        || samples + item.samples > Admission.groupSamplesMax
      if isWhole, !group.isEmpty { break }
      bytes += item.arrival.payload.count
      samples += item.samples
      group.append(item.arrival)
      remove(item, from: index)
    }
    return group
  }

  /// Forgets what waits, as after a failed commit: its agents send it again.
  package mutating func forget() {
    for index in turns {
      lanes[index].waiting.removeAll()
      (lanes[index].taken, lanes[index].bytes, lanes[index].credit) = (0, 0, 0)
    }
    turns.removeAll()
    (turn, waitingBytes, waitingCount) = (0, 0, 0)
  }

  /// What was dropped since the last call, by agent.
  package mutating func takeDropped() -> [Dropped] {
    var all: [Dropped] = []
    for index in lanes.indices {
      guard let dropped = lanes[index].dropped else { continue }
      all.append(dropped)
      lanes[index].dropped = nil
    }
    return all
  }

  private mutating func drop(_ overrun: AgentQuota.Overrun, _ index: Int) {
    let count = lanes[index].dropped?.count ?? 0
    lanes[index].dropped = Dropped(
      agent: lanes[index].agent, count: count + 1, overrun: overrun)
  }

  private mutating func remove(_ item: Item, from index: Int) {
    lanes[index].credit -= item.cost
    lanes[index].waiting[lanes[index].taken] = .gone
    lanes[index].taken += 1
    lanes[index].bytes -= item.bytes
    waitingBytes -= item.bytes
    waitingCount -= 1
    guard lanes[index].count == 0 else {
      // A lane that is never empty must not hold what has gone.
      if lanes[index].taken >= Admission.takenMax {
        lanes[index].waiting.removeFirst(lanes[index].taken)
        lanes[index].taken = 0
      }
      return
    }
    lanes[index].waiting.removeAll(keepingCapacity: lanes[index].waiting.count <= 8)
    (lanes[index].taken, lanes[index].credit) = (0, 0)
    // The one that moves into its place has its turn next.
    turns.remove(at: turn)
  }

  private mutating func lane(of agent: String, now: Duration) -> Int {
    if let known = laneOf[agent] { return known }
    if lanes.count >= Admission.lanesMax { forgetQuiet(now: now) }
    // Names are an agent's own by its certificate; only who needs none can make so many up.
    let name = lanes.count < Admission.lanesMax ? agent : ""
    if let known = laneOf[name] { return known }
    laneOf[name] = lanes.count
    lanes.append(Lane(agent: name, quota: AgentQuota(limits, now: now)))
    return lanes.count - 1
  }

  /// Only where nothing waits, for `turns` holds places of lanes.
  private mutating func forgetQuiet(now: Duration) {
    guard turns.isEmpty else { return }
    lanes.removeAll { $0.dropped == nil && $0.quota.isFull(limits, now: now) }
    laneOf.removeAll(keepingCapacity: true)
    for (index, lane) in lanes.enumerated() { laneOf[lane.agent] = index }
  }

  /// Empty: no legal topic; all of those share a lane.
  private static func agent(of topic: String) -> String {
    Topic.agent(in: topic, leaf: "batch") ?? Topic.agent(in: topic, leaf: "status") ?? ""
  }

  /// What the batch says that it holds; a segment that holds another number does not decode.
  static func samples(in batch: Batch?) -> Int {
    guard let batch else { return 0 }
    return batch.segments.reduce(batch.holes.count * samplesPerHole) { $0 + $1.count }
  }
}
