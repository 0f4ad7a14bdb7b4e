package import Daemon
import MQTT

/// `hatang-agent check`: does it work here, and why not where it does not. For the technician on
/// site, before and after the daemon is started.
package enum CheckCommand: Command {
  package static let usage = CommandLineParser.Command(
    "check", "Checks files, disk, clock, brokers and the way to the province, with remedies.",
    vi: "Kiểm tra tệp, đĩa, đồng hồ, broker và đường về tỉnh, kèm cách sửa.",
    options: [Commands.json])

  /// All parts together; what hangs until then is said to. A probe's tool that hangs has two
  /// seconds to end.
  private static let limit: Duration = ProbeTime.inCheck + .seconds(3)

  package static func run(_ options: Options) throws -> ExitCode {
    let (report, code) = try examine(options.config)
    Standard.output(
      options.has("json") ? report.json : report.text(hasColours: Standard.isOutputTerminal))
    return code
  }

  package static func examine(_ file: String) throws -> (CheckReport, ExitCode) {
    var report = CheckReport()
    let configuration: AgentConfiguration
    do throws(ConfigError) {
      configuration = try AgentConfiguration(file: file)
    } catch {
      report.add(
        "configuration", .failed, Bilingual("Cấu hình sai: \(error)", "configuration is wrong"),
        remedy: Bilingual(
          "Sửa \(file) tại dòng đã nêu", "mend the line that is named; the text says how"))
      return (report, .configuration)
    }
    report.add(
      "configuration", .passed, Bilingual("Cấu hình đúng: \(file)", "configuration is right"))
    // Not undone: a thread that hangs may still be inside the library.
    mqttStart()
    let found = try CheckRun(try parts(configuration), CheckSite(configuration)).run(within: limit)
    // The threads of what hangs go with this program; the tools that they wait for would stay.
    SupervisedProcess.endAll()
    for line in found.lines { report.add(line) }
    return (report, exitCode(of: report))
  }

  /// In the order of the report.
  private static func parts(
    _ configuration: AgentConfiguration
  ) throws(FileError) -> [CheckPart] {
    try [
      CheckPart("files", .host, FileCheck.run),
      CheckPart("disk", .host, DiskCheck.run),
      CheckPart("flash", .host, FlashCheck.run),
      CheckPart("clock", .host, ClockCheck.run),
      CheckPart("certificate", .host) { site, findings in
        findings.with { CertificateCheck.add(site.configuration, nowMs: wallClockMs(), to: &$0) }
      },
      CheckPart("daemon", .host, DaemonCheck.run),
      CheckPart("local", .local, LocalBrokerCheck.run),
    ]
      + ProbeCheck.parts(configuration) + [
        CheckPart("uplink_name", .uplink, UplinkCheck.name),
        CheckPart("uplink_tcp", .uplink, UplinkCheck.tcp),
        CheckPart("uplink_tls", .uplink, UplinkTLSCheck.run),
        CheckPart("uplink", .uplink, UplinkCheck.mqtt),
        CheckPart("record", .local, RecordCheck.run),
      ]
  }

  private static func exitCode(of report: CheckReport) -> ExitCode {
    if report.hasPassed { return .done }
    let isUnreachable = ["local", "uplink_name", "uplink_tcp", "uplink"].contains(
      where: report.hasFailed)
    return isUnreachable ? .unreachable : .failed
  }
}
