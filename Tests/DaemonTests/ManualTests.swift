import Daemon
import Testing

@Suite struct ManualTests {
  private let parser = CommandLineParser(
    program: "hatang-agent", version: "0.1.0", summary: "Measures.", defaultConfig: "/etc/a.json5",
    commands: [
      .init("run", "The daemon.", options: [.init("rate", "N", help: "a second")]),
      .init(
        "import gnettrack", "Publishes logs.", operands: "FILE…", operandCount: 1...Int.max,
        options: [.init("plmn", "CODE", help: "operator")]),
      .init("buffer info", "What it holds."),
      .init("buffer verify", "Reads it all."),
    ],
    manual: .init(
      description: ["Runs beside a broker."], commands: ["run": [".conf is no macro; a\\b -c"]],
      files: [.init("/etc/a.json5", "The configuration.")],
      examples: [.init("hatang-agent run", "It.")], seeAlso: ["mosquitto(8)"]))

  @Test func `the manual page has every command and option of the table`() throws {
    guard case .print(let page) = try parser.parse(["--help-man"]) else {
      throw UsageError("not printed")
    }
    #expect(page == Self.page)
  }

  private static let page = """
    .TH HATANG-AGENT 8 "" "hatang\\-agent 0.1.0"
    .SH NAME
    hatang\\-agent \\- measures
    .SH SYNOPSIS
    .B hatang\\-agent run
    [OPTION…]
    .br
    .B hatang\\-agent import gnettrack
    [OPTION…] FILE…
    .br
    .B hatang\\-agent buffer info
    [OPTION…]
    .br
    .B hatang\\-agent buffer verify
    [OPTION…]
    .br
    .SH DESCRIPTION
    Runs beside a broker.
    .SH COMMANDS
    .SS run
    The daemon.
    .PP
    \\&.conf is no macro; a\\eb \\-c
    .TP
    \\fB\\-\\-rate\\fR \\fIN\\fR
    a second
    .SS import gnettrack FILE…
    Publishes logs.
    .TP
    \\fB\\-\\-plmn\\fR \\fICODE\\fR
    operator
    .SS buffer info
    What it holds.
    .SS buffer verify
    Reads it all.
    .SH OPTIONS
    Every command has these.
    .TP
    \\fB\\-\\-config\\fR \\fIFILE\\fR
    configuration, /etc/a.json5 unless given
    .TP
    \\fB\\-\\-help\\fR
    this text
    .TP
    \\fB\\-\\-version\\fR
    the version
    .SH EXIT STATUS
    \(ExitCode.common.map { ".TP\n\\fB\($0.rawValue)\\fR\n\($0.meaning)\n" }.joined())\
    .SH FILES
    .TP
    \\fB/etc/a.json5\\fR
    The configuration.
    .SH EXAMPLES
    .TP
    \\fBhatang\\-agent run\\fR
    It.
    .SH SEE ALSO
    mosquitto(8)

    """

  /// What bash would offer after these words, of which the last is being typed.
  private func offered(_ words: String...) throws -> String {
    guard case .print(let script) = try parser.parse(["--help-bash"]) else {
      throw UsageError("not printed")
    }
    let typed = (["hatang-agent"] + words).map { "'\($0)'" }.joined(separator: " ")
    let call = """

      COMP_WORDS=(\(typed)) COMP_CWORD=\(words.count)
      _hatang_agent && echo "${COMPREPLY[*]}"
      """
    let outcome = try ChildProcess.run(["bash", "-c", script + call])
    return String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").joined()
  }

  @Test func `bash offers commands, their second words, and their options`() throws {
    #expect(try offered("") == "run import buffer")
    #expect(try offered("b") == "buffer")
    #expect(try offered("--") == "--help --version")
    #expect(try offered("buffer", "") == "info verify")
    #expect(try offered("run", "") == "--rate --config --help --version")
    #expect(try offered("run", "--r") == "--rate")
    #expect(try offered("buffer", "info", "--c") == "--config")
    #expect(try offered("import", "gnettrack", "--p") == "--plmn")
  }

  @Test func `bash offers nothing of ours where a file or a value belongs`() throws {
    #expect(try offered("import", "gnettrack", "") == "")
    #expect(try offered("run", "--rate", "") == "")
    #expect(try offered("run", "--config", "") == "")
  }

  @Test func `a credential stands for the file that cannot be read, unless it is empty or missing`()
    throws
  {
    try withTemporaryDirectory { directory in
      try Files.writeAtomically(directory + "/agent.key", Array("secret".utf8))
      try Files.writeAtomically(directory + "/password", Array("\n".utf8))
      let readable = directory + "/etc-agent.key"
      try Files.writeAtomically(readable, Array("newer".utf8))
      #expect(Credentials.file(for: readable, in: directory) == readable)
      let found = ["agent.key", "password", "other.key"].map {
        Credentials.file(for: "/nowhere/\($0)", in: directory)
      }
      #expect(
        found == [directory + "/agent.key", "/nowhere/password", "/nowhere/other.key"])
    }
  }
}
