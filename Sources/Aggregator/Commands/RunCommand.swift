import Daemon
import MQTT

/// `hatang-aggregator run`: the daemon.
enum RunCommand: Command {
  static let usage = CommandLineParser.Command("run", "The daemon: ingest, indicators, web.")

  /// - Parameter options: of the command line.
  static func run(_ options: Options) throws -> ExitCode {
    mqttStart()
    defer { mqttStop() }
    return try ServiceRunner(
      read: { () throws(ConfigError) in try AggregatorConfiguration.read(options.config) },
      start: start
    ).run()
  }

  /// The parts of the daemon. Ingest first: the others read what it has written.
  private static func start(
    _ configuration: AggregatorConfiguration
  ) throws -> ServiceRunner<AggregatorConfiguration>.Parts {
    let lock = try StoreLock.take(configuration.storePath)
    // Migrates, and finds what is wrong with the file, before anything is promised.
    _ = try SQLiteStore(path: configuration.storePath)
    let report = IngestReport()
    let ingest = try IngestService(configuration, report)
    Log.notice("started", [("version", programVersion), ("store", configuration.storePath)])
    return .init(services: [ingest], held: [lock])
  }
}
