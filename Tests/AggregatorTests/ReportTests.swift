import Aggregator
import Daemon
import Indicators
import SQLite
import TestSupport
import Testing

/// Reports of a period, and those that were signed.
@Suite struct ReportTests {
  private let province: Province
  /// 2026-07-02T12:00 at +07:00: June and its quarter are over.
  private static let julyMs = Province.nowMs + 2 * msPerDay

  init() throws { province = try Province() }

  private func content(_ text: String, nowMs: Int64 = Province.nowMs) throws -> ReportContent? {
    let period = try #require(ReportPeriod(text))
    return try ReportMaker(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method
    ).content(period, nowMs: nowMs)
  }

  private func router(nowMs: Int64, tables: Tables? = nil) throws -> Router {
    Router(
      try StoreReader(path: province.site.path), tables: try tables ?? Province.tables(),
      method: province.method, report: IngestReport(), now: { nowMs })
  }

  private func answer(
    _ path: String, _ query: [HTTPRequest.QueryItem] = [], nowMs: Int64 = Province.nowMs,
    tables: Tables? = nil
  ) throws -> (status: Int, text: String, bytes: [UInt8]) {
    let answer = try router(nowMs: nowMs, tables: tables)
      .answer(HTTPRequest(path: path, query: query))
    return (answer.status, String(decoding: answer.body, as: UTF8.self), answer.body)
  }

  private func freeze(_ text: String, nowMs: Int64 = Province.nowMs) throws -> ReportContent {
    let content = try #require(try content(text, nowMs: nowMs))
    _ = try FrozenReports(path: province.site.path).keep(content, nowMs: nowMs)
    return content
  }

  @Test(arguments: [
    "2026-Q0", "2026-Q5", "2026-Q", "2026-00", "2026-13", "2026-1", "26", "20266", "2026-+1",
    "1999", "2026-Q4-1", "", "2026-q4", "-", "2026-Q٤",
  ])
  func `a text that is no period is none`(text: String) {
    #expect(ReportPeriod(text) == nil)
  }

  @Test func `a running quarter shows the present values and when it is due`() throws {
    try province.ingest(Province.coverage() + Province.services())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let made = try #require(try content("2026-Q2"))
    #expect(!made.isComplete && made.entries.map(\.indicator.code) == ["7.1", "20.1", "20.2"])
    #expect(made.entries[2].indicator.revision == 1)
    // The quarter's cases are those of May, too, before which nothing is known of A and B.
    let cases = try #require(made.entries[0].cases)
    #expect(cases.numerator == 2_240 && cases.denominator == 2_750)
    let page = try answer("/reports/2026-Q2").text
    for text in [
      "Báo cáo chỉ tiêu quý II năm 2026", "Gửi trước ngày 15/06/2026.", "92,1\u{a0}%",
      "Từ đầu quý II năm 2026 đến 30/06/2026: 81,5\u{a0}% = 2.240 / 2.750", "<dt>Từ đầu kỳ</dt>",
      "Báo cáo quý II năm 2026 (mục IV.3 Chương trình hành động), kỳ chưa kết thúc</p>",
      "Thủ trưởng đơn vị", "Bản nháp lập lúc 30/06/2026 12:00, chưa chốt.",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(page.ranges(of: "class=\"card sheet\"").count == 3)
    let english = try answer("/reports/2026-Q2", [.init("lang", "en")]).text
    #expect(english.contains("From the start of quarter 2 of 2026 to 30 Jun 2026: 81.5% = 2,240"))
    #expect(try content("2026-Q3") == nil)
    #expect(try answer("/reports/2026-Q3").text.contains("Kỳ 2026-Q3 chưa bắt đầu."))
  }

  @Test func `a period that is over has what came late, and not what was measured later`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let inTime = try #require(try content("2026-06", nowMs: ReportTests.julyMs))
    #expect(inTime.isComplete && inTime.entries[2].indicator.figure.samples == 83)
    // Measured in July; then one of June that came late.
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: -2, isCovered: false, plmn: "45201")
    ])
    #expect(
      try content("2026-06", nowMs: ReportTests.julyMs)?.entries[2].indicator.figure.samples == 83)
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    #expect(
      try content("2026-06", nowMs: ReportTests.julyMs)?.entries[2].indicator.figure.samples == 84)
  }

  @Test func `only the report of a period that is over speaks of the whole, frozen or not`() throws
  {
    try province.ingest(Province.services())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    _ = try freeze("2026-Q2")
    let running = try answer("/reports/2026-Q2", [.init("frozen", "1")], nowMs: ReportTests.julyMs)
    #expect(running.text.contains(", kỳ chưa kết thúc</p>"))
    #expect(running.text.contains("Từ đầu quý II năm 2026 đến 30/06/2026: 81,5"))
    let over = try answer("/reports/2026-Q2", nowMs: ReportTests.julyMs).text
    #expect(over.contains("<dt>Cả kỳ</dt><dd>Cả quý II năm 2026: 81,5\u{a0}% = 2.240 / 2.750"))
    #expect(!over.contains("chưa kết thúc"))
    let csv = try answer("/reports/2026-Q2.csv", nowMs: ReportTests.julyMs).text
    #expect(csv.contains(",frozen_sha256,complete\r\n") && csv.contains(",,,true\r\n"))
  }

  @Test func `a counter that began after a period that is over does not open its bounds`() throws {
    try province.ingest(Province.services())
    func cases() throws -> ReportContent.Cases {
      try #require(try content("2026-06", nowMs: ReportTests.julyMs)?.entries[0].cases)
    }
    let before = try cases()
    try province.ingest(
      ["all", "online"].map {
        .count(
          $0, 10, at: Province.nowMs + msPerDay, source: "D", area: "phu-ly")
      }, at: ReportTests.julyMs)
    for cases in [before, try cases()] {
      #expect(cases.silent == ["edge-a/C (phu-ly)"])
      #expect(cases.bounds == 74.181818...83.272727)
    }
  }

  @Test func `a frozen report stays, with its digest, and later data is a difference`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let signed = try freeze("2026-Q2", nowMs: ReportTests.julyMs)
    let same = try answer("/reports/2026-Q2", [.init("frozen", "1")], nowMs: ReportTests.julyMs)
    #expect(same.text.contains("<code>\(signed.sha256)</code>"))
    #expect(same.text.contains("<p>Không có gì.</p>"))
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    let later = try answer("/reports/2026-Q2", [.init("frozen", "1")], nowMs: ReportTests.julyMs)
    #expect(later.text.contains("83 số đo</td>") && later.text.contains("84 số đo</td>"))
    #expect(later.text.contains("<code>\(signed.sha256)</code>"))
    let bytes = try answer(
      "/reports/2026-Q2.signed.json", [.init("frozen", "1")], nowMs: ReportTests.julyMs
    ).bytes
    #expect(SHA256.hex(bytes) == signed.sha256)
    _ = try freeze("2026-Q2", nowMs: ReportTests.julyMs + 1)
    let kept = try StoreReader(path: province.site.path)
      .frozenReports(try #require(ReportPeriod("2026-Q2")))
    #expect(kept.map(\.number) == [1, 2] && kept[0].content.json == signed.json)
    #expect(try answer("/reports", nowMs: ReportTests.julyMs).text.contains(signed.sha256))
  }

  @Test func `a signed sheet stays where province and rows get others, in either language`() throws
  {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    _ = try freeze("2026-Q2", nowMs: ReportTests.julyMs)
    func page(_ tables: Tables? = nil, _ more: HTTPRequest.QueryItem...) throws -> String {
      try answer(
        "/reports/2026-Q2", [.init("frozen", "1")] + more, nowMs: ReportTests.julyMs, tables: tables
      ).text
    }
    func sheets(_ page: String) throws -> Substring {
      page[try #require(page.firstRange(of: "class=\"card sheet\"")).lowerBound...]
    }
    let signed = try sheets(page())
    #expect(signed.contains("Tỉnh &amp; Thử · Báo cáo quý II năm 2026"))
    #expect(signed.contains("92,1\u{a0}% dân số Tỉnh &amp; Thử sống ở nơi có sóng 5G"))
    #expect(try sheets(page(ReportTests.merged())) == signed)
    let (vietnamese, english) = (try page(), try page(nil, .init("lang", "en")))
    let address = "href=\"/reports/2026-Q2?frozen=1"
    #expect(vietnamese.contains(address + "&amp;lang=en\" lang=\"en\" hreflang=\"en\">English</a>"))
    #expect(english.contains(address + "\" lang=\"vi\" hreflang=\"vi\">Tiếng Việt</a>"))
  }

  /// The province after a merger, with other rows to fill.
  private static func merged() throws -> Tables {
    let areas = try AreaTable(
      ConfigNode.parse(
        text: """
          { province: { vi: "Tỉnh mới", en: "New" }, areas: [
            { id: "phu-ly", name: { vi: "Phủ Lý mới", en: "New Phu Ly" }, population: 5000 } ] }
          """, name: "areas.json"))
    let indicators = try IndicatorTable(
      ConfigNode.parse(
        text: """
          { indicators: [
            { code: "20.1", name: { vi: "Băng rộng", en: "Broadband" }, unit: "%",
              target_text: "100", target: 100, target_year: 2030, method: "20.1/1" } ] }
          """, name: "indicators.json"))
    return Tables(indicators: indicators, areas: areas)
  }

  @Test func `no report is made of a state that is not whole, and what was signed stays`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let signed = try freeze("2026-Q2", nowMs: ReportTests.julyMs)
    try province.breakOffRebuild()
    for period in ["2026-Q2", "2026-Q3"] {
      let error = #expect(throws: StateInProgress.self) {
        try content(period, nowMs: ReportTests.julyMs)
      }
      #expect(
        error?.description == """
          read \(province.site.path): the state of coverage is being made again, or was made by \
          other settings than the configuration's; if the configuration was changed, sudo \
          systemctl reload hatang-aggregator, then wait until hatang-aggregator watch names no \
          rebuild
          """)
    }
    for name in ["2026-Q2", "2026-Q2.csv", "2026-Q3.json"] {
      let draft = try answer("/reports/\(name)", nowMs: ReportTests.julyMs)
      #expect(draft.status == 503 && draft.text.contains(ReportTests.rebuilding), "\(name)")
    }
    let bytes = try answer(
      "/reports/2026-Q2.signed.json", [.init("frozen", "1")], nowMs: ReportTests.julyMs
    ).bytes
    #expect(SHA256.hex(bytes) == signed.sha256)
    let page = try answer("/reports/2026-Q2", [.init("frozen", "1")], nowMs: ReportTests.julyMs)
    #expect(page.status == 200 && page.text.contains("<code>\(signed.sha256)</code>"))
    #expect(page.text.contains("<p class=\"reason\">" + ReportTests.rebuilding))
    try province.rebuild()
    #expect(try content("2026-Q2", nowMs: ReportTests.julyMs)?.findings == signed.findings)
  }

  @Test func `reports of the past beyond what a minute allows are to be asked for again`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let signed = try freeze("2026-Q1")
    let router = try router(nowMs: Province.nowMs)
    func ask(_ path: String, _ query: HTTPRequest.QueryItem...) -> HTTPResponse {
      router.answer(HTTPRequest(path: path, query: query))
    }
    let past = (2000...2007).map { ask("/reports/\($0).json") }
    #expect(past.map(\.status) == Array(repeating: 200, count: 6) + [429, 429])
    let busy = "hãy tải lại trang sau một phút."
    #expect(String(decoding: past[7].body, as: UTF8.self).contains(busy))
    #expect(past[7].ownHeaders.contains(.init("Retry-After", "60")))
    // A past day takes the same walk; what was computed within the minute is at hand.
    let day = ask("/indicators/20.2", .init("at", "1"))
    #expect(String(decoding: day.body, as: UTF8.self).contains(busy))
    #expect(ask("/reports/2000.csv").status == 200)
    // The present and what was signed wait for nobody.
    #expect(ask("/reports/2026-Q2").status == 200)
    for ending in [".csv", ".json", ".signed.json"] {
      #expect(ask("/reports/2026-Q1" + ending, .init("frozen", "1")).status == 200, "\(ending)")
    }
    let page = ask("/reports/2026-Q1", .init("frozen", "1"))
    let text = String(decoding: page.body, as: UTF8.self)
    #expect(page.status == 200 && text.contains("<code>\(signed.sha256)</code>"))
    #expect(text.contains(busy) && !text.contains("Không có gì."))
  }

  private static let rebuilding = "Hệ thống đang tính lại từ dữ liệu gốc, nên phần này chưa có số"

  @Test func `nothing is frozen of a state that other settings made, or that is not whole`() throws
  {
    let seeds = Repository.path("seeds")
    func freeze(_ method: String = "") throws -> (ExitCode, kept: [String]) {
      let name = province.site.folder.file("report.json5")
      province.site.folder.write(
        """
        { broker: { host: "127.0.0.1" }, store: { path: "\(province.site.path)" },
          indicators: "\(seeds)/indicators.json", areas: "\(seeds)/areas.json",
          method: { \(method) } }
        """, to: "report.json5")
      let words = ["report", "--year", "2024", "--freeze", "--config", name]
      guard case .run(let options) = try Commands.all.parser.parse(words) else {
        throw TestFailure("\(words) are no command to run")
      }
      let code = Commands.all.run(options)
      return (code, try province.site.rows("SELECT period, number FROM reports", columns: 2))
    }
    #expect(try freeze("covered_dbm: -115") == (.failed, []))
    #expect(try freeze() == (.done, ["2024|1"]))
    try Database(path: province.site.path).execute("DELETE FROM reports")
    try province.breakOffRebuild()
    #expect(try freeze() == (.failed, []))
  }

  @Test func `cases that changed are written as people read them`() throws {
    try province.ingest(Province.services())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    _ = try freeze("2026-06", nowMs: ReportTests.julyMs)
    try province.ingest(
      [("all", Int64(600)), ("online", 500)].map { counter, value in
        .count(
          counter, value, at: dayStartMs + 5 * msPerDay, source: "A", area: "phu-ly")
      })
    let page = try answer("/reports/2026-06", [.init("frozen", "1")], nowMs: ReportTests.julyMs)
    #expect(page.text.contains(" · 2.040 / 2.500</td>"))
    #expect(page.text.contains(" · 2.110 / 2.600</td>"))
  }

  @Test func `a report that somebody changed in the store is said to be none`() throws {
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    _ = try freeze("2026-06")
    try Database(path: province.site.path).execute(
      "UPDATE reports SET content = replace(content, 'Phủ sóng', 'Phủ song')")
    let page = try answer("/reports/2026-06", [.init("frozen", "1")]).text
    let altered = "NỘI DUNG TRONG KHO KHÔNG KHỚP SHA-256 LÚC CHỐT"
    #expect(page.contains("<p>\(altered)"))
    // What is printed says it, too, and in place of the digest.
    let digest = try #require(
      StoreReader(path: province.site.path).rows("SELECT sha256 FROM reports") { $0.text(0) }.first)
    #expect(page.contains("<p class=\"seal altered\">\(altered)") && !page.contains(digest))
    let csv = try answer("/reports/2026-06.csv", [.init("frozen", "1")]).text
    #expect(csv.contains(altered) && !csv.contains(digest))
  }

  @Test func `CSV has a byte order mark and the diacritics, JSON the content as it is`() throws {
    try province.ingest(Province.services())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let csv = try answer("/reports/2026-06.csv").text
    #expect(csv.hasPrefix("\u{feff}report,code,name,"))
    #expect(csv.contains("2026-06,7.1,Dịch vụ công trực tuyến,%,80,2030,Sở A,measured,undecided,"))
    #expect(csv.contains(",81.6,2040,2500,,,false\r\n"))
    let json = try ConfigNode.parse(
      text: try answer("/reports/2026-06.json").text, name: "report.json")
    #expect(try json.required("frozen").isNull)
    #expect(try json.required("content").required("report").string() == "2026-06")
  }

  @Test(arguments: ["2026-Q9", "x", "2026-06.pdf", "..", "2026-06.csv.json"])
  func `a report that is none is not found`(name: String) throws {
    let answer = try answer("/reports/\(name)")
    #expect(answer.status == 404)
    #expect(answer.text.contains("hãy ghi kỳ như 2026-Q4, 2026-11 hoặc 2026"))
  }

  @Test func `a frozen report that is not there is named with those that are`() throws {
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let none = try answer("/reports/2026-06", [.init("frozen", "7")])
    #expect(none.status == 404)
    #expect(none.text.contains("Kỳ 2026-06 không có bản chốt 7; chưa chốt lần nào."))
    #expect(try answer("/reports/2026-06.signed.json").status == 404)
  }
}
