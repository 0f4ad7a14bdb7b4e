import Agent
import Protocol
import SQLite
import TestSupport
import Testing

/// Bits turn in the columns that say where things stand, which are numbers that anything can be
/// read as.
@Suite struct BufferRotTests {
  let fixture = BufferFixture()

  /// 20 segments of 50 numbers, of which so many are receipted.
  private func store(acknowledged: SequenceNumber = 0) throws -> StreamID {
    let open = try fixture.open()
    for _ in 0..<20 { try open.store(50) }
    let id = try open.live().id
    try open.reader.setAcknowledged(id, acknowledged)
    open.close()
    return id
  }

  private func rot(_ sql: String) throws { try Database(path: fixture.path).execute(sql) }

  private func expectOnlyNewestIsLost(_ id: StreamID) throws {
    for _ in 0..<2 {
      let open = try fixture.open()
      #expect(open.settle(whole: 2))
      #expect(try open.holes(id) == [Hole(first: 950, last: 999, reason: .bufferDamaged)])
      #expect(try open.reader.age(of: id, at: 999) == nil)
      try open.store(1)
      open.close()
    }
  }

  static let newest = "WHERE key = (SELECT max(key) FROM segments)"

  @Test(arguments: ["count + (1 << 54)", "-count", "count & 18", "9223372036854775807"])
  func `a rotten count of the newest segment costs that segment alone`(count: String) throws {
    let id = try store()
    try rot("UPDATE segments SET count = \(count) \(BufferRotTests.newest)")
    try expectOnlyNewestIsLost(id)
  }

  @Test func `a rotten count of all that is held leaves a stream that can be sent`() throws {
    let id = try store(acknowledged: 950)
    try rot(
      """
      DELETE FROM segments WHERE key < (SELECT max(key) FROM segments);
      UPDATE segments SET count = count + (1 << 54) \(BufferRotTests.newest)
      """)
    try expectOnlyNewestIsLost(id)
  }

  @Test func `a rotten number of a stream costs nothing`() throws {
    let id = try store()
    try rot("UPDATE streams SET number = 1 << 30")
    let open = try fixture.open()
    #expect(open.settle(whole: 2))
    #expect(try open.times(id) == Array(0..<1_000))
    #expect(try open.holes(id) == [])
  }

  @Test(arguments: [
    "UPDATE streams SET floor = 1 << 54, acknowledged = 1 << 55",
    "INSERT INTO holes SELECT max(key) + 50, 1 << 54, 1 FROM segments",
  ])
  func `a rotten place far ahead ends its stream, and the next one goes on`(sql: String) throws {
    let id = try store()
    try rot(sql)
    for round in 0..<2 {
      let open = try fixture.open()
      try open.store(10)
      let live = try open.live()
      #expect(live.id != id && live.next == SequenceNumber(10 * (round + 1)))
      #expect(try open.times(id) == Array(0..<1_000))
      #expect(try open.reader.age(of: id, at: 999) != nil)
      open.close()
    }
  }

  @Test(arguments: ["count + (1 << 54)", "-count", "count + 1"])
  func `a rotten count is not dropped with what is held behind it`(count: String) throws {
    fixture.bytesMax = 1_000_000
    fixture.whenFull = "drop_oldest"
    let id = try store()
    try rot("UPDATE segments SET count = \(count) WHERE key = (SELECT min(key) FROM segments)")
    let open = try fixture.open()
    // Until the oldest have to go.
    var stored = 0
    let isReplaced = try eventually(within: .seconds(60)) {
      do {
        try open.store(1_000)
        stored += 1_000
      } catch let error as BufferError where error.nature == .replacing {
        _ = try? open.reader.streams()
      }
      return try fixture.folder.listing().contains(".damaged-")
    }
    #expect(isReplaced)
    open.close()
    // Room for all that is salvaged.
    fixture.bytesMax = 10_000_000
    let next = try fixture.open()
    #expect(next.settle(whole: 2))
    try next.expectBalanced(id, bound: 1_000 + SequenceNumber(stored))
    #expect(try next.holes(id) == [Hole(first: 0, last: 49, reason: .bufferDamaged)])
  }
}
