import Glibc

/// One word of a program's command line.
package protocol Command: SendableMetatype {
  static var usage: CommandLineParser.Command { get }
  static func run(_ options: Options) throws -> ExitCode
}

/// A program's commands: how they are parsed, run, and what their errors end with.
package struct CommandSet: Sendable {
  package let parser: CommandLineParser
  private let commands: [any Command.Type]
  private let isUnreachable: @Sendable (any Error) -> Bool

  /// - Parameters:
  ///   - vi: the summary in Vietnamese.
  ///   - commands: in the order of the help text.
  ///   - isUnreachable: whether an error says that the other side does not answer.
  package init(
    program: String, version: String, summary: String, vi: String, defaultConfig: String,
    manual: CommandLineParser.Manual, commands: [any Command.Type],
    isUnreachable: @escaping @Sendable (any Error) -> Bool
  ) {
    parser = CommandLineParser(
      program: program, version: version, summary: summary, vi: vi, defaultConfig: defaultConfig,
      commands: commands.map { $0.usage }, manual: manual)
    self.commands = commands
    self.isUnreachable = isUnreachable
  }

  /// Runs a command; an error becomes one line and the exit code of its sort.
  package func run(_ options: Options) -> ExitCode {
    guard let command = commands.first(where: { $0.usage.name == options.command }) else {
      return .usage
    }
    // A reader that goes away, or a program that we started, is an error and no reason to die.
    signal(SIGPIPE, SIG_IGN)
    do {
      return try command.run(options)
    } catch {
      Standard.error("\(parser.program) \(options.command): \(error)\n")
      return exitCode(of: error)
    }
  }

  private func exitCode(of error: any Error) -> ExitCode {
    switch error {
    case is ConfigError: .configuration
    case is UsageError: .usage
    default: isUnreachable(error) ? .unreachable : .failed
    }
  }
}
