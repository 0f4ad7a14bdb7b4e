import Glibc

/// Reads a program's command line by GNU's conventions (`--name value`, `--name=value`, options and
/// operands in any order, `--` ends the options) from one table, which is also the help text, the
/// manual page (`--help-man`) and the shell's completion (`--help-bash`).
///
/// getopt_long is not used: it keeps its state in global variables, which Swift 6 rightly refuses,
/// and it cannot say which option was meant.
public struct CommandLineParser: Sendable {
  public let program: String
  public let version: String
  /// One sentence for the head of the help text.
  public let summary: String
  /// The same in Vietnamese, which the help text shows first; empty: there is none.
  public let vi: String
  /// What `--config` is when it is absent.
  public let defaultConfig: String
  /// A program without commands has one whose name is empty.
  public let commands: [Command]
  /// For the manual page only.
  public let manual: Manual

  public struct Command: Sendable {
    /// One word or several, such as `import gnettrack`.
    public let name: String
    public let summary: String
    /// The summary in Vietnamese, which the help text shows first; empty: there is none.
    public let vi: String
    /// Name of the operands in the help text, such as `FILE…`; empty: none are allowed.
    public let operands: String
    public let operandCount: ClosedRange<Int>
    public let options: [Option]

    public init(
      _ name: String, _ summary: String, vi: String = "", operands: String = "",
      operandCount: ClosedRange<Int> = 0...0, options: [Option] = []
    ) {
      self.name = name
      self.summary = summary
      self.vi = vi
      self.operands = operands
      self.operandCount = operandCount
      self.options = options
    }
  }

  public struct Option: Sendable {
    /// Without the two dashes.
    public let name: String
    /// Name of its value in the help text; `nil`: it has none.
    public let argument: String?
    public let help: String
    /// The help in Vietnamese, shown first; empty: there is none.
    public let vi: String

    public init(_ name: String, _ argument: String? = nil, help: String, vi: String = "") {
      self.name = name
      self.argument = argument
      self.help = help
      self.vi = vi
    }
  }

  public enum Outcome: Equatable, Sendable {
    case run(Options)
    /// For standard output; the process is done.
    case print(String)
  }

  public init(
    program: String, version: String, summary: String, vi: String = "", defaultConfig: String,
    commands: [Command], manual: Manual = Manual()
  ) {
    self.program = program
    self.version = version
    self.summary = summary
    self.vi = vi
    self.defaultConfig = defaultConfig
    self.commands = commands
    self.manual = manual
  }

  /// - Parameter arguments: without the program's name.
  public func parse(_ arguments: [String]) throws(UsageError) -> Outcome {
    if let first = arguments.first, first == "--help" || first == "-h" { return .print(help) }
    if arguments.first == "--version" { return .print("\(program) \(version)\n") }
    // For the packages; no help text names them.
    if arguments == ["--help-man"] { return .print(manualPage) }
    if arguments == ["--help-bash"] { return .print(bashCompletion) }
    let (command, rest) = try self.command(in: arguments)
    var options = Options(command: command.name, config: defaultConfig)
    var index = 0
    var isAfterDashes = false
    while index < rest.count {
      let argument = rest[index]
      index += 1
      if isAfterDashes || !argument.hasPrefix("-") || argument == "-" {
        options.operands.append(argument)
      } else if argument == "--" {
        isAfterDashes = true
      } else if argument == "--help" || argument == "-h" {
        return .print(help(of: command))
      } else if argument == "--version" {
        return .print("\(program) \(version)\n")
      } else {
        try option(argument, rest, &index, command, &options)
      }
    }
    try check(options.operands, command)
    return .run(options)
  }

  /// For `main`: prints and ends the process where there is nothing to run.
  public func parseOrExit(
    _ arguments: [String] = Array(CommandLine.arguments.dropFirst())
  ) -> Options {
    do throws(UsageError) {
      switch try parse(arguments) {
      case .run(let options): return options
      case .print(let text):
        Standard.output(text)
        ExitCode.done.exit()
      }
    } catch {
      Standard.error("\(program): \(error)\n")
      ExitCode.usage.exit()
    }
  }

  // MARK: Help

  /// The commands.
  public var help: String {
    if commands.count == 1, commands[0].name.isEmpty { return help(of: commands[0]) }
    let head = vi.isEmpty ? summary : "\(vi)\n\(summary)"
    var text = "\(head)\n\nUsage: \(program) COMMAND [OPTION…]\n\n"
    text += CommandLineParser.table(
      commands.map {
        ($0.operands.isEmpty ? $0.name : "\($0.name) \($0.operands)", $0.vi, $0.summary)
      })
    if !vi.isEmpty { text += "\nLệnh nào cũng có --help, --version và --config FILE.\n" }
    return text + (vi.isEmpty ? "\n" : "")
      + "Every command has --help, --version and --config FILE.\n"
  }

  public func help(of command: Command) -> String {
    let words = [program, command.name, "[OPTION…]", command.operands].filter { !$0.isEmpty }
    let english = command.name.isEmpty ? summary : command.summary
    let isBilingual = !command.vi.isEmpty
    let head = isBilingual ? "\(command.vi)\n\(english)" : english
    return "\(head)\n\nUsage: \(words.joined(separator: " "))\n\n"
      + CommandLineParser.table(
        (command.options + common).map { option in
          (
            "--\(option.name)" + (option.argument.map { " \($0)" } ?? ""),
            isBilingual ? option.vi : "", option.help
          )
        })
  }

  var common: [Option] {
    [
      Option(
        "config", "FILE", help: "configuration, \(defaultConfig) unless given",
        vi: "cấu hình, mặc định \(defaultConfig)"),
      Option("help", help: "this text", vi: "lời này"),
      Option("version", help: "the version", vi: "phiên bản"),
    ]
  }

  /// Vietnamese beside the name, English below it.
  private static func table(_ rows: [(name: String, vi: String, en: String)]) -> String {
    let width = rows.map(\.name.count).max() ?? 0
    return rows.map { name, vi, en in
      let below = "\n" + String(repeating: " ", count: width + 4)
      let text = vi.isEmpty ? en : vi + below + en
      return "  \(name)\(String(repeating: " ", count: width - name.count))  \(text)\n"
    }.joined()
  }

  // MARK: Parsing

  private func command(
    in arguments: [String]
  ) throws(UsageError) -> (Command, [String]) {
    if commands.count == 1, commands[0].name.isEmpty { return (commands[0], arguments) }
    // Longest name first, so that `buffer info` is found before a `buffer` would be.
    for command in commands.sorted(by: { $0.name.count > $1.name.count }) {
      let words = command.name.split(separator: " ").map(String.init)
      if arguments.starts(with: words) { return (command, Array(arguments.dropFirst(words.count))) }
    }
    guard let first = arguments.first else { throw UsageError("no command given\n\n\(help)") }
    let given = arguments.prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
    let names = commands.map(\.name)
    let group = names.filter { $0.hasPrefix(first + " ") }
    if !group.isEmpty {
      throw UsageError("\(first) needs one of: \(group.joined(separator: ", "))")
    }
    let meant = NearestWord.among(names, to: given) ?? NearestWord.among(names, to: first)
    let remedy = meant.map { "did you mean \($0)?" } ?? "\(program) --help lists the commands"
    throw UsageError("unknown command \(first); \(remedy)")
  }

  private func option(
    _ argument: String, _ rest: [String], _ index: inout Int, _ command: Command,
    _ options: inout Options
  ) throws(UsageError) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let known = command.options + common
    guard let option = known.first(where: { "--\($0.name)" == parts[0] }) else {
      let meant = NearestWord.among(known.map { "--\($0.name)" }, to: String(parts[0]))
      let words = [program, command.name, "--help"].filter { !$0.isEmpty }
      let remedy = meant.map { "did you mean \($0)?" } ?? "see \(words.joined(separator: " "))"
      throw UsageError("unknown option \(parts[0]); \(remedy)")
    }
    var value = parts.count > 1 ? String(parts[1]) : nil
    guard let placeholder = option.argument else {
      guard value == nil else { throw UsageError("--\(option.name) takes no value; remove it") }
      options.add(option.name, "")
      return
    }
    if value == nil, index < rest.endIndex {
      value = rest[index]
      index += 1
    }
    guard let value else {
      throw UsageError("--\(option.name) needs a value: --\(option.name) \(placeholder)")
    }
    if option.name == "config" { options.config = value } else { options.add(option.name, value) }
  }

  private func check(_ operands: [String], _ command: Command) throws(UsageError) {
    let words = [program, command.name].filter { !$0.isEmpty }.joined(separator: " ")
    if operands.count > command.operandCount.upperBound {
      let surplus = operands[command.operandCount.upperBound]
      throw UsageError("\(words) has no use for \(surplus); see \(words) --help")
    }
    if operands.count < command.operandCount.lowerBound {
      throw UsageError("\(words) needs \(command.operands); see \(words) --help")
    }
  }
}

/// The command line is wrong; the text says how.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ text: String) { description = text }
}
