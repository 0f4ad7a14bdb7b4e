import Aggregator
import Daemon
import SQLite
import TestSupport
import Testing

/// What `check` and `backup` say to whoever sets up the host.
@Suite struct CheckCommandTests {
  private let folder = TemporaryFolder()

  private func configure(port: Int, store: String = "hatang.db") {
    let seeds = Repository.path("seeds")
    folder.write(
      """
      { broker: { host: "127.0.0.1", port: \(port) }, store: { path: "\(store)" },
        indicators: "\(seeds)/indicators.json", areas: "\(seeds)/areas.json",
        population: "\(seeds)/population.csv", outlines: "\(seeds)/areas.geojson" }
      """, to: "a.json5")
  }

  /// Without what differs from run to run.
  private func check() -> (text: String, code: ExitCode) {
    let (report, code) = CheckCommand.examine(folder.file("a.json5"))
    let text = report.text(inColour: false).replacing(folder.path, with: "D")
      .replacing(Repository.path("seeds"), with: "S").replacing(/\d+ MB free/, with: "N MB free")
      .replacing(/\d+ ms/, with: "N ms")
      .replacing(/sha256:[0-9a-f]{64}/, with: "sha256:S")
    return (text, code)
  }

  @Test func `a site where everything is right gets a line for each part`() {
    let broker = Broker(in: folder)
    configure(port: broker.port)
    let (text, code) = check()
    #expect(
      text == """
        ok    configuration: D/a.json5
        ok    areas: 6 areas, 852800 people
        ok    population: 2814 tiles, 852800 people, sha256:S
        ok    outlines: S/areas.geojson
        ok    indicators: 44 rows, 5 filled by us
        ok    store: D/hatang.db will be made at the first start
        ok    disk: N MB free in D
        ok    broker: 127.0.0.1:\(broker.port) accepts our subscriptions, N ms

        """)
    #expect(code == .done)
  }

  @Test func `a broker that is not there is unreachable, and nothing else is wrong`() {
    let port = Broker.freePort()
    configure(port: port)
    let (text, code) = check()
    #expect(
      text.hasSuffix(
        "FAIL  broker: connect 127.0.0.1:\(port): Connection refused; see that the broker runs and "
          + "that host and port are right\n"))
    #expect(code == .unreachable)
  }

  @Test func `a wrong configuration ends the check there`() {
    configure(port: 0)
    let (text, code) = check()
    #expect(
      text == "FAIL  configuration: D/a.json5:1: broker.port is 0, allowed 1…65535; raise it\n")
    #expect(code == .configuration)
  }

  @Test func `a missing folder, a bad table and a foreign store are each named`() throws {
    let broker = Broker(in: folder)
    folder.write("quadkey,area,population\n13,phu-ly,1\n", to: "p.csv")
    configure(port: broker.port, store: "no/where.db")
    folder.write(
      try folder.text(of: "a.json5").replacing(
        Repository.path("seeds/population.csv"), with: "p.csv"), to: "a.json5")
    let (text, code) = check()
    #expect(
      text.contains(
        "FAIL  tables: D/p.csv:2: quadkey is \"13\", allowed 16 digits 0…3; correct it\n"))
    #expect(text.contains("FAIL  store: folder D/no is missing; mkdir -p D/no\n"))
    #expect(code == .failed)
    try Database(path: folder.file("other.db")).execute("CREATE TABLE t(a)")
    configure(port: broker.port, store: "other.db")
    #expect(
      check().text.contains(
        "FAIL  store: read D/other.db: is no store of this program; start the daemon once, or "
          + "check store.path\n"))
  }

  @Test func `check as JSON names the remedy apart`() {
    configure(port: 0)
    let (report, _) = CheckCommand.examine(folder.file("a.json5"))
    #expect(
      report.json.replacing(folder.path, with: "D") == """
        {"ok":false,"checks":[{"part":"configuration","ok":false,\
        "text":"D/a.json5:1: broker.port is 0, allowed 1…65535; raise it","remedy":null}]}

        """)
  }
}
