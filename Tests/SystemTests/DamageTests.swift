import Daemon
import Glibc
import SQLite
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

  /// Found by the mixture of seed 40: the intake kept the damaged file open until the next sample.
  @Test func `damage that the uplink meets while no device publishes holds nothing up`() throws {
    let site = try Site()
    try site.startAggregator()
    site.central.kill()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    for _ in 0..<4 {
      try publisher.publish(500)
      try publisher.settle()
    }
    try waitUntil("the agent has taken all") { try site.agentStatus("backlog") == 2_000 }
    try site.stopAgent()
    try Database(path: site.bufferPath).execute(
      """
      UPDATE segments SET bytes = zeroblob(length(bytes))
        WHERE key = (SELECT max(key) FROM segments)
      """)
    try site.startAgent()
    // Now the intake has the file open.
    try publisher.publish(1)
    try publisher.settle()
    try waitUntil("it is taken") { try site.agentStatus("backlog") == 2_001 }
    site.central.start()
    try waitUntil("all that is left has arrived") { try site.agentStatus("backlog") == 0 }
    let received = try site.received()
    let missing = received.missing(of: publisher.acknowledged.keys)
    #expect(!missing.isEmpty && UInt64(missing.count) <= UInt64(received.lost))
    #expect(received.holes.allSatisfy { $0.reason == "buffer_damaged" })
    #expect(received.doubled.isEmpty && received.isBalanced)
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
