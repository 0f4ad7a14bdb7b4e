import Agent
import Daemon
import Protocol
import TestSupport
import Testing

/// What `buffer take-out` and `buffer export` find in a buffer.
@Suite struct BufferTakeOutTests {
  private func carried(
    _ fixture: BufferFixture, everything: Bool = false
  ) throws -> (batches: [Batch], streams: [BufferInspection.CarriedStream]) {
    var batches: [Batch] = []
    let inspection = try BufferInspection(path: fixture.path)
    let streams = try inspection.batches(ofEverythingHeld: everything, sentMs: 7) {
      batches.append(try Batch(decoding: $0.encoded()))
    }
    return (batches, streams)
  }

  /// What a ledger that expects `next` makes of the batches.
  private func ledger(_ batches: [Batch], from next: UInt64 = 0) throws -> StreamLedger {
    var ledger = StreamLedger(next: next, received: next, duplicates: 0, lost: 0)
    for batch in batches { _ = try ledger.receive(batch) }
    return ledger
  }

  @Test func `what has no receipt is carried, in batches that a ledger takes one after another`()
    throws
  {
    let fixture = BufferFixture()
    let open = try fixture.open()
    for _ in 0..<40 { try open.store(8_000) }
    let stream = try open.live().id
    try open.reader.setAcknowledged(stream, 80_000)
    open.close()
    let found = try carried(fixture)
    #expect(found.batches.count > 1)
    #expect(found.batches.allSatisfy { $0.encoded().count < Batch.bytesMax })
    #expect(
      found.streams == [
        .init(id: stream, span: 80_000..<320_000)
      ])
    let account = try ledger(found.batches, from: 80_000)
    #expect(account.next == 320_000 && account.lost == 0 && account.received == 320_000)
    // One that has them already takes nothing twice.
    #expect(try ledger(found.batches, from: 320_000).received == 320_000)
    // One that was restored from before takes nothing, for it would not be whole …
    #expect(try ledger(found.batches, from: 8_000).next == 8_000)
    // … and everything with --all.
    let all = try carried(fixture, everything: true)
    #expect(try ledger(all.batches, from: 8_000).next == 320_000)
    #expect(try ledger(all.batches).lost == 0)
  }

  @Test func `it is read beside the running daemon and changes nothing`() throws {
    let fixture = BufferFixture()
    let open = try fixture.open()
    try open.store(300)
    let before = try open.live()
    #expect(try ledger(try carried(fixture).batches).received == 300)
    try open.store(10)
    #expect(try open.live().acknowledged == before.acknowledged)
    #expect(try open.times(before.id).count == 310)
    open.close()
  }

  @Test func `holes are declared with their reasons`() throws {
    let fixture = BufferFixture()
    fixture.bytesMax = 1_000_000
    fixture.whenFull = "drop_oldest"
    let open = try fixture.open()
    for _ in 0..<220 { try open.store(1_000) }
    open.close()
    let found = try carried(fixture)
    let account = try ledger(found.batches)
    #expect(account.next == 220_000 && account.isBalanced && account.lost > 0)
    #expect(found.batches.flatMap(\.holes).allSatisfy { $0.reason == .bufferFull })
  }

  @Test func `a damaged segment ends its stream there, and is named`() throws {
    let fixture = BufferFixture()
    let open = try fixture.open()
    for _ in 0..<20 { try open.store(100) }
    let stream = try open.live().id
    open.close()
    try damage(fixture, segment: 1_200)
    let found = try carried(fixture)
    #expect(
      found.streams == [
        .init(id: stream, span: 0..<1_200, damagedAt: 1_200)
      ])
    let account = try ledger(found.batches)
    #expect(account.next == 1_200 && account.lost == 0)
  }

  @Test func `where nothing waits there is nothing to carry`() throws {
    let fixture = BufferFixture()
    let open = try fixture.open()
    try open.store(10)
    try open.reader.setAcknowledged(try open.live().id, 10)
    open.close()
    let found = try carried(fixture)
    #expect(found.batches.isEmpty && found.streams.isEmpty)
  }

  /// Turns a bit of a segment's bytes, as a bad disk would.
  private func damage(_ fixture: BufferFixture, segment: Int) throws {
    let bytes = try Files.read(fixture.path)
    // So small that it lies on one page of the file.
    let piece = Segment.encode(
      BufferFixture.measurements(100, from: segment), receivedMs: 1_000)
    let place = try #require(
      bytes.indices.dropLast(piece.count).first { start in
        bytes[start] == piece[0] && bytes[start..<(start + piece.count)].elementsEqual(piece)
      })
    let middle = place + piece.count / 2
    overwrite(fixture.path, at: middle, with: [bytes[middle] ^ 1])
  }
}

/// `buffer export`: lines for people's programs.
@Suite struct BufferExportTests {
  /// A coverage sample, a speed test and a counter, an hour apart.
  private func export(_ arguments: [String]) throws -> String {
    let fixture = BufferFixture()
    let open = try fixture.open()
    var group = BufferWriter.Group()
    let hourMs: Int64 = 3_600_000
    group.measurements = [
      Measurement(
        source: "xe, số 1", timeMs: arrivalMs, timeOrigin: .arrival,
        body: .coverage(
          Coverage(
            latitudeMicrodegrees: 20_541_000, longitudeMicrodegrees: -500_000, radioAccess: .nrSA,
            isActive: true, ssRsrpTenths: -985, plmn: "45204", band: "n\"78\""))),
      Measurement(
        source: "probe", timeMs: arrivalMs + hourMs, isSimulated: true,
        body: .broadband(Broadband(line: "L-1", area: "phu-ly", downBps: 938_000_000))),
      Measurement(
        source: "desk", timeMs: arrivalMs + 2 * hourMs,
        body: .service(ServiceCount(area: nil, counter: "payments", value: 7))),
    ]
    try open.writer.commit(group, nowMs: arrivalMs)
    let stream = try open.live().id.description
    open.close()
    fixture.folder.write(
      "{ agent: 'kcn-1', uplink: { host: 'h' }, buffer: { path: '\(fixture.path)' } }",
      to: "agent.json5")
    let output = fixture.folder.file("out")
    let words =
      ["buffer", "export", "--config", fixture.folder.file("agent.json5"), "--output", output]
      + arguments
    guard case .run(let options) = try Commands.all.parser.parse(words) else { return "no run" }
    #expect(try BufferExportCommand.run(options) == .done)
    return try Files.text(output).replacing(stream, with: "S")
  }

  @Test func `JSON lines have the fields of payloads and the place in the stream`() throws {
    #expect(
      try export(["--kind", "coverage"])
        == #"{"stream":"S","sequence":0,"kind":"coverage","source":"xe, số 1","#
        + #""time":"2026-11-24T02:17:30.125Z","time_origin":"arrival","lat":20.541,"lon":-0.5,"#
        + #""rat":"nr-sa","active":true,"ss_rsrp":-98.5,"plmn":"45204","band":"n\"78\""}"# + "\n")
  }

  @Test func `CSV has the columns of the kind, and quotes what it must`() throws {
    #expect(
      try export(["--format", "csv", "--kind", "coverage"]) == """
        stream,sequence,kind,source,time,time_origin,simulated,lat,lon,accuracy,rat,active,ss_rsrp,\
        ss_rsrq,ss_sinr,plmn,band,cell
        S,0,coverage,"xe, số 1",2026-11-24T02:17:30.125Z,arrival,,20.541,-0.5,,nr-sa,true,-98.5,,,\
        45204,"n""78""\",

        """)
    let all = try export(["--format", "csv"]).split(separator: "\n")
    #expect(all.count == 4)
    #expect(
      all[0].hasSuffix(
        "band,cell,line,area,down_bps,up_bps,latency_ms,jitter_ms,loss,"
          + "provisioned_down_bps,offered_down_bps,link_bps,wired,tool,streams,seconds,"
          + "down_latency_ms,up_latency_ms,counter,value"
      ))
    let commas = all[0].count { $0 == "," }
    #expect(all[2].count { $0 == "," } == commas && all[3].count { $0 == "," } == commas)
  }

  @Test(arguments: [
    (["--from", "2026-11-24T03:17:30.125Z"], ["broadband", "service"]),
    (["--to", "2026-11-24T03:17:30.125Z"], ["coverage"]),
    (["--from", "2026-11-24T09:30:00+07:00", "--to", "2026-11-24T11:00:00+07:00"], ["broadband"]),
    (["--from", "2026-11-24", "--to", "2026-11-25"], ["coverage", "broadband", "service"]),
    (["--to", "2026-11-24"], []),
    (["--kind", "service"], ["service"]),
  ])
  func `only what was measured in time and of the kind is written`(
    _ arguments: [String], _ kinds: [String]
  ) throws {
    let lines = try export(arguments).split(separator: "\n")
    #expect(lines.count == kinds.count)
    for (line, kind) in zip(lines, kinds) { #expect(line.contains("\"kind\":\"\(kind)\"")) }
  }

  @Test(arguments: [
    (["--kind", "wifi"], "--kind is wifi, allowed coverage, broadband, service, check; change it"),
    (["--format", "xml"], "--format is xml, allowed jsonl, csv; change it"),
    (
      ["--from", "gestern"],
      "--from is gestern, allowed 2026-11-24, or 2026-11-24T09:00:00+07:00; change it"
    ),
    (
      ["--from", "2026-11-24", "--to", "2026-11-24"],
      "--from is not before --to, so nothing can be between; change one"
    ),
  ])
  func `a wrong selection is refused`(_ arguments: [String], _ expected: String) {
    #expect(throws: UsageError(expected)) { try export(arguments) }
  }
}
