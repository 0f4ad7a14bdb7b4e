import Agent
import Aggregator
import Protocol
import TestSupport
import Testing

/// A disk that refuses the n-th call, or from then on every call, until it is mended: nothing that
/// was acknowledged is lost, the work goes on by itself, and the error says what to do.
@Suite struct FailingDiskTests {
  static let failures: [(Failure.Kind, hints: [String])] = [
    (.inputOutput(isLasting: false), [inputOutput]),
    (.inputOutput(isLasting: true), [inputOutput]),
    (.full(isLasting: false), [full]), (.full(isLasting: true), [full]),
    // Where SQLite expected nothing there, a page of zeros is what it goes on with.
    (.shortRead, [inputOutput, damaged, store]),
    (.readOnly, [inputOutput, notOpened]),
  ]

  private static let inputOutput = "check the disk: see the kernel's log"
  private static let full = "free space on the disk"
  private static let damaged = "the file is damaged: restore it, or let the daemon set it aside"
  private static let store = StoreVerification.remedy
  private static let notOpened = "check that the folder exists and may be written"

  @Test(arguments: failures.indices)
  func `an agent whose disk fails at any call loses nothing and goes on when it is mended`(
    index: Int
  ) throws {
    try tryCalls(index, "agent") { kind, call in
      let run = try AgentOnFailingDisk(kind, after: call)
      return (run.concernedCalls, run.hasStruck, run.errors)
    }
  }

  @Test(arguments: failures.indices)
  func `an aggregator whose disk fails at any call loses nothing and goes on when it is mended`(
    index: Int
  ) throws {
    try tryCalls(index, "aggregator") { kind, call in
      let run = try AggregatorOnFailingDisk(kind, after: call)
      return (run.concernedCalls, run.hasStruck, run.errors)
    }
  }

  /// All calls of a run in a long test, some of them in a short one.
  private func tryCalls(
    _ index: Int, _ program: String,
    _ run: (Failure.Kind, Int) throws -> (calls: Int, hasStruck: Bool, errors: [String])
  ) throws {
    let (kind, hints) = FailingDiskTests.failures[index]
    let count = try run(kind, .max).calls
    var generator = SeededGenerator(seed: UInt64(index))
    let calls = (0..<count).shuffled(using: &generator).prefix(Effort.points / 8)
    var struck = 0
    for call in calls {
      do {
        let outcome = try run(kind, call)
        if outcome.hasStruck { struck += 1 }
        for error in outcome.errors {
          let isHelpful = hints.contains { error.hasSuffix("; \($0)") }
          try hold(isHelpful || error.hasSuffix("replaced"), "says: \(error)")
        }
      } catch {
        Issue.record("\(kind) after \(call) calls: \(error)")
      }
    }
    print("failing disk: \(program), \(kind): \(struck) of \(count) calls refused in turn")
    #expect(struck > calls.count / 2)
  }
}

/// One run of the agent's work; each commit is tried again, as the intake does.
private struct AgentOnFailingDisk {
  private(set) var errors: [String] = []
  private(set) var hasStruck = false
  private(set) var concernedCalls = 0

  init(_ kind: Failure.Kind, after calls: Int) throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let disk = try FaultDisk(folder)
    defer { disk.detach() }
    var promise = AgentPromise()
    try work(folder, disk, Failure(kind, after: calls), &promise)
    hasStruck = disk.hasFailed
    concernedCalls = disk.concernedCalls
    disk.mend()
    let host = try EdgeHost(folder)
    defer { host.close() }
    try host.settle()
    let audit = try AgentAudit(host, promise)
    try audit.check()
    try audit.checkThatNumberingGoesOn()
  }

  private mutating func work(
    _ folder: String, _ disk: FaultDisk, _ failure: Failure, _ promise: inout AgentPromise
  ) throws {
    let host = try EdgeHost(folder)
    defer { host.close() }
    try host.waitForSalvage()
    disk.fail(failure)
    for _ in 0..<12 {
      let id = promise.commits.last.map { $0.id + Int64($0.count) } ?? 0
      let place = try store(host, disk, id)
      promise.commits.append(
        .init(id: id, count: 30, stream: place.stream, first: place.first))
      try note { _ = try host.held(place.stream) }
      if id % 90 == 0 {
        promise.receipted[place.stream] = place.first
        try note {
          try host.acknowledge(place.stream, place.first)
          try host.prune()
        }
      }
    }
  }

  private mutating func store(
    _ host: EdgeHost, _ disk: FaultDisk, _ id: Int64
  ) throws -> (stream: StreamID, first: SequenceNumber) {
    var place: (stream: StreamID, first: SequenceNumber)?
    var attempts = 0
    _ = try eventually(within: .seconds(60)) {
      // Somebody looks after the disk.
      if attempts == 3 { disk.mend() }
      attempts += 1
      try note { place = try host.store(30, from: id) }
      if place != nil { return true }
      try note { _ = try host.reader.streams() }
      try host.waitForSalvage()
      return false
    }
    if let place { return place }
    throw Broken("nothing can be stored any more: \(errors.last ?? "")")
  }

  private mutating func note(_ body: () throws -> Void) throws {
    do { try body() } catch let error as BufferError { errors.append(error.description) }
  }
}

/// One run of the aggregator; a group that fails is sent again.
private struct AggregatorOnFailingDisk {
  private(set) var errors: [String] = []
  private(set) var hasStruck = false
  private(set) var concernedCalls = 0

  init(_ kind: Failure.Kind, after calls: Int) throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let disk = try FaultDisk(folder)
    defer { disk.detach() }
    let traffic = FaultTraffic(seed: UInt64(calls))
    let rules = StateRules()
    var promise = ProvincePromise()
    var ingestor: Ingestor? = try start(folder, rules)
    disk.fail(Failure(kind, after: calls))
    for group in traffic.groups {
      for reply in try ingest(group, &ingestor, folder, rules, disk) {
        promise.receipted[reply.receipt.stream] = reply.receipt.next
      }
    }
    hasStruck = disk.hasFailed
    concernedCalls = disk.concernedCalls
    disk.mend()
    ingestor = nil
    try ProvinceAudit(folder: folder, rules: rules, traffic: traffic, promise: promise).check()
  }

  private func start(_ folder: String, _ rules: StateRules) throws -> Ingestor {
    let store = try SQLiteStore(path: "\(folder)/hatang.db")
    _ = try Rebuild(store: store, rules: rules).run()
    return Ingestor(store: store, rules: rules)
  }

  private mutating func ingest(
    _ group: FaultTraffic.Group, _ ingestor: inout Ingestor?, _ folder: String,
    _ rules: StateRules, _ disk: FaultDisk
  ) throws -> [IngestReply] {
    for attempt in 0..<6 {
      if attempt == 3 { disk.mend() }
      do {
        if ingestor == nil { ingestor = try start(folder, rules) }
        return try ingestor?.ingest(group.arrivals, nowMs: group.atMs).replies ?? []
      } catch let error as StoreError {
        errors.append(error.description)
        // The daemon ends where it takes the file for damaged, and is started again.
        if error.nature == .corrupt { ingestor = nil }
        try hold(error.nature != .lasting, "would be refused for good: \(error)")
      }
    }
    throw Broken("a group cannot be stored any more: \(errors.last ?? "")")
  }
}
