import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// What HTTP offers beside the content: tags, packing, parts of lists, problems, access.
@Suite struct HTTPLayerTests {
  private let site: WebSite

  init() throws { site = try WebSite() }

  @Test func `an unchanged answer is 304, a changed one comes with another tag`() throws {
    let path = "/api/v1/indicators/20.2"
    let tag = try #require(try site.get(path).headers["etag"])
    #expect(tag.hasPrefix("\"") && tag.utf8.count == 34)
    for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
      let same = try site.get(path, "If-None-Match: \(known)")
      #expect(same.status == 304 && same.bytes.isEmpty && same.headers["etag"] == tag)
      #expect(same.headers["cache-control"] == "no-cache")
    }
    #expect(try site.get(path, "If-None-Match: \"other\"").status == 200)
    try site.change()
    try waitUntil("the new content is served") {
      let now = try site.get(path, "If-None-Match: \(tag)")
      return now.status == 200 && now.headers["etag"] != tag
    }
  }

  @Test func `a packed answer unpacks to the plain one and has a tag of its own`() throws {
    for path in ["/", "/api/v1/indicators", "/api/v1/coverage.geojson", "/page.css"] {
      let plain = try site.get(path)
      #expect(plain.headers["content-encoding"] == nil, "\(path)")
      #expect(plain.headers["vary"] == "Accept-Encoding")
      let packed = try site.get(path, "Accept-Encoding: br, gzip;q=0.5")
      #expect(packed.headers["content-encoding"] == "gzip", "\(path)")
      #expect(packed.bytes.count < plain.bytes.count)
      let unpacked = try ChildProcess.run(["gzip", "-dc"], input: packed.bytes)
      let again = try site.get(path, "Accept-Encoding: gzip")
      #expect(unpacked.exitCode == 0)
      if again.headers["etag"] == packed.headers["etag"], path != "/" {
        #expect(unpacked.output == plain.bytes, "\(path)")
      }
      #expect(packed.headers["etag"] != plain.headers["etag"])
      #expect(packed.headers["etag"]?.hasSuffix("-gzip\"") == true)
    }
    let refused = try site.get("/api/v1/indicators", "Accept-Encoding: gzip;q=0, identity")
    #expect(refused.headers["content-encoding"] == nil)
    let small = try site.get("/healthz", "Accept-Encoding: gzip")
    #expect(small.headers["content-encoding"] == nil && small.headers["etag"] == nil)
  }

  @Test func `pages of other sites may read open data and nothing else`() throws {
    for path in ["/api/v1/indicators", "/api/v1/areas", "/data/indicators.csv"] {
      let headers = try site.get(path).headers
      #expect(headers["access-control-allow-origin"] == "*", "\(path)")
      #expect(headers["cross-origin-resource-policy"] == "cross-origin")
    }
    for path in ["/", "/operations", "/api/v1/agents", "/api/v1/ledger", "/metrics"] {
      let headers = try site.get(path).headers
      #expect(headers["access-control-allow-origin"] == nil, "\(path)")
      #expect(headers["cross-origin-resource-policy"] == "same-origin")
    }
  }

  @Test func `a list comes in parts that make the whole`() throws {
    for name in ["edge-b", "edge-c", "edge-d"] {
      try site.province.site.ingest(
        [
          .batch(
            name, .of(.init(high: 9, low: UInt64(name.utf8.last!)), from: 0, [[.coverage()]]),
            at: Province.nowMs)
        ], at: Province.nowMs)
    }
    for (list, cursor) in [("agents", "agent"), ("ledger", "agent")] {
      let key = list == "agents" ? "agents" : "streams"
      var seen: [String] = []
      var path: String? = "/api/v1/\(list)?limit=2"
      while let now = path {
        let node = try site.node(now)
        seen += try node.required(key).array().map { try $0.required(cursor).string() }
        let next = try node.required("next")
        path = next.isNull ? nil : "/api/v1/\(list)?limit=2&after=\(try next.string())"
      }
      #expect(seen == ["edge-a", "edge-b", "edge-c", "edge-d"], "\(list)")
    }
    try site.change()
    let first = try site.node("/api/v1/indicators/20.2/history?limit=1")
    #expect(try first.required("next").integer(in: 0...9) == 2)
    let second = try site.node("/api/v1/indicators/20.2/history?limit=1&after=2")
    #expect(
      try second.required("revisions").array()[0].required("revision").integer(in: 1...1) == 1)
    #expect(try second.required("next").isNull)
  }

  @Test(arguments: [
    ("/api/v1/agents?limit=0", "parameter limit is \"0\", allowed a whole number of 1…1000"),
    ("/api/v1/agents?limit=1e9", "parameter limit is \"1e9\", allowed a whole number of 1…1000"),
    ("/api/v1/agents?limit=1&limit=2", "parameter limit is given twice; give it once"),
    ("/api/v1/agents?page=2", "parameter page is not known here; known are limit, after"),
    (
      "/api/v1/areas?lang=en",
      "parameter lang is not known here; this address takes no parameter"
    ),
    ("/metrics?lang=%3Cscript%3E", "parameter lang is \"<script>\", allowed vi, en"),
    ("/readyz?lang=", "parameter lang is \"\", allowed vi, en"),
  ])
  func `an illegal parameter is told with what is legal`(path: String, text: String) throws {
    let answer = try site.get(path)
    #expect(answer.status == 400)
    #expect(answer.headers["content-type"] == "application/problem+json; charset=utf-8")
    let node = try ConfigNode.parse(text: answer.body, name: path)
    #expect(try node.required("detail").string() == text)
    #expect(try node.required("title").string() == "Bad Request")
    #expect(try node.required("status").integer(in: 400...400) == 400)
  }

  @Test(arguments: [
    "/api/v1/../../x", "/api/v1/indicators/", "/api/v1/indicators/20.2/../20.1",
    "/api/v1/indicators/%3Cscript%3E",
  ])
  func `a path of the API that leads nowhere is 404 with the paths there are`(
    path: String
  ) throws {
    let answer = try site.get(path)
    #expect(answer.status == 404, "\(answer.body.prefix(200))")
    #expect(answer.body.contains("there are /, ") || answer.body.contains("filled are 7.1"))
    #expect(answer.headers["content-type"] == "application/problem+json; charset=utf-8")
  }

  @Test(arguments: [
    "/../../etc/passwd", "/..%2f..%2fetc/passwd", "//", "/api", "/events/", "/%3Cscript%3E",
  ])
  func `a page that is none is 404, in the reader's language, with those there are`(
    path: String
  ) throws {
    for (query, text) in [("", "Không có trang /"), ("?lang=en", "There is no page /")] {
      let answer = try site.get(path + query)
      #expect(answer.status == 404, "\(answer.body.prefix(200))")
      #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
      #expect(answer.body.contains(text) && answer.body.contains("/, /indicators/&lt;code&gt;, "))
      #expect(!answer.body.contains("root:") && !answer.body.contains("<script>"))
    }
  }

  @Test(arguments: ["/operations", "/operations/agents/x", "/map", "/nothing"])
  func `a language that is none is told in a page`(path: String) throws {
    let answer = try site.get(path + "?lang=%3Cscript%3E")
    #expect(answer.status == 400)
    #expect(answer.body.contains("Ngôn ngữ “&lt;script&gt;” không có; có vi và en."))
  }

  @Test func `where the store cannot be read, people and programs are told, each their way`()
    throws
  {
    // Of the first table that each of them asks for.
    try Database(path: site.province.site.path).execute("DROP TABLE revisions")
    let page = try site.get("/")
    #expect(page.status == 503)
    #expect(page.body.contains("<h1>Chưa trả lời được</h1>"))
    #expect(page.body.contains("Hiện chưa đọc được kho số liệu; hãy thử lại sau."))
    #expect(try site.get("/?lang=en").body.contains("<h1>No answer now</h1>"))
    let problem = try site.get("/api/v1/indicators")
    #expect(problem.status == 503)
    #expect(
      problem.body == """
        {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the store \
        cannot be read now; try again, the server's journal says why","error":"store_unreadable"}\n
        """)
  }

  @Test func `a body is refused at the head, of whatever length`() throws {
    for length in [
      "Content-Length: 1", "Content-Length: 99999999999", "Transfer-Encoding: chunked",
    ] {
      let answer = try site.get("/healthz", length)
      #expect(answer.status == 413)
      #expect(answer.body.contains("a request with a body is not served; leave the body out"))
    }
    #expect(try site.get("/healthz", "Content-Length: 0").status == 200)
  }

  @Test func `a head of 10 MB is cut short, and others are served`() throws {
    let client = try #require(HTTPClient(port: site.port))
    client.send("GET / HTTP/1.1\r\nHost: t\r\nX: " + String(repeating: "x", count: 10_000_000))
    client.read { _ in false }
    // The rest of the head may meet a closed socket before the answer is read.
    if !client.received.isEmpty {
      #expect(client.text.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
    }
    let long = try #require(HTTPClient(port: site.port))
    long.send("GET /\(String(repeating: "x", count: 30_000)) HTTP/1.1\r\n\r\n")
    long.read { _ in false }
    #expect(long.received.isEmpty || long.text.hasPrefix("HTTP/1.1 414 "))
    #expect(try site.get("/healthz").status == 200)
  }
}

/// Who may read.
@Suite struct AccessTests {
  @Test func `with a token, who does not have it sees nothing but that the process lives`() throws {
    let folder = TemporaryFolder()
    folder.write("0123456789abcdef-token\n", to: "token")
    let site = try WebSite(http: "token_file: \"\(folder.file("token"))\"")
    let page = try site.get("/")
    #expect(page.status == 401 && page.body.contains("<h1>Cần mã truy cập</h1>"))
    #expect(page.body.contains("đăng nhập bằng tên bất kỳ, mật khẩu là mã đó."))
    #expect(!page.body.contains("Phủ sóng"))
    let refused = try site.get("/api/v1/indicators")
    #expect(refused.status == 401)
    for answer in [page, refused] {
      #expect(answer.headers["www-authenticate"] == "Basic realm=\"hatang\", charset=\"UTF-8\"")
    }
    #expect(
      refused.body.contains(
        """
        "detail":"this server wants its access token (http.token_file): send Authorization: \
        Bearer <token>, or log in with any name and the token as the password"
        """))
    // owner:0123456789abcdef-token
    let basic = "b3duZXI6MDEyMzQ1Njc4OWFiY2RlZi10b2tlbg=="
    let right = [
      "Bearer 0123456789abcdef-token", "bearer 0123456789abcdef-token", "Basic \(basic)",
    ]
    for word in right {
      #expect(try site.get("/", "Authorization: \(word)").status == 200, "\(word)")
    }
    let wrong = [
      "Bearer 0123456789abcdef-tokem", "Bearer", "Bearer ", "Basic !", "Basic b3duZXI=", "Digest x",
      "0123456789abcdef-token",
    ]
    for word in wrong {
      #expect(try site.get("/events", "Authorization: \(word)").status == 401, "\(word)")
    }
    #expect(try site.get("/healthz").status == 200)
    #expect(try site.get("/readyz").status == 401)
  }
}
