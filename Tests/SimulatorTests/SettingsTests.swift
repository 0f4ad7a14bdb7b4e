import Daemon
import Simulator
import Testing

@Suite struct SettingsTests {
  @Test func `without options a fleet of 150 plays to the usual port until a signal comes`() throws
  {
    let settings = try parse([])
    #expect(settings.brokers == [Broker("127.0.0.1:1883")])
    #expect(settings.devices == 150)
    #expect(settings.rate == 20)
    #expect(settings.duration == nil)
    #expect(settings.kind == nil)
    #expect(settings.flood == nil)
  }

  @Test func `a load ends now and asks for no rate`() throws {
    let flood = try #require(try parse(["--flood", "5000"]).flood)
    #expect(flood.count == 5_000)
    #expect(flood.rate == 0)
    #expect(flood.duration == .seconds(600))
    #expect(flood.source == "flood")
    #expect(flood.firstMs == 1_766_700_000_000 - 5_000)
    #expect(!flood.isNumbered)
  }

  @Test(arguments: [
    (["--broker", "localhost"], "--broker is localhost, allowed HOST:PORT; change it"),
    (["--broker", "a:70000"], "--broker is a:70000, allowed HOST:PORT; change it"),
    (["--devices", "0"], "--devices is 0, allowed 1…100000; raise it"),
    (["--devices", "many"], "--devices is many, but must be a whole number; change it"),
    (["--rate", "0"], "--rate is 0, allowed 1…1000000 without --flood; raise it"),
    (["--kind", "radio"], "--kind is radio, allowed coverage, broadband, service; change it"),
    (["--flood", "9", "--kind", "coverage"], "--kind is for a fleet; remove it, or --flood"),
    (["--numbered"], "--numbered is for --flood; add --flood N or remove it"),
    (
      ["--flood", "1", "--source", "a/b"],
      "--source is a/b, allowed 1…128 of a-z A-Z 0-9 - _ .; change it"
    ),
    (
      ["--flood", "1", "--broker", "a:1", "--broker", "b:1"],
      "--flood takes one --broker; start one flood for each"
    ),
    (["--flod", "1"], "unknown option --flod; did you mean --flood?"),
    (["--config", "x"], "the simulator has no configuration; remove --config"),
  ])
  func `a wrong command line is refused with the value, what is allowed and the remedy`(
    arguments: [String], text: String
  ) {
    #expect(throws: UsageError(text)) { try parse(arguments) }
  }

  @Test func `no rate lets everything through`() {
    var pace = Pace(rate: 0, now: .zero)
    #expect(pace.due(now: .zero) == .max)
    #expect(pace.wait == .zero)
  }

  @Test func `a rate lets through what is due, and after a pause a quarter of a second's worth`() {
    var pace = Pace(rate: 100, now: .zero)
    #expect(pace.due(now: .zero) == 0)
    #expect(pace.due(now: .milliseconds(50)) == 5)
    pace.took(5)
    #expect(pace.wait == .milliseconds(10))
    #expect(pace.due(now: .seconds(60)) == 25)
  }

  private func parse(_ arguments: [String]) throws -> Settings {
    guard case .run(let options) = try Settings.parser.parse(arguments) else {
      throw UsageError("help was asked for")
    }
    return try Settings(options, nowMs: 1_766_700_000_000)
  }
}
