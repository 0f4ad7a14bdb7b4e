import Daemon
import MQTT
import Protocol

/// `probe coverage|broadband|service`: one measurement, published like any device's.
enum ProbeCommand {
  static let options: [CommandLineParser.Option] = [
    .init(
      "print", help: "show the measurement; publish and keep nothing",
      vi: "chỉ in số đo; không gửi, không giữ"),
    .init(
      "once", help: "one attempt: no second try at a busy server, no other server",
      vi: "thử một lần: không thử lại, không đổi máy chủ"),
  ]

  static func usage(_ kind: Kind, _ summary: String, vi: String) -> CommandLineParser.Command {
    CommandLineParser.Command(
      "probe \(kind.name)", summary, vi: vi, operands: "[NAME]", operandCount: 0...1,
      options: options)
  }

  /// The probe that was named, or the only one of its kind.
  static func choose<Settings: ProbeSettings>(
    _ probes: [Settings], _ options: Options
  ) throws -> Settings {
    let kind = Settings.kind.name
    let names = probes.map(\.name).joined(separator: ", ")
    guard !probes.isEmpty else {
      throw ConfigError(
        file: options.config, line: nil,
        text: "probes.\(kind) sets up no probe; add one as \(InstalledFile.probes) says")
    }
    guard let name = options.operands.first else {
      guard probes.count == 1 else {
        throw UsageError("probe \(kind) needs the name of a probe: \(names)")
      }
      return probes[0]
    }
    guard let found = probes.first(where: { $0.name == name }) else {
      throw UsageError("there is no probe \(kind) \(name); there are: \(names)")
    }
    return found
  }

  static func run(
    _ settings: some ProbeSettings, _ configuration: AgentConfiguration, _ options: Options,
    _ measure: (ProbeRun) throws(ProbeFailure) -> ProbeReading
  ) throws -> ExitCode {
    // A technician's `sudo` must not leave a state behind that the timer's user cannot read.
    try Privileges.becomeOwner(of: Files.directory(of: configuration.buffer.path))
    mqttStart()
    defer { mqttStop() }
    let run = try ProbeRun(settings, in: configuration, isPrinted: options.has("print"))
    let ending = run.run(measure)
    let line = "\(run.kind.name) \(run.name): \(ending.text.vi) / \(ending.text.en)\n"
    if ending.outcome == .done, !options.has("print") {
      Standard.output("✓ \(line)")
    } else {
      Standard.error(ending.outcome == .done ? "✓ \(line)" : "✗ \(line)")
    }
    return ending.outcome.exitCode
  }
}

enum ProbeCoverageCommand: Command {
  static let usage = ProbeCommand.usage(
    .coverage, "Measures the radio network once, by a modem.",
    vi: "Đo mạng di động một lần, bằng modem.")

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let settings = try ProbeCommand.choose(configuration.probes.coverage, options)
    return try ProbeCommand.run(settings, configuration, options) { (_) throws(ProbeFailure) in
      try CoverageProbe(settings: settings).measure(ProbeTime(ProbeTime.ofRun))
    }
  }
}

enum ProbeBroadbandCommand: Command {
  static let usage = ProbeCommand.usage(
    .broadband, "Measures a fixed line once, by iperf3.",
    vi: "Đo đường cố định một lần, bằng iperf3.")

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let settings = try ProbeCommand.choose(configuration.probes.broadband, options)
    let probe = BroadbandProbe(settings: settings, isOnce: options.has("once"))
    return try ProbeCommand.run(settings, configuration, options) { (run) throws(ProbeFailure) in
      try probe.measure(run)
    }
  }
}

enum ProbeServiceCommand: Command {
  static let usage = ProbeCommand.usage(
    .service, "Reads an online service's counters once.",
    vi: "Đọc bộ đếm của một dịch vụ trực tuyến một lần.")

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let settings = try ProbeCommand.choose(configuration.probes.service, options)
    return try ProbeCommand.run(settings, configuration, options) { (_) throws(ProbeFailure) in
      try ServiceProbe(settings: settings).measure(ProbeTime(ProbeTime.ofRun))
    }
  }
}
