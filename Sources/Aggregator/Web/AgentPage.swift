import Daemon
import Indicators
import SQLite

/// `/operations/agents/<agent>`: one agent's streams, holes, rejects, and rate over a week.
struct AgentPage {
  let facts: OperationsFacts
  let agent: AgentsReport.Agent
  let rejects: [Reject]
  let hours: [Int64]
  let language: Language
  let times: DateText
  let areas: AreaTable

  struct Reject {
    let kind: String
    let field: String
    let count: Int64
    let lastMs: Int64
    let reason: String
    let sample: String
  }

  static let prefix = "/operations/agents/"

  static func address(_ agent: String, _ language: Language) -> String {
    prefix + agent + (language == .en ? "?lang=en" : "")
  }

  func write(to html: inout HTML) {
    let problems = Problem.of(agent, facts)
    OperationsPage.write(problems, language, isOfOne: true, to: &html)
    html.element("section", "card") { html in
      html.element("h2", nil, language.pick("Trạng thái", "State"))
      html.element("dl") { state(to: &$0) }
    }
    html.element("section", "card") { html in
      html.element("h2", nil, language.pick("Phép đo nhận được", "Measurements received"))
      HourChart(counts: hours, language: language, times: times).write(to: &html)
    }
    streams(to: &html)
    rejected(to: &html)
  }

  private func state(to html: inout HTML) {
    let texts = AgentTexts(agent: agent, language: language, times: times)
    let names = (facts.areasOf[agent.name] ?? []).map { language.area($0, areas) }
    let terms = [
      (language.pick("Trạng thái", "State"), texts.state),
      (language.pick("Thấy lần cuối", "Last seen"), texts.seen),
      (
        language.pick("Nơi đặt", "Site"),
        facts.siteOf[agent.name] ?? language.pick("chưa biết", "not known")
      ),
      (
        language.pick("Địa bàn", "Area"),
        names.isEmpty ? language.pick("chưa biết", "not known") : names.joined(separator: ", ")
      ),
      (language.pick("Đang chờ", "Waiting"), texts.backlog),
      (language.pick("Phép đo cũ nhất chưa gửi", "Oldest not sent"), texts.oldest),
      (language.pick("Lệch đồng hồ", "Clock offset"), texts.clock),
      (language.pick("Phiên bản", "Version"), texts.version),
      (language.pick("Chứng thư hết hạn", "Certificate until"), texts.certificate),
      (language.pick("Ghi flash mỗi ngày", "Flash written a day"), texts.wear),
      (language.pick("Bộ đệm", "Buffer"), language.bytes(agent.bufferBytes)),
      (
        language.pick("Đã nhận từ thiết bị", "Accepted from devices"),
        language.whole(agent.accepted)
      ),
      (language.pick("Bị loại", "Rejected"), texts.rejected),
    ]
    for (name, value) in terms { html.term(name, value) }
    for correction in agent.clockCorrections {
      html.term(language.pick("Giờ đã sửa", "Time corrected"), text(correction))
    }
    for last in agent.lastByKind {
      html.term(
        language.pick("Số đo cuối: ", "Last: ") + language.kind(last.kind),
        "\(times.moment(last.atMs)) (\(times.age(last.atMs)))")
    }
  }

  private func text(_ correction: ClockCorrection) -> String {
    let count = language.whole(correction.count)
    let last = times.moment(correction.lastMs)
    guard correction.evidence != ClockCorrection.unverified else {
      return language.pick(
        "\(count) phép đo dùng với giờ chưa được xác nhận, lần cuối \(last)",
        "\(count) measurements used with a time that nothing confirmed, last \(last)")
    }
    let by = language.duration(abs(correction.lastByMs) / 1_000)
    let sign = correction.lastByMs < 0 ? "−" : "+"
    return language.pick(
      "\(count) phép đo, lần cuối \(last): \(sign)\(by) (căn cứ: \(correction.evidence))",
      "\(count) measurements, last \(last): \(sign)\(by) (evidence: \(correction.evidence))")
  }

  private func streams(to html: inout HTML) {
    let own = facts.ledger.streams.filter { $0.agent == agent.name }
    html.element("section", "card") { html in
      html.element("h2", nil, language.pick("Luồng", "Streams"))
      guard !own.isEmpty else {
        return html.element("p", nil, language.pick("Chưa có.", "None yet."))
      }
      LedgerSection.table(own[...], language, times, to: &html)
      let holes = own.flatMap { stream in stream.holes.map { (stream.stream, $0) } }
      guard !holes.isEmpty else { return }
      html.element("h3", nil, language.pick("Chỗ trống (phép đo bị mất)", "Holes (lost)"))
      html.table(
        language.pick("Chỗ trống", "Holes"),
        head: [
          language.pick("Luồng", "Stream"), language.pick("Từ", "From"),
          language.pick("Đến", "To"), language.pick("Số phép đo", "Count"),
          language.pick("Lý do", "Reason"),
        ],
        holes.suffix(AgentPage.rowsMax).map { stream, hole in
          [
            String(stream.prefix(8)), language.whole(hole.first), language.whole(hole.last),
            language.whole(hole.count), hole.reason,
          ]
        })
    }
  }

  private static let rowsMax = 200

  private func rejected(to html: inout HTML) {
    html.element("section", "card") { html in
      html.element("h2", nil, language.pick("Bị loại tại trạm", "Rejected by the agent"))
      guard !rejects.isEmpty else {
        let text =
          agent.rejected == 0
          ? language.pick("Không có.", "None.")
          : language.pick(
            "Trạm này chưa gửi mẫu; xem hatang-agent status tại chỗ.",
            "This agent sends no samples; see hatang-agent status on site.")
        return html.element("p", nil, text)
      }
      html.table(
        language.pick("Bị loại tại trạm", "Rejected by the agent"),
        head: [
          language.pick("Loại", "Kind"), language.pick("Trường", "Field"),
          language.pick("Số lần", "Count"), language.pick("Lần cuối", "Last"),
          language.pick("Lý do", "Reason"), language.pick("Mẫu", "Sample"),
        ],
        rejects.map {
          [
            language.kind($0.kind), $0.field, language.whole($0.count), times.moment($0.lastMs),
            $0.reason, $0.sample,
          ]
        })
    }
  }
}

extension Router {
  func agentPage(_ request: HTTPRequest) throws -> HTTPResponse {
    let name = String(request.path.dropFirst(AgentPage.prefix.count))
    let facts = try operationsFacts()
    guard let agent = facts.agents.first(where: { $0.name == name }) else {
      return .refusal(
        404, request.language,
        "Chưa trạm nào tên \(name.prefix(60)) báo cáo; trang Vận hành liệt kê các trạm đã báo cáo.",
        "No agent named \(name.prefix(60)) has been heard; the page Operations lists those that "
          + "were.",
        path: "/operations")
    }
    let language = request.language
    let page = AgentPage(
      facts: facts, agent: agent, rejects: try rejects(of: agent.id),
      hours: try store.receivedByHour(agent: agent.id, nowMs: nowMs), language: language,
      times: DateText(
        language: language, utcOffsetMinutes: method.utcOffsetMinutes, nowMs: nowMs),
      areas: tables.areas)
    return .html(
      HTML.page(
        language, title: language.pick("Trạm ", "Agent ") + agent.name, path: request.path,
        live: .every(milliseconds: 2_000), isOperators: true
      ) { page.write(to: &$0) })
  }

  private func rejects(of agent: Int64) throws -> [AgentPage.Reject] {
    try store.rows(
      """
      SELECT kind, field, count, last_ms, reason, sample FROM rejects WHERE agent = \(agent)
      ORDER BY last_ms DESC
      """
    ) { row in
      AgentPage.Reject(
        kind: row.text(0), field: row.text(1), count: row.integer(2), lastMs: row.integer(3),
        reason: row.text(4), sample: row.text(5))
    }
  }
}
