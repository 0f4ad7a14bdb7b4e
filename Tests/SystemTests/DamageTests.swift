import Daemon
import Glibc
import TestSupport
import Testing

/// A buffer file that is overwritten with rubbish in its middle.
@Suite(.serialized) struct DamageTests {
  @Test func `a damaged buffer is set aside, salvaged and declared, and collection goes on`() throws
  {
    let site = try Site()
    try site.startAggregator()
    site.central.kill()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(20_000)
    try publisher.settle()
    try waitUntil("the agent has taken all") { try site.agentStatus("backlog") == 20_000 }
    try site.stopAgent()
    try overwriteMiddle(of: site.bufferPath)
    try site.startAgent()
    try publisher.publish(5_000)
    site.central.start()
    try site.waitUntilDelivered(through: publisher)
    let received = try site.received()
    let missing = received.missing(of: publisher.acknowledged.keys)
    #expect(!missing.isEmpty, "nothing was damaged")
    #expect(missing.count < 20_000, "nothing was salvaged")
    #expect(missing.allSatisfy { identity in publisher.position(of: identity) < 20_000 })
    // What could not be read is declared; a hole may be larger than the loss only by numbers that
    // were never given.
    #expect(received.lost >= Int64(missing.count))
    #expect(received.holes.allSatisfy { $0.reason == "buffer_damaged" })
    #expect(received.doubled.isEmpty && received.isBalanced)
    #expect(received.streams.count >= 2)
    let names = try site.folder.listing()
    let setAside = names.split(separator: "\n").filter {
      $0.hasPrefix("buffer.db") && $0.contains("damaged")
    }
    #expect(!setAside.isEmpty, "\(names)")
  }

  /// 64 KiB of rubbish in the middle of the file.
  private func overwriteMiddle(of path: String) throws {
    let size = try #require(Files.byteCount(path))
    let file = open(path, O_WRONLY)
    defer { close(file) }
    var generator = SeededGenerator(seed: 7)
    let rubbish = (0..<65_536).map { _ in UInt8.random(in: 0...255, using: &generator) }
    #expect(pwrite(file, rubbish, rubbish.count, off_t(size / 2)) == rubbish.count)
    fsync(file)
  }
}
