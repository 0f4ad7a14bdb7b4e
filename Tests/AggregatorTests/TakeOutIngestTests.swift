import Aggregator
import Daemon
import Protocol
import TestSupport
import Testing

/// What a carried file comes to: the same ledger, whatever the network brought before or after.
@Suite struct TakeOutIngestTests {
  private let stream = StreamID(high: 1, low: 2)

  /// Ten batches of three samples from a number on.
  private func batches(
    from first: Int = 0, _ count: Int = 10, of stream: StreamID? = nil
  ) -> [Batch] {
    (0..<count).map { index in
      let place = SequenceNumber(first + index * 3)
      let rows = (0..<3).map { Measurement.coverage(at: dayStartMs + Int64(place) + $0) }
      return Batch.of(
        stream ?? self.stream, from: place, [rows], sentMs: dayStartMs, acknowledged: place,
        oldestHeld: SequenceNumber(first))
    }
  }

  private func file(_ batches: [Batch], agent: String = "a", in site: Site) throws -> String {
    var writer = TakeOutWriter()
    let file = try AtomicFile(site.folder.file("a.takeout"))
    try file.write(
      writer.begin(TakeOut.Head(agent: agent, madeMs: dayStartMs, program: "test")))
    for batch in batches { try file.write(writer.add(batch)) }
    try file.write(writer.end())
    try file.commit()
    return file.path
  }

  @discardableResult
  private func ingest(_ path: String, _ site: Site) throws -> TakeOutResult {
    let ingest = try TakeOutIngest(path)
    while try ingest.step(site.ingestor, nowMs: dayStartMs + 1_000) != nil {}
    return TakeOutResult(ingest)
  }

  private func account(_ site: Site) throws -> String {
    let row = try #require(try site.ledger().streams.first)
    let samples = try site.rows("SELECT sum(samples) FROM coverage_days", columns: 1)
    return "next \(row.next) received \(row.received) duplicates \(row.duplicates) lost "
      + "\(row.lost) samples \(samples.joined())"
  }

  @Test func `a file counts once, however often it is brought`() throws {
    let site = try Site()
    let path = try file(batches(), in: site)
    let first = try ingest(path, site)
    #expect(
      first.text == """
        a: 30 số đo mới, 0 đã có từ trước, 10 gói.
          30 measurements are new, 0 were here already, 10 batches

        """)
    #expect(first.isWhole)
    #expect(try account(site) == "next 30 received 30 duplicates 0 lost 0 samples 30")
    let second = try ingest(path, site)
    #expect(second.isWhole)
    #expect(
      second.text == """
        a: 0 số đo mới, 30 đã có từ trước, 10 gói.
          0 measurements are new, 30 were here already, 10 batches

        """)
    #expect(try account(site) == "next 30 received 30 duplicates 30 lost 0 samples 30")
    #expect(try site.ledger().isBalanced)
  }

  @Test(arguments: [0, 3, 10])
  func `what the network brought before, or brings after, counts once`(_ before: Int) throws {
    let site = try Site()
    let all = batches()
    for batch in all.prefix(before) {
      try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    }
    #expect(try ingest(try file(all, in: site), site).isWhole)
    for batch in all {
      let outcome = try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
      #expect(outcome.replies.map(\.receipt.next) == [30])
    }
    let row = try #require(try site.ledger().streams.first)
    #expect(row.next == 30 && row.received == 30 && row.lost == 0)
    #expect(try site.rows("SELECT sum(samples) FROM coverage_days", columns: 1) == ["30"])
  }

  @Test func `a carried file says nothing of the agent's presence or clock`() throws {
    let site = try Site()
    try site.ingest([.batch("a", batches()[0], at: dayStartMs)], at: dayStartMs)
    let before = try site.rows("SELECT last_seen_ms, clock_offset_ms FROM agents", columns: 2)
    try ingest(try file(batches(), in: site), site)
    #expect(try site.rows("SELECT last_seen_ms, clock_offset_ms FROM agents", columns: 2) == before)
  }

  @Test func `a file that does not join what is here takes nothing and says what is missing`()
    throws
  {
    let site = try Site()
    for batch in batches(from: 0, 1) {
      try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    }
    let result = try ingest(try file(batches(from: 9), in: site), site)
    #expect(!result.isWhole)
    #expect(
      result.text == """
        a: 0 số đo mới, 0 đã có từ trước, 10 gói.
          0 measurements are new, 0 were here already, 10 batches
        ✗ stream \(stream): the file goes from 9 to 38, but the ledger here expects 3: what lies \
        before is still with the agent; take out with --all there, or let its uplink send

        """)
    #expect(try account(site) == "next 3 received 3 duplicates 0 lost 0 samples 3")
  }

  @Test func `a stream of another agent is refused with its words`() throws {
    let site = try Site()
    try site.ingest([.batch("b", batches()[0], at: dayStartMs)], at: dayStartMs)
    let result = try ingest(try file(batches(), in: site), site)
    #expect(!result.isWhole)
    #expect(
      result.text.contains(
        "✗ stream \(stream) belongs to another agent; a buffer file that was copied to a must be "
          + "removed there, so that a stream of its own begins\n"))
    #expect(try account(site) == "next 3 received 3 duplicates 0 lost 0 samples 3")
  }

  @Test func `of a damaged file what is sound is taken, and the whole one brings the rest`() throws
  {
    let site = try Site()
    let path = try file(batches(), in: site)
    let bytes = try Files.read(path)
    let part = site.folder.file("part.takeout")
    try Files.writeAtomically(part, Array(bytes.prefix(bytes.count / 2)))
    let found = try TakeOutIngest.check(part)
    #expect(found.fault?.isPartial == true)
    let result = try ingest(part, site)
    #expect(!result.isWhole)
    let sound = found.totals
    #expect(sound.batches > 2 && sound.batches < 8)
    #expect(
      result.text.contains(
        "✗ the file is cut short after \(sound.batches) batches, \(sound.measurements) "
          + "measurements; copy it again, or take out again\n"))
    let received = try site.ledger().streams.map(\.received)
    #expect(received == [Int64(sound.measurements)])
    #expect(try ingest(path, site).isWhole)
    #expect(try site.ledger().streams.map(\.received) == [30])
  }

  @Test func `batches of a few hundred bytes that hold many rows are taken a few at a time`() throws
  {
    let site = try Site()
    let rows = (0..<Int64(50_000)).map { Measurement.coverage(at: dayStartMs + $0) }
    let batches = (0..<7).map { index in
      let place = SequenceNumber(index * rows.count)
      return Batch.of(stream, from: place, [rows], sentMs: dayStartMs, acknowledged: place)
    }
    let ingest = try TakeOutIngest(try file(batches, in: site))
    var steps: [UInt64] = []
    while let outcome = try ingest.step(site.ingestor, nowMs: dayStartMs + 60_000) {
      steps.append(outcome.measurements)
    }
    #expect(steps == [100_000, 100_000, 100_000, 50_000])
    #expect(ingest.summary.isWhole && ingest.summary.batches == 7)
    #expect(try account(site) == "next 350000 received 350000 duplicates 0 lost 0 samples 350000")
  }

  @Test func `a file that is none, or newer, is refused before anything is taken`() throws {
    let site = try Site()
    site.folder.write("hello\n", to: "x")
    site.folder.write("hatang-takeout 2\n", to: "y")
    func text(_ name: String) -> String {
      do {
        _ = try TakeOutIngest.check(site.folder.file(name))
        return "no error"
      } catch { return "\(error)".replacing(site.folder.path, with: "…") }
    }
    #expect(
      text("x")
        == "…/x is no take-out file; name the one that hatang-agent buffer take-out wrote")
    #expect(
      text("y") == "…/y has version 2, this program reads 1; install a newer one here")
    #expect(text("z") == "cannot open …/z: No such file or directory")
  }

  @Test func `the running daemon takes a file that is handed over, and leaves its result`() throws {
    let site = try Site()
    let inbox = TakeOutInbox(storePath: site.path)
    inbox.open()
    let path = try file(batches(), in: site)
    let handover = try TakeOutInbox.Handover(
      path, storePath: site.path, nowMs: dayStartMs, process: 7)
    #expect(try handover.result() == nil)
    while try inbox.step(site.ingestor, nowMs: dayStartMs) != nil {}
    let result = try #require(try handover.result())
    #expect(result.isWhole)
    #expect(result.text.hasPrefix("a: 30 số đo mới, 0 đã có từ trước, 10 gói.\n"))
    #expect(try account(site) == "next 30 received 30 duplicates 0 lost 0 samples 30")
    #expect(try Files.names(in: TakeOutInbox.folder(ofStore: site.path)).isEmpty)
  }

  @Test func `rubbish that is handed over is answered, and nothing hangs`() throws {
    let site = try Site()
    let inbox = TakeOutInbox(storePath: site.path)
    inbox.open()
    site.folder.write("rubbish", to: "x")
    let handover = try TakeOutInbox.Handover(
      site.folder.file("x"), storePath: site.path, nowMs: dayStartMs, process: 7)
    #expect(try inbox.step(site.ingestor, nowMs: dayStartMs) == nil)
    let result = try #require(try handover.result())
    #expect(!result.isWhole && result.text.contains("is no take-out file"))
  }
}
