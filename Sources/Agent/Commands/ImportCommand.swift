import Daemon
import MQTT
import Protocol

/// `import gnettrack`: drive-test logs, published like any device's measurements.
enum ImportCommand: Command {
  static let usage = CommandLineParser.Command(
    "import gnettrack", "publish drive-test logs of G-NetTrack Pro (.csv, .csv.gz)",
    vi: "Nhập nhật ký đo trên xe của G-NetTrack Pro (.csv, .csv.gz).",
    operands: "FILE…", operandCount: 1...Int.max,
    options: [
      .init(
        "active", help: "traffic flowed all the time, so rows without 5G prove its absence",
        vi: "lúc đo luôn có tải, nên dòng không có 5G là bằng chứng không có sóng"),
      .init(
        "plmn", "DIGITS", help: "operator as MCC and MNC, such as 45204",
        vi: "nhà mạng, MCC và MNC, ví dụ 45204"),
      .init(
        "utc-offset", "OFFSET", help: "of the phone's local time, +07:00 unless given",
        vi: "múi giờ của điện thoại, mặc định +07:00"),
      .init(
        "source", "NAME", help: "names who measured, gnettrack unless given",
        vi: "tên nguồn đo, mặc định gnettrack"),
    ])

  static func run(_ options: Options) throws -> ExitCode {
    let broker = try AgentConfiguration.local(AgentConfiguration.root(file: options.config))
    let logOptions = try self.logOptions(options)
    // Every log is read before the first row is sent: a wrong file name is no half import.
    var logs: [(file: LogFile, batches: [LogBatch])] = []
    var summary = ImportSummary()
    for path in options.operands {
      let file = try LogFile(path, options: logOptions)
      guard let header = file.lines.first else {
        throw UsageError("\(path): the file is empty; name a log of G-NetTrack Pro")
      }
      let log = try GNetTrackLog(header: String(header), file: path, options: logOptions)
      logs.append((file, LogBatch.batches(file.lines.dropFirst(), log, into: &summary)))
      summary.files += 1
    }
    let total = logs.reduce(0) { $0 + $1.batches.reduce(0) { $0 + $1.rows.count } }
    let topic = Topic.measurement(.coverage, source: logOptions.source)
    var bar = ProgressBar(total: total)
    mqttStart()
    defer { mqttStop() }
    let publisher = try LogPublisher(broker, role: "import")
    do {
      for log in logs {
        try publisher.publish(log.batches, id: log.file.id, topic: topic) { bar.show($0) }
      }
    } catch {
      bar.end()
      throw error
    }
    bar.end()
    publisher.close()
    summary.published = publisher.acknowledged
    Standard.output(summary.text)
    return .done
  }

  static func logOptions(_ options: Options) throws(UsageError) -> GNetTrackLog.Options {
    var log = GNetTrackLog.Options()
    log.isActive = options.has("active")
    log.plmn = try options.string("plmn", legal: "5 or 6 digits, MCC and MNC") {
      (5...6).contains($0.utf8.count) && $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }
    let offset = try options.string("utc-offset", legal: "-14:00…+14:00, such as +07:00") {
      offsetMs($0) != nil
    }
    if let offset = offset.flatMap(offsetMs) { log.utcOffsetMs = offset }
    let source = try options.string(
      "source", legal: "1…\(TextLimit.source) bytes without +, # and control characters"
    ) { name in
      (1...TextLimit.source).contains(name.utf8.count)
        && name.unicodeScalars.allSatisfy {
          $0.value >= 0x20 && $0.value != 0x7f && $0 != "+" && $0 != "#"
        }
    }
    if let source { log.source = source }
    return log
  }

  /// The offset of `+07:00`; `nil` for anything else.
  private static func offsetMs(_ text: String) -> Int64? {
    guard text.utf8.count == 6,
      let ms = RFC3339.parse("1970-01-02T00:00:00\(text)").map({ 86_400_000 - $0 }),
      abs(ms) <= 14 * 3_600_000
    else { return nil }
    return ms
  }
}
