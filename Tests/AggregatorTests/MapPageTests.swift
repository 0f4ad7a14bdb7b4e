import Aggregator
import Daemon
import Indicators
import Protocol
import SQLite
import Testing

/// The map, the tiles behind it, where to measure next, and the open data.
@Suite struct MapPageTests {
  private let province: Province

  init() throws {
    province = try Province()
    try province.ingest(Province.coverage())
    // T6: looked for, and nothing that decides anything.
    let place = Tile(zoom: 19, index: (Province.tile + 5) << 6).centre
    try province.ingest([
      .coverage(
        at: Province.nowMs - 60_000, access: .lte, plmn: "45201",
        latitude: Int32((place.latitude * 1e6).rounded()),
        longitude: Int32((place.longitude * 1e6).rounded()))
    ])
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
  }

  private func answer(
    _ path: String, _ query: [HTTPRequest.QueryItem] = [],
    openData: OpenDataConfiguration = OpenDataConfiguration()
  ) throws -> (status: Int, type: String, text: String) {
    let router = Router(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method, report: IngestReport(), openData: openData,
      now: { Province.nowMs })
    let answer = router.answer(HTTPRequest(path: path, query: query))
    return (answer.status, answer.contentType, String(decoding: answer.body, as: UTF8.self))
  }

  private func count(_ style: String, in page: String) -> Int {
    page.ranges(of: "<rect class=\"\(style)\"").count
  }

  @Test func `each tile has the colour of what is known of it`() throws {
    let page = try answer("/map").text
    #expect(page.contains("aria-current=\"true\">MobiFone (45201)</a>"))
    let counts = ["covered", "partly", "not_covered", "few", "inconclusive", "unmeasured"]
      .map { count($0, in: page) }
    // T1 and T2; T3 and T4; T5 was seen on one day only; T6.
    #expect(counts == [2, 2, 0, 1, 1, 0])
    #expect(page.contains("<title>Phủ Lý, 3.200 người: có sóng (≥ 90 % số lần đo); 40/40"))
    let other = try answer("/map", [.init("operator", "45204"), .init("area", "duy-tien")]).text
    #expect(other.ranges(of: "<rect class=").count == 4)
    #expect(count("unmeasured", in: other) == 1)
    // The other language is of the same map.
    #expect(
      other.contains(
        "href=\"/map?operator=45204&amp;area=duy-tien&amp;lang=en\" lang=\"en\" hreflang=\"en\""))
  }

  @Test func `pictures of the land lie under the squares where a server of them is configured`()
    throws
  {
    let land = try BaseMap(
      ConfigNode.parse(
        text: """
          { url: "https://tiles.example.vn/v1/{z}/{x}/{y}.png", attribution: "© Ví dụ <x>" }
          """, name: "F"))
    let router = Router(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method, report: IngestReport(), baseMap: land, now: { Province.nowMs })
    let map = router.answer(HTTPRequest(path: "/map"))
    #expect(map.imageSource == "https://tiles.example.vn")
    let text = String(decoding: map.body, as: UTF8.self)
    let pictures = text.ranges(of: "<image href=\"https://tiles.example.vn/v1/").count
    #expect((1...36).contains(pictures))
    #expect(text.contains("Bản đồ nền: © Ví dụ &lt;x&gt;"))
    // Every other page, and this one without a base map, asks nobody else.
    #expect(router.answer(HTTPRequest(path: "/")).imageSource == nil)
    #expect(try !answer("/map").text.contains("<image"))
  }

  @Test(arguments: [
    ("url: \"tiles.example.vn/{z}/{x}/{y}\"", "tiles.example.vn/{z}/{x}/{y}"),
    ("url: \"https://a.vn/{z}/{x}.png\"", "https://a.vn/{z}/{x}.png"),
    ("url: \"https://{z}.a.vn/{x}/{y}.png\"", "https://{z}.a.vn/{x}/{y}.png"),
    ("url: \"https://a.vn;script-src/{z}/{x}/{y}\"", "https://a.vn;script-src/{z}/{x}/{y}"),
  ])
  func `an address of pictures that cannot be one is refused`(text: String, met: String) throws {
    let node = try ConfigNode.parse(text: "{ \(text), attribution: \"x\" }", name: "F")
    let error = #expect(throws: ConfigError.self) { try BaseMap(node) }
    #expect(
      error?.description
        == "F:1: url is \"\(met)\", allowed such as \"https://tiles.example.vn/{z}/{x}/{y}.png\"; "
        + "change it")
  }

  @Test func `before anything is measured the map and its lists are there, with all to gain`()
    throws
  {
    let empty = try Province()
    try expectAllToGain(empty)
    // One bin on one day measures nothing: the figure is there, and it is all that a share can be.
    try empty.ingest([Province.sample(tile: Province.tile, cell: 9, day: 0, isCovered: true)])
    try empty.recomputation().run(nowMs: Province.nowMs, isAll: true)
    try expectAllToGain(empty)
  }

  private func expectAllToGain(_ empty: Province) throws {
    let router = Router(
      try StoreReader(path: empty.site.path), tables: try Province.tables(),
      method: empty.method, report: IngestReport(), now: { Province.nowMs })
    let page = String(decoding: router.answer(HTTPRequest(path: "/map")).body, as: UTF8.self)
    let area = try #require(page.firstMatch(of: /\/map\?operator=([a-z0-9]+)&amp;area=([a-z-]+)/))
    for path in ["/map", "/data/next.gpx", "/data/next.geojson"] {
      let answer = router.answer(
        HTTPRequest(
          path: path,
          query: [
            .init("operator", String(area.output.1)), .init("area", String(area.output.2)),
          ]))
      #expect(answer.status == 200, "\(path)")
    }
    let all = try #require(page.firstMatch(of: /Đo hết [0-9.]+ ô: hẹp thêm ([0-9,]+) điểm/))
    #expect(all.output.1 == "100" || all.output.1 == "100,0", "\(all.output.0)")
  }

  @Test func `the map shows what the newest figure was made of, and walks no second time`() throws {
    let coverage = LatestCoverage()
    let path = province.site.path
    let engine = IndicatorEngine(
      try StoreReader(path: path), tables: try Province.tables(), method: province.method)
    try Recomputation(engine, try Revisions(path: path), coverage)
      .run(nowMs: Province.nowMs, isAll: true)
    let before = try answer("/api/v1/coverage.geojson").text
    // What is not there cannot be read again.
    try Database(path: path, mode: .readWrite).execute("DELETE FROM coverage_days")
    func router(_ coverage: LatestCoverage) throws -> Router {
      Router(
        try StoreReader(path: path), tables: try Province.tables(), method: province.method,
        report: IngestReport(), coverage: coverage, now: { Province.nowMs })
    }
    let request = HTTPRequest(path: "/api/v1/coverage.geojson")
    let shared = try router(coverage).answer(request)
    #expect(String(decoding: shared.body, as: UTF8.self) == before)
    let alone = try router(LatestCoverage()).answer(request)
    #expect(String(decoding: alone.body, as: UTF8.self).contains("\"features\":[]"))
  }

  @Test(arguments: [true, false])
  func `what changes in a tile and in no figure is on the map and in its files`(
    hasPopulationTable: Bool
  ) throws {
    let tables =
      try hasPopulationTable ? Province.tables() : Province.tablesWithoutTiles()
    let (coverage, path) = (LatestCoverage(), province.site.path)
    let recomputation = try Recomputation(
      try province.engine(tables), try Revisions(path: path), coverage)
    var nowMs = Province.nowMs
    let router = Router(
      try StoreReader(path: path), tables: tables, method: province.method,
      report: IngestReport(), coverage: coverage, now: { nowMs })
    let tile = Tile(zoom: 16, index: Province.tile + 5).quadkey
    func bins(_ path: String, _ pattern: String) throws -> Int? {
      let answer = router.answer(HTTPRequest(path: path, query: [.init("operator", "45205")]))
      let text = String(decoding: answer.body, as: UTF8.self)
      return try text.firstMatch(of: Regex(pattern, as: (Substring, Substring).self))
        .flatMap { Int($0.output.1) }
    }
    // An operator's bins of one day measure nothing; only that there is one is new to the figure.
    for count in 1...3 {
      try province.ingest([
        Province.sample(
          tile: Province.tile + 5, cell: count, day: 0, isCovered: true, plmn: "45205")
      ])
      let changed = try recomputation.run(nowMs: nowMs, isAll: true)
      #expect(changed == (count == 1 ? ["20.2"] : []))
      #expect(
        try bins("/api/v1/coverage.geojson", "\"tile\":\"\(tile)\"[^}]*\"bins\":([0-9]+)")
          == count)
      #expect(
        try bins("/tiles", "\(tile)</a>.*<td>đo quá ít</td><td>([0-9]+) / [0-9]+</td>") == count)
      nowMs += 11_000
    }
  }

  @Test func `nothing is drawn of a state that is not whole, and values stay where they are kept`()
    throws
  {
    try province.breakOffRebuild()
    let tile = Tile(zoom: 16, index: Province.tile).quadkey
    let wait = "Hệ thống đang tính lại từ dữ liệu gốc, nên phần này chưa có số liệu đầy đủ"
    for path in ["/map", "/tiles", "/tiles/\(tile)", "/data/coverage.csv", "/data/next.gpx"] {
      let page = try answer(path)
      #expect(page.status == 503 && page.text.contains(wait), "\(path)")
    }
    let map = try answer("/api/v1/coverage.geojson")
    #expect(
      map.text == """
        {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"everything is \
        being made again from the raw data; try again in some minutes",\
        "error":"state_in_progress"}\n
        """)
    for query in [[], [HTTPRequest.QueryItem("at", "1")]] {
      let page = try answer("/indicators/20.2", query)
      #expect(page.status == 200 && page.text.contains("92,1\u{a0}%"))
      #expect(page.text.contains(wait) && !page.text.contains("<td>edge-a/car-1</td>"))
    }
    #expect(try answer("/data/indicators.csv").status == 200)
    try province.rebuild()
    #expect(try answer("/map").status == 200)
    #expect(try answer("/indicators/20.2").text.contains("<td>edge-a/car-1</td>"))
  }

  @Test func `a tile leads to what each source saw in it, cell by cell and day by day`() throws {
    let tile = Tile(zoom: 16, index: Province.tile).quadkey
    #expect(try answer("/map").text.contains("href=\"/tiles/\(tile)\""))
    let page = try answer("/tiles/\(tile)").text
    #expect(page.ranges(of: "<td>edge-a/car-1</td>").count == 80)
    #expect(page.contains("<td>30/06/2026</td><td>MobiFone (45201)</td><td>000</td>"))
    #expect(try answer("/tiles/12").status == 404)
    #expect(try answer("/tiles/4444444444444444").text.contains("không phải là ô"))
  }

  @Test func `of very many visits the latest real ones are shown, whatever was simulated`() throws {
    let cells = Province.tile << 6
    let store = try Database(path: province.site.path)
    try store.execute(
      "INSERT INTO sources(agent, name, simulated) SELECT agent, 'made', 1 FROM sources LIMIT 1")
    /// 600 newer ones of one source, in one cell.
    func add(isSimulated: Bool) throws {
      try store.execute(
        """
        WITH RECURSIVE later(day) AS (SELECT 30001 UNION ALL SELECT day + 1 FROM later LIMIT 600)
          INSERT INTO coverage_days SELECT operator, \(cells), day,
            (SELECT id FROM sources WHERE simulated = \(isSimulated ? 1 : 0)),
            2040, 1234, 0, 1005, 1006, 0, 5000, 0, 0
          FROM later, (SELECT id AS operator FROM operators LIMIT 1)
        """)
    }
    let path = "/tiles/\(Tile(zoom: 16, index: Province.tile).quadkey)"
    try add(isSimulated: true)
    let some = try answer(path).text
    #expect(some.ranges(of: "<td>edge-a/car-1</td>").count == 80)
    #expect(some.contains("<dt>Lần đo</dt><dd>80</dd>") && !some.contains("dòng mới nhất"))
    try add(isSimulated: false)
    let many = try answer(path).text
    #expect(many.ranges(of: "<td>edge-a/car-1</td>").count == 500)
    #expect(many.contains("<dt>Lần đo</dt><dd>hơn 500</dd>"))
    #expect(many.contains("Chỉ hiện 500 dòng mới nhất."))
    #expect(many.contains("<td>1.234 / 2.040</td><td>1.005</td><td>1.006</td>"))
  }

  @Test func `the tiles are there as a table, for those who cannot use the map`() throws {
    let all = try answer("/tiles", [.init("operator", "45201")]).text
    #expect(try answer("/map").text.contains("href=\"/tiles?operator=45201\""))
    let t1 = Tile(zoom: 16, index: Province.tile).quadkey
    #expect(
      all.contains(
        "<td><a href=\"/tiles/\(t1)\">\(t1)</a></td><td>Phủ Lý</td><td>3.200</td>"
          + "<td>có sóng</td><td>40 / 40</td>"))
    #expect(all.contains("1–6 trong 6 ô"))
    let few = try answer("/tiles", [.init("operator", "45201"), .init("state", "few")]).text
    #expect(few.ranges(of: "<td><a href=\"/tiles/").count == 1)
    #expect(few.contains("aria-current=\"true\">đo quá ít</a>"))
    let beyond = try answer("/tiles", [.init("page", "7"), .init("state", "few")]).text
    #expect(beyond.contains("1–1 trong 1 ô") && !beyond.contains("Trang trước"))
    #expect(beyond.contains("state=few&amp;lang=en"))
    let none = try answer("/tiles", [.init("area", "kim-bang"), .init("state", "covered")]).text
    #expect(none.contains("Không có ô nào như vậy."))
    let wrong = try answer("/tiles", [.init("state", "x<b>")])
    #expect(wrong.status == 400 && wrong.text.contains("state=x&lt;b&gt; không dùng được"))
    #expect(try answer("/tiles", [.init("page", "0")]).status == 400)
    #expect(try answer("/tiles", [.init("area", "ha-noi")]).status == 404)
  }

  @Test func `the unmeasured with most people come first, with what they would bring`() throws {
    let page = try answer("/map").text
    let t5 = Tile(zoom: 16, index: Province.tile + 4).quadkey
    // 500 of 7000 people, and an interval of 0.169756: 7.1429 · 0.830244.
    #expect(
      page.contains(">\(t5)</a></td><td>Duy Tiên</td><td>500</td><td>đo quá ít</td><td>5,930"))
    #expect(page.contains("Đo hết 2 ô: hẹp thêm 8,3 điểm."))
    let next = try ConfigNode.parse(
      text: try answer("/data/next.geojson").text, name: "next.geojson")
    let features = try next.required("features").array()
    #expect(features.count == 2)
    let first = try features[0].required("properties")
    #expect(try first.required("tile").string() == t5)
    #expect(try first.required("narrows_bounds_by").number(in: 5.9302...5.9304) > 0)
    let route = try answer("/data/next.gpx", [.init("count", "1"), .init("area", "duy-tien")])
    #expect(route.type == "application/gpx+xml")
    #expect(route.text.ranges(of: "<rtept ").count == 1)
    #expect(route.text.contains("<desc>500 người; cận hẹp thêm 5,930 điểm</desc>"))
  }

  @Test(arguments: [
    ("area", "ha-noi", 404, "Không có địa bàn ha-noi; có phu-ly, duy-tien, kim-bang, ly-nhan."),
    ("operator", "99999", 404, "Không có số đo của nhà mạng 99999; có 45201, 45204."),
    ("operator", "<b>", 404, "Không có số đo của nhà mạng &lt;b&gt;"),
    ("count", "0", 400, "count=0 không dùng được; hãy ghi 1…500."),
    ("count", "501", 400, "count=501 không dùng được"), ("count", "x", 400, "count=x"),
  ])
  func `what is not there is named with what is`(
    name: String, value: String, status: Int, text: String
  ) throws {
    let answer = try answer("/data/next.gpx", [.init(name, value)])
    #expect(answer.status == status)
    #expect(answer.text.contains(text))
  }

  @Test func `the open data has a point in its numbers, ISO times and every tile`() throws {
    let indicators = try answer("/data/indicators.csv")
    #expect(indicators.type == "text/csv; charset=utf-8; header=present")
    let lines = indicators.text.split(separator: "\r\n")
    #expect(lines.count == 1 + 3 * 5)
    #expect(
      lines.contains(
        """
        20.2,Phủ sóng 5G <b>,% dân số,99,2030,,measured,not_reached,92.111111,80.148153,97.123756,\
        72.133338,97.41138,0.1,83,2026-06-30T05:00:00Z,1,new_data,false
        """))
    // Duy Tiên, Kim Bảng, Lý Nhân, Phủ Lý: in the order of the alphabet.
    let areas = lines.filter { $0.hasPrefix("20.2,") }.map { $0.split(separator: ",")[5] }
    #expect(areas.dropFirst() == ["duy-tien", "kim-bang", "ly-nhan", "phu-ly"])
    let tiles = try answer("/data/coverage.csv").text.split(separator: "\r\n")
    #expect(tiles.count == 1 + 2 * 6)
    let t1 = Tile(zoom: 16, index: Province.tile).quadkey
    #expect(tiles[1].hasPrefix("\(t1),45201,phu-ly,3200,covered,40,40,40,40,2026-06-30T"))
    #expect(
      try answer("/data/history.csv", [.init("code", "7.1")]).text.split(separator: "\r\n").count
        == 2)
    #expect(try answer("/data/history.csv", [.init("code", "9")]).status == 404)
    #expect(try answer("/data/nothing.csv").status == 404)
  }

  @Test func `the catalogue names publisher, licence, interval and every file`() throws {
    let openData = try OpenDataConfiguration(
      try ConfigNode.parse(
        text: """
          { url: "https://hatang.example/", licence: "https://creativecommons.org/licenses/by/4.0/",
            publisher: "Sở KH&CN", update_interval: "daily" }
          """, name: "aggregator.json5"))
    let text = try answer("/catalog.jsonld", openData: openData).text
    let catalogue = try ConfigNode.parse(text: text, name: "catalog.jsonld")
    let sets = try catalogue.required("dcat:dataset").array()
    let files = try sets.flatMap { try $0.required("dcat:distribution").array() }
    #expect(sets.count == 4 && files.count == 8)
    for file in files {
      let address = try file.required("dcat:downloadURL").required("@id").string()
      #expect(address.hasPrefix("https://hatang.example/data/"))
      #expect(try answer(String(address.dropFirst("https://hatang.example".count))).status == 200)
      #expect(
        try file.required("dct:license").required("@id").string()
          == "https://creativecommons.org/licenses/by/4.0/")
    }
    #expect(text.contains("http://publications.europa.eu/resource/authority/frequency/DAILY"))
    #expect(text.contains("Sở KH&CN"))
    #expect(!(try answer("/catalog.jsonld").text.contains("dct:license")))
  }

  @Test(arguments: [
    ("licence: \"CC BY\"", "open_data.licence is \"CC BY\", allowed an address that begins with"),
    (
      "update_interval: \"dayly\"", "open_data.update_interval is \"dayly\", allowed \"continuous\""
    ),
    ("lisence: \"\"", "unknown key open_data.lisence; did you mean licence?"),
  ])
  func `a wrong key of open_data says what is legal`(line: String, complaint: String) throws {
    let text = """
      { broker: { host: "h" }, indicators: "i", areas: "a", open_data: { \(line) } }
      """
    do {
      _ = try AggregatorConfiguration(try ConfigNode.parse(text: text, name: "a.json5"))
      Issue.record("accepted")
    } catch {
      #expect("\(error)".contains(complaint), "\(error)")
    }
  }
}
