import Aggregator
import Daemon
import Protocol
import TestSupport
import Testing

/// What the operators read.
@Suite struct OperationsPageTests {
  private func page(
    _ site: OperationsSite, _ path: String = "/operations",
    _ query: [(String, String)] = []
  ) throws -> String {
    let items = query.map { HTTPRequest.QueryItem($0.0, $0.1) }
    let answer = try site.router().answer(HTTPRequest(path: path, query: items))
    return String(decoding: answer.body, as: UTF8.self)
  }

  /// Names of the agents of the table, in its order.
  private func agents(in page: String) throws -> [String] {
    let table = try #require(page.firstRange(of: "id=\"agents\""))
    let rest = page[table.upperBound...]
    let end = rest.firstRange(of: "</section>")?.lowerBound ?? rest.endIndex
    return rest[..<end].matches(of: /agents\/([a-z0-9-]+)"/).map { String($0.1) }
  }

  @Test func `every trouble is told in words, the most urgent first`() throws {
    // How long that takes depends on the disk that the test is run on.
    let disk = "Với đà này ổ đĩa đầy sau "
    let sentences = Problem.all(try OperationsSite().facts()).map(\.sentence.vi)
      .map { $0.hasPrefix(disk) ? disk + "…" : $0 }
    #expect(
      sentences == [
        "Sổ nhận không khớp ở 1 luồng, như silent-1: nhận 2 + mất 0 ≠ gửi 1",
        "Không kết nối được với máy chủ MQTT, chưa nhận dữ liệu: broker <i>gone</i>",
        "Với đà này ổ đĩa đầy sau …",
        "Đang tính lại mọi thứ từ dữ liệu gốc",
        "Đồng hồ của máy chủ này nhảy vượt 46 ngày và chưa đồng bộ; dữ liệu gốc không bị xóa theo "
          + "giờ đó",
        "500 phép đo bị mất (buffer_full), lần cuối cách đây 9 giây",
        "1 bản tin bị từ chối (malformed), gần nhất từ odd-1",
        "1 phép đo để riêng, không dùng (future), gần nhất từ fine-1",
        "silent-1 im lặng 3 giờ 12 phút; 14.203 phép đo đang chờ; nguồn điện/đường truyền?",
        "behind-1 gửi chậm: phép đo cũ nhất chờ 2 giờ; 4.000 phép đo đang chờ, cần khoảng 166 ngày "
          + "nữa",
        "Đồng hồ của clock-1 nhanh 5 phút",
        "reject-1 loại 2,0\u{a0}% phép đo của thiết bị (20)",
        "wear-1 gửi quá hạn mức: 12.345 bản tin bị bỏ qua",
        "Chứng thư của expire-1 hết hạn sau 3 ngày",
        "wear-1 ghi 40,0 GB mỗi ngày vào bộ nhớ flash",
        "Chỉ tiêu 20.2 không có số đo mới từ 14 ngày",
      ])
    #expect(Problem.all(try OperationsSite(isInTrouble: false).facts()).isEmpty)
  }

  @Test func `the page begins with the problems, or says that there are none`() throws {
    let troubled = try page(OperationsSite())
    #expect(troubled.contains("<h2 data-tell=\"\">Vấn đề cần xử lý: 16</h2>"))
    #expect(troubled.contains("nhận 9 + khai mất 500 = gửi 508 ✗"))
    #expect(troubled.contains("<span class=\"remedy\">→ Bật NTP trên trạm"))
    let fine = try page(OperationsSite(isInTrouble: false))
    #expect(fine.contains("<h2 class=\"fine\" data-tell=\"\">Không có vấn đề nào</h2>"))
    #expect(fine.contains("nhận 7 + khai mất 0 = gửi 7 ✓"))
    #expect(try page(OperationsSite(), "/operations", [("lang", "en")]).contains("Problems: 16"))
  }

  @Test func `names and texts from outside are shown as text`() throws {
    let site = try OperationsSite()
    let pages = try page(site) + page(site, "/operations/agents/reject-1")
    #expect(pages.contains("broker &lt;i&gt;gone&lt;/i&gt;"))
    #expect(pages.contains("{&quot;x&quot;:&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;}"))
    #expect(pages.contains("ss_rsrp is -3 &lt;b&gt;"))
    #expect(!pages.contains("<script>") && !pages.contains("<i>") && !pages.contains("<b>"))
  }

  @Test func `agents are sorted and filtered by the address`() throws {
    let site = try OperationsSite()
    func names(_ query: (String, String)...) throws -> [String] {
      try agents(in: page(site, "/operations", query))
    }
    let troubled = ["behind-1", "clock-1", "expire-1", "reject-1", "silent-1", "wear-1"]
    #expect(try names() == troubled + ["fine-1"])
    #expect(try names(("state", "problem")) == troubled)
    #expect(try names(("area", "phu-ly")) == ["fine-1"])
    #expect(try names(("area", "duy-tien"), ("state", "online")) == ["silent-1"])
    #expect(
      try names(("sort", "backlog"), ("order", "desc")).prefix(2) == ["silent-1", "behind-1"])
    #expect(try names(("sort", "certificate")).first == "expire-1")
    #expect(try names(("sort", "clock"), ("order", "desc")).first == "clock-1")
    // Beyond the end the last page is shown.
    #expect(try names(("page", "2")) == troubled + ["fine-1"])
    // Whatever its tones and capitals; and by the name of the area.
    #expect(try names(("find", "BEHIND")) == ["behind-1"])
    #expect(try names(("find", "phu ly")) == ["fine-1"])
    #expect(try names(("find", "Phủ Lý"), ("state", "problem")).isEmpty)
    // Duy Tiên, Phủ Lý, and those that nobody knows the area of.
    #expect(try names(("sort", "area")).prefix(2) == ["silent-1", "fine-1"])
  }

  @Test func `a search goes on with the view, and its words are text`() throws {
    let page = try page(
      OperationsSite(), "/operations", [("sort", "seen"), ("find", "<b>ơ&\"")])
    #expect(page.contains("name=\"find\" value=\"&lt;b&gt;ơ&amp;&quot;\""))
    #expect(page.contains("<input type=\"hidden\" name=\"sort\" value=\"seen\">"))
    #expect(page.contains("?sort=seen&amp;state=problem&amp;find=%3Cb%3E%C6%A1%26%22#agents"))
    #expect(page.contains("Không trạm nào như vậy."))
    // As it does in the other language.
    #expect(
      page.contains(
        "href=\"/operations?lang=en&amp;sort=seen&amp;find=%3Cb%3E%C6%A1%26%22\" lang=\"en\""))
  }

  @Test(arguments: [
    ("sort", "x", "sort=x không dùng được; có state, agent, area, seen, backlog, oldest, "),
    ("find", String(repeating: "ơ", count: 65), "find có 65 ký tự; nhiều nhất 64."),
    ("state", "<b>", "state=&lt;b&gt; không dùng được; có problem, online, offline."),
    ("area", "hanoi", "area=hanoi không dùng được; có phu-ly, duy-tien, kim-bang, ly-nhan."),
    ("page", "0", "page=0 không dùng được; hãy ghi 1…1000000."),
    ("colour", "red", "Ở đây không có colour; có lang, sort, order, state, area, find, page."),
  ])
  func `an illegal view is told with what is legal`(
    name: String, value: String, text: String
  ) throws {
    let answer = try OperationsSite(isInTrouble: false).router().answer(
      HTTPRequest(path: "/operations", query: [.init(name, value)]))
    #expect(answer.status == 400)
    #expect(String(decoding: answer.body, as: UTF8.self).contains("<p class=\"reason\">\(text)"))
  }

  @Test func `an agent's page has its streams, holes, rejects and week`() throws {
    let site = try OperationsSite()
    let fine = try page(site, "/operations/agents/fine-1")
    #expect(
      fine.contains(
        """
        <td data-label="Từ">1</td><td data-label="Đến">500</td><td data-label="Số phép đo">500</td>\
        <td data-label="Lý do">buffer_full</td>
        """))
    #expect(fine.contains("Phép đo mỗi giờ trong 7 ngày: tổng 2, nhiều nhất 2 một giờ"))
    #expect(fine.contains("<dt>Địa bàn</dt><dd>Phủ Lý</dd>"))
    #expect(fine.contains("<dt>Chứng thư hết hạn</dt><dd>03/04/1970</dd>"))
    let rejecting = try page(site, "/operations/agents/reject-1")
    #expect(
      rejecting.contains(
        """
        <td data-label="Loại">phủ sóng</td><td data-label="Trường">ss_rsrp</td>\
        <td data-label="Số lần">20</td>
        """))
    let unknown = try site.router().answer(HTTPRequest(path: "/operations/agents/x"))
    #expect(unknown.status == 404)
    #expect(
      String(decoding: unknown.body, as: UTF8.self).contains(
        "Chưa trạm nào tên x báo cáo; trang Vận hành liệt kê các trạm đã báo cáo."))
  }

  @Test func `2,000 agents are a page of a hundred, made while one waits for nothing`() throws {
    let site = try OperationsSite(isInTrouble: false)
    let nowMs = OperationsSite.nowMs
    for start in stride(from: 0, to: 2_000, by: 100) {
      try site.site.ingest(
        (start..<start + 100).flatMap { index -> [Arrival] in
          let name = "edge-\(index)"
          let status = AgentStatus(isOnline: true, version: "0.1.0", timeMs: nowMs)
          let batch = Batch.of(
            StreamID(high: 8, low: UInt64(index)), from: 0, [[.coverage(at: nowMs)]],
            sentMs: nowMs)
          return [.status(name, status, at: nowMs), .batch(name, batch, at: nowMs)]
        }, at: nowMs)
    }
    let router = try site.router()
    _ = router.answer(HTTPRequest(path: "/operations"))
    let began = monotonicNow()
    let answer = router.answer(HTTPRequest(path: "/operations"))
    let took = monotonicNow() - began
    let page = String(decoding: answer.body, as: UTF8.self)
    #expect(try agents(in: page).count == 100)
    #expect(page.contains("1–100 trong 2.007"))
    #expect(answer.body.count < 150_000, "\(answer.body.count) bytes")
    // Without optimization, on a machine that does much else.
    #expect(took < .seconds(5), "\(took)")
    print("/operations with 2,007 agents: \(took.milliseconds) ms, \(answer.body.count) bytes")
  }

  @Test func `watch shows the same problems in a terminal`() throws {
    let site = try OperationsSite()
    let facts = try site.facts()
    let text = WatchCommand.text(facts, rate: 12.34, language: .vi, utcOffset: 420)
    for problem in Problem.all(facts) { #expect(text.contains(problem.sentence.vi)) }
    #expect(text.contains("Nhận 9 + khai mất 500 = gửi 508 ✗ KHÔNG KHỚP · 12,3/s"))
    #expect(text.contains("silent-1  đang kết nối từ 02/01/1970 07:00  "))
    #expect(!text.contains("\u{1b}") && !text.contains("không trả lời"))
    // Where the daemon does not answer, it does not know all of it, and says so.
    let alone = try OperationsFacts(
      try StoreReader(path: site.site.path), indicators: try Province.indicators(), ingest: nil,
      nowMs: OperationsSite.nowMs)
    let shown = WatchCommand.text(
      alone, rate: nil, silence: "connect \u{1b}[2J", language: .vi, utcOffset: 420)
    #expect(
      shown.contains(
        """
        !! Bộ tổng hợp không trả lời: connect [2J
           → systemctl status hatang-aggregator; chưa rõ: kết nối máy chủ MQTT, việc tính lại và \
        đồng hồ của máy chủ này

        """))
    #expect(!shown.contains("Không kết nối được với máy chủ MQTT"))
  }

  @Test(arguments: ["", "token_file: \"token\""])
  func `watch asks the running daemon for what only that knows`(http: String) throws {
    let folder = TemporaryFolder()
    folder.write("0123456789abcdef0123456789abcdef\n", to: "token")
    let member = http.replacing("\"token\"", with: "\"\(folder.file("token"))\"")
    let site = try WebSite(http: member)
    site.report.update {
      $0.isConnected = false
      $0.trouble = "broker gone"
      $0.clockLagSeconds = 90
    }
    let configuration = try HTTPConfiguration(
      try ConfigNode.parse(
        text: "{ listen: \"127.0.0.1:\(site.port)\", \(member) }", name: "http"))
    let told = try DaemonReadiness.ask(configuration).get()
    #expect(!told.isConnected && told.trouble == "broker gone" && told.clockLagSeconds == 90)
    site.report.update {
      $0.isConnected = true
      $0.isStateWhole = true
    }
    try waitUntil("the daemon is ready") {
      guard let facts = try? DaemonReadiness.ask(configuration).get() else { return false }
      return facts.isConnected && facts.isStateWhole
    }
  }

  @Test func `watch says which daemon does not answer, and why`() throws {
    let port = Broker.freePort()
    var configuration = HTTPConfiguration()
    configuration.listen = try ListenAddress(
      ConfigNode.parse(text: "\"127.0.0.1:\(port)\"", name: "listen"))
    let answer = DaemonReadiness.ask(configuration)
    #expect(throws: ReadinessError("cannot connect 127.0.0.1:\(port): Connection refused")) {
      try answer.get()
    }
  }

  @Test func `site and area of the enrolment are shown and filtered by; the configuration wins`()
    throws
  {
    let site = try OperationsSite(isInTrouble: false)
    site.site.folder.write(
      "V\t291124082542Z\t\t3A\tunknown\t/CN=behind-1\n", to: "index.txt")
    let script = "Tủ <script>alert(1)</script>"
    site.site.folder.write(
      "behind-1\tkim-bang\tTủ Quế\nsilent-1\tphu-ly\t\nclock-1\t\t\(script)\n"
        + "wear-1\tphu-ly\t\(String(repeating: "x", count: 10_000))\n", to: "sites.txt")
    let router = try site.router()
    router.certificateIndex = site.site.folder.file("index.txt")
    func page(_ path: String, area: String? = nil, find: String? = nil) -> String {
      let query =
        area.map { [HTTPRequest.QueryItem("area", $0)] }
        ?? find.map { [HTTPRequest.QueryItem("find", $0)] } ?? []
      return String(
        decoding: router.answer(HTTPRequest(path: path, query: query)).body, as: UTF8.self)
    }
    #expect(try agents(in: page("/operations", area: "kim-bang")) == ["behind-1"])
    // silent-1 is in duy-tien by the configuration, whatever its enrolment said.
    #expect(try agents(in: page("/operations", area: "phu-ly")) == ["fine-1"])
    #expect(try agents(in: page("/operations", area: "duy-tien")) == ["silent-1"])
    #expect(try agents(in: page("/operations", find: "tu que")) == ["behind-1"])
    let all = page("/operations") + page("/operations/agents/clock-1")
    #expect(all.contains("<span class=\"areas\">Tủ Quế</span>"))
    #expect(all.contains("Tủ &lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(!all.contains("<script>") && !all.contains("xxxxxxxxxx"))
    #expect(page("/operations/agents/behind-1").contains("<dd>Tủ Quế</dd>"))
    #expect(page("/operations/agents/wear-1").contains("<dt>Nơi đặt</dt><dd>chưa biết</dd>"))
  }

  @Test func `a site that was taken down is no problem, and no alert`() throws {
    let site = try OperationsSite()
    let index = AuthorityIndex("R\t281124082542Z\t251124082542Z\t3A\tunknown\t/CN=silent-1\n")
    let facts = try OperationsFacts(
      try StoreReader(path: site.site.path), indicators: try Province.indicators(), ingest: nil,
      authority: index, nowMs: OperationsSite.nowMs)
    #expect(!Problem.all(facts).contains { $0.subject == "silent-1" })
    #expect(Problem.all(try site.facts()).contains { $0.subject == "silent-1" })
    #expect(facts.agents.contains { $0.name == "silent-1" && $0.isRevoked })
    site.site.folder.write(
      "R\t281124082542Z\t251124082542Z\t3A\tunknown\t/CN=silent-1\n", to: "index.txt")
    let router = try site.router()
    router.certificateIndex = site.site.folder.file("index.txt")
    let metrics = router.answer(HTTPRequest(path: "/metrics"))
    let text = String(decoding: metrics.body, as: UTF8.self)
    #expect(!text.contains("agent=\"silent-1\"") && text.contains("agent=\"fine-1\""))
  }

  @Test func `a site that was taken down is not waited for in the sums`() throws {
    let site = try OperationsSite(isInTrouble: false)
    try site.site.ingest(
      [.status("silent-1", .offline, at: OperationsSite.nowMs)], at: OperationsSite.nowMs)
    site.site.folder.write(
      "R\t281124082542Z\t251124082542Z\t3A\tunknown\t/CN=silent-1\n", to: "index.txt")
    let router = try site.router()
    router.certificateIndex = site.site.folder.file("index.txt")
    func page(_ query: [HTTPRequest.QueryItem] = []) -> String {
      let answer = router.answer(HTTPRequest(path: "/operations", query: query))
      return String(decoding: answer.body, as: UTF8.self)
    }
    let all = page()
    for text in [
      "Không có vấn đề nào",
      """
      <div class="tile"><span class="name">Trạm đang kết nối</span>\
      <span class="number">6 / 6</span></div>
      """, ">Tất cả 7</a>", ">Đang kết nối 6</a>", ">Mất kết nối 0</a>",
    ] {
      #expect(all.contains(text), "\(text)")
    }
    #expect(try agents(in: all).last == "silent-1")
    #expect(try agents(in: page([.init("state", "offline")])).isEmpty)
  }

  @Test func `a certificate that was renewed and is not installed yet stays a problem everywhere`()
    throws
  {
    let site = try OperationsSite()
    // The one of fine-1 ends sooner than it says.
    site.site.folder.write(
      "V\t281124082542Z\t\t3A\tunknown\t/CN=expire-1\n"
        + "V\t700104000000Z\t\t3B\tunknown\t/CN=fine-1\n", to: "index.txt")
    let router = try site.router()
    router.certificateIndex = site.site.folder.file("index.txt")
    func text(_ path: String) -> String {
      String(decoding: router.answer(HTTPRequest(path: path)).body, as: UTF8.self)
    }
    let (page, metrics, api) = (text("/operations"), text("/metrics"), text("/api/v1/agents"))
    #expect(page.contains("Chứng thư của expire-1 hết hạn sau 3 ngày"))
    #expect(page.contains("Chứng thư của fine-1 hết hạn sau 1 ngày"))
    let name = "hatang_agent_certificate_expiry_timestamp_seconds"
    #expect(metrics.contains("\(name){agent=\"expire-1\"} 432000\n"))
    #expect(metrics.contains("\(name){agent=\"fine-1\"} 259200\n"))
    for day in ["06", "04"] {
      let member = "\"certificate_expires\":\"1970-01-\(day)T00:00:00Z\""
      #expect(api.ranges(of: member).count == 1, "\(day)")
    }
  }
}
