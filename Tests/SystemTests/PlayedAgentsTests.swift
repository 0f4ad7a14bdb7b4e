import Daemon
import SQLite
import TestSupport
import Testing

/// Many agents with connections of their own, cut off all at once.
@Suite(.serialized) struct PlayedAgentsTests {
  @Test func `100 agents with a backlog are cut at once, and everything arrives once`() throws {
    let site = try Site()
    try site.startAggregator()
    let run = try output(
      of: Repository.program("hatang-simulator"),
      [
        "--broker", "127.0.0.1:\(site.central.port)", "--agents", "100", "--backlog", "500",
        "--rate", "5", "--cut-after", "\(4 * Slowness.factor)", "--duration",
        "\(8 * Slowness.factor)",
      ], in: site.folder, within: .seconds(120))
    try #require(run.exitCode == 0, "\(run.text)\n\(site.logs)")
    let line = try #require(run.text.split(separator: "\n").last { $0.hasPrefix("{") })
    let report = try ConfigNode.parse(text: String(line), name: "report")
    let made = try report.required("made").integer(in: 0...Int64.max)
    #expect(made > 100 * 500)
    #expect(try report.required("receipted").integer(in: 0...Int64.max) == made)
    #expect(try report.required("connections").integer(in: 0...Int64.max) == 200)
    let store = try Database(path: site.storePath, mode: .readOnly)
    #expect(try store.integer("SELECT sum(received) FROM streams") == made)
    #expect(try store.integer("SELECT sum(lost) FROM streams") == 0)
    #expect(try store.integer("SELECT count(*) FROM streams WHERE next <> received") == 0)
  }
}
