package import Daemon
import MQTT

package let programVersion = "0.1.0"

/// One word of the command line.
package protocol Command: SendableMetatype {
  static var usage: CommandLineParser.Command { get }
  static func run(_ options: Options) throws -> ExitCode
}

/// The program's commands.
package enum Commands {
  /// In the order of the help text.
  private static let all: [any Command.Type] = [
    RunCommand.self, CheckCommand.self, IndicatorsCommand.self, AgentsCommand.self,
    WatchCommand.self,
    LedgerCommand.self, ReportCommand.self, BackupCommand.self, PopulationCommand.self,
    IngestCommand.self, InitCACommand.self, EnrollCommand.self, RenewCommand.self,
    RevokeCommand.self,
  ]

  package static let parser = CommandLineParser(
    program: "hatang-aggregator", version: programVersion,
    summary: "Receives measurements and computes the province's indicators from them.",
    defaultConfig: AggregatorConfiguration.defaultPath, commands: all.map { $0.usage },
    manual: .aggregator)

  static let json = CommandLineParser.Option("json", help: "for programs: one JSON object")

  /// Runs a command; an error becomes one line and the exit code of its sort.
  package static func run(_ options: Options) -> ExitCode {
    guard let command = all.first(where: { $0.usage.name == options.command }) else {
      return .usage
    }
    do {
      return try command.run(options)
    } catch {
      Standard.error("hatang-aggregator \(options.command): \(error)\n")
      return exitCode(of: error)
    }
  }

  private static func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is ConfigError: .configuration
    case is UsageError: .usage
    case is MQTTError: .unreachable
    default: .failed
    }
  }
}
