import Agent
import Daemon
import Protocol
import TestSupport

/// What an agent has promised, and to whom.
struct AgentPromise: Sendable {
  /// Committed: the local broker got its PUBACK, and the uplink may have sent it.
  var commits: [Commit] = []
  /// Begun and not acknowledged: there as a whole or not at all.
  var inFlight: (id: Int64, count: Int)?
  /// The greatest receipt of each stream that ever came: what lies before may be gone.
  var receipted: [StreamID: SequenceNumber] = [:]

  struct Commit: Sendable {
    let id: Int64
    let count: Int
    let stream: StreamID
    let first: SequenceNumber

    var end: SequenceNumber { first + SequenceNumber(count) }
  }
}

/// Intake, receipts, pruning, dropping, restarts, new streams, from the first start on.
struct BufferScenario: CutScenario {
  enum Work: String, CaseIterable, Sendable {
    case firstStart = "first start"
    case intake
    case uplink = "acknowledgement and pruning"
    case dropOldest = "drop_oldest"
  }

  let work: Work
  /// Acknowledges before the commit, as most bridges do: only to show that this is seen.
  var acknowledgesFirst = false

  var name: String { "agent, \(work.rawValue)" }

  private var settings: EdgeHost.Settings {
    var settings = filling
    // No disk has so much: every commit has to make room first.
    if work == .dropOldest { settings.freeBytesMin = 1_000_000_000_000 }
    return settings
  }

  /// What can be dropped has to be there first.
  private var filling: EdgeHost.Settings {
    var settings = EdgeHost.Settings()
    if work == .dropOldest { settings.whenFull = "drop_oldest" }
    return settings
  }

  func files(using generator: inout SeededGenerator) -> [String: [UInt8]] { [:] }

  func perform(
    in folder: String, using generator: inout SeededGenerator,
    promise tell: (AgentPromise) -> Void
  ) throws {
    var promise = AgentPromise()
    var host = try EdgeHost(folder, filling)
    if work == .dropOldest {
      for _ in 0..<20 { try store(host, &promise, &generator, tell, count: 1_000) }
      host.close()
      host = try EdgeHost(folder, settings)
    }
    let steps = work == .firstStart ? 3 : 60
    for _ in 0..<steps {
      try store(host, &promise, &generator, tell)
      if work != .intake, work != .firstStart { try receipt(host, &promise, &generator, tell) }
      if generator.once(in: 20) {
        host.close()
        host = try EdgeHost(folder, settings)
      }
    }
    host.close()
  }

  private func store(
    _ host: EdgeHost, _ promise: inout AgentPromise, _ generator: inout SeededGenerator,
    _ tell: (AgentPromise) -> Void, count fixed: Int? = nil
  ) throws {
    let last = promise.commits.last
    let id = last.map { $0.id + Int64($0.count) } ?? 0
    let some = Int.random(in: 1...(generator.once(in: 10) ? 400 : 40), using: &generator)
    let count = fixed ?? some
    if acknowledgesFirst, let live = try host.reader.streams().last {
      promise.commits.append(.init(id: id, count: count, stream: live.id, first: live.next))
      tell(promise)
      try host.store(count, from: id)
      return
    }
    promise.inFlight = (id, count)
    tell(promise)
    let place = try host.store(count, from: id)
    promise.inFlight = nil
    promise.commits.append(.init(id: id, count: count, stream: place.stream, first: place.first))
    tell(promise)
  }

  private func receipt(
    _ host: EdgeHost, _ promise: inout AgentPromise, _ generator: inout SeededGenerator,
    _ tell: (AgentPromise) -> Void
  ) throws {
    guard generator.once(in: 3),
      let commit = promise.commits.suffix(20).randomElement(using: &generator)
    else { return }
    promise.receipted[commit.stream] = max(promise.receipted[commit.stream] ?? 0, commit.end)
    tell(promise)
    try host.acknowledge(commit.stream, commit.end)
    if generator.once(in: 2) { try host.prune() }
    if generator.once(in: 12) { _ = try host.reader.beginStream() }
  }

  func verify(
    _ folder: String, _ promise: AgentPromise?, using generator: inout SeededGenerator
  ) throws {
    let promise = promise ?? AgentPromise()
    if generator.once(in: 6) { return try verifyBounds(folder, promise) }
    let host = try EdgeHost(folder, filling)
    defer { host.close() }
    try host.waitForSalvage()
    var audit = try AgentAudit(host, promise)
    if work == .dropOldest { audit.lossAllowed = { $1 == .bufferFull } }
    try audit.check()
    try audit.checkThatNumberingGoesOn()
  }

  /// Power cut and lost file in one: the marks alone say which numbers were given.
  private func verifyBounds(_ folder: String, _ promise: AgentPromise) throws {
    for name in Folder.names(folder) where !name.hasSuffix(".marks") {
      try Files.remove("\(folder)/\(name)")
    }
    let host = try EdgeHost(folder)
    defer { host.close() }
    try host.waitForSalvage()
    let streams = try host.reader.streams()
    for commit in promise.commits {
      let next = streams.first { $0.id == commit.stream }?.next ?? 0
      let receipted = promise.receipted[commit.stream] ?? 0
      try hold(
        next >= commit.end || receipted >= commit.end,
        "the marks allow \(next), but \(commit.end) was reached in \(commit.stream)")
    }
  }
}
