import Daemon

/// `hatang-aggregator ledger`: what came, what is lost and why, and whether it adds up.
enum LedgerCommand: Command {
  static let usage = CommandLineParser.Command(
    "ledger", "What came, what is lost and why; fails where it does not add up.",
    vi: "Đã nhận gì, mất gì, vì sao; báo lỗi nếu sổ không khớp.",
    options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let report = try LedgerReport(try StoreReader(path: configuration.storePath))
    if options.has("json") {
      var json = JSONWriter()
      report.write(to: &json)
      Standard.output(json.text + "\n")
    } else {
      Standard.output(report.text)
    }
    for stream in report.streams where !stream.isBalanced {
      Standard.error(
        """
        luồng \(stream.stream) của \(stream.agent) không khớp; kho bị sửa từ ngoài hoặc hỏng: \
        khôi phục bản sao cuối, các trạm sẽ gửi lại phần sau đó
        stream \(stream.stream) of \(stream.agent) does not add up: next \(stream.next), received \
        \(stream.received) + lost \(stream.lost) (in holes \(stream.lostInHoles)); the store \
        \(configuration.storePath) was changed from outside or is damaged: restore the last \
        backup, the agents send again what came since\n
        """)
    }
    return report.isBalanced ? .done : .failed
  }
}
