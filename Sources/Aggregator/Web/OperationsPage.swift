import Daemon
import Indicators

/// `/operations`: what the operators watch. Problems first, in words; then who reports, what comes
/// in, and whether it adds up.
extension Router {
  func operationsPage(_ request: HTTPRequest) throws -> HTTPResponse {
    let query: AgentQuery
    do throws(AgentQuery.IllegalQuery) {
      query = try AgentQuery(request, areas: tables.areas.ids)
    } catch {
      return .refusal(
        400, request.language, error.text.vi, error.text.en, path: "/operations")
    }
    let language = request.language
    let facts = try operationsFacts()
    let problems = Problem.all(facts)
    let page = OperationsPage(
      facts: facts, problems: problems, query: query, language: language, areas: tables.areas,
      times: DateText(
        language: language, utcOffsetMinutes: method.utcOffsetMinutes, nowMs: nowMs),
      hours: try store.receivedByHour(agent: 0, nowMs: nowMs))
    return .html(
      HTML.page(
        language, title: language.pick("Hạ Tầng – vận hành", "Hạ Tầng – operations"),
        path: "/operations", live: .every(milliseconds: 2_000), isOperators: true,
        address: { query.address($0, at: nil) }
      ) { page.write(to: &$0) })
  }
}

/// The page's main part.
struct OperationsPage {
  let facts: OperationsFacts
  let problems: [Problem]
  let query: AgentQuery
  let language: Language
  let areas: AreaTable
  let times: DateText
  /// Measurements received by hour, of all agents.
  let hours: [Int64]

  /// Problems that are listed; of more than that the rest is counted.
  private static let problemsMax = 50

  func write(to html: inout HTML) {
    OperationsPage.write(problems, language, isOfOne: false, to: &html)
    summary(to: &html)
    AgentTable(page: self).write(to: &html)
    IngestSection(facts: facts, language: language, times: times, hours: hours).write(to: &html)
    LedgerSection(ledger: facts.ledger, language: language, times: times).write(to: &html)
    html.element(
      "footer", nil,
      language.pick("Lúc ", "As of ") + times.moment(facts.nowMs)
        + language.pick(
          ". Cùng điều kiện với cảnh báo của Prometheus",
          ". The same conditions as Prometheus' alerts")
        + " (/usr/share/doc/hatang-aggregator/examples/alerts.yml).")
  }

  /// - Parameter isOfOne: on the page of the agent that they are about.
  static func write(
    _ problems: [Problem], _ language: Language, isOfOne: Bool, to html: inout HTML
  ) {
    html.element("section", "card problems", [("id", "problems")]) { html in
      guard !problems.isEmpty else {
        html.element("h2", "fine", [("data-tell", "")]) {
          $0.string(language.pick("Không có vấn đề nào", "No problem"))
        }
        return
      }
      html.element("h2", nil, [("data-tell", "")]) { html in
        html.string(
          language.pick("Vấn đề cần xử lý: ", "Problems: ") + language.whole(problems.count))
      }
      html.element("ul") { html in
        for problem in problems.prefix(problemsMax) {
          item(problem, language, isOfOne: isOfOne, to: &html)
        }
      }
      if problems.count > problemsMax {
        let more = language.whole(problems.count - problemsMax)
        html.element(
          "p", nil, language.pick("… và \(more) vấn đề nữa.", "… and \(more) more."))
      }
    }
  }

  private static func item(
    _ problem: Problem, _ language: Language, isOfOne: Bool, to html: inout HTML
  ) {
    let id = ["p", problem.condition.rawValue, problem.subject ?? ""].joined(separator: "-")
    html.element("li", problem.condition.severity.rawValue, [("id", id)]) { html in
      html.element("strong", nil, language.of(problem.sentence))
      html.string(" ")
      html.element("span", "remedy", "→ " + language.of(problem.condition.remedy))
      if !isOfOne, let agent = problem.agent {
        html.string(" ")
        html.link(AgentPage.address(agent, language), language.pick("Xem trạm", "See the agent"))
      }
    }
  }

  /// What one sees at a glance.
  private func summary(to html: inout HTML) {
    let expected = facts.standing
    let online = expected.count { $0.isOnline }
    let backlog = expected.map(\.backlog).clampedSum()
    let isBalanced = facts.ledger.isBalanced
    html.element("section", "tiles") { html in
      tile(
        language.pick("Trạm đang kết nối", "Agents online"),
        "\(language.whole(online)) / \(language.whole(expected.count))",
        online < expected.count, to: &html)
      if let ingest = facts.ingest {
        let rate = ingest.recent.perSecond(now: monotonicNow())
        tile(
          language.pick("Phép đo mỗi giây", "Measurements a second"),
          language.number(rate, decimals: rate < 10 ? 1 : 0), !ingest.isConnected, to: &html)
      }
      tile(
        language.pick("Đang chờ ở các trạm", "Waiting at the agents"), language.whole(backlog),
        false, to: &html)
      tile(
        language.pick("Sổ nhận", "Ledger"),
        isBalanced ? language.pick("khớp", "adds up") : language.pick("KHÔNG KHỚP", "DOES NOT"),
        !isBalanced, to: &html)
      tile(
        language.pick("Ổ đĩa còn trống", "Disk free"), language.bytes(facts.store.freeBytes),
        facts.store.freeBytes < Condition.Bound.freeBytes, to: &html)
    }
  }

  private func tile(_ name: String, _ value: String, _ isBad: Bool, to html: inout HTML) {
    html.element("div", isBad ? "tile bad" : "tile") { html in
      html.element("span", "name", name)
      html.element("span", "number", value)
    }
  }
}

extension Problem {
  /// The agent that it is about.
  var agent: String? {
    switch condition {
    case .agentSilent, .agentBehind, .agentClockWrong, .agentRejecting, .agentOverQuota,
      .agentCertificateExpires, .agentFlashWear:
      subject
    case .ledgerUnbalanced, .ingestDisconnected, .diskAlmostFull, .diskFillsUp, .stateRebuilding,
      .clockJumped,
      .measurementsLost, .batchesRefused, .measurementsSetAside, .indicatorStale:
      nil
    }
  }
}
