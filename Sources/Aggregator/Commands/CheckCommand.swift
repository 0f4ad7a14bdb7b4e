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
      options.has("json") ? report.json : report.text(inColour: Standard.isOutputTerminal))
    return code
  }

  /// - Parameter file: the configuration's.
  package static func examine(_ file: String) -> (CheckReport, ExitCode) {
    var report = CheckReport()
    let configuration: AggregatorConfiguration
    do throws(ConfigError) {
      configuration = try AggregatorConfiguration.read(file)
      report.add("configuration", passed: file)
    } catch {
      report.add("configuration", failed: "\(error)")
      return (report, .configuration)
    }
    checkTables(configuration, &report)
    checkStore(configuration, &report)
    checkDisk(configuration, &report)
    ExpiryCheck.add(configuration.authority, nowMs: wallClockMs(), to: &report)
    let isReachable = checkBroker(configuration, &report)
    if report.isGood { return (report, .done) }
    return (report, !isReachable && report.failureCount == 1 ? .unreachable : .failed)
  }

  private static func checkTables(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    do throws(ConfigError) {
      let areas = try AreaTable(file: configuration.areasPath)
      let people = areas.areas.reduce(0) { $0 + $1.population }
      report.add("areas", passed: "\(areas.areas.count) areas, \(people) people")
      if let path = configuration.populationPath {
        let sums = try PopulationSums(path, areas)
        report.add(
          "population",
          passed: "\(sums.tileCount) tiles, \(sums.total) people, sha256:\(sums.digest)")
      } else if configuration.outlinesPath != nil {
        report.add("population", passed: "no table: areas stand in for tiles")
      } else {
        report.add(
          "population", failed: "neither a population table nor outlines, so 20.2 has no weights",
          remedy: "add population, or outlines")
      }
      if let path = configuration.outlinesPath {
        _ = try AreaOutlines(file: path, areas: areas)
        report.add("outlines", passed: path)
      }
      if let path = configuration.availabilityPath {
        let rows = try AvailabilityFile(file: path, areas: areas).rows.count
        report.add("availability", passed: "\(rows) records")
      }
      let indicators = try IndicatorTable(file: configuration.indicatorsPath)
      report.add(
        "indicators",
        passed: "\(indicators.rows.count) rows, \(indicators.filled.count) filled by us")
    } catch {
      report.add("tables", failed: "\(error)")
    }
  }

  private static func checkStore(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    let path = configuration.storePath
    guard Files.exists(path) else {
      let folder = Files.directory(of: path)
      if Files.exists(folder) {
        report.add("store", passed: "\(path) will be made at the first start")
      } else {
        report.add("store", failed: "folder \(folder) is missing", remedy: "mkdir -p \(folder)")
      }
      return
    }
    do {
      let ledger = try LedgerReport(try StoreReader(path: path))
      let received = ledger.streams.reduce(0) { $0 + $1.received }
      let text = "\(path): \(received) measurements of \(ledger.streams.count) streams"
      if ledger.isBalanced {
        report.add("store", passed: text)
      } else {
        report.add(
          "store", failed: "\(text), which do not add up", remedy: "see the ledger command")
      }
    } catch {
      report.add("store", failed: "\(error)")
    }
  }

  /// Below this there is room for hours, not days.
  private static let freeBytesMin: Int64 = 1_000_000_000

  private static func checkDisk(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) {
    let folder = Files.directory(of: configuration.storePath)
    do throws(FileError) {
      let free = try Files.freeBytes(folder)
      let text = "\(free / 1_000_000) MB free in \(folder)"
      if free >= freeBytesMin {
        report.add("disk", passed: text)
      } else {
        report.add(
          "disk", failed: "\(text), at least \(freeBytesMin / 1_000_000) MB are needed",
          remedy: "free space, or lower store.keep_raw_days")
      }
    } catch {
      report.add("disk", failed: "\(error)")
    }
  }

  /// - Returns: whether the broker answered.
  private static func checkBroker(
    _ configuration: AggregatorConfiguration, _ report: inout CheckReport
  ) -> Bool {
    mqttStart()
    defer { mqttStop() }
    do {
      let milliseconds = try BrokerProbe.roundTrip(configuration.broker)
      report.add(
        "broker",
        passed: """
          \(configuration.broker.host):\(configuration.broker.port) accepts our subscriptions, \
          \(milliseconds) ms
          """)
      return true
    } catch {
      report.add("broker", failed: "\(error)")
      return false
    }
  }
}

/// What `check` found.
package struct CheckReport {
  private var lines: [Line] = []

  private struct Line {
    let part: String
    let isGood: Bool
    let text: String
    let remedy: String?
  }

  var isGood: Bool { failureCount == 0 }
  var failureCount: Int { lines.count { !$0.isGood } }

  mutating func add(_ part: String, passed text: String) {
    lines.append(Line(part: part, isGood: true, text: text, remedy: nil))
  }

  mutating func add(_ part: String, failed text: String, remedy: String? = nil) {
    lines.append(Line(part: part, isGood: false, text: text, remedy: remedy))
  }

  package var json: String {
    var json = JSONWriter()
    json.beginObject()
    json.member("ok", isGood)
    json.key("checks")
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.member("part", line.part)
      json.member("ok", line.isGood)
      json.member("text", line.text)
      json.member("remedy", line.remedy)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }

  package func text(inColour: Bool) -> String {
    lines.map { line in
      let word = line.isGood ? "ok  " : "FAIL"
      let mark = inColour ? "\u{1b}[\(line.isGood ? 32 : 31)m\(word)\u{1b}[0m" : word
      let remedy = line.remedy.map { "; \($0)" } ?? ""
      return "\(mark)  \(line.part): \(line.text)\(remedy)\n"
    }.joined()
  }
}

/// Connects and subscribes as the daemon would, and leaves again.
enum BrokerProbe {
  private static let timeout: Duration = .seconds(10)

  /// - Returns: ms until the subscriptions stood.
  static func roundTrip(_ broker: BrokerConfiguration) throws -> Int64 {
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
