import Aggregator
import Daemon
import Glibc
import Indicators
import Protocol
import SQLite
import TestSupport

/// What an aggregator has promised, and to whom.
struct ProvincePromise: Sendable {
  /// The greatest `next` of each stream in a receipt that left.
  var receipted: [StreamID: SequenceNumber] = [:]
  /// Values that were shown, by code.
  var revisions: [String: Int64] = [:]
  /// Batches that were ever handed to ingest.
  var sentCount = 0
  /// Measurements that arrived before this may be gone as raw data.
  var retainedFromMs: Int64 = 0
  /// `backup` has said that the copy is made, of so much.
  var copied: [StreamID: SequenceNumber]?
  var isRebuilding = false
}

/// Ingest, and beside it what the daemon does: moving the log into the file, restarts, retention,
/// making the state again, indicators, backup.
final class StoreScenario: CutScenario {
  enum Work: String, CaseIterable, Sendable {
    case ingest
    case retention
    case recompute = "rebuild and revisions"
    case backup
  }

  let work: Work
  let rules: StateRules
  /// Receipts leave before the commit: only to show that this is seen.
  var receiptsFirst = false
  /// Of the present run.
  private var traffic = FaultTraffic(seed: 0)

  var name: String { "aggregator, \(work.rawValue)" }

  init(work: Work) {
    self.work = work
    var rules = StateRules()
    rules.keepRawMs = 10 * msPerDay
    self.rules = rules
  }

  func files(using generator: inout SeededGenerator) -> [String: [UInt8]] { [:] }

  func perform(
    in folder: String, using generator: inout SeededGenerator,
    promise tell: (ProvincePromise) -> Void
  ) throws {
    traffic = FaultTraffic(seed: generator.next())
    var promise = ProvincePromise()
    let daemon = Running(folder, rules)
    try daemon.restart()
    for (index, group) in traffic.groups.enumerated() {
      promise.sentCount = index + 1
      if receiptsFirst { note(traffic.nextAfter[index], &promise, tell) }
      tell(promise)
      let outcome = try daemon.present().ingestor.ingest(group.arrivals, nowMs: group.atMs)
      for reply in outcome.replies {
        promise.receipted[reply.receipt.stream] = max(
          promise.receipted[reply.receipt.stream] ?? 0, reply.receipt.next)
      }
      tell(promise)
      try workBeside(folder, daemon.present().store, group.atMs, &promise, &generator, tell)
      if generator.once(in: 8) {
        try daemon.restart()
      }
    }
  }

  /// The daemon's writer, that can be started anew.
  private final class Running {
    private let folder: String
    private let rules: StateRules
    private var parts: (store: SQLiteStore, ingestor: Ingestor)?

    init(_ folder: String, _ rules: StateRules) {
      self.folder = folder
      self.rules = rules
    }

    func present() throws -> (store: SQLiteStore, ingestor: Ingestor) {
      guard let parts else { throw Broken("the daemon does not run") }
      return parts
    }

    /// The last connection closes before the next is opened.
    func restart() throws {
      parts = nil
      let store = try SQLiteStore(path: "\(folder)/hatang.db")
      _ = try Rebuild(store: store, rules: rules).run()
      parts = (store, Ingestor(store: store, rules: rules))
    }
  }

  private func note(
    _ next: [StreamID: SequenceNumber], _ promise: inout ProvincePromise,
    _ tell: (ProvincePromise) -> Void
  ) {
    promise.receipted.merge(next) { max($0, $1) }
  }

  private func workBeside(
    _ folder: String, _ store: SQLiteStore, _ nowMs: Int64, _ promise: inout ProvincePromise,
    _ generator: inout SeededGenerator, _ tell: (ProvincePromise) -> Void
  ) throws {
    let path = "\(folder)/hatang.db"
    if generator.once(in: 4) {
      // As SQLite does by itself after 64 MB.
      _ = try Database(path: path).integer("PRAGMA wal_checkpoint(PASSIVE)")
    }
    switch work {
    case .ingest: break
    case .retention:
      guard generator.once(in: 3) else { return }
      promise.retainedFromMs = max(promise.retainedFromMs, nowMs - rules.keepRawMs)
      tell(promise)
      var retention = Retention(rules: rules) { true }
      while try retention.step(store, nowMs: nowMs) {}
    case .recompute: try recompute(path, store, nowMs, &promise, &generator, tell)
    case .backup:
      guard promise.copied == nil, generator.once(in: 4) else { return }
      let copied = promise.receipted
      try StoreReader(path: path).backup(to: "\(folder)/copy.db")
      promise.copied = copied
      tell(promise)
    }
  }

  private func recompute(
    _ path: String, _ store: SQLiteStore, _ nowMs: Int64, _ promise: inout ProvincePromise,
    _ generator: inout SeededGenerator, _ tell: (ProvincePromise) -> Void
  ) throws {
    if generator.once(in: 4) {
      promise.isRebuilding = true
      tell(promise)
      for kind in Kind.allCases { try store.setMeta(Rebuild.Key.state(kind), "by other rules") }
      var rebuild = Rebuild(store: store, rules: rules)
      rebuild.segmentsPerStep = 5
      _ = try rebuild.run()
      promise.isRebuilding = false
      tell(promise)
    }
    guard generator.once(in: 2) else { return }
    let engine = IndicatorEngine(
      try StoreReader(path: path), tables: try FaultTraffic.tables(), method: Method())
    let recomputation = try Recomputation(engine, try Revisions(path: path))
    for code in try recomputation.run(nowMs: nowMs, isAll: true) {
      promise.revisions[code, default: 0] += 1
    }
    tell(promise)
  }

  func verify(
    _ folder: String, _ promise: ProvincePromise?, using generator: inout SeededGenerator
  ) throws {
    let audit = ProvinceAudit(
      folder: folder, rules: rules, traffic: traffic, promise: promise ?? ProvincePromise())
    try audit.check()
  }
}
