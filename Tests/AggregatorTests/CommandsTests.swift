import Aggregator
import Daemon
import TestSupport
import Testing

/// The command line: what it takes, and what it says to what it does not take.
@Suite struct CommandsTests {
  private func complaint(_ arguments: String...) -> String {
    do {
      _ = try Commands.all.parser.parse(arguments)
      return "none"
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ["run"], ["check", "--json"], ["agents", "--json"], ["ledger", "--json"],
    ["report", "--quarter", "2026-Q4", "--freeze"], ["backup", "copy.db"], ["indicators"],
    ["export", "indicators.csv"],
    ["population", "new.csv", "--dry-run", "--json"],
    ["ledger", "--config", "/etc/hatang/other.json5"],
  ])
  func `every command of the contract is known`(arguments: [String]) throws {
    guard case .run(let options) = try Commands.all.parser.parse(arguments) else {
      Issue.record("nothing to run")
      return
    }
    #expect(options.command == arguments[0])
    #expect(
      options.config
        == (arguments.contains("--config")
          ? "/etc/hatang/other.json5" : "/etc/hatang/aggregator.json5"))
  }

  @Test func `a wrong command line says what was meant`() {
    #expect(complaint("legder") == "unknown command legder; did you mean ledger?")
    #expect(complaint("ledger", "--jsn") == "unknown option --jsn; did you mean --json?")
    #expect(
      complaint("backup")
        == "hatang-aggregator backup needs FILE; see hatang-aggregator backup --help")
    #expect(
      complaint("backup", "a", "b")
        == "hatang-aggregator backup has no use for b; see hatang-aggregator backup --help")
    #expect(complaint("agents", "--config") == "--config needs a value: --config FILE")
    #expect(complaint("run", "--json") == "unknown option --json; see hatang-aggregator run --help")
  }

  @Test func `a command without its store ends with 1, without its configuration with 78`() throws {
    let folder = TemporaryFolder()
    folder.write(
      """
      { broker: { host: "127.0.0.1" }, store: { path: "none.db" }, indicators: "i", areas: "a" }
      """, to: "a.json5")
    func code(_ arguments: String...) throws -> ExitCode {
      guard case .run(let options) = try Commands.all.parser.parse(arguments) else { return .done }
      return Commands.all.run(options)
    }
    #expect(try code("ledger", "--config", folder.file("a.json5")) == .failed)
    #expect(try code("agents", "--config", folder.file("a.json5")) == .failed)
    #expect(try code("backup", "c.db", "--config", folder.file("a.json5")) == .failed)
    #expect(try code("ledger", "--config", folder.file("b.json5")) == .configuration)
  }

  @Test func `the open data comes as one file or as all of them, and a wrong name says which`()
    throws
  {
    let province = try Province()
    let folder = province.site.folder
    let seeds = Repository.path("seeds")
    folder.write(
      """
      { broker: { host: "127.0.0.1" }, store: { path: "\(province.site.path)" },
        indicators: "\(seeds)/indicators.json", areas: "\(seeds)/areas.json",
        population: "\(seeds)/population.csv", outlines: "\(seeds)/areas.geojson" }
      """, to: "export.json5")
    func code(_ arguments: String...) throws -> ExitCode {
      let all = ["export"] + arguments + ["--config", folder.file("export.json5")]
      guard case .run(let options) = try Commands.all.parser.parse(all) else { return .done }
      return Commands.all.run(options)
    }
    #expect(try code("--to", folder.path) == .done)
    #expect(try folder.text(of: "indicators.csv").hasPrefix("code,name,unit,target,"))
    let map = try ConfigNode.parse(file: folder.file("coverage.geojson"))
    #expect(try map.required("type").string() == "FeatureCollection")
    for name in ["history.csv", "coverage.csv", "next.geojson", "next.gpx", "schema.json"] {
      #expect(folder.contains(name), "\(name)")
    }
    #expect(try code("indicators.cvs") == .usage)
    #expect(try code() == .usage)
    #expect(try code("indicators.csv", "--to", folder.path) == .usage)
    #expect(try code("--to", "/nowhere") == .failed)
  }

  @Test func `reading a store that is not there says so`() {
    let error = #expect(throws: StoreError.self) { try StoreReader(path: "/nowhere/hatang.db") }
    #expect(
      error?.description
        == "read /nowhere/hatang.db: there is no such file; start the daemon once, or check "
        + "store.path")
  }
}
