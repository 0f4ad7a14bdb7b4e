package import Daemon
import Glibc
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
    RunCommand.self, CheckCommand.self, StatusCommand.self, BufferInfoCommand.self,
    BufferVerifyCommand.self, BufferExportCommand.self, ImportCommand.self,
    MappingTestCommand.self, BufferTakeOutCommand.self, EnrollCommand.self,
    ProbeCoverageCommand.self, ProbeBroadbandCommand.self, ProbeServiceCommand.self,
  ]

  package static let parser = CommandLineParser(
    program: "hatang-agent", version: programVersion,
    summary: "Collects measurements at the edge and delivers each of them once.",
    defaultConfig: AgentConfiguration.defaultFile, commands: all.map { $0.usage },
    manual: .agent)

  static let json = CommandLineParser.Option("json", help: "for programs: one JSON object")

  /// Runs a command; an error becomes one line and the exit code of its sort.
  package static func run(_ options: Options) -> ExitCode {
    guard let command = all.first(where: { $0.usage.name == options.command }) else {
      return .usage
    }
    // A reader that goes away, or a program that we started, is an error and no reason to die.
    signal(SIGPIPE, SIG_IGN)
    do {
      return try command.run(options)
    } catch {
      Standard.error("hatang-agent \(options.command): \(error)\n")
      return exitCode(of: error)
    }
  }

  private static func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is ConfigError: .configuration
    case is UsageError: .usage
    case is MQTTError, is ImportError: .unreachable
    default: .failed
    }
  }
}
