import Daemon
import MQTT

/// `hatang-aggregator run`: the daemon. This thread minds signals, the service manager and the
/// parts' progress; everything else happens on the parts' threads.
enum RunCommand: Command {
  static let usage = CommandLineParser.Command("run", "The daemon: ingest, indicators, web.")

  /// How long the parts may take to finish what they have begun.
  private static let stopTime: Duration = .seconds(5)
  private static let glance: Duration = .seconds(1)

  /// - Parameter options: of the command line.
  static func run(_ options: Options) throws -> ExitCode {
    var configuration = try AggregatorConfiguration.read(options.config)
    let signals = try SignalDescriptor()
    mqttStart()
    defer { mqttStop() }
    while true {
      let lock = try StoreLock.take(configuration.storePath)
      // Migrates, and finds what is wrong with the file, before anything is promised.
      _ = try SQLiteStore(path: configuration.storePath)
      let services = try start(configuration)
      ServiceManager.ready()
      Log.notice("started", [("version", programVersion), ("store", configuration.storePath)])
      let (end, changed) = try watch(services, signals, options.config)
      if changed == nil { ServiceManager.stopping() }
      try stop(services, signals)
      _ = consume lock
      guard let changed else {
        Log.notice("ended")
        return end
      }
      configuration = changed
    }
  }

  /// The parts of the daemon. Ingest first: the others read what it has written.
  private static func start(
    _ configuration: AggregatorConfiguration
  ) throws -> [any Service] {
    let report = IngestReport()
    return [try IngestService(configuration, report)]
  }

  /// Until a signal asks for the end, a new configuration is there, or a part has failed.
  private static func watch(
    _ services: [any Service], _ signals: SignalDescriptor, _ path: String
  ) throws -> (ExitCode, AggregatorConfiguration?) {
    var poller = Poller()
    poller.add(signals.fileDescriptor, .readable)
    let interval = ServiceManager.watchdogInterval
    var seen = services.map(\.progress)
    var fed = monotonicNow()
    while true {
      try poller.wait(timeout: interval.map { min($0 / 4, glance) } ?? glance)
      while let signal = signals.next() {
        switch signal {
        case .terminate, .interrupt: return (.done, nil)
        case .hangUp: if let changed = reread(path) { return (.done, changed) }
        }
      }
      if let failed = services.first(where: { $0.fatal != nil }) {
        Log.error("a part has failed", [("part", failed.name), ("error", failed.fatal ?? "")])
        return (.failed, nil)
      }
      let progress = services.map(\.progress)
      if zip(progress, seen).allSatisfy({ $0 != $1 }) {
        seen = progress
        fed = monotonicNow()
        ServiceManager.watchdog()
      } else if let interval, monotonicNow() - fed > interval / 2 {
        Log.warning("no progress", [("parts", stalled(services, progress, seen))])
      }
    }
  }

  private static func stalled(
    _ services: [any Service], _ progress: [UInt64], _ seen: [UInt64]
  ) -> String {
    services.indices.filter { progress[$0] == seen[$0] }.map { services[$0].name }
      .joined(separator: ",")
  }

  /// `nil`, and the old one stays, where the new one is wrong.
  private static func reread(_ path: String) -> AggregatorConfiguration? {
    do throws(ConfigError) {
      let changed = try AggregatorConfiguration.read(path)
      ServiceManager.reloading()
      Log.notice("configuration read again", [("file", path)])
      return changed
    } catch {
      Log.error("the configuration stays as it was", [("error", error)])
      return nil
    }
  }

  /// Waits for the parts to the deadline; a second signal ends the wait.
  private static func stop(_ services: [any Service], _ signals: SignalDescriptor) throws {
    for service in services.reversed() { service.requestStop() }
    var poller = Poller()
    poller.add(signals.fileDescriptor, .readable)
    let deadline = monotonicNow() + stopTime
    while !services.allSatisfy(\.hasStopped) {
      if signals.next() != nil || monotonicNow() >= deadline {
        // What is not committed was neither receipted nor acknowledged.
        Log.warning("ending without waiting any longer")
        ExitCode.failed.exit()
      }
      try poller.wait(timeout: .milliseconds(20))
    }
  }
}

/// One daemon a store: held as long as the daemon runs.
enum StoreLock {
  static func take(_ storePath: String) throws(FileError) -> FileLock {
    try FileLock(path: storePath + ".lock", subject: "store \(storePath)")
  }
}
