import Indicators

/// The table of agents: a hundred a page, sorted and filtered by links.
struct AgentTable {
  private let page: OperationsPage
  private let language: Language
  private let query: AgentQuery
  private let inTrouble: Set<String>
  private let selected: [AgentsReport.Agent]

  init(page: OperationsPage) {
    self.page = page
    language = page.language
    query = page.query
    let inTrouble = Set(page.problems.compactMap(\.agent))
    self.inTrouble = inTrouble
    let (query, areasOf) = (page.query, page.facts.areasOf)
    selected = query.sorted(
      page.facts.agents.filter {
        query.selects($0, areas: areasOf[$0.name] ?? [], isInTrouble: inTrouble.contains($0.name))
          && query.finds(
            [$0.name, AgentTable.areas($0, page), page.facts.siteOf[$0.name] ?? ""])
      }, inTrouble: inTrouble
    ) { AgentTable.areas($0, page) }
  }

  /// In words; empty: not known.
  private static func areas(_ agent: AgentsReport.Agent, _ page: OperationsPage) -> String {
    let ids = page.facts.areasOf[agent.name] ?? []
    return VietnameseOrder.sorted(ids.map { page.language.area($0, page.areas) }) { $0 }
      .joined(separator: ", ")
  }

  func write(to html: inout HTML) {
    html.element("section", "card", [("id", "agents")]) { html in
      html.element("h2", nil, language.pick("Trạm thu thập", "Agents"))
      filters(to: &html)
      search(to: &html)
      guard !selected.isEmpty else {
        let text =
          page.facts.agents.isEmpty
          ? language.pick("Chưa trạm nào báo cáo.", "No agent has reported yet.")
          : language.pick("Không trạm nào như vậy.", "There is no such agent.")
        return html.element("p", nil, text)
      }
      let page = Pages(query.page, of: selected.count)
      let name = language.pick("Trạm thu thập", "Agents")
      html.wideTable(name, "stacking sorting") { html in
        head(to: &html)
        html.element("tbody") { html in
          for agent in selected[page.rows] { row(agent, to: &html) }
        }
      }
      guard selected.count > Pages.size else { return }
      html.element("p", "pages") { html in
        page.write(to: &html, language) { number in
          query.with { $0.page = number }.address(language)
        }
      }
    }
  }

  private func filters(to html: inout HTML) {
    let (agents, expected) = (page.facts.agents, page.facts.standing)
    html.element("p", "filters") { html in
      filter(language.pick("Tất cả", "All"), agents.count, query.state == nil, to: &html) {
        $0.state = nil
      }
      let trouble = agents.count { inTrouble.contains($0.name) }
      let online = expected.count { $0.isOnline }
      filter(
        language.pick("Có vấn đề", "In trouble"), trouble, query.state == .problem, to: &html
      ) { $0.state = .problem }
      filter(
        language.pick("Đang kết nối", "Online"), online, query.state == .online, to: &html
      ) { $0.state = .online }
      filter(
        language.pick("Mất kết nối", "Offline"), expected.count - online,
        query.state == .offline, to: &html
      ) { $0.state = .offline }
    }
    html.element("p", "filters") { html in
      html.element("span", nil, language.pick("Địa bàn: ", "Area: "))
      filter(language.pick("Tất cả", "All"), nil, query.area == nil, to: &html) { $0.area = nil }
      for area in VietnameseOrder.sorted(page.areas.areas, by: { language.of($0.name) }) {
        filter(language.of(area.name), nil, query.area == area.id, to: &html) {
          $0.area = area.id
        }
      }
    }
  }

  /// Works without a script: the browser makes the address.
  private func search(to html: inout HTML) {
    html.element(
      "form", "filters", [("action", "/operations#agents"), ("method", "get"), ("role", "search")]
    ) { html in
      for (name, value) in query.with({ $0.find = nil }).words(language) {
        html.open("input", nil, [("type", "hidden"), ("name", name), ("value", value)])
      }
      html.element("label", nil, [("for", "find")]) {
        $0.string(language.pick("Tìm trạm hoặc địa bàn:", "Find an agent or area:"))
      }
      html.open(
        "input", nil,
        [
          ("type", "search"), ("id", "find"), ("name", "find"), ("value", query.find ?? ""),
          ("maxlength", "\(AgentQuery.findMax)"),
        ])
      html.element("button", nil, language.pick("Tìm", "Find"))
      if query.find != nil {
        html.link(
          query.with { $0.find = nil }.address(language), language.pick("Bỏ tìm", "Clear"))
      }
    }
  }

  private func filter(
    _ name: String, _ count: Int?, _ isChosen: Bool, to html: inout HTML,
    _ change: (inout AgentQuery) -> Void
  ) {
    var attributes: [(StaticString, String)] = [
      ("href", query.with(change).address(language))
    ]
    if isChosen { attributes.append(("aria-current", "true")) }
    html.element("a", "filter", attributes) {
      $0.string(count.map { "\(name) \(language.whole($0))" } ?? name)
    }
  }

  private var columns: [(AgentQuery.Column, String)] {
    [
      (.agent, language.pick("Trạm", "Agent")), (.area, language.pick("Địa bàn", "Area")),
      (.state, language.pick("Trạng thái", "State")),
      (.seen, language.pick("Thấy lần cuối", "Last seen")),
      (.backlog, language.pick("Đang chờ", "Waiting")),
      (.oldest, language.pick("Cũ nhất", "Oldest")),
      (.data, language.pick("Số đo cuối", "Last data")),
      (.clock, language.pick("Lệch đồng hồ", "Clock")),
      (.version, language.pick("Phiên bản", "Version")),
      (.certificate, language.pick("Chứng thư hết hạn", "Certificate until")),
      (.wear, language.pick("Ghi flash/ngày", "Flash a day")),
      (.rejected, language.pick("Bị loại", "Rejected")),
    ]
  }

  private func head(to html: inout HTML) {
    html.element("thead") { html in
      html.element("tr") { html in
        for (column, name) in columns {
          let isSorted = query.sort == column
          let direction = query.isDescending ? "descending" : "ascending"
          var attributes: [(StaticString, String)] = [("scope", "col")]
          if isSorted { attributes.append(("aria-sort", direction)) }
          html.element("th", nil, attributes) { html in
            let other = query.with {
              $0.sort = column
              $0.isDescending = isSorted && !query.isDescending
            }
            let arrow = isSorted ? (query.isDescending ? " ▼" : " ▲") : ""
            html.link(other.address(language), name + arrow)
          }
        }
      }
    }
  }

  private func row(_ agent: AgentsReport.Agent, to html: inout HTML) {
    let isBad = inTrouble.contains(agent.name)
    html.element("tr", isBad ? "bad" : nil, [("id", "a-" + agent.name)]) { html in
      html.element("th", nil, [("scope", "row")]) { html in
        html.link(AgentPage.address(agent.name, language), agent.name)
        if agent.isSimulated {
          html.element("span", "mark", " " + language.pick("mô phỏng", "simulated"))
        }
        if let site = page.facts.siteOf[agent.name] { html.element("span", "areas", site) }
      }
      let areas = AgentTable.areas(agent, page)
      let texts = AgentTexts(agent: agent, language: language, times: page.times)
      let cells = [
        [areas.isEmpty ? "–" : areas], texts.stateLines, [texts.seen], [texts.backlog],
        [texts.oldest], texts.data, [texts.clock],
        [texts.version], [texts.certificate], [texts.wear], [texts.rejected],
      ]
      for (lines, column) in zip(cells, columns.dropFirst()) {
        html.element("td", nil, [("data-label", column.1)]) { html in
          for line in lines { html.element("span", nil, line) }
        }
      }
    }
  }
}

/// What is said of an agent, in the words of the table and of its own page.
struct AgentTexts {
  let agent: AgentsReport.Agent
  let language: Language
  let times: DateText

  private static let unknown = "–"

  var state: String { stateLines.joined(separator: " ") }

  /// What it is, and since when.
  var stateLines: [String] {
    if agent.isRevoked { return [language.pick("đã thu hồi", "revoked")] }
    let word =
      agent.isOnline
      ? language.pick("đang kết nối", "online") : language.pick("mất kết nối", "offline")
    guard let since = agent.stateSinceMs else { return [word] }
    return [word, language.pick("từ ", "since ") + times.moment(since)]
  }

  var seen: String { agent.lastSeenMs.map(times.age) ?? language.pick("chưa bao giờ", "never") }

  var backlog: String {
    guard agent.backlog > 0 else { return "0" }
    let rest = agent.backlogSeconds.map { " (≈ \(language.duration($0)))" } ?? ""
    return language.whole(agent.backlog) + rest
  }

  var oldest: String {
    agent.backlog > 0 ? language.duration(agent.oldestUnsentSeconds) : AgentTexts.unknown
  }

  /// A line a kind.
  var data: [String] {
    if agent.lastByKind.isEmpty { return [AgentTexts.unknown] }
    return agent.lastByKind.map { "\(language.kind($0.kind)): \(times.age($0.atMs))" }
  }

  var clock: String {
    guard let offset = agent.clockOffsetMs else { return AgentTexts.unknown }
    let sign = offset > 0 ? "+" : offset < 0 ? "−" : ""
    if abs(offset) < 10_000 { return "\(sign)\(language.whole(abs(offset))) ms" }
    return sign + language.duration(abs(offset) / 1_000)
  }

  var version: String { agent.version.isEmpty ? AgentTexts.unknown : agent.version }

  var certificate: String {
    guard let atMs = agent.certificateMs else { return language.pick("chưa biết", "not known") }
    return times.day(LocalDay.day(ofMs: atMs, utcOffsetMinutes: times.utcOffsetMinutes))
  }

  var wear: String {
    agent.writtenPerDay.map { language.bytes(Int64(max(0, min($0, 1e18)))) } ?? AgentTexts.unknown
  }

  var rejected: String {
    guard agent.rejected > 0 else { return "0" }
    let share = Double(agent.rejected) / (Double(agent.accepted) + Double(agent.rejected))
    let shown =
      share < 0.001
      ? "< \(language.percent(share: 0.001))" : language.percent(share: share)
    return "\(language.whole(agent.rejected)) (\(shown))"
  }
}

extension Language {
  /// An area by its id.
  func area(_ id: String, _ areas: AreaTable) -> String {
    areas.areas.first { $0.id == id }.map { of($0.name) } ?? id
  }

  /// A kind of measurement.
  func kind(_ name: String) -> String {
    switch name {
    case "coverage": pick("phủ sóng", "coverage")
    case "broadband": pick("băng rộng", "broadband")
    case "service": pick("dịch vụ công", "services")
    case "check": pick("tự kiểm tra", "check")
    default: name
    }
  }
}
