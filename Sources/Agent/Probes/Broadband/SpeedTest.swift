import Daemon

/// iperf3 against one server, in one direction.
package struct SpeedTest {
  let settings: BroadbandProbeSettings
  /// iperf3's words that bind it to the interface.
  let binding: [String]

  package enum Direction: String {
    case down
    case up
  }

  /// How a test ended that the program itself did not fail at.
  package enum Result: Equatable {
    /// Bit/s of TCP payload that arrived at the receiver.
    case rate(Double)
    /// The server is busy with another's test: worth another try.
    case busy
    /// The server's or the network's words.
    case refused(String)
  }

  /// Before they count: TCP finds its rate.
  static let warmUpSeconds: Int64 = 2
  /// Beyond the test's own time: connecting, and the exchange of results.
  private static let slack: Duration = .seconds(15)
  private static let connectTimeoutMs = 5_000
  /// Of a trial that tells no rate.
  package static let trialBytes = 100_000
  private static let trialConnectTimeoutMs = 3_000
  private static let trialLimit: Duration = .seconds(8)

  var limit: Duration { .seconds(settings.seconds + Self.warmUpSeconds) + Self.slack }

  func start(
    _ server: BroadbandProbeSettings.Server, _ direction: Direction
  ) throws(ProbeFailure) -> SupervisedProcess {
    try ProbeTool.start(
      [
        "iperf3", "--json", "--client", server.host, "--port", "\(server.port)", "--parallel",
        "\(settings.streams)", "--time", "\(settings.seconds)", "--omit",
        "\(Self.warmUpSeconds)", "--connect-timeout", "\(Self.connectTimeoutMs)",
      ] + (direction == .down ? ["--reverse"] : []) + binding, within: limit)
  }

  /// Some kilobytes towards us: whether this server would take a test. Its rate says nothing.
  func tryOut(_ server: BroadbandProbeSettings.Server) throws(ProbeFailure) -> Result {
    let process = try ProbeTool.start(
      [
        "iperf3", "--json", "--client", server.host, "--port", "\(server.port)", "--bytes",
        "\(Self.trialBytes)", "--length", "16K", "--reverse", "--connect-timeout",
        "\(Self.trialConnectTimeoutMs)",
      ] + binding, within: Self.trialLimit)
    return try finish(process)
  }

  func finish(_ process: SupervisedProcess) throws(ProbeFailure) -> Result {
    let outcome = try ProbeTool.finish(process)
    // An option that it does not know: no JSON, and its words on standard error.
    guard outcome.exitCode == 0 || !outcome.output.isEmpty else {
      throw ProbeTool.failed("iperf3", ProbeTool.words(outcome))
    }
    return try Self.result(outcome.output)
  }

  /// - Parameter answer: standard output of `iperf3 --json`.
  ///
  /// iperf3 tells a busy server from a dead one by its words alone; there is no code for it, and
  /// its own exit code says neither (3.12 ends with 0 after a refused connection).
  package static func result(_ answer: [UInt8]) throws(ProbeFailure) -> Result {
    let root = try ProbeTool.json(answer, of: "iperf3")
    if let words = try? root["error"]?.string() {
      return words.contains("server is busy") ? .busy : .refused(words)
    }
    guard let rate = root.at("end", "sum_received", "bits_per_second") else {
      throw ProbeFailure(
        .nonsense, "trả lời của iperf3 thiếu end.sum_received.bits_per_second",
        "the answer of iperf3 lacks end.sum_received.bits_per_second")
    }
    guard let value = try? rate.number(in: 0...1e12) else {
      throw ProbeFailure(
        .outOfRange, "iperf3 báo \(rate.plain) bit/s, cho phép 0…1e12; kết quả bị bỏ",
        "iperf3 reports \(rate.plain) bit/s, allowed 0…1e12; the reading is not used")
    }
    return .rate(value)
  }

  /// `--bind-dev` is there since iperf3 3.10; before, the interface's address has to do.
  static func binding(
    _ interface: NetworkInterface, version: (major: Int, minor: Int)
  ) throws(ProbeFailure) -> [String] {
    if version >= (3, 10) { return ["--bind-dev", interface.name] }
    guard let address = InterfaceAddress.ipv4(of: interface.name) else {
      throw ProbeFailure(
        .refused, "giao diện mạng \(interface.name) không có địa chỉ IPv4",
        "the network interface \(interface.name) has no IPv4 address")
    }
    return ["--bind", address]
  }

  /// Of `iperf 3.12 (cJSON 1.7.15)`.
  package static func version(_ text: String) -> (major: Int, minor: Int)? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count > 1, words[0] == "iperf" else { return nil }
    let parts = words[1].split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    return parts.count > 1 ? (parts[0], parts[1]) : nil
  }
}
