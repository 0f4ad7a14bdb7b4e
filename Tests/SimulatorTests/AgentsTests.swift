import Daemon
import Simulator
import TestSupport
import Testing

/// Played agents: what may be asked for. That their measurements arrive, `make bench-fleet` and
/// Tests/SystemTests/PlayedAgentsTests.swift show.
@Suite struct AgentsTests {
  private func settings(_ arguments: String...) throws -> Settings {
    guard case .run(let options) = try Settings.parser.parse(arguments) else {
      throw TestFailure("nothing to run")
    }
    return try Settings(options, nowMs: 1_795_486_650_000)
  }

  @Test func `agents have a rate each, a backlog, and a moment when all are cut`() throws {
    let found = try settings(
      "--agents", "20", "--rate", "2", "--backlog", "300", "--cut-after", "5", "--duration", "9")
    let agents = try #require(found.agents)
    #expect(agents.count == 20 && agents.rate == 2 && agents.backlog == 300)
    #expect(agents.cutAfter == .seconds(5) && agents.duration == .seconds(9))
  }

  @Test(arguments: [
    (["--agents", "0"], "--agents is 0, allowed 1…100000; raise it"),
    (["--backlog", "5"], "--backlog is for --agents; add --agents N or remove it"),
    (["--agents", "5", "--devices", "5"], "--devices is for a fleet; remove it, or --agents"),
    (["--agents", "5", "--flood", "5"], "--flood and --agents exclude each other"),
    (
      ["--agents", "5", "--broker", "a:1", "--broker", "b:2"],
      "--agents takes one --broker, the province's"
    ),
  ])
  func `what does not belong together is refused`(_ arguments: [String], _ text: String) throws {
    guard case .run(let options) = try Settings.parser.parse(arguments) else {
      throw TestFailure("nothing to run")
    }
    #expect(throws: UsageError(text)) { try Settings(options, nowMs: 0) }
  }
}
