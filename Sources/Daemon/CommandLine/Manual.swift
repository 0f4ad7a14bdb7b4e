extension CommandLineParser {
  /// What a manual page says beyond the table of commands and options. Plain text.
  public struct Manual: Sendable {
    /// Paragraphs: what the program is for, and how one works with it.
    public let description: [String]
    /// Paragraphs on a command, by its name, where its summary is not enough.
    public let commands: [String: [String]]
    /// Those with which it can end.
    public let exitCodes: [ExitCode]
    public let files: [Entry]
    public let examples: [Entry]
    /// Other pages, such as `mosquitto(8)`.
    public let seeAlso: [String]

    public struct Entry: Sendable {
      public let name: String
      public let text: String

      public init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
      }
    }

    public init(
      description: [String] = [], commands: [String: [String]] = [:],
      exitCodes: [ExitCode] = ExitCode.common, files: [Entry] = [], examples: [Entry] = [],
      seeAlso: [String] = []
    ) {
      self.description = description
      self.commands = commands
      self.exitCodes = exitCodes
      self.files = files
      self.examples = examples
      self.seeAlso = seeAlso
    }
  }

  /// The manual page in man(7)'s macros, from the same table as the help text.
  public var manualPage: String {
    var page = ManualPage()
    page.line(
      ".TH \(program.uppercased()) 8 \"\" \"\(ManualPage.escaped("\(program) \(version)"))\"")
    page.section("NAME")
    page.text("\(program) - \(summaryPhrase)")
    page.section("SYNOPSIS")
    for command in commands { page.synopsis(program, command) }
    page.section("DESCRIPTION")
    page.paragraphs(manual.description.isEmpty ? [summary] : manual.description)
    if hasCommands { page.section("COMMANDS") }
    for command in commands {
      guard hasCommands else { continue }
      page.subsection("\(command.name) \(command.operands)")
      page.paragraphs([command.summary] + (manual.commands[command.name] ?? []))
      page.options(command.options)
    }
    page.section("OPTIONS")
    if hasCommands { page.paragraphs(["Every command has these."]) }
    page.options((hasCommands ? [] : commands.flatMap(\.options)) + common)
    page.section("EXIT STATUS")
    for code in manual.exitCodes { page.entry("\(code.rawValue)", code.meaning) }
    page.entries("FILES", manual.files)
    page.entries("EXAMPLES", manual.examples)
    if !manual.seeAlso.isEmpty {
      page.section("SEE ALSO")
      page.text(manual.seeAlso.joined(separator: ", "))
    }
    return page.output
  }

  /// A program without commands has one whose name is empty.
  private var hasCommands: Bool { commands.count != 1 || !commands[0].name.isEmpty }

  /// The summary as whatis(1) has it: no capital, no full stop.
  private var summaryPhrase: String {
    let phrase = summary.hasSuffix(".") ? summary.dropLast() : summary[...]
    return phrase.prefix(1).lowercased() + phrase.dropFirst()
  }
}

/// Text in man(7)'s macros.
private struct ManualPage {
  private(set) var output = ""

  mutating func line(_ line: String) { output += line + "\n" }

  mutating func section(_ title: String) { line(".SH \(title)") }

  mutating func subsection(_ title: String) {
    let words = title.split(separator: " ").joined(separator: " ")
    line(".SS \(ManualPage.escaped(words))")
  }

  mutating func text(_ text: String) { line(ManualPage.escaped(text)) }

  mutating func paragraphs(_ paragraphs: [String]) {
    for (index, paragraph) in paragraphs.enumerated() {
      if index > 0 { line(".PP") }
      text(paragraph)
    }
  }

  mutating func synopsis(_ program: String, _ command: CommandLineParser.Command) {
    let words = [program, command.name].filter { !$0.isEmpty }.joined(separator: " ")
    line(".B \(ManualPage.escaped(words))")
    text(command.operands.isEmpty ? "[OPTION…]" : "[OPTION…] \(command.operands)")
    line(".br")
  }

  mutating func options(_ options: [CommandLineParser.Option]) {
    for option in options {
      entry("--\(option.name)", argument: option.argument, option.help)
    }
  }

  mutating func entries(_ title: String, _ entries: [CommandLineParser.Manual.Entry]) {
    guard !entries.isEmpty else { return }
    section(title)
    for entry in entries { self.entry(entry.name, entry.text) }
  }

  mutating func entry(_ name: String, argument: String? = nil, _ text: String) {
    line(".TP")
    let bold = "\\fB\(ManualPage.escaped(name))\\fR"
    line(argument.map { "\(bold) \\fI\(ManualPage.escaped($0))\\fR" } ?? bold)
    self.text(text)
  }

  /// A line that begins with a dot or an apostrophe would be a request, and a bare hyphen may be
  /// printed as one that cannot be copied into a shell.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "\"": result += "\\(dq"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }
}
