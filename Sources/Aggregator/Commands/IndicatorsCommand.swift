import Daemon

/// `hatang-aggregator indicators`: the latest values, as the daemon computed them.
enum IndicatorsCommand: Command {
  static let usage = CommandLineParser.Command(
    "indicators", "The latest value of each indicator, and what is missing.",
    vi: "Giá trị mới nhất của từng chỉ tiêu, và còn thiếu gì.",
    options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let table = try IndicatorTable(file: configuration.indicatorsPath)
    let report = try IndicatorsReport(try StoreWatch.reader(configuration.storePath), table)
    if options.has("json") {
      var json = JSONWriter()
      report.write(to: &json)
      Standard.output(json.text + "\n")
    } else {
      Standard.output(try report.text(nowMs: wallClockMs()))
    }
    return .done
  }
}
