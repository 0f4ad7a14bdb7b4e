import Daemon
import Indicators

/// `hatang-aggregator report`: the report of a period, and its freezing when it is signed.
enum ReportCommand: Command {
  static let usage = CommandLineParser.Command(
    "report", "The report of a quarter, a month or a year; --freeze keeps it as it is signed.",
    vi: "Báo cáo quý, tháng hay năm; --freeze giữ đúng bản được ký.",
    options: [
      .init(
        "quarter", "YYYY-QN", help: "such as 2026-Q4",
        vi: "ví dụ 2026-Q4"),
      .init(
        "month", "YYYY-MM", help: "such as 2026-11",
        vi: "ví dụ 2026-11"),
      .init(
        "year", "YYYY", help: "such as 2026",
        vi: "ví dụ 2026"),
      .init(
        "format", "FORM", help: "text (default), json or csv",
        vi: "text (mặc định), json hoặc csv"),
      .init(
        "lang", "LANGUAGE", help: "vi (default) or en",
        vi: "vi (mặc định) hoặc en"),
      .init(
        "freeze", help: "keep it in the store as it is signed",
        vi: "giữ trong kho đúng bản được ký"),
      .init(
        "frozen", "NUMBER", help: "the one that was kept, not a new one",
        vi: "bản đã giữ, không lập bản mới"),
    ])

  private static let forms = ["text", "json", "csv"]

  static func run(_ options: Options) throws -> ExitCode {
    let period = try period(options)
    let form =
      try options.string("format", legal: "text, json or csv", where: forms.contains) ?? "text"
    let word = try options.string("lang", legal: "vi or en") { Language(rawValue: $0) != nil }
    let language = word.flatMap(Language.init) ?? .vi
    let number = try options.integer("frozen", in: 1...1_000_000)
    if number != nil, options.has("freeze") {
      throw UsageError("--freeze and --frozen exclude each other; leave one out")
    }
    let configuration = try AggregatorConfiguration.read(options.config)
    let store = try StoreWatch.reader(configuration.storePath)
    let nowMs = wallClockMs()
    let forms: ReportForms
    if let number {
      forms = try frozen(store, period, number)
    } else {
      let maker = ReportMaker(
        store, tables: try Tables(configuration), method: configuration.method)
      guard let content = try maker.content(period, nowMs: nowMs) else {
        throw UsageError("\(period.text) has not begun; choose a period that has")
      }
      let kept =
        options.has("freeze")
        ? try freeze(content, configuration.storePath, store, nowMs: nowMs) : nil
      forms = ReportForms(content: content, frozen: kept)
    }
    let times = DateText(
      language: language, utcOffsetMinutes: configuration.method.utcOffsetMinutes, nowMs: nowMs)
    switch form {
    case "json": Standard.output(forms.json() + "\n")
    case "csv": Standard.output(forms.csv(language))
    default: Standard.output(forms.text(language, times: times))
    }
    return .done
  }

  private static func period(_ options: Options) throws(UsageError) -> ReportPeriod {
    let given = ReportPeriod.Kind.allCases.filter { options.has($0.rawValue) }
    guard given.count == 1, let kind = given.first, let text = options.value(kind.rawValue) else {
      throw UsageError("give one of --quarter 2026-Q4, --month 2026-11, --year 2026")
    }
    guard let period = ReportPeriod(text), period.kind == kind else {
      throw UsageError(
        "--\(kind.rawValue) is \(text), allowed a \(kind.rawValue) such as \(kind.example); "
          + "change it")
    }
    return period
  }

  private static func frozen(
    _ store: StoreReader, _ period: ReportPeriod, _ number: Int64
  ) throws -> ReportForms {
    let kept = try store.frozenReports(period)
    guard let report = kept.first(where: { $0.number == number }) else {
      let numbers = kept.map { "\($0.number)" }.joined(separator: ", ")
      throw UsageError(
        "there is no frozen report \(number) of \(period.text); "
          + (kept.isEmpty ? "none was frozen" : "there are \(numbers)"))
    }
    return ReportForms(content: report.content, frozen: report)
  }

  private static func freeze(
    _ content: ReportContent, _ path: String, _ store: StoreReader, nowMs: Int64
  ) throws -> FrozenReport {
    guard !content.isSimulated else {
      throw StoreError(
        "freeze", content.period.text, "it is made of simulated data, which nobody may sign",
        hint: "set method.accept_simulated to false")
    }
    if let last = try store.frozenReports(content.period).last,
      last.content.findings == content.findings
    {
      throw StoreError(
        "freeze", content.period.text, "number \(last.number) has the same figures already",
        hint: "show it with --frozen \(last.number)")
    }
    let number = try FrozenReports(path: path).keep(content, nowMs: nowMs)
    return FrozenReport(
      number: number, frozenAtMs: nowMs, sha256: content.sha256, content: content)
  }
}
