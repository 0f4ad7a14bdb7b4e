import Daemon
import Glibc
import TestSupport
import Testing

/// A site whose uplink is dead for good: a person carries its data.
@Suite(.serialized) struct TakeOutTests {
  @Test func `carried by hand, twice, and then brought by the network too, each counts once`()
    throws
  {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(500)
    try site.waitUntilDelivered(through: publisher)
    site.central.kill()
    try publisher.publish(3_000)
    try publisher.settle()
    try waitForBacklog(of: publisher, site)

    // Beside the running agent, to the running aggregator.
    let stick = site.folder.file("stick")
    let takeOut = try site.run("hatang-agent", ["buffer", "take-out", stick])
    try #require(takeOut.exitCode == 0, "\(takeOut.text)")
    #expect(takeOut.text.contains("; the buffer keeps them\n"))
    let again = try site.run("hatang-agent", ["buffer", "take-out", stick])
    #expect(again.exitCode == 1)
    #expect(
      again.text
        == "hatang-agent buffer take-out: cannot write \(stick); the file exists; name another, or "
        + "remove it\n")
    let first = try site.run("hatang-aggregator", ["ingest", stick])
    try #require(first.exitCode == 0, "\(first.text)\n\(site.logs)")
    #expect(first.text.contains("the daemon runs, and takes the file\n"))
    #expect(
      first.text.contains("3000 measurements are new, "), "\(first.text)")
    try expectAll(publisher, site)

    // Once more while the daemon is down: the command does it itself.
    try site.stopAggregator()
    let second = try site.run("hatang-aggregator", ["ingest", stick])
    try #require(second.exitCode == 0, "\(second.text)")
    #expect(second.text.contains("  0 measurements are new, "))
    #expect(!second.text.contains("daemon"))
    try expectAll(publisher, site)

    // The network comes back after all, with more than the stick had.
    try publisher.publish(700)
    site.central.start()
    try site.startAggregator()
    try site.waitUntilDelivered(through: publisher)
    try expectAll(publisher, site)
    let ledger = try site.run("hatang-aggregator", ["ledger"])
    #expect(ledger.exitCode == 0, "\(ledger.text)")
  }

  @Test func `part came by the network, the stick brings the rest, and a cut one what it has`()
    throws
  {
    let site = try Site()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    for _ in 0..<20 {
      try publisher.publish(150)
      try publisher.settle()
    }
    try waitForBacklog(of: publisher, site)
    // The agent is down, too.
    try site.stopAgent()
    let stick = site.folder.file("stick")
    let takeOut = try site.run("hatang-agent", ["buffer", "take-out", stick])
    try #require(takeOut.exitCode == 0, "\(takeOut.text)")

    let bytes = try Files.read(stick)
    try Files.writeAtomically(stick + ".cut", Array(bytes.dropLast(40)))
    let cut = try site.run("hatang-aggregator", ["ingest", stick + ".cut"])
    #expect(cut.exitCode == 1)
    #expect(cut.text.contains("✗ the file is cut short after "), "\(cut.text)")
    let other = try site.run("hatang-aggregator", ["ingest", stick, "--agent", "kcn-hoa-mac"])
    #expect(other.exitCode == 1)
    #expect(
      other.text == "hatang-aggregator ingest: \(stick) is of agent \(Site.agentName), not of "
        + "kcn-hoa-mac; nothing was taken\n")

    try site.startAggregator()
    try site.startAgent()
    try site.waitUntilDelivered(through: publisher)
    try publisher.publish(100)
    try site.waitUntilDelivered(through: publisher)
    let whole = try site.run("hatang-aggregator", ["ingest", stick])
    #expect(whole.exitCode == 0, "\(whole.text)")
    try expectAll(publisher, site)
  }

  private func waitForBacklog(of publisher: Publisher, _ site: Site) throws {
    try waitUntil("the buffer holds what was acknowledged") {
      let info = try site.run("hatang-agent", ["buffer", "info", "--json"])
      guard info.exitCode == 0 else { return false }
      let streams = try ConfigNode.parse(text: info.text, name: "info")["streams"]?.array() ?? []
      let next = try streams.reduce(Int64(0)) {
        try $0 + ($1["next"]?.integer(in: 0...1 << 60) ?? 0)
      }
      return next == Int64(publisher.sent)
    }
  }

  private func expectAll(_ publisher: Publisher, _ site: Site) throws {
    let received = try site.received()
    #expect(received.missing(of: publisher.acknowledged.keys).isEmpty)
    #expect(received.doubled.isEmpty)
    #expect(received.isBalanced && received.lost == 0)
    #expect(received.counts.count == publisher.acknowledged.count)
  }
}
