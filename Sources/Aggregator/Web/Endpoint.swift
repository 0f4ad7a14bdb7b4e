/// One address under `/api/v1`. The router lets through what stands here and nothing else, and
/// `/api/v1/openapi.json` describes it: what is served and what is promised are one table.
struct Endpoint: Sendable {
  /// `{code}` stands for one part.
  let path: String
  let summary: String
  var parameters: [Parameter] = []
  /// Open data: pages of other sites may read it.
  var isOpen = true
  var contentType = "application/json"
  /// Of `OpenAPI.schemas`.
  let schema: String

  struct Parameter: Sendable {
    let name: String
    let text: String
    let kind: Kind

    enum Kind: Sendable {
      case integer(ClosedRange<Int64>)
      case text
    }
  }

  /// Entries of a list that one answer holds at most.
  static let limitMax: Int64 = 1_000

  private static let limit = Parameter(
    name: "limit", text: "entries at most; \(limitMax) where it is not given",
    kind: .integer(1...limitMax))

  static let all = [
    Endpoint(
      path: "/api/v1/indicators", summary: "The latest value of each indicator",
      schema: "Indicators"),
    Endpoint(
      path: "/api/v1/indicators/{code}", summary: "The latest value of one indicator",
      schema: "Indicator"),
    Endpoint(
      path: "/api/v1/indicators/{code}/history",
      summary: "Every value that was shown, the latest first, with the cause of each change",
      parameters: [
        limit,
        Parameter(
          name: "after", text: "a revision; those older than it follow",
          kind: .integer(1...Int64.max)),
      ], schema: "History"),
    Endpoint(path: "/api/v1/areas", summary: "The areas of the province", schema: "Areas"),
    Endpoint(
      path: "/api/v1/agents", summary: "Who reports, and how far behind each is",
      parameters: [
        limit,
        Parameter(name: "after", text: "an agent; those after it by name follow", kind: .text),
      ], isOpen: false, schema: "Agents"),
    Endpoint(
      path: "/api/v1/ledger", summary: "What came and what is lost, stream by stream",
      parameters: [
        limit,
        Parameter(
          name: "after", text: "<agent>!<stream>, as in \"next\"; those after it follow",
          kind: .text),
      ], isOpen: false, schema: "Ledger"),
    Endpoint(
      path: "/api/v1/coverage.geojson",
      summary: "5G coverage: a polygon for each z16 tile, with its operators",
      parameters: [
        Parameter(
          name: "operator", text: "a PLMN; only what was measured of it follows, without a list",
          kind: .text)
      ],
      contentType: "application/geo+json", schema: "Coverage"),
    Endpoint(path: "/api/v1/openapi.json", summary: "This description", schema: "OpenAPI"),
  ]

  static func at(_ path: String) -> Endpoint? { all.first { $0.matches(path) } }

  private func matches(_ other: String) -> Bool {
    let own = path.split(separator: "/", omittingEmptySubsequences: false)
    let parts = other.split(separator: "/", omittingEmptySubsequences: false)
    return own.count == parts.count
      && zip(own, parts).allSatisfy { $0 == $1 || ($0 == "{code}" && !$1.isEmpty) }
  }

  /// What is wrong with the query; `nil`: nothing.
  func refusal(of request: HTTPRequest) -> WebError? {
    var seen: Set<String> = []
    for item in request.query {
      guard let parameter = parameters.first(where: { $0.name == item.name }) else {
        let known = parameters.map(\.name).joined(separator: ", ")
        return .parameter(
          item.name,
          "is not known here; "
            + (known.isEmpty ? "this address takes no parameter" : "known are \(known)"))
      }
      guard seen.insert(item.name).inserted else {
        return .parameter(item.name, "is given twice; give it once")
      }
      if case .integer(let range) = parameter.kind {
        guard let number = Int64(item.value), range.contains(number) else {
          return .parameter(
            item.name,
            "is \"\(item.value.prefix(40))\", allowed a whole number of "
              + "\(range.lowerBound)…\(range.upperBound)")
        }
      }
    }
    return nil
  }
}

extension WebError {
  static func parameter(_ name: String, _ text: String) -> WebError {
    WebError(
      status: 400, error: "parameter", message: "parameter \(name.prefix(40)) \(text)")
  }
}

extension ListPage {
  /// - Parameter request: whose query was found legal.
  init(_ request: HTTPRequest) {
    self.init(
      limit: request.value("limit").flatMap { Int($0) } ?? Int(Endpoint.limitMax),
      after: request.value("after"))
  }
}
