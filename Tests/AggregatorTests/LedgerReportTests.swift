import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// The ledger as it is told, where an agent declares more than anybody wants to read.
@Suite struct LedgerReportTests {
  @Test func `of 100,000 holes the newest 1,000 are told, and all are counted`() throws {
    let site = try Site()
    let stream = StreamID(high: 1, low: 2)
    let batch = Batch.of(stream, from: 0, [[.coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    // Every other number is lost.
    try Database(path: site.path).execute(
      """
      WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 2 FROM numbers WHERE n < 199999)
        INSERT INTO holes(stream, first, last, reason) SELECT 1, n, n, 'buffer_full' FROM numbers;
      UPDATE streams SET next = 200001, received = 100001, lost = 100000
      """)
    let ledger = try site.ledger()
    let row = try #require(ledger.streams.first)
    #expect(ledger.isBalanced)
    #expect(row.holeCount == 100_000 && row.lostInHoles == 100_000)
    #expect(row.holes.map(\.first) == (0..<1_000).map { 198_001 + 2 * $0 })
    var json = JSONWriter()
    ledger.write(to: &json)
    #expect(json.text.contains(#""holes_left_out":99000,"#))
    #expect(
      ledger.text.contains(
        """
        mất / lost: a 00000000: 99000 chỗ trống cũ hơn, xem bảng holes của kho
          99000 older holes, see table holes of the store

        """))
    // A hole that is missing shows, also among those that are not told.
    try Database(path: site.path).execute("DELETE FROM holes WHERE first = 1")
    #expect(try !site.ledger().isBalanced)
  }

  @Test func `of many streams with many holes 20,000 are told`() throws {
    let site = try Site()
    for number in 0..<30 as Range<UInt64> {
      let batch = Batch.of(StreamID(high: 1, low: number), from: 0, [[.coverage()]])
      try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    }
    try Database(path: site.path).execute(
      """
      WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 2 FROM numbers WHERE n < 1999)
        INSERT INTO holes(stream, first, last, reason)
          SELECT id, n, n, 'buffer_full' FROM numbers, streams;
      UPDATE streams SET next = 2001, received = 1001, lost = 1000
      """)
    let ledger = try site.ledger()
    #expect(ledger.isBalanced)
    #expect(ledger.streams.reduce(0) { $0 + $1.holes.count } == 20_000)
    #expect(ledger.streams.allSatisfy { $0.holeCount == 1_000 })
  }
}
