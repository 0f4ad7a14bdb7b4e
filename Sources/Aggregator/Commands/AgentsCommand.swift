import Daemon

/// `hatang-aggregator agents`: who reports, how far behind each is, how wrong its clock is.
enum AgentsCommand: Command {
  static let usage = CommandLineParser.Command(
    "agents", "Who reports, and how far behind each is.",
    vi: "Trạm nào đang gửi, và chậm bao nhiêu.", options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let report = try AgentsReport(
      try StoreReader(path: configuration.storePath),
      authority: AuthorityIndex(file: configuration.authority.indexFile))
    if options.has("json") {
      var json = JSONWriter()
      report.write(to: &json)
      Standard.output(json.text + "\n")
    } else {
      Standard.output(report.table(nowMs: wallClockMs()))
    }
    return .done
  }
}
