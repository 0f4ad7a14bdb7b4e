package import Daemon
import MQTT
import Protocol

/// `hatang-aggregator check`: whether `run` would work here, and why not. One line a part.
package enum CheckCommand: Command {
  package static let usage = CommandLineParser.Command(
    "check", "Checks configuration, tables, store, disk and broker.",
    vi: "Kiểm tra cấu hình, các bảng, kho, đĩa và broker.", options: [Commands.json])

  package static func run(_ options: Options) throws -> ExitCode {
    let (report, code) = examine(options.config)
    Standard.output(
      options.has("json") ? report.json : report.text(hasColours: Standard.isOutputTerminal))
    return code
  }

  /// - Parameter file: the configuration's.
  package static func examine(_ file: String) -> (CheckReport, ExitCode) {
    var report = CheckReport()
    let configuration: AggregatorConfiguration
    do throws(ConfigError) {
      configuration = try AggregatorConfiguration.read(file)
      report.add(
        "configuration", .passed,
        Bilingual("Cấu hình đúng: \(file)", "configuration: \(file)"))
    } catch {
      report.add(
        "configuration", .failed, Bilingual("Cấu hình sai: \(error)", "\(error)"),
        remedy: Bilingual(
          "Sửa \(file) tại dòng đã nêu", "mend the line that is named; the text says how"))
      return (report, .configuration)
    }
    checkTables(configuration, &report)
    checkStore(configuration, &report)
    checkDisk(configuration, &report)
    ExpiryCheck.add(configuration.authority, nowMs: wallClockMs(), to: &report)
    let isReachable = checkBroker(configuration, &report)
    if report.hasPassed { return (report, .done) }
    let failures = report.lines.count { $0.result == .failed }
    return (report, !isReachable && failures == 1 ? .unreachable : .failed)
  }

  private static func checkTables(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    func pass(_ part: String, _ vi: String, _ en: String) {
      report.add(part, .passed, Bilingual(vi, en))
    }
    do throws(ConfigError) {
      let areas = try AreaTable(file: configuration.areasPath)
      let people = areas.areas.reduce(0) { $0 + $1.population }
      let count = areas.areas.count
      pass("areas", "\(count) địa bàn, \(people) người", "\(count) areas, \(people) people")
      if let path = configuration.populationPath {
        let sums = try PopulationSums(path, areas)
        pass(
          "population", "Bảng dân số: \(sums.tileCount) ô, \(sums.total) người",
          "\(sums.tileCount) tiles, \(sums.total) people, sha256:\(sums.digest)")
      } else if configuration.outlinesPath != nil {
        pass(
          "population", "Không có bảng dân số: địa bàn thay cho ô",
          "no table: areas stand in for tiles")
      } else {
        report.add(
          "population", .failed,
          Bilingual(
            "Không có bảng dân số, cũng không có ranh giới, nên 20.2 không có trọng số",
            "neither a population table nor outlines, so 20.2 has no weights"),
          remedy: Bilingual("Thêm population, hoặc outlines", "add population, or outlines"))
      }
      if let path = configuration.outlinesPath {
        _ = try AreaOutlines(file: path, areas: areas)
        pass("outlines", "Ranh giới địa bàn đúng: \(path)", path)
      }
      if let path = configuration.availabilityPath {
        let rows = try AvailabilityFile(file: path, areas: areas).rows.count
        pass("availability", "Số liệu nhà mạng: \(rows) bản ghi", "\(rows) records")
      }
      let indicators = try IndicatorTable(file: configuration.indicatorsPath)
      let (rows, filled) = (indicators.rows.count, indicators.filled.count)
      pass(
        "indicators", "Bảng chỉ tiêu: \(rows) dòng, \(filled) dòng tự điền",
        "\(rows) rows, \(filled) filled by us")
    } catch {
      report.add(
        "tables", .failed, Bilingual("Bảng sai: \(error)", "\(error)"),
        remedy: Bilingual("Sửa tệp tại dòng đã nêu", "mend the line that is named"))
    }
  }

  private static func checkStore(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    let path = configuration.storePath
    guard Files.exists(path) else {
      let folder = Files.directory(of: path)
      if Files.exists(folder) {
        report.add(
          "store", .passed,
          Bilingual(
            "Kho \(path) sẽ được tạo khi dịch vụ khởi động lần đầu",
            "\(path) will be made at the first start"))
      } else {
        report.add(
          "store", .failed,
          Bilingual("Không có thư mục \(folder) cho kho", "folder \(folder) is missing"),
          remedy: folder == ownFolder
            ? Bilingual(
              "Lần khởi động đầu sẽ tạo: sudo systemctl start hatang-aggregator",
              "the first start makes it, as above")
            : Bilingual("mkdir -p \(folder)", "make it as above, for the user of the service"))
      }
      return
    }
    do {
      let reader = try StoreWatch.reader(path)
      if let finding = try StoreVerification.findings(reader).first {
        report.add(
          "store", .failed,
          Bilingual("Kho \(path) bị hỏng: \(finding)", "\(path) is damaged: \(finding)"),
          remedy: StoreVerification.help)
        return
      }
      let ledger = try LedgerReport(reader)
      let received = ledger.total(\.received)
      report.add(
        "store", .passed,
        Bilingual(
          "Kho \(path): \(received) số đo của \(ledger.streams.count) luồng",
          "\(path): \(received) measurements of \(ledger.streams.count) streams"))
    } catch let error as StoreError where error.nature == .corrupt {
      report.add(
        "store", .failed,
        Bilingual("Kho \(path) bị hỏng: \(error.message)", "\(path): \(error.message)"),
        remedy: StoreVerification.help)
    } catch {
      report.add(
        "store", .failed, Bilingual("Kho không đọc được: \(error)", "\(error)"),
        remedy: Bilingual(
          "Kiểm tra store.path, hoặc khôi phục từ bản sao", "check store.path, or restore a backup")
      )
    }
  }

  /// The service manager makes it at the first start, with its owner.
  private static let ownFolder = "/var/lib/hatang-aggregator"

  /// Below this there is room for hours, not days.
  private static let freeBytesMin: Int64 = 1_000_000_000

  private static func checkDisk(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    // Where it is still to be made, the disk is that of the folder around it.
    var folder = Files.directory(of: configuration.storePath)
    while folder.utf8.count > 1, !Files.exists(folder) { folder = Files.directory(of: folder) }
    do throws(FileError) {
      let free = try Files.freeBytes(folder)
      let (freeMB, minMB) = (free / 1_000_000, freeBytesMin / 1_000_000)
      if free >= freeBytesMin {
        report.add(
          "disk", .passed,
          Bilingual("Đĩa còn \(freeMB) MB ở \(folder)", "\(freeMB) MB free in \(folder)"))
      } else {
        report.add(
          "disk", .failed,
          Bilingual(
            "Đĩa còn \(freeMB) MB ở \(folder), cần ít nhất \(minMB) MB",
            "\(freeMB) MB free in \(folder), at least \(minMB) MB are needed"),
          remedy: Bilingual(
            "Giải phóng đĩa, hoặc giảm store.keep_raw_days",
            "free space, or lower store.keep_raw_days"))
      }
    } catch {
      report.add(
        "disk", .failed, Bilingual("Không xem được đĩa: \(error)", "\(error)"),
        remedy: Bilingual("Kiểm tra store.path", "check store.path"))
    }
  }

  /// - Returns: whether the broker answered.
  private static func checkBroker(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) -> Bool {
    mqttStart()
    defer { mqttStop() }
    let name = configuration.broker.name
    do {
      let ms = try BrokerProbe.roundTrip(configuration.broker)
      report.add(
        "broker", .passed,
        Bilingual(
          "Broker \(name) nhận đăng ký của chúng ta sau \(ms) ms",
          "\(name) accepts our subscriptions, \(ms) ms"))
      return true
    } catch {
      report.add(
        "broker", .failed, Bilingual("Broker \(name): \(error)", "\(error)"),
        remedy: Bilingual(
          "Khởi động lại: sudo systemctl restart mosquitto; xem broker trong cấu hình",
          "restart it as above; see broker in the configuration"))
      return false
    }
  }
}

extension CheckReport {
  /// The English texts have the plain names, which programs hold on to.
  package var json: String {
    var json = JSONWriter()
    json.beginObject()
    json.member("ok", hasPassed)
    json.key("checks")
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.member("part", line.part)
      json.member("ok", line.result != .failed)
      json.member("result", line.result.rawValue)
      json.member("text", line.text.en)
      json.member("text_vi", line.text.vi)
      json.member("remedy", line.remedy?.en)
      json.member("remedy_vi", line.remedy?.vi)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }
}

/// Connects and subscribes as the daemon would, and leaves again.
enum BrokerProbe {
  private static let timeout: Duration = .seconds(10)

  /// - Returns: ms until the subscriptions stood.
  static func roundTrip(_ broker: BrokerSettings) throws -> Int64 {
    // Its own name: the daemon's would end the daemon's connection.
    let connection = try Connection(broker.options(clientID: "hatang-aggregator-check"))
    let began = monotonicNow()
    try connection.connect()
    defer { connection.disconnect() }
    var waiting = 2
    var poller = Poller()
    while monotonicNow() - began < timeout {
      poller.removeAll()
      if let descriptor = connection.fileDescriptor {
        poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: connection.isDry ? .milliseconds(10) : .zero)
      try connection.read(messagesMax: 1_000)
      _ = connection.takeMessages()
      for event in connection.takeEvents() {
        switch event {
        case .connected:
          _ = try connection.subscribe(to: Topic.allStatuses)
          _ = try connection.subscribe(to: Topic.allBatches)
        case .subscribed:
          waiting -= 1
          if waiting == 0 { return (monotonicNow() - began).milliseconds }
        case .refused(let error): throw error
        case .disconnected(let error?): throw error
        case .disconnected, .published: break
        }
      }
      try connection.write()
      try connection.maintain()
    }
    throw StoreError(
      "connect", "\(broker.host):\(broker.port)",
      "no answer to the subscriptions within \(timeout.components.seconds) s",
      hint: "check the broker's access list for hatang/v1/+/batch and hatang/v1/+/status")
  }
}
