import Agent
import Daemon
import Testing

@Suite struct GNetTrackLogTests {
  private static let header =
    "Timestamp,Longitude,Latitude,Operatorname,NetworkMode,RSRP,NRxRSRP,NRxRSRQ,RAWCELLID"

  private func log(_ options: GNetTrackLog.Options = .init()) throws -> GNetTrackLog {
    try GNetTrackLog(header: Self.header, file: "a.csv", options: options)
  }

  private func row(_ text: String, _ options: GNetTrackLog.Options = .init()) throws
    -> GNetTrackLog.Row
  {
    try log(options).row(text)
  }

  @Test func `a row of 5G with a level becomes a coverage sample of nr-nsa`() throws {
    var options = GNetTrackLog.Options()
    options.isActive = true
    options.plmn = "45204"
    #expect(
      try row(
        "2019.12.14_10.16.30,105.913,20.541000000000004,B,5G,-98,-100.5,-15.0,110\r", options)
        == .measurement(
          #"{"time":1576293390,"lat":20.541000000000004,"lon":105.913,"rat":"nr-nsa","#
            + #""active":true,"ss_rsrp":-100.5,"ss_rsrq":-15.0,"plmn":"45204","cell":"110"}"#,
          notes: []))
  }

  @Test(arguments: [
    ("5G,-98,-,-15", #""rat":"nr-nsa""#, [GNetTrackLog.Note.noLevel]),
    ("5G,-98,2147483647,-15", #""rat":"nr-nsa""#, [.noLevel]),
    ("5G,-98,-205,-15", #""rat":"nr-nsa""#, [.illegalLevel, .noLevel]),
    ("5G,-98,-80,-204.0", #""rat":"nr-nsa","ss_rsrp":-80"#, [.illegalQuality]),
    ("5G,-98,-80,2147483647.0", #""rat":"nr-nsa","ss_rsrp":-80"#, []),
    ("5G SA,-98,-80,-", #""rat":"nr-sa","ss_rsrp":-80"#, []),
    ("LTE,-98,-80,-10", #""rat":"lte""#, [.levelBesideOtherMode]),
    ("HSPA+,-98,-51.0,-", #""rat":"hspa""#, [.levelBesideOtherMode]),
    ("HSDPA,-98,-,-", #""rat":"hspa""#, []), ("UMTS,-98,-,-", #""rat":"umts""#, []),
    ("EDGE,-98,,", #""rat":"edge""#, []), ("GSM,-98,,", #""rat":"gsm""#, []),
  ])
  func `mode and level follow the rules, and what is not used is noted`(
    _ cells: String, _ members: String, _ notes: [GNetTrackLog.Note]
  ) throws {
    #expect(
      try row("2019.12.14_10.16.30,105,20,B,\(cells),-")
        == .measurement(
          #"{"time":1576293390,"lat":20,"lon":105,"# + members + "}", notes: notes))
  }

  @Test(arguments: [
    ("2019.12.14_10.16.30,105,20,B,5G,-98,-10", GNetTrackLog.Reason.cut),
    ("2019.12.14 10:16:30,105,20,B,5G,-98,-100,-15,1", .noTime),
    ("2019.12.32_10.16.30,105,20,B,5G,-98,-100,-15,1", .noTime),
    ("2019.12.14_10.16.30,-,20,B,5G,-98,-100,-15,1", .noPosition),
    ("2019.12.14_10.16.30,105,90.5,B,5G,-98,-100,-15,1", .noPosition),
    ("2019.12.14_10.16.30,105,2147483647,B,5G,-98,-100,-15,1", .noPosition),
    ("2019.12.14_10.16.30,105,20,B,-,-98,-100,-15,1", .noMode),
    ("2019.12.14_10.16.30,105,20,B,6G,-98,-100,-15,1", .unknownMode("6G")),
  ])
  func `a row that cannot be a measurement is left out with its reason`(
    _ text: String, _ reason: GNetTrackLog.Reason
  ) throws {
    #expect(try row(text) == .leftOut(reason))
  }

  @Test func `a log without a column it needs is refused with the file and the column`() {
    #expect {
      _ = try GNetTrackLog(
        header: "Timestamp,Longitude,NetworkMode", file: "a.csv", options: .init())
    } throws: {
      "\($0)"
        == "a.csv:1: column Latitude is missing; a log of G-NetTrack Pro begins with a line of "
        + "column names, among them Timestamp, Longitude, Latitude, NetworkMode"
    }
  }

  @Test func `numbers stay the rows' places where rows are left out`() throws {
    let good = "2019.12.14_10.16.30,105,20,B,LTE,-98,-,-,-"
    let lines = [good, "cut", good] + Array(repeating: good, count: 150)
    var summary = ImportSummary()
    let batches = LogBatch.batches(lines.map { $0[...] }, try log(), into: &summary)
    #expect(batches.map(\.first) == [0, 2, 102])
    #expect(batches.map(\.rows.count) == [1, 100, 51])
    summary.files = 1
    summary.published = 152
    #expect(
      summary.text == """
        1 nhật ký, 153 dòng: đã gửi 152, bỏ 1
          1 log, 153 rows, 152 published, 1 left out
        Bỏ vì:
          left out because:
          1  số ô khác số cột
             not as many cells as columns

        """)
    let payload = String(decoding: batches[0].payload(id: "gnettrack:x"), as: UTF8.self)
    let found = parsed(payload)
    #expect(found.numbered == .init(id: "7/modem-1/gnettrack:x", first: 0, count: 1, places: [0]))
    #expect(found.rejections.isEmpty && found.unknownFieldCount == 0)
  }
}

@Suite struct LogFileTests {
  @Test func `a packed log has the identity of its content, and other options another`() throws {
    let path = "/tmp/hatang-log-\(UInt64.random(in: 0...UInt64.max)).csv"
    try Files.writeAtomically(path, Array("\u{feff}A,B\r\n\r\n1,2\r\n".utf8))
    #expect(try ChildProcess.run(["gzip", "-k", path]).exitCode == 0)
    defer {
      try? Files.remove(path)
      try? Files.remove(path + ".gz")
    }
    let plain = try LogFile(path, options: .init())
    let packed = try LogFile(path + ".gz", options: .init())
    var other = GNetTrackLog.Options()
    other.isActive = true
    #expect(plain.lines == ["A,B\r", "1,2\r"])
    #expect(packed.lines == plain.lines)
    #expect(plain.id == packed.id && plain.id.utf8.count == 74)
    #expect(try LogFile(path, options: other).id != plain.id)
    try Files.writeAtomically(path + ".gz", Array("no gzip".utf8))
    #expect {
      _ = try LogFile(path + ".gz", options: .init())
    } throws: {
      "\($0)" == "cannot unpack \(path).gz; gzip ended with code 1; is the file whole?"
    }
  }
}
