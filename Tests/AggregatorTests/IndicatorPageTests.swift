import Aggregator
import Indicators
import SQLite
import Testing

/// One indicator with everything that it follows from.
@Suite struct IndicatorPageTests {
  private let province: Province

  init() throws { province = try Province() }

  private func answer(
    _ path: String, _ query: [HTTPRequest.QueryItem] = [], after ms: Int64 = 10_000
  ) throws -> (status: Int, text: String) {
    let answer = try router(after: ms).answer(HTTPRequest(path: path, query: query))
    return (answer.status, String(decoding: answer.body, as: UTF8.self))
  }

  private func router(after ms: Int64) throws -> Router {
    Router(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method, report: IngestReport(), now: { Province.nowMs + ms })
  }

  private func compute(after ms: Int64 = 0) throws {
    try province.recomputation().run(nowMs: Province.nowMs + ms, isAll: true)
  }

  @Test func `20.2 has its operators, areas, sources, method and history`() throws {
    try province.ingest(Province.coverage())
    try compute()
    let page = try answer("/indicators/20.2").text
    for text in [
      "MobiFone (45201): 92,1\u{a0}%", "Viettel (45204): 86,9\u{a0}%",
      "<td><a href=\"/map?operator=45204\">Viettel (45204)</a></td><td>86,9\u{a0}%</td>",
      "<td><a href=\"/map?area=phu-ly\">Phủ Lý</a></td>", "<td>edge-a/car-1</td>",
      "<td>covered_dbm</td><td>-110</td><td>SS-RSRP từ mức này là có sóng, dBm</td>",
      "<td><a href=\"/indicators/20.2?at=1\">1</a></td><td>30/06/2026 12:00</td>",
      "<td>số đo mới</td>",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test func `20.1 has its factors and its lines`() throws {
    try province.ingest(Province.broadband())
    try compute()
    let page = try answer("/indicators/20.1").text
    for text in [
      "76,3\u{a0}%", "82,9\u{a0}% (73,3 … 89,5\u{a0}%)", "92,0\u{a0}% (81,2 … 96,8\u{a0}%)",
      "46 đạt, 4 không đạt", "<td>line-0</td><td>–</td><td>đạt</td><td>1.000</td>",
      "<td>offer-ly-nhan-0</td><td>Lý Nhân</td><td>gói dưới 1 Gb/s</td>",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test func `thousands of lines are written as people read them`() throws {
    try province.ingest(Province.broadband())
    try compute()
    try Database(path: province.site.path).execute(
      "UPDATE revisions SET json = replace(json, '\"pass\":46', '\"pass\":1046')")
    #expect(try answer("/indicators/20.1").text.contains("1.046 đạt, 4 không đạt"))
  }

  @Test func `7_1 has its counters, names the silent and counts the resets`() throws {
    try province.ingest(Province.services())
    try compute()
    let page = try answer("/indicators/7.1").text
    for text in [
      "2.040 / 2.500", "(01/06/2026 – 30/06/2026)", "edge-a/C (phu-ly)", "2 lần; có thể đếm sót",
      "<td>edge-a/A (phu-ly)</td><td>1.130</td><td>1.400</td>",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test func `a past value is shown as it was, with what made it another`() throws {
    try province.ingest(Province.coverage())
    try compute()
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    try compute(after: 2_000)
    province.method.coveredDbm = -95
    try province.rebuild()
    try compute(after: 4_000)
    let page = try answer("/indicators/20.2", [.init("at", "1")]).text
    for text in [
      "Như đã hiện lúc 30/06/2026 12:00 (bản 1)", "<td>Số đo</td><td>83</td><td>84</td>",
      "<td>covered_dbm</td><td>-110</td><td>-95</td>",
      "tham số hoặc dòng chỉ tiêu thay đổi (1)", "số đo đến muộn (1)", "92,1\u{a0}%",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    for at in ["2026-06-30", "30/06/2026", "3"] {
      let last = try answer("/indicators/20.2", [.init("at", at)]).text
      #expect(last.contains("Đây cũng là con số hiện nay."), "\(at)")
    }
  }

  /// The row of the only source: samples, conclusive.
  private static func source(_ samples: Int) -> String {
    "<td>edge-a/car-1</td><td>\(samples)</td><td>\(samples)</td>"
  }

  @Test func `a past value's evidence is of its days, and what came late is told apart`() throws {
    try province.ingest(Province.coverage())
    try compute()
    let day: Int64 = 86_400_000
    // Measured on the next day.
    try province.ingest(
      [
        Province.sample(tile: Province.tile, cell: 9, day: -1, isCovered: true, plmn: "45201")
      ], at: Province.nowMs + day)
    try compute(after: day)
    let before = try answer("/indicators/20.2", [.init("at", "1")], after: day + 1_000).text
    let whole = Province.coverage().count
    #expect(before.contains(Self.source(whole)))
    #expect(
      before.contains(
        "Không có số đo nào về muộn: bảng dưới đây đúng là bằng chứng của con số lúc đó."))
    #expect(before.contains("Cửa sổ đo của con số: từ 02/04/2026 đến 30/06/2026."))
    #expect(before.contains("<dt>Tính lại hôm nay cho ngày đó</dt><dd>92,1\u{a0}%, số đo: 83</dd>"))
    let now = try answer("/indicators/20.2", after: day + 1_000).text
    #expect(now.contains(Self.source(whole + 1)))
    #expect(now.contains("Cửa sổ đo của con số: từ 03/04/2026 đến 01/07/2026."))
    #expect(!now.contains("id=\"late\""))
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    try compute(after: day + 2_000)
    let late = try answer("/indicators/20.2", [.init("at", "1")], after: day + 61_000).text
    #expect(late.contains(Self.source(whole + 1)))
    #expect(late.contains("<dt>Số đo lúc đó</dt><dd>83</dd>"))
    #expect(late.contains("1 số đo của các ngày ấy về sau lúc 30/06/2026 12:00: đến muộn"))
    province.method.coveredDbm = -95
    try province.rebuild()
    let changed = try answer("/indicators/20.2", [.init("at", "1")], after: day + 122_000).text
    #expect(changed.contains("Tham số hoặc bảng dân số nay đã khác"))
  }

  @Test func `before any tile counts as measured, what came is shown, now and as past`() throws {
    try compute()
    // A day alone measures no tile.
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 0, isCovered: true, plmn: "45201")
    ])
    try compute()
    // Before anything at all came.
    #expect(try answer("/indicators/20.2", [.init("at", "1")]).status == 200)
    for query in [[], [HTTPRequest.QueryItem("at", "2")]] {
      let page = try answer("/indicators/20.2", query)
      #expect(page.status == 200)
      #expect(page.text.contains(Self.source(1)))
      #expect(page.text.contains("Cửa sổ đo của con số: từ 01/07/2025 đến 30/06/2026."))
    }
  }

  @Test func `past days beyond what a minute allows are to be asked for again`() throws {
    let day: Int64 = 86_400_000
    try province.ingest(Province.coverage())
    for index in 0..<8 {
      try province.ingest([
        Province.sample(
          tile: Province.tile, cell: index, day: 0, isCovered: true, plmn: "45201")
      ])
      try compute(after: Int64(index) * day)
    }
    let router = try router(after: 8 * day)
    let pages = (1...8).map { page(router, at: $0) }
    #expect(pages[..<6].allSatisfy { $0.contains("id=\"late\"") })
    #expect(pages[6...].allSatisfy { $0.contains("hãy tải lại trang sau một phút") })
    // What was computed within the minute is at hand.
    #expect(page(router, at: 1).contains("id=\"late\""))
  }

  private func page(_ router: Router, at revision: Int) -> String {
    let answer = router.answer(
      HTTPRequest(path: "/indicators/20.2", query: [.init("at", "\(revision)")]))
    return String(decoding: answer.body, as: UTF8.self)
  }

  @Test(arguments: ["20.1", "7.1"])
  func `lines and counters behind a past value are those of its day`(code: String) throws {
    try province.ingest(Province.broadband() + Province.services())
    try compute()
    let page = try answer("/indicators/\(code)", [.init("at", "1")]).text
    #expect(page.contains("Không có số đo nào về muộn"))
    #expect(page.contains("đến 30/06/2026."))
  }

  @Test func `areas and operators have a history of their own, on the page and as CSV`() throws {
    try province.ingest(Province.coverage())
    try compute()
    #expect(!(try answer("/indicators/20.2").text.contains("<h3>Lịch sử theo địa bàn")))
    let day: Int64 = 86_400_000
    try province.ingest(
      (0..<40).map {
        Province.sample(
          tile: Province.tile, cell: $0, day: -1, isCovered: false, plmn: "45201")
      }, at: Province.nowMs + day)
    try compute(after: day)
    let page = try answer("/indicators/20.2", after: day + 1_000).text
    for text in [
      "<h3>Lịch sử theo địa bàn</h3>", "<h3>Lịch sử theo nhà mạng</h3>",
      "<th scope=\"row\">MobiFone (45201)</th><td><svg class=\"spark\"",
      "<th scope=\"col\">30/06/2026</th><th scope=\"col\">01/07/2026</th>",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    let areas = page.matches(of: /<th scope="row">([^<(]+)<\/th>/).map { String($0.output.1) }
    #expect(areas == ["Duy Tiên", "Kim Bảng", "Lý Nhân", "Phủ Lý"])
    let csv = try answer("/data/history-parts.csv", [.init("code", "20.2")]).text
    let rows = csv.split(separator: "\r\n")
    #expect(
      rows[0] == "code,part,id,value,bound_low,bound_high,unmeasured_share,computed_at,revision,"
        + "simulated")
    // Four areas and two operators on two days.
    #expect(rows.count == 1 + 6 * 2)
    #expect(rows.contains { $0.hasPrefix("20.2,operator,45201,92.111111,72.133338,97.41138,0.1,") })
    #expect(try answer("/data/history-parts.csv", [.init("code", "9")]).status == 404)
  }

  @Test func `a past that is not there is answered with what is`() throws {
    try province.ingest(Province.coverage())
    try compute()
    let early = try answer("/indicators/20.2", [.init("at", "2026-06-29")])
    #expect(early.status == 404)
    #expect(early.text.contains("Bản đầu tiên của chỉ tiêu 20.2 có từ 30/06/2026 12:00."))
    let gone = try answer("/indicators/20.2", [.init("at", "9"), .init("lang", "en")])
    #expect(gone.status == 404)
    #expect(gone.text.contains("Revision 9 is not kept; there are revisions from 1 to 1"))
  }

  @Test func `of a day that was thinned out nothing is shown but what is nearest`() throws {
    let day: Int64 = 86_400_000
    try province.ingest(Province.coverage())
    // The last of June; three of July, and the last of July.
    for (index, days) in [Int64(0), 1, 2, 3, 20].enumerated() {
      try province.ingest([
        Province.sample(
          tile: Province.tile, cell: index, day: 0, isCovered: true, plmn: "45201")
      ])
      try compute(after: days * day)
    }
    let later = 200 * day
    try Revisions(path: province.site.path).thin(
      "20.2", nowMs: Province.nowMs + later, utcOffsetMinutes: 420)
    func answer(_ at: String, _ language: String = "vi") throws -> (status: Int, text: String) {
      try self.answer(
        "/indicators/20.2", [.init("at", at), .init("lang", language)], after: later)
    }
    let gone = try answer("2026-07-03")
    #expect(gone.status == 404)
    #expect(
      gone.text.contains(
        """
        Giá trị ngày 03/07/2026 của chỉ tiêu 20.2 không còn được giữ: sau 90 ngày chỉ giữ bản cuối \
        mỗi tháng. Gần nhất: bản 1 (30/06/2026 12:00) và bản 5 (20/07/2026 12:00).
        """))
    #expect(
      try answer("2026-07-03", "en").text.contains(
        """
        The value of 3 Jul 2026 of indicator 20.2 is not kept: after 90 days only the last of each \
        month is. Nearest: revision 1 (30 Jun 2026 12:00) and revision 5 (20 Jul 2026 12:00).
        """))
    #expect(try answer("2026-06-30").text.contains("(bản 1)"))
    #expect(try answer("2026-07-20").text.contains("(bản 5)"))
    #expect(try answer("2026-07-31").text.contains("(bản 5)"))
    #expect(try answer("2026-06-29").text.contains("Bản đầu tiên của chỉ tiêu 20.2 có từ"))
  }

  @Test(arguments: ["0", "-1", "x", "2026-13-01", "2026-02-30", "99999999999999999999", "1e3", ""])
  func `a moment that is none is a bad request`(at: String) throws {
    try compute()
    let answer = try answer("/indicators/20.2", [.init("at", at)])
    #expect(answer.status == 400)
    #expect(answer.text.contains("hãy ghi số của bản, như 17, hoặc ngày, như 2026-11-23."))
  }

  @Test func `unknown codes, rows that are not filled and languages get a clear answer`() throws {
    try compute()
    let unknown = try answer("/indicators/99<script>")
    #expect(unknown.status == 404)
    #expect(unknown.text.contains("Không có chỉ tiêu 99&lt;script&gt;."))
    let unfilled = try answer("/indicators/20.3")
    #expect(unfilled.status == 404)
    #expect(unfilled.text.contains("Hệ thống này không tự điền chỉ tiêu 20.3, IPv6 (mục tiêu 100"))
    let language = try answer("/", [.init("lang", "fr")])
    #expect(language.status == 400)
    #expect(language.text.contains("Ngôn ngữ “fr” không có; có vi và en."))
    #expect(try answer("/indicators/20.2", [.init("history", "some")]).status == 400)
    #expect(try answer("/indicators/").status == 404)
  }
}
