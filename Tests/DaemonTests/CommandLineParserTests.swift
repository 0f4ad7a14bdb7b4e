import Daemon
import Testing

@Suite struct CommandLineParserTests {
  private let parser = CommandLineParser(
    program: "hatang-agent", version: "0.1.0", summary: "Measures.",
    defaultConfig: "/etc/hatang/agent.json5",
    commands: [
      .init("run", "run the daemon"),
      .init("status", "show how it is", options: [.init("json", help: "as JSON")]),
      .init(
        "import gnettrack", "publish logs", operands: "FILE…", operandCount: 1...Int.max,
        options: [
          .init("plmn", "CODE", help: "operator"), .init("active", help: "traffic flowed"),
        ]),
      .init("buffer info", "what it holds"),
      .init("buffer verify", "check every segment"),
    ])

  private func options(_ arguments: String...) throws -> Options {
    guard case .run(let options) = try parser.parse(arguments) else {
      throw UsageError("printed")
    }
    return options
  }

  @Test func `options and operands come in any order`() throws {
    let found = try options(
      "import", "gnettrack", "a.csv", "--plmn=27201", "--active", "--config", "x.json5", "--",
      "--odd.csv")
    #expect(found.command == "import gnettrack")
    #expect(found.operands == ["a.csv", "--odd.csv"])
    #expect(found.value("plmn") == "27201")
    #expect(found.has("active"))
    #expect(found.config == "x.json5")
    #expect(try options("run").config == "/etc/hatang/agent.json5")
  }

  @Test func `help and version are printed wherever they stand`() throws {
    #expect(try parser.parse(["--version"]) == .print("hatang-agent 0.1.0\n"))
    #expect(try parser.parse(["run", "--version"]) == .print("hatang-agent 0.1.0\n"))
    #expect(
      try parser.parse(["--help"])
        == .print(
          """
          Measures.

          Usage: hatang-agent COMMAND [OPTION…]

            run                     run the daemon
            status                  show how it is
            import gnettrack FILE…  publish logs
            buffer info             what it holds
            buffer verify           check every segment

          Every command has --help, --version and --config FILE.

          """))
    #expect(
      try parser.parse(["import", "gnettrack", "--help"])
        == .print(
          """
          publish logs

          Usage: hatang-agent import gnettrack [OPTION…] FILE…

            --plmn CODE    operator
            --active       traffic flowed
            --config FILE  configuration, /etc/hatang/agent.json5 unless given
            --help         this text
            --version      the version

          """))
  }

  @Test(arguments: [
    (["rnu"], "unknown command rnu; did you mean run?"),
    (["frobnicate"], "unknown command frobnicate; hatang-agent --help lists the commands"),
    (["buffer"], "buffer needs one of: buffer info, buffer verify"),
    (["buffer", "inf"], "buffer needs one of: buffer info, buffer verify"),
    (["run", "--confg", "x"], "unknown option --confg; did you mean --config?"),
    (["run", "--frob"], "unknown option --frob; see hatang-agent run --help"),
    (["run", "--config"], "--config needs a value: --config FILE"),
    (["status", "--json=1"], "--json takes no value; remove it"),
    (["run", "now"], "hatang-agent run has no use for now; see hatang-agent run --help"),
    (
      ["import", "gnettrack"],
      "hatang-agent import gnettrack needs FILE…; see hatang-agent import gnettrack --help"
    ),
  ])
  func `a wrong command line says what is wrong and what was meant`(
    _ arguments: [String], _ text: String
  ) {
    #expect(throws: UsageError(text)) { try parser.parse(arguments) }
  }

  @Test func `values of options are checked`() throws {
    let found = try options("import", "gnettrack", "f", "--plmn", "12x")
    #expect(throws: UsageError("--plmn is 12x, but must be a whole number; change it")) {
      try found.integer("plmn", in: 0...9)
    }
    let large = try options("import", "gnettrack", "f", "--plmn", "12")
    #expect(throws: UsageError("--plmn is 12, allowed 0…9; lower it")) {
      try large.integer("plmn", in: 0...9)
    }
    #expect(throws: UsageError("--plmn is 12, allowed MCC and MNC; change it")) {
      try large.string("plmn", legal: "MCC and MNC") { $0.count >= 5 }
    }
  }
}
