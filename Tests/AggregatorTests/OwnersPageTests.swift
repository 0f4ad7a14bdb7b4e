import Aggregator
import Indicators
import Testing

/// What the owners of the indicators read.
@Suite struct OwnersPageTests {
  private let province: Province

  init() throws { province = try Province() }

  private func page(_ language: Language = .vi, isComputed: Bool = true) throws -> String {
    if isComputed {
      try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    }
    let router = Router(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method, report: IngestReport(), now: { Province.nowMs })
    let answer = router.answer(HTTPRequest(path: "/", language: language))
    #expect(answer.status == 200)
    return String(decoding: answer.body, as: UTF8.self)
  }

  /// The card of one code.
  private func card(_ code: String, in page: String) throws -> Substring {
    let start = try #require(page.firstRange(of: "id=\"i\(code)\""))
    let rest = page[start.upperBound...]
    return rest.prefix(upTo: rest.firstRange(of: "</section>")?.lowerBound ?? rest.endIndex)
  }

  @Test func `a value has its interval, bounds, target, verdict and freshness in Vietnamese`()
    throws
  {
    try province.ingest(Province.coverage())
    let card = try card("20.2", in: try page())
    for text in [
      "92,1\u{a0}%", "80,1 … 97,1\u{a0}%", "72,1 … 97,4\u{a0}%", "Mục tiêu 2030: 99\u{a0}%",
      ">chưa đạt<", "10,0\u{a0}%", "30/06/2026 11:59 (1 phút trước)", "83 số đo từ 1 nguồn",
      "30/06/2026 12:00, bản 1, phương pháp 20.2/1",
      """
      Tính đến ngày 30/06/2026, khoảng 92,1\u{a0}% dân số Tỉnh &amp; Thử sống ở nơi có sóng 5G \
      của nhà mạng phủ rộng nhất, MobiFone (45201); với độ tin cậy 95 %, con số thật của phần đã \
      đo nằm trong khoảng từ 80,1\u{a0}% đến 97,1\u{a0}%; còn 10,0\u{a0}% chưa đo được, nên con số \
      của toàn bộ nằm trong khoảng từ 72,1\u{a0}% đến 97,4\u{a0}%. Chưa đạt mục tiêu 99\u{a0}% của \
      năm 2030, kể cả khi mọi phần chưa đo đều tốt.
      """, "href=\"/map\"", "href=\"/indicators/20.2\"",
    ] {
      #expect(card.contains(text), "\(text)")
    }
  }

  @Test func `the English page has English words, numbers and dates`() throws {
    try province.ingest(Province.coverage())
    let card = try card("20.2", in: try page(.en))
    for text in [
      "92.1%", "80.1 … 97.1%", "Target 2030: 99%", ">not reached<", "30 Jun 2026 11:59 (1 min ago)",
    ] {
      #expect(card.contains(text), "\(text)")
    }
  }

  @Test func `an interval is the whole's only where nothing is unmeasured`() throws {
    try province.ingest(Province.coverage())
    let part = try card("20.2", in: try page(.en))
    #expect(
      part.contains(
        """
        ; with 95% confidence the true figure of what was measured lies between 80.1% and 97.1%; \
        10.0% is not measured yet, so the figure of the whole lies between 72.1% and 97.4%. The
        """))
    let tables = try Province.tables(population: [3200, 1800, 900, 400])
    try province.recomputation(tables).run(nowMs: Province.nowMs, isAll: true)
    let whole = try card("20.2", in: try page(isComputed: false))
    #expect(
      whole.contains(
        "; với độ tin cậy 95 %, con số thật nằm trong khoảng từ 80,1\u{a0}% đến 97,1\u{a0}%. Chưa"))
  }

  @Test func `what is missing stands where the value would`() throws {
    let page = try page()
    #expect(
      try card("20.2", in: page).contains("Còn thiếu: </strong>Chưa có mẫu đo 5G nào dùng được."))
    #expect(try card("20.2", in: page).contains(">chưa đủ dữ liệu<"))
    #expect(try card("7.1", in: page).contains("Kỳ này chưa có nguồn nào báo cáo"))
    #expect(try card("20.1", in: page).contains("Chưa có kết quả đo đường truyền"))
  }

  @Test func `simulated data is marked at the top and on each of its values`() throws {
    try province.ingest(Province.coverage(isSimulated: true) + Province.services())
    #expect(!(try page().contains("SỐ LIỆU MÔ PHỎNG")))
    province.method.acceptSimulated = true
    let marked = try page()
    #expect(marked.contains("<p class=\"simulated\" role=\"alert\"><strong>SỐ LIỆU MÔ PHỎNG"))
    #expect(try card("20.2", in: marked).contains("Số liệu mô phỏng"))
    #expect(!(try card("7.1", in: marked).contains("Số liệu mô phỏng")))
    #expect(try page(.en).contains("<strong>SIMULATED DATA</strong>"))
  }

  @Test func `a census says that it has no interval, and names the period`() throws {
    try province.ingest(Province.services())
    let card = try card("7.1", in: try page())
    for text in [
      "81,6\u{a0}%", "không có (đếm toàn bộ, không lấy mẫu)", "2.040 trong 2.500 trường hợp",
      "từ ngày 01/06/2026 đến ngày 30/06/2026", ">chưa kết luận<",
    ] {
      #expect(card.contains(text), "\(text)")
    }
  }

  @Test func `names from tables are escaped`() throws {
    let page = try page()
    #expect(page.contains("Phủ sóng 5G &lt;b&gt;"))
    #expect(page.contains("Tỉnh &amp; Thử"))
    #expect(!page.contains("5G <b>"))
  }

  @Test func `rows that nobody fills are listed`() throws {
    let page = try page()
    #expect(page.contains("1 chỉ tiêu chưa được tự động điền"))
    #expect(page.contains("<td>20.3</td><td>IPv6</td>"))
  }

  @Test func `before the first computation every card says so`() throws {
    let page = try page(isComputed: false)
    #expect(page.ranges(of: "Chưa tính").count == 3)
  }

  @Test func `without a script the page asks to be loaded again`() throws {
    #expect(
      try page().contains("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>"))
  }
}

/// Numbers as people of the province write them.
@Suite struct LanguageTests {
  @Test(arguments: [
    (0.0, 1, "0,0", "0.0"), (92.05, 1, "92,1", "92.1"), (-0.04, 1, "0,0", "0.0"),
    (-3.25, 1, "−3,3", "−3.3"), (1_234_567, 0, "1.234.567", "1,234,567"),
    (999.95, 1, "1.000,0", "1,000.0"),
    (100, 0, "100", "100"), (7.005, 3, "7,005", "7.005"), (.nan, 1, "–", "–"),
  ])
  func `a number has the separators of its language`(
    value: Double, decimals: Int, vi: String, en: String
  ) {
    #expect(Language.vi.number(value, decimals: decimals) == vi)
    #expect(Language.en.number(value, decimals: decimals) == en)
  }
}
