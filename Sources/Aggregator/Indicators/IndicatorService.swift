package import Daemon

/// Indicators as a service: its thread reads what ingest commits, makes revisions, and publishes
/// them retained on a connection of its own.
package enum IndicatorService {
  package static func start(
    _ configuration: AggregatorConfiguration, _ tables: Tables, _ report: IngestReport,
    _ coverage: LatestCoverage = LatestCoverage()
  ) throws(FileError) -> ThreadService {
    try ThreadService(name: "indicators", stackBytes: 4 << 20) { stop, progress in
      do {
        try IndicatorLoop(configuration, tables, report, coverage, stop, progress).run()
        return nil
      } catch {
        return "\(error)"
      }
    }
  }
}

/// The thread's loop around poll(2).
final class IndicatorLoop {
  private let report: IngestReport
  private let stop: StopSignal
  private let progress: Progress
  private let recomputation: Recomputation
  private let publisher: IndicatorPublisher
  private let interval: Duration
  private var poller = Poller()
  private var troubleLog = RateLimit(perSeconds: 30)

  /// What ingest has committed when the state was last read.
  private var seenVersion: UInt64?
  private var computedAt: Duration?
  private var checkedMinute: Int64 = 0

  /// How often to look whether ingest has committed something.
  private static let glance: Duration = .milliseconds(250)

  init(
    _ configuration: AggregatorConfiguration, _ tables: Tables, _ report: IngestReport,
    _ coverage: LatestCoverage, _ stop: StopSignal, _ progress: Progress
  ) throws {
    self.report = report
    self.stop = stop
    self.progress = progress
    let engine = IndicatorEngine(
      try StoreReader(path: configuration.storePath), tables: tables,
      method: configuration.method)
    recomputation = try Recomputation(
      engine, try Revisions(path: configuration.storePath), coverage)
    publisher = IndicatorPublisher(configuration.broker)
    interval = .seconds(configuration.recomputeSeconds)
  }

  func run() throws {
    publish()
    while !stop.isSet {
      poller.removeAll()
      poller.add(stop.fileDescriptor, .readable)
      publisher.watch(&poller)
      try poller.wait(timeout: IndicatorLoop.glance)
      progress.turn()
      publisher.turn(now: monotonicNow())
      do throws(StoreError) {
        try recomputeIfDue()
      } catch {
        if error.nature == .corrupt { throw error }
        if troubleLog.allows(now: monotonicNow()) {
          Log.warning("indicators wait", [("error", error)])
        }
        computedAt = monotonicNow()
      }
    }
    publisher.finish()
  }

  private func recomputeIfDue() throws(StoreError) {
    let facts = report.current
    // While ingest makes the state again, nothing is to be read from it.
    guard facts.isStateWhole else {
      seenVersion = nil
      return
    }
    let now = monotonicNow()
    if let computedAt, now - computedAt < interval { return }
    // Once a minute in any case: the windows end with the day.
    let minute = wallClockMs() / 60_000
    guard seenVersion != facts.stateVersion || minute != checkedMinute else { return }
    // Also what was made before an error is published.
    defer { publish() }
    try recomputation.run(nowMs: wallClockMs(), isAll: seenVersion == nil)
    report.recomputed(in: monotonicNow() - now)
    seenVersion = facts.stateVersion
    checkedMinute = minute
    computedAt = now
  }

  private func publish() {
    for (code, json) in recomputation.current { publisher.publish(code: code, json: json) }
  }
}
