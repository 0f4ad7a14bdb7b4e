import Daemon
import Glibc
import Protocol

/// `hatang-aggregator ingest FILE`: takes in what a person carried from a site. It goes through the
/// same ledger as what comes over the network, so it may be done twice, and before or after the
/// network brought the same.
///
/// While the daemon runs it is the store's one writer, and gets the file through `TakeOutInbox`;
/// otherwise this command takes the store's lock and does it itself.
enum IngestCommand: Command {
  static let usage = CommandLineParser.Command(
    "ingest", "Takes in a file of hatang-agent buffer take-out; what is here already counts once.",
    vi: "Nhận tệp của hatang-agent buffer take-out; số đã có không tính hai lần.",
    operands: "FILE", operandCount: 1...1,
    options: [
      .init(
        "agent", "NAME", help: "refuses a file of any other agent",
        vi: "từ chối tệp của trạm khác")
    ])

  private static let pollEvery: Duration = .milliseconds(100)
  private static let patience: Duration = .seconds(10)

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let path = options.operands[0]
    let (head, totals, fault) = try TakeOutIngest.check(path)
    if let wanted = options.value("agent"), wanted != head.agent {
      throw TakeOutFileError(
        path: path, text: "is of agent \(head.agent), not of \(wanted); nothing was taken")
    }
    if let agents = configuration.agents, !agents.contains(head.agent) {
      throw TakeOutFileError(
        path: path,
        text: "is of agent \(head.agent), which is not among `agents` of the configuration; add "
          + "it there if it is yours; nothing was taken")
    }
    Standard.output(
      """
      \(path): \(head.agent), \(RFC3339.format(ms: head.madeMs)), \(totals.measurements) số đo.
        of \(head.agent), made then, \(totals.measurements) measurements, \(totals.batches) batches

      """)
    if fault != nil {
      Standard.output(
        "✗ Tệp không nguyên vẹn; chỉ lấy phần còn đúng.\n"
          + "  the file is not whole; what is sound of it is taken\n")
    }
    let result = try take(path, configuration)
    Standard.output(result.text)
    return result.isWhole ? .done : .failed
  }

  private static func take(
    _ path: String, _ configuration: AggregatorConfiguration
  ) throws -> TakeOutResult {
    guard let lock = try lock(configuration) else { return try handOver(path, configuration) }
    defer { withExtendedLifetime(lock) {} }
    return try takeHere(path, configuration)
  }

  /// `nil`: the daemon holds it.
  private static func lock(_ configuration: AggregatorConfiguration) throws -> FileLock? {
    do throws(FileError) {
      return try StoreLock.take(configuration.storePath)
    } catch {
      // The lock's own words, and no system call at fault: somebody holds it.
      guard error.code == 0 else { throw error }
      return nil
    }
  }

  private static func takeHere(
    _ path: String, _ configuration: AggregatorConfiguration
  ) throws -> TakeOutResult {
    try StoreWatch.expectUnmarked(configuration.storePath)
    let store = try SQLiteStore(path: configuration.storePath)
    let rules = StateRules(configuration.method, keepRawDays: configuration.keepRawDays)
    _ = try Rebuild(store: store, rules: rules).run()
    let ingestor = Ingestor(store: store, rules: rules, allowedAgents: configuration.agents)
    let ingest = try TakeOutIngest(path)
    while try ingest.step(ingestor, nowMs: wallClockMs()) != nil {}
    return TakeOutResult(ingest)
  }

  private static func handOver(
    _ path: String, _ configuration: AggregatorConfiguration
  ) throws -> TakeOutResult {
    let handover = try TakeOutInbox.Handover(
      path, storePath: configuration.storePath, nowMs: wallClockMs(), process: getpid())
    Standard.output(
      "Dịch vụ đang chạy và nhận tệp này.\n  the daemon runs, and takes the file\n")
    var poller = Poller()
    let began = monotonicNow()
    var hasWarned = false
    while true {
      if let result = try handover.result() { return result }
      if let lock = try lock(configuration) {
        // The daemon has ended meanwhile; it may have left its result at the last moment.
        defer { withExtendedLifetime(lock) {} }
        if let result = try handover.result() { return result }
        try handover.withdraw()
        return try takeHere(path, configuration)
      }
      if !hasWarned, monotonicNow() - began > patience {
        hasWarned = true
        Standard.output(
          "Đang chờ dịch vụ… Có thể dừng lệnh này, tệp vẫn được nhận.\n"
            + "  waiting for the daemon; this command may be ended, the file is taken anyway\n")
      }
      try poller.wait(timeout: pollEvery)
    }
  }
}
