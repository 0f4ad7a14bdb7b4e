import Daemon
import Indicators

/// `hatang-aggregator export`: the files of the open data as `/data` has them, for those who
/// publish them elsewhere.
enum ExportCommand: Command {
  static let usage = CommandLineParser.Command(
    "export", "The files of the open data: one to standard output, or all into a folder.",
    vi: "Các tệp dữ liệu mở: một tệp ra màn hình, hoặc tất cả vào một thư mục.",
    operands: "[NAME]", operandCount: 0...1,
    options: [
      .init("to", "FOLDER", help: "write all of them there", vi: "ghi tất cả vào đó"),
      .init(
        "lang", "LANGUAGE", help: "of texts in CSV: vi (default) or en",
        vi: "của chữ trong CSV: vi (mặc định) hoặc en"),
    ])

  private static let names = DataSet.all.flatMap { $0.files.map(\.name) } + ["schema.json"]

  static func run(_ options: Options) throws -> ExitCode {
    let folder = try options.string("to", legal: "a folder") { !$0.isEmpty }
    let word = try options.string("lang", legal: "vi or en") { Language(rawValue: $0) != nil }
    let wanted = options.operands.first
    guard (folder == nil) != (wanted == nil), wanted.map(names.contains) ?? true else {
      throw UsageError(
        "export wants one name, or --to FOLDER for all; there are \(names.joined(separator: ", "))")
    }
    let configuration = try AggregatorConfiguration.read(options.config)
    let store = try StoreWatch.reader(configuration.storePath)
    try store.expectWholeState(configuration.method)
    let router = Router(
      store, tables: try Tables(configuration), method: configuration.method,
      report: IngestReport(), openData: configuration.openData)
    for name in wanted.map({ [$0] }) ?? names {
      let query = word.map { [HTTPRequest.QueryItem("lang", $0)] } ?? []
      let answer = router.answer(HTTPRequest(path: "/data/\(name)", query: query))
      guard answer.status == 200 else {
        let text = String(decoding: answer.body, as: UTF8.self)
        Standard.error("hatang-aggregator export: \(name): \(text)\n")
        return .failed
      }
      if let folder {
        try Files.writeAtomically("\(folder)/\(name)", answer.body)
      } else {
        Standard.output(String(decoding: answer.body, as: UTF8.self))
      }
    }
    return .done
  }
}
