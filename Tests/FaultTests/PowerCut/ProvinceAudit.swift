import Aggregator
import Daemon
import Indicators
import Protocol
import SQLite

/// Starts an aggregator on what a power cut left, and compares it with what had been promised.
struct ProvinceAudit {
  let folder: String
  let rules: StateRules
  let traffic: FaultTraffic
  let promise: ProvincePromise

  private var path: String { "\(folder)/hatang.db" }

  func check() throws {
    if let copied = promise.copied { try checkCopy(copied) }
    let store = try SQLiteStore(path: path)
    try checkReceipts(path, promise.receipted)
    try checkSegments()
    try checkRevisions()
    try hold(try Rebuild(store: store, rules: rules).run(), "the state does not become whole")
    try checkState(store)
    try checkThatAllArrivesOnce(store)
  }

  private func rows(_ sql: String, _ columns: Int32) throws -> [String] {
    try StoreReader(path: path).rows(sql) { row in
      (0..<columns).map { row.isNull($0) ? "-" : row.text($0) }.joined(separator: "|")
    }
  }

  /// What was receipted is in the ledger, and the ledger balances.
  private func checkReceipts(
    _ path: String, _ receipted: [StreamID: SequenceNumber]
  ) throws {
    let ledger = try LedgerReport(try StoreReader(path: path))
    try hold(ledger.isBalanced, "the ledger does not balance: \(ledger.text)")
    for (stream, next) in receipted {
      let found = ledger.streams.first { $0.stream == stream.description }?.next ?? 0
      try hold(found >= Int64(next), "\(next) was receipted, the ledger expects \(found)")
    }
  }

  /// What the ledger calls received is there, once, but for what retention may delete.
  private func checkSegments() throws {
    let wrong = try rows(
      """
      SELECT hex(streams.stream), received, (SELECT coalesce(sum(count), 0) FROM segments
        WHERE segments.stream = streams.id) AS kept FROM streams WHERE received <> kept
      """, 3)
    if promise.retainedFromMs == 0 {
      try hold(wrong.isEmpty, "received and kept differ: \(wrong)")
    }
    let overlaps = try rows(
      """
      SELECT a.first FROM segments a JOIN segments b ON a.stream = b.stream AND a.id <> b.id
        AND a.first <= b.first AND a.first + a.count > b.first
      """, 1)
    try hold(overlaps.isEmpty, "numbers are kept twice: \(overlaps)")
    // Retention takes the oldest first: nothing younger than its bound is missing.
    let gaps = try rows(
      """
      WITH kept AS (SELECT stream, first, count, arrived_ms FROM segments
        UNION ALL SELECT stream, first, last - first + 1, NULL FROM holes),
      ends AS (SELECT stream, first, lag(first + count) OVER (PARTITION BY stream ORDER BY first)
        AS expected, row_number() OVER (PARTITION BY stream ORDER BY first) AS place FROM kept)
      SELECT stream, first, expected FROM ends WHERE place > 1 AND first <> expected
      """, 3)
    if promise.retainedFromMs == 0 { try hold(gaps.isEmpty, "numbers are missing: \(gaps)") }
  }

  /// A value that was shown is kept under its number.
  private func checkRevisions() throws {
    let revisions = try Revisions(path: path)
    for (code, shown) in promise.revisions {
      let latest = try revisions.latest(code)?.revision.header.revision ?? 0
      try hold(latest >= shown, "revision \(shown) of \(code) was shown, \(latest) is the latest")
    }
  }

  /// The state as it was added up is the state made again from the segments; where retention
  /// deleted some of those, only what they still say.
  private func checkState(_ store: SQLiteStore) throws {
    if promise.retainedFromMs > 0 { return }
    let kept = try state()
    for kind in Kind.allCases { try store.setMeta(Rebuild.Key.state(kind), "audit") }
    _ = try Rebuild(store: store, rules: rules).run()
    let again = try state()
    try hold(kept == again, "the state made again from the segments is another")
  }

  private func state() throws -> [String] {
    let series = "FROM service_days JOIN service_series ON service_series.id = series"
    return
      (try rows("SELECT cell, day, source, samples, covered FROM coverage_days", 5)
      + rows("SELECT line, day, tests, best_down_bps, newest_ms FROM broadband_days", 5)
      + rows("SELECT counter, day, increase, resets, points \(series)", 5)).sorted()
  }

  /// The agents send everything again: what is there is not taken twice, what is not is taken.
  private func checkThatAllArrivesOnce(_ store: SQLiteStore) throws {
    let ingestor = Ingestor(store: store, rules: rules)
    for group in traffic.groups {
      let outcome = try ingestor.ingest(group.arrivals, nowMs: group.atMs)
      try hold(outcome.refusals.isEmpty, "refused: \(outcome.refusals[0].text)")
    }
    let expected = traffic.nextAfter.last ?? [:]
    let ledger = try LedgerReport(try StoreReader(path: path))
    try hold(ledger.isBalanced, "the ledger does not balance after all was sent again")
    for (stream, next) in expected {
      let found = ledger.streams.first { $0.stream == stream.description }
      try hold(found?.next == Int64(next), "\(next) were sent, the ledger has \(found?.next ?? 0)")
    }
    // Each measurement has entered the state once.
    let samples = try rows("SELECT sum(samples) FROM coverage_days", 1).first ?? ""
    let counted = try rows("SELECT sum(count) FROM received WHERE kind = 'coverage'", 1).first ?? ""
    try hold(samples == counted, "\(counted) were received, \(samples) are in the state")
    try checkSegments()
  }

  /// `backup` said that the copy is made.
  private func checkCopy(_ copied: [StreamID: SequenceNumber]) throws {
    let copy = "\(folder)/copy.db"
    try hold(Files.exists(copy), "the copy that was made is not there")
    try checkReceipts(copy, copied)
    let integrity = try StoreReader(path: copy).rows("PRAGMA integrity_check") { $0.text(0) }
    try hold(integrity == ["ok"], "the copy is damaged: \(integrity)")
  }
}
