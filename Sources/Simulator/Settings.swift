package import Daemon
package import Protocol

/// What the command line asks for.
package struct Settings: Sendable {
  package var brokers: [Broker]
  package var devices: Int
  /// Measurements a second once the past is told, all brokers together.
  package var rate: Double
  /// `nil`: until a signal.
  package var duration: Duration?
  /// `nil`: all kinds.
  package var kind: Kind?
  package var seed: UInt64
  package var tellsPast: Bool
  package var population: String
  /// `nil`: a fleet is played.
  package var flood: FloodSettings?
  /// `nil`: devices are played.
  package var agents: AgentsSettings?
}

package struct FloodSettings: Sendable {
  package var count: Int64
  /// Samples a second; 0: as fast as it goes.
  package var rate: Double
  package var duration: Duration
  package var source: String
  package var firstMs: Int64
  package var isNumbered: Bool
}

extension Settings {
  static let version = "0.1.0"

  package static let parser = CommandLineParser(
    program: "hatang-simulator", version: version,
    summary: "Plays a fleet of measuring devices to local brokers; marked as simulated, always.",
    vi: "Đóng vai một đội thiết bị đo gửi tới broker tại chỗ; luôn đánh dấu là giả lập.",
    defaultConfig: "none",
    commands: [
      .init(
        "", "",
        options: [
          .init(
            "broker", "HOST:PORT",
            help: "a local broker, 127.0.0.1:1883 unless given; again for each further one",
            vi: "broker tại chỗ, mặc định 127.0.0.1:1883; lặp lại cho mỗi broker nữa"),
          .init(
            "devices", "N", help: "devices in the fleet, 150 unless given",
            vi: "số thiết bị, mặc định 150"),
          .init(
            "rate", "N", help: "measurements a second, 20 unless given; flood: 0, no limit",
            vi: "số đo mỗi giây, mặc định 20; flood: 0, không giới hạn"),
          .init(
            "duration", "SECONDS", help: "end after so long; flood: 600 unless given",
            vi: "dừng sau chừng ấy giây; flood: mặc định 600"),
          .init(
            "kind", "KIND", help: "only coverage, broadband or service",
            vi: "chỉ coverage, broadband hoặc service"),
          .init(
            "seed", "N", help: "another seed, another fleet; 1 unless given",
            vi: "số gieo khác cho đội khác; mặc định 1"),
          .init(
            "no-past", help: "leave out what was measured on past days",
            vi: "không gửi số đo của những ngày trước"),
          .init(
            "population", "FILE", help: "where people live, the province's own table unless given",
            vi: "nơi dân ở, mặc định là bảng của tỉnh"),
          .init(
            "flood", "N", help: "load instead of a fleet: N coverage samples of 200 bytes",
            vi: "tạo tải thay cho đội: N mẫu coverage, mỗi mẫu 200 byte"),
          .init(
            "source", "NAME", help: "flood: the samples' source, flood unless given",
            vi: "flood: nguồn của các mẫu, mặc định flood"),
          .init(
            "first-time", "MS", help: "flood: time of the first sample, ms since 1970",
            vi: "flood: giờ của mẫu đầu, ms từ 1970"),
          .init(
            "numbered", help: "flood: numbered payloads, which the agent stores once",
            vi: "flood: bản tin có số, trạm chỉ lưu một lần"),
        ] + AgentsSettings.options)
    ],
    manual: .simulator)

  /// - Parameter nowMs: the wall clock.
  package init(_ options: Options, nowMs: Int64) throws(UsageError) {
    guard options.config == Settings.parser.defaultConfig else {
      throw UsageError("the simulator has no configuration; remove --config")
    }
    brokers = []
    let given = options.values("broker")
    for text in given.isEmpty ? ["127.0.0.1:1883"] : given {
      guard let broker = Broker(text) else {
        throw UsageError("--broker is \(text), allowed HOST:PORT; change it")
      }
      brokers.append(broker)
    }
    devices = Int(try options.integer("devices", in: 1...100_000) ?? 150)
    rate = Double(try options.integer("rate", in: 0...1_000_000) ?? 20)
    duration = try options.integer("duration", in: 1...31_536_000).map { .seconds($0) }
    kind = try options.string("kind", legal: "coverage, broadband, service") { word in
      Kind.measuring.contains { $0.name == word }
    }.flatMap { Kind(name: $0) }
    seed = UInt64(try options.integer("seed", in: 0...Int64.max) ?? 1)
    tellsPast = !options.has("no-past")
    population = options.value("population") ?? Settings.populationDefault
    flood = try FloodSettings(options, nowMs: nowMs)
    agents = try AgentsSettings(options)
    try Settings.refuseUnused(options)
    guard flood == nil, agents == nil else { return }
    if rate == 0 {
      throw UsageError("--rate is 0, allowed 1…1000000 without --flood; raise it")
    }
  }
}

extension Settings {
  /// In the source tree, else where the package puts it.
  private static var populationDefault: String {
    let paths = ["seeds/population.csv", "/usr/share/hatang-simulator/population.csv"]
    return paths.first(where: Files.exists) ?? paths[0]
  }

  /// An option that changes nothing would be a lie.
  private static func refuseUnused(_ options: Options) throws(UsageError) {
    let modes: [(name: String, own: [String])] = [
      ("flood", ["source", "first-time", "numbered"]), ("agents", AgentsSettings.own),
    ]
    let given = modes.filter { options.has($0.name) }
    guard given.count < 2 else { throw UsageError("--flood and --agents exclude each other") }
    let fleet = given.isEmpty ? [] : ["devices", "kind", "no-past", "population"]
    if let name = (fleet + (options.has("flood") ? ["seed"] : [])).first(where: options.has) {
      throw UsageError("--\(name) is for a fleet; remove it, or --\(given[0].name)")
    }
    for mode in modes where !options.has(mode.name) {
      guard let name = mode.own.first(where: options.has) else { continue }
      throw UsageError("--\(name) is for --\(mode.name); add --\(mode.name) N or remove it")
    }
  }
}

extension FloodSettings {
  /// `nil` without `--flood`.
  fileprivate init?(_ options: Options, nowMs: Int64) throws(UsageError) {
    guard let count = try options.integer("flood", in: 1...1_000_000_000) else { return nil }
    guard options.values("broker").count <= 1 else {
      throw UsageError("--flood takes one --broker; start one flood for each")
    }
    self.count = count
    rate = Double(try options.integer("rate", in: 0...1_000_000) ?? 0)
    duration = .seconds(try options.integer("duration", in: 1...86_400) ?? 600)
    source =
      try options.string("source", legal: "1…\(TextLimit.source) of a-z A-Z 0-9 - _ .") { name in
        (1...TextLimit.source).contains(name.utf8.count)
          && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
      } ?? "flood"
    // The samples end now, so that none lies in the future.
    firstMs =
      try options.integer("first-time", in: 1_000_000_000_000...9_000_000_000_000)
      ?? (nowMs - count)
    isNumbered = options.has("numbered")
  }
}
