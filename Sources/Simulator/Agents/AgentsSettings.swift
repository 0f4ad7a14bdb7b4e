package import Daemon

/// `--agents`: what is played to a province's broker.
package struct AgentsSettings: Sendable {
  package var count: Int
  /// Measurements a second, each agent.
  package var rate: Double
  package var duration: Duration
  /// Measurements that each agent holds at the start.
  package var backlog: Int
  /// When all connections are cut at once; `nil`: never.
  package var cutAfter: Duration?

  package static let options: [CommandLineParser.Option] = [
    .init(
      "agents", "N", help: "N agents with a connection each, to a province's broker",
      vi: "N trạm, mỗi trạm một kết nối tới broker của tỉnh"),
    .init(
      "backlog", "N", help: "agents: measurements that each holds at the start",
      vi: "agents: số đo mỗi trạm giữ lúc bắt đầu"),
    .init(
      "cut-after", "SECONDS", help: "agents: cut all connections at once",
      vi: "agents: cắt mọi kết nối cùng lúc"),
  ]

  /// Names of the options that mean nothing without `--agents`.
  package static let own = ["backlog", "cut-after"]

  /// `nil` without `--agents`.
  init?(_ options: Options) throws(UsageError) {
    guard let count = try options.integer("agents", in: 1...100_000) else { return nil }
    guard options.values("broker").count <= 1 else {
      throw UsageError("--agents takes one --broker, the province's")
    }
    self.count = Int(count)
    rate = Double(try options.integer("rate", in: 0...1_000) ?? 1)
    duration = .seconds(try options.integer("duration", in: 1...86_400) ?? 60)
    backlog = Int(try options.integer("backlog", in: 0...1_000_000) ?? 0)
    cutAfter = try options.integer("cut-after", in: 1...86_400).map { .seconds($0) }
  }
}
