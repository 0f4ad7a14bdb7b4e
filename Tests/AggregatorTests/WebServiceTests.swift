import Aggregator
import Daemon
import Glibc
import TestSupport
import Testing

/// The web server over real sockets.
@Suite final class WebServiceTests {
  private let province: Province
  private let report = IngestReport()
  private let port: Int
  private let service: ThreadService

  init() throws {
    province = try Province()
    try province.ingest(Province.coverage() + Province.services() + Province.broadband())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let configuration = try AggregatorConfiguration(
      try ConfigNode.parse(
        text: """
          { broker: { host: "127.0.0.1" }, store: { path: "\(province.site.path)" },
            http: { listen: "127.0.0.1:0" }, indicators: "i", areas: "a",
            ca: { folder: "\(province.site.folder.path)" } }
          """, name: "aggregator.json5"))
    let socket = try ListenSocket(configuration.listen)
    port = socket.port
    service = try WebService.start(socket, configuration, try Province.tables(), report)
  }

  deinit {
    service.requestStop()
    _ = eventually { service.hasStopped }
  }

  private func get(_ path: String) throws -> HTTPAnswer {
    try #require(HTTPAnswer.get(path, port: port))
  }

  private func json(_ path: String) throws -> ConfigNode {
    let answer = try get(path)
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
    return try ConfigNode.parse(text: answer.body, name: path)
  }

  @Test func `every answer has the security headers and a strict policy`() throws {
    for path in ["/", "/operations", "/api/v1/indicators", "/metrics", "/nothing"] {
      let headers = try get(path).headers
      #expect(
        headers["content-security-policy"]
          == "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
          + "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
      #expect(headers["x-content-type-options"] == "nosniff")
      #expect(headers["x-frame-options"] == "DENY")
      #expect(headers["referrer-policy"] == "no-referrer")
      #expect(headers["cache-control"] == "no-cache")
    }
  }

  @Test func `no page has a script or style in its markup, for the policy forbids them`() throws {
    for path in ["/", "/?lang=en", "/indicators/20.2", "/operations"] {
      let body = try get(path).body
      #expect(!body.contains("style=") && !body.contains("<style") && !body.contains("onclick"))
      #expect(body.contains("<script src=\"/page.js\" defer></script>"))
      #expect(body.ranges(of: "<script").count == 1)
    }
    #expect(try get("/page.js").headers["content-type"] == "text/javascript")
    #expect(try get("/page.css").headers["content-type"] == "text/css")
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
  func `nothing can be changed over HTTP`(method: String) throws {
    let answer = try #require(HTTPAnswer(port: port, head: "\(method) / HTTP/1.1"))
    let shown = method == "BREW" ? "another method" : method
    #expect(answer.status == 405)
    #expect(answer.headers["allow"] == "GET, HEAD")
    #expect(
      answer.body == """
        {"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"\(shown) is not \
        served; only GET and HEAD exist, nothing can be changed here",\
        "error":"method_not_allowed"}\n
        """)
  }

  @Test func `HEAD has the headers of GET and no body`() throws {
    let head = try #require(HTTPAnswer(port: port, head: "HEAD /healthz HTTP/1.1"))
    let get = try get("/healthz")
    #expect(head.status == 200 && head.body.isEmpty)
    #expect(head.headers["content-length"] == get.headers["content-length"])
    #expect(get.body == "{\"status\":\"ok\"}\n")
  }

  @Test func `an unknown path, code and an unfilled row are told apart`() throws {
    let unknown = try get("/api/v1/indicators/99")
    #expect(unknown.status == 404)
    #expect(
      unknown.body == """
        {"type":"about:blank","title":"Not Found","status":404,"detail":"there is no such \
        indicator; filled are 7.1, 20.1, 20.2","error":"unknown_indicator"}\n
        """)
    let unfilled = try get("/api/v1/indicators/20.3")
    #expect(
      unfilled.body == """
        {"type":"about:blank","title":"Not Found","status":404,"detail":"this row of the plan is \
        not filled by this system; filled are 7.1, 20.1, 20.2","error":"not_filled"}\n
        """)
    let path = try get("/api/v2")
    #expect(path.status == 404)
    #expect(
      path.body.hasPrefix(
        """
        {"type":"about:blank","title":"Not Found","status":404,"detail":"no such path; there are /,
        """))
    #expect(path.headers["content-type"] == "application/problem+json; charset=utf-8")
    #expect(try get("/api/v1/indicators/20.2/history/x").status == 404)
    #expect(try get("/../../etc/passwd").status == 404)
  }

  @Test func `one indicator is the same object in the list and alone`() throws {
    let list = try json("/api/v1/indicators")
    let alone = try json("/api/v1/indicators/20.2")
    #expect(try alone.required("value").number(in: 0...100) == 92.111111)
    let codes = try list.required("indicators").array().map {
      try $0.required("code").string()
    }
    #expect(codes == ["7.1", "20.1", "20.2"])
    let unfilled = try list.required("unfilled").array()
    #expect(try unfilled.map { try $0.required("code").string() } == ["20.3"])
    let whole = try get("/api/v1/indicators").body
    #expect(whole.contains(try get("/api/v1/indicators/20.2").body.dropLast()))
  }

  @Test func `the history has the latest revision first`() throws {
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    try province.recomputation().run(nowMs: Province.nowMs + 2_000, isAll: true)
    let revisions = try json("/api/v1/indicators/20.2/history").required("revisions").array()
    let numbers = try revisions.map { try $0.required("revision").integer(in: 0...9) }
    #expect(numbers == [2, 1])
    #expect(try revisions[0].required("cause").string() == "late_data")
    #expect(try revisions[1].required("value").number(in: 0...100) == 92.111111)
    #expect(try revisions[1].required("bounds").array().count == 2)
    #expect(try revisions[1].required("simulated").boolean() == false)
  }

  @Test func `areas, agents and ledger are there`() throws {
    let areas = try json("/api/v1/areas").required("areas").array()
    #expect(try areas.map { try $0.required("area").string() }[0] == "phu-ly")
    let agents = try json("/api/v1/agents").required("agents").array()
    #expect(try agents.map { try $0.required("agent").string() } == ["edge-a"])
    let stream = try json("/api/v1/ledger").required("streams").array()[0]
    #expect(
      try stream.required("next").integer(in: 0...1_000)
        == stream.required("received").integer(in: 0...1_000))
  }

  @Test func `the map has a closed polygon for each tile, with its operators`() throws {
    let answer = try get("/api/v1/coverage.geojson")
    #expect(answer.headers["content-type"] == "application/geo+json")
    let map = try ConfigNode.parse(text: answer.body, name: "map")
    let features = try map.required("features").array()
    let operators = try features.map {
      try $0.required("properties").required("operators").array()
    }
    #expect(operators.joined().count == 10 && operators.allSatisfy { !$0.isEmpty })
    let first = features[0]
    #expect(
      try first.required("properties").required("tile").string() == "1322101301030002")
    #expect(try first.required("properties").required("population").integer(in: 0...9_999) == 3200)
    let ring = try first.required("geometry").required("coordinates").array()[0].array()
    #expect(ring.count == 5)
    let corners = try ring.map { try $0.array().map { try $0.number(in: -180...180) } }
    #expect(corners[0] == corners[4])
    #expect(corners[0][0] < 105.913 && 105.913 < corners[1][0])
    #expect(corners[0][1] < 20.541 && 20.541 < corners[2][1])
  }

  @Test func `the map of one operator has its polygons only, and knows no other`() throws {
    let all = try ConfigNode.parse(text: try get("/api/v1/coverage.geojson").body, name: "map")
    let seen = try all.required("features").array().flatMap {
      try $0.required("properties").required("operators").array()
    }
    let plmns = try seen.map { try $0.required("operator").string() }
    let one = try #require(plmns.first)
    let answer = try get("/api/v1/coverage.geojson?operator=\(one)")
    let map = try ConfigNode.parse(text: answer.body, name: "map")
    let shown = try map.required("features").array().map {
      try $0.required("properties").required("operator").string()
    }
    #expect(shown == plmns.filter { $0 == one } && shown.count < plmns.count)
    let unknown = try get("/api/v1/coverage.geojson?operator=99999")
    #expect(unknown.status == 404)
    let known = Set(plmns).sorted().map { "\"\($0)\"" }.joined(separator: ", ")
    let detail = try ConfigNode.parse(text: unknown.body, name: "problem").required("detail")
    #expect(try detail.string() == "no sample of operator \"99999\" has come; there are \(known)")
  }

  @Test func `metrics have the contract's names`() throws {
    province.site.folder.write(
      "V\t281124082542Z\t\t3A\tunknown\t/CN=edge-a\n", to: "index.txt")
    report.update { $0.commitSeconds.observe(0.004) }
    let answer = try get("/metrics")
    #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    for line in [
      "hatang_measurements_received_total{kind=\"coverage\"} 172",
      "hatang_measurements_received_total{kind=\"broadband\"} 238",
      "hatang_measurements_received_total{kind=\"service\"} 24",
      "hatang_measurements_duplicate_total 0",
      "# TYPE hatang_measurements_lost_total counter",
      "hatang_measurements_rejected_total{reason=\"agent\"} 0",
      "# TYPE hatang_batches_refused_total counter",
      "hatang_ingest_commit_seconds_bucket{le=\"0.005\"} 1",
      "hatang_ingest_commit_seconds_count 1",
      "hatang_agent_up{agent=\"edge-a\"} ",
      "hatang_agent_backlog{agent=\"edge-a\"} 0",
      "hatang_agent_last_seen_timestamp_seconds{agent=\"edge-a\"} ",
      "hatang_agent_certificate_expiry_timestamp_seconds{agent=\"edge-a\"} 1858667142\n",
      "hatang_indicator_value{code=\"20.2\",area=\"province\"} 92.111111",
      "hatang_indicator_unmeasured_share{code=\"20.2\",area=\"province\"} 0.1",
      "hatang_indicator_newest_timestamp_seconds{code=\"20.2\"} ",
    ] {
      #expect(answer.body.contains(line), "\(line)")
    }
  }

  @Test func `ready only when data can come in and values follow from it`() throws {
    let waiting = try get("/readyz")
    #expect(waiting.status == 503)
    #expect(
      waiting.body == """
        {"status":"not_ready","broker":false,"state":false,"indicators":true,"trouble":null,\
        "rebuilding":null,"clock_lead_seconds":0}\n
        """)
    report.update {
      $0.isConnected = true
      $0.isStateWhole = true
    }
    #expect(try get("/readyz").status == 200)
  }

  @Test func `a port in use is told with the way out`() throws {
    var address = ListenAddress()
    address.port = port
    do {
      _ = try ListenSocket(address)
      Issue.record("a second socket on one port")
    } catch {
      #expect(
        error.description
          == "http.listen is \"127.0.0.1:\(port)\": the port is in use; end the program that "
          + "listens there, or choose another port")
    }
  }

  @Test func `an address of another machine is told`() {
    var address = ListenAddress()
    address.host = "192.0.2.1"
    do {
      _ = try ListenSocket(address)
      Issue.record("listens on a foreign address")
    } catch {
      #expect(
        error.description
          == "http.listen is \"192.0.2.1:8057\": the address is none of this machine; choose one "
          + "of its addresses")
    }
  }

  @Test func `a client that sends rubbish or nothing does not stop the others`() throws {
    let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(silent) }
    _ = HTTPAnswer(port: port, head: "\u{1}\u{2} rubbish")
    _ = HTTPAnswer(port: port, head: "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1")
    #expect(try get("/healthz").status == 200)
  }
}
