import Daemon
package import Indicators

/// Paths become answers. Reads the store and ingest's report, and changes neither. Owned by one
/// thread.
package final class Router {
  let store: StoreReader
  let tables: Tables
  let method: Method
  let report: IngestReport
  /// The index of the certificate authority; `nil`: none is shown.
  package var certificateIndex: String?
  /// Where agents measure, by their names, as configured.
  let agentAreas: [String: String]
  private let now: () -> Int64
  private let map: CoverageMap
  private let site: OwnersSite
  private var troubleLog = RateLimit(perSeconds: 30)

  /// - Parameters:
  ///   - agentAreas: where agents measure, by their names.
  ///   - coverage: what the computing thread has read already.
  ///   - now: the wall clock, ms.
  package init(
    _ store: StoreReader, tables: Tables, method: Method, report: IngestReport,
    agentAreas: [String: String] = [:],
    openData: OpenDataConfiguration = OpenDataConfiguration(), baseMap: BaseMap? = nil,
    coverage: LatestCoverage = LatestCoverage(),
    now: @escaping () -> Int64 = wallClockMs
  ) {
    self.store = store
    self.tables = tables
    self.method = method
    self.report = report
    self.agentAreas = agentAreas
    self.now = now
    let scenes = CoverageScenes(store, tables: tables, method: method, latest: coverage)
    map = CoverageMap(scenes, tables: tables, utcOffsetMinutes: method.utcOffsetMinutes)
    site = OwnersSite(
      store, tables: tables, method: method, report: report, map: map, scenes: scenes,
      openData: openData,
      baseMap: baseMap, now: now)
  }

  var nowMs: Int64 { now() }

  func operationsFacts() throws -> OperationsFacts {
    try OperationsFacts(
      store, indicators: tables.indicators, ingest: report.current, agentAreas: agentAreas,
      authority: authority, nowMs: nowMs)
  }

  private var authority: AuthorityIndex? {
    certificateIndex.flatMap(AuthorityIndex.init(file:))
  }

  func indicatorsReport() throws -> IndicatorsReport {
    try IndicatorsReport(store, tables.indicators)
  }

  /// Never fails: what cannot be read is an answer too.
  package func answer(_ request: HTTPRequest) -> HTTPResponse {
    var response: HTTPResponse
    let endpoint = Endpoint.at(request.path)
    do {
      response = try refusal(of: request, endpoint) ?? route(request)
    } catch is StateInProgress {
      response = Router.stateInProgress.response
    } catch {
      // In the journal, not to whoever asks: it may name files and statements.
      if troubleLog.allows(now: monotonicNow()) {
        Log.error("the store cannot be read", [("path", request.path), ("error", "\(error)")])
      }
      response = unreadable(request)
    }
    if endpoint?.isOpen == true { response = .open(response) }
    // What `open` has not marked is for our own pages.
    if response.ownHeaders.allSatisfy({ $0.name != "Access-Control-Allow-Origin" }) {
      response.ownHeaders += HTTPResponse.closedHeaders
    }
    return response
  }

  private func refusal(of request: HTTPRequest, _ endpoint: Endpoint?) -> HTTPResponse? {
    if request.isForPeople { return .refusalOfLanguage(request) }
    if let endpoint { return endpoint.refusal(of: request)?.response }
    if request.path.hasPrefix("/api/") { return Router.unknownPath.response }
    let words = Language.allCases.map(\.rawValue).joined(separator: ", ")
    return request.unknownLanguage.map {
      WebError.parameter("lang", "is \"\($0.prefix(40))\", allowed \(words)").response
    }
  }

  private func unreadable(_ request: HTTPRequest) -> HTTPResponse {
    guard request.isForPeople else {
      return WebError(
        status: 503, error: "store_unreadable",
        message: "the store cannot be read now; try again, the server's journal says why"
      ).response
    }
    return .refusal(
      503, request.language,
      "Hiện chưa đọc được kho số liệu; hãy thử lại sau. Nhật ký của máy chủ ghi nguyên nhân.",
      "The store cannot be read now; try again later. The server's journal says why.")
  }

  private func route(_ request: HTTPRequest) throws -> HTTPResponse {
    if let answer = try site.answer(request) { return answer }
    switch request.path {
    case "/operations": return try operationsPage(request)
    case "/operations.css":
      return HTTPResponse(contentType: "text/css", body: OperationsStyle.text)
    case "/api/v1/indicators":
      let report = try indicatorsReport()
      return .json(json { report.write(to: &$0) })
    case "/api/v1/areas": return .json(areas())
    case "/api/v1/agents":
      let report = try AgentsReport(store, authority: authority, nowMs: nowMs)
      return .json(json { report.write(to: &$0, page: ListPage(request)) })
    case "/api/v1/ledger":
      return .json(
        try json { try LedgerReport(store).write(to: &$0, page: ListPage(request)) })
    case "/api/v1/openapi.json": return .json(OpenAPI.document)
    case "/api/v1/coverage.geojson":
      return try map.answer(request, nowMs: nowMs)
    case "/metrics":
      return HTTPResponse(
        contentType: "text/plain; version=0.0.4; charset=utf-8", body: try metrics())
    case "/healthz": return health()
    case "/readyz": return try readiness()
    default:
      if request.path.hasPrefix(AgentPage.prefix) { return try agentPage(request) }
      return try indicator(request)
    }
  }

  // MARK: Indicators

  private func indicator(_ request: HTTPRequest) throws -> HTTPResponse {
    let prefix = "/api/v1/indicators/"
    guard request.path.hasPrefix(prefix) else { return Router.unknownPage(request) }
    let parts = request.path.dropFirst(prefix.count).split(
      separator: "/", omittingEmptySubsequences: false)
    let isHistory = parts.count == 2 && parts[1] == "history"
    guard parts.count == 1 || isHistory else { return Router.unknownPath.response }
    let filled = tables.indicators.filled
    guard let row = filled.first(where: { $0.code == parts[0] }) else {
      let codes = filled.map(\.code).joined(separator: ", ")
      let isKnown = tables.indicators.rows.contains { $0.code == parts[0] }
      return WebError(
        status: 404, error: isKnown ? "not_filled" : "unknown_indicator",
        message: isKnown
          ? "this row of the plan is not filled by this system; filled are \(codes)"
          : "there is no such indicator; filled are \(codes)"
      ).response
    }
    if isHistory { return try history(row.code, ListPage(request)) }
    return .json(try indicatorsReport().object(row))
  }

  private func history(_ code: String, _ page: ListPage) throws -> HTTPResponse {
    // One more than is shown says whether more follow.
    let found = try store.history(
      code, before: page.after.flatMap { Int64($0) } ?? .max, limit: page.limit + 1)
    let shown = found.prefix(page.limit)
    return .json(
      json { json in
        json.object { json in
          json.member("code", code)
          json.arrayMember("revisions", shown) { $0.raw($1.json) }
          json.member("next", found.count > shown.count ? shown.last?.revision : nil)
        }
      })
  }

  // MARK: The rest

  private func areas() -> String {
    json { json in
      json.object { json in
        json.member("province", text: tables.areas.province)
        json.member("population_table", tables.populationVersion)
        json.arrayMember("areas", tables.areas.areas) { json, area in
          json.object { json in
            json.member("area", area.id)
            json.member("name", text: area.name)
            json.member("population", area.population)
            json.member("households", area.households)
          }
        }
      }
    }
  }

  private static let pages = [
    "/", "/indicators/<code>", "/map", "/tiles", "/reports", "/data", "/operations",
    "/operations/agents/<agent>",
  ]

  private static let unknownPath: WebError = {
    let paths = pages + HTTPRequest.programPaths
    let shown = (paths + Endpoint.all.map(\.path)).joined(separator: ", ")
    return WebError(
      status: 404, error: "not_found", message: "no such path; there are \(shown)")
  }()

  private static let stateInProgress = WebError(
    status: 503, error: "state_in_progress",
    message: "everything is being made again from the raw data; try again in some minutes",
    headers: [.init("Retry-After", "60")])

  private static func unknownPage(_ request: HTTPRequest) -> HTTPResponse {
    let path = request.path.prefix(60)
    let shown = pages.joined(separator: ", ")
    return .refusal(
      404, request.language,
      "Không có trang \(path); có \(shown). Cho chương trình: /api/v1/openapi.json.",
      "There is no page \(path); there are \(shown). For programs: /api/v1/openapi.json.")
  }

  /// That this is answered says that the process and the web server's thread live.
  private func health() -> HTTPResponse {
    var response = HTTPResponse.json(json { $0.object { $0.member("status", "ok") } })
    response.isKept = false
    return response
  }

  /// Ready: measurements can come in, and what is shown follows from them.
  private func readiness() throws -> HTTPResponse {
    let facts = report.current
    let codes = tables.indicators.filled.map(\.code)
    let isComputed = try store.latestIndicators(codes).count == codes.count
    let checks = [
      ("broker", facts.isConnected), ("state", facts.isStateWhole), ("indicators", isComputed),
    ]
    let isReady = checks.allSatisfy(\.1)
    let body = json { json in
      json.object { json in
        json.member("status", isReady ? "ready" : "not_ready")
        for (name, isGood) in checks { json.member(name, isGood) }
        json.member("trouble", facts.trouble)
        json.member("rebuilding", facts.rebuilding.isEmpty ? nil : facts.rebuilding)
        json.member("clock_lead_seconds", facts.clockLagSeconds)
      }
    }
    var response = HTTPResponse.json(body, status: isReady ? 200 : 503)
    response.isKept = false
    return response
  }

  func json(_ body: (inout JSONWriter) throws -> Void) rethrows -> String {
    var json = JSONWriter()
    try body(&json)
    return json.text
  }
}
