import Daemon
import Glibc
import SQLite
import TestSupport
import Testing

/// Files that somebody made to do harm, given to the real programs.
@Suite struct HostileFileTests {
  private let folder = TemporaryFolder()

  private func run(_ program: String, _ words: [String]) throws -> (text: String, exitCode: Int32) {
    // Two gigabytes of address space, of which Swift's library and the threads' stacks take some.
    let found = try output(
      of: "/usr/bin/prlimit",
      ["--as=2000000000", "--cpu=60", Repository.program(program)] + words, in: folder,
      within: .seconds(120))
    return (found.text.replacing(folder.path, with: "D"), found.exitCode)
  }

  // MARK: Logs of drive tests

  private func importLog(_ name: String) throws -> (text: String, exitCode: Int32) {
    folder.write(
      """
      { agent: "a", local: { host: "127.0.0.1", port: 1 }, uplink: { host: "127.0.0.1", port: 1 } }
      """, to: "agent.json5")
    return try run(
      "hatang-agent",
      ["import", "gnettrack", folder.file(name), "--config", folder.file("agent.json5")])
  }

  @Test func `a log of one line of a gigabyte is refused by its size`() throws {
    folder.write("", to: "a.csv")
    #expect(truncate(folder.file("a.csv"), 1 << 30) == 0)
    let found = try importLog("a.csv")
    #expect(
      found.text == """
        hatang-agent import gnettrack: cannot read D/a.csv: File too large; at most 268435456 \
        bytes; is this the right file?

        """)
    #expect(found.exitCode == 1)
  }

  @Test func `a log that unpacks to a gigabyte is left where the bound is`() throws {
    let made = try output(
      of: "/bin/sh",
      ["-c", "head -c 1G /dev/zero | gzip -1 > \(folder.file("a.csv.gz"))"], in: folder)
    #expect(made.exitCode == 0)
    let found = try importLog("a.csv.gz")
    #expect(
      found.text.hasSuffix(
        """
        hatang-agent import gnettrack: cannot read the output of gzip: File too large; at most \
        268435456 bytes; is this the right file?

        """), "\(found.text)")
    #expect(found.exitCode == 1)
  }

  @Test func `a log that is a link to a folder, a device or itself is told`() throws {
    symlink(folder.path, folder.file("folder.csv"))
    symlink(folder.file("loop.csv"), folder.file("loop.csv"))
    symlink("/dev/zero", folder.file("zero.csv"))
    for (name, text) in [
      ("folder", "cannot read D/folder.csv: Is a directory"),
      ("loop", "cannot open D/loop.csv: Too many levels of symbolic links"),
      ("zero", "cannot read D/zero.csv: File too large; at most 268435456 bytes"),
    ] {
      let found = try importLog("\(name).csv")
      #expect(found.text.contains(text), "\(found.text)")
      #expect(found.exitCode == 1)
    }
  }

  // MARK: Stores and their copies

  private func configureAggregator() {
    folder.write(
      """
      { broker: { host: "127.0.0.1", port: 1 }, store: { path: "\(folder.file("hatang.db"))" },
        http: { listen: "127.0.0.1:0" },
        indicators: "\(Repository.path("seeds/indicators.json"))",
        areas: "\(Repository.path("seeds/areas.json"))" }
      """, to: "aggregator.json5")
  }

  /// What the daemon and a command say of the file at the store's place.
  private func answers() throws -> (daemon: String, ledger: String) {
    let words = ["--config", folder.file("aggregator.json5")]
    let daemon = try run("hatang-aggregator", ["run"] + words)
    let ledger = try run("hatang-aggregator", ["ledger"] + words)
    #expect(daemon.exitCode == 1 && ledger.exitCode == 1, "\(daemon) \(ledger)")
    return (daemon.text, ledger.text)
  }

  @Test func `a database of another program in the store's place is refused and not touched`()
    throws
  {
    configureAggregator()
    do {
      let database = try Database(path: folder.file("hatang.db"))
      try database.execute(
        """
        CREATE TABLE streams(x); CREATE VIEW agents AS SELECT 1;
        CREATE TRIGGER t AFTER INSERT ON streams BEGIN DELETE FROM streams; END
        """)
    }
    let before = try Files.read(folder.file("hatang.db"), bytesMax: 1 << 20)
    let found = try answers()
    let text = "application id is 0, expected 1751217249 (SQLite code 26); the file belongs to "
    #expect(found.daemon.contains(text), "\(found.daemon)")
    #expect(
      found.ledger.contains("D/hatang.db: holds the view agents, which this program never makes"),
      "\(found.ledger)")
    #expect(try Files.read(folder.file("hatang.db"), bytesMax: 1 << 20) == before)
  }

  @Test(arguments: [
    (
      "CREATE TRIGGER sneak AFTER INSERT ON segments BEGIN UPDATE streams SET lost = 0; END",
      "trigger sneak"
    ),
    ("DROP TABLE agents; CREATE VIEW agents AS SELECT 1 AS name", "view agents"),
  ])
  func `a store that was given a trigger or a view is refused, and its copy too`(
    sql: String, what: String
  ) throws {
    configureAggregator()
    let words = ["--config", folder.file("aggregator.json5")]
    let daemon = Program(
      Repository.program("hatang-aggregator"), ["run"] + words, log: folder.file("first.log"))
    try waitUntil("the daemon has made the store") {
      try folder.text(of: "first.log").contains("ingest waits")
    }
    #expect(try daemon.terminate() == 0)
    do { try Database(path: folder.file("hatang.db"), mode: .readWrite).execute(sql) }
    let found = try answers()
    let text = "holds the \(what), which this program never makes (SQLite code 26); somebody "
    #expect(found.daemon.contains(text), "\(found.daemon)")
    #expect(found.ledger.contains(text), "\(found.ledger)")
    let copy = try run("hatang-aggregator", ["backup", folder.file("copy.db")] + words)
    #expect(copy.exitCode == 1 && copy.text.contains(text), "\(copy.text)")
    #expect(!folder.contains("copy.db"))
  }
}
