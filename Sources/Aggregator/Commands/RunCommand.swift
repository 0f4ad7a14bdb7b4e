import Daemon
import MQTT

/// `hatang-aggregator run`: the daemon.
enum RunCommand: Command {
  static let usage = CommandLineParser.Command(
    "run", "The daemon: ingest, indicators, web.",
    vi: "Dịch vụ: thu nhận, chỉ tiêu, trang web.")

  /// - Parameter options: of the command line.
  static func run(_ options: Options) throws -> ExitCode {
    mqttStart()
    defer { mqttStop() }
    return try ServiceRunner(
      read: { () throws(ConfigError) in try Inputs(file: options.config) },
      start: start, glance: showStatus()
    ).run()
  }

  /// Tells the service manager of ingest whenever there is something new.
  private static func showStatus() -> ([any Service]) -> Void {
    var shown = ""
    return { services in
      for case let ingest as IngestService in services {
        let summary = ingest.report.current.summary
        if summary != shown { ServiceManager.status(summary) }
        shown = summary
      }
    }
  }

  /// The configuration and the files that it names, all read before anything is started.
  private struct Inputs {
    let configuration: AggregatorConfiguration
    let tables: Tables

    init(file: String) throws(ConfigError) {
      configuration = try AggregatorConfiguration.read(file)
      tables = try Tables(configuration)
    }
  }

  /// The parts of the daemon. Ingest first: the others read what it has written.
  private static func start(_ inputs: Inputs) throws -> ServiceRunner<Inputs>.Parts {
    let configuration = inputs.configuration
    let lock = try StoreLock.take(configuration.storePath)
    try StoreWatch.expectUnmarked(configuration.storePath)
    // Migrates, and finds what is wrong with the file, before anything is promised.
    _ = try SQLiteStore(path: configuration.storePath)
    try StoreWatch.expectSound(configuration.storePath)
    let socket = try ListenSocket(configuration.listen)
    let report = IngestReport()
    let ingest = try IngestService(configuration, report)
    let coverage = LatestCoverage()
    let indicators = try IndicatorService.start(configuration, inputs.tables, report, coverage)
    let web = try WebService.start(socket, configuration, inputs.tables, report, coverage)
    let watch = try StoreWatch.start(configuration.storePath)
    Log.notice(
      "started",
      [
        ("version", programVersion), ("store", configuration.storePath),
        ("http", "\(configuration.listen.host):\(socket.port)"),
      ])
    return .init(services: [ingest, indicators, web, watch], held: [lock])
  }
}
