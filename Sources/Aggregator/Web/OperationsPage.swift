import Daemon
import Indicators

/// `/operations`: what the operators watch. A first form: agents and ledger.
extension Router {
  func operationsPage(_ language: Language) throws -> String {
    let agents = try AgentsReport(store)
    let ledger = try LedgerReport(store)
    let times = DateText(
      language: language, utcOffsetMinutes: method.utcOffsetMinutes, nowMs: nowMs)
    let title = language.pick("Hạ Tầng – vận hành", "Hạ Tầng – operations")
    return HTML.page(language, title: title, path: "/operations") { html in
      trouble(language, to: &html)
      html.element("section", "card") { html in
        html.element("h2", nil, language.pick("Trạm thu thập", "Agents"))
        write(agents, language, times, to: &html)
      }
      html.element("section", "card") { html in
        html.element("h2", nil, language.pick("Sổ nhận", "Ledger"))
        write(ledger, language, times, to: &html)
      }
    }
  }

  private func trouble(_ language: Language, to html: inout HTML) {
    let facts = report.current
    guard !facts.isConnected || facts.trouble != nil else { return }
    html.element("p", "trouble", [("role", "alert")]) { html in
      html.string(
        language.pick("Chưa nhận dữ liệu. ", "Not receiving. ") + (facts.trouble ?? ""))
    }
  }

  private func write(
    _ report: AgentsReport, _ language: Language, _ times: DateText, to html: inout HTML
  ) {
    html.table(
      head: [
        language.pick("Trạm", "Agent"), language.pick("Trạng thái", "State"),
        language.pick("Thấy lần cuối", "Last seen"), language.pick("Phiên bản", "Version"),
        language.pick("Chưa gửi", "Backlog"), language.pick("Lệch đồng hồ", "Clock offset"),
        language.pick("Bị từ chối", "Rejected"), language.pick("Dữ liệu", "Data"),
      ],
      report.agents.map { agent in
        [
          agent.name,
          agent.isOnline
            ? language.pick("đang kết nối", "online") : language.pick("mất kết nối", "offline"),
          agent.lastSeenMs.map { "\(times.moment($0)) (\(times.age($0)))" } ?? "–",
          agent.version, language.number(Double(agent.backlog)),
          agent.clockOffsetMs.map { "\(language.number(Double($0))) ms" } ?? "–",
          language.number(Double(agent.rejected)),
          agent.isSimulated ? language.pick("mô phỏng", "simulated") : "",
        ]
      })
  }

  private func write(
    _ report: LedgerReport, _ language: Language, _ times: DateText, to html: inout HTML
  ) {
    html.table(
      head: [
        language.pick("Trạm", "Agent"), language.pick("Luồng", "Stream"),
        language.pick("Tiếp theo", "Next"), language.pick("Đã nhận", "Received"),
        language.pick("Trùng", "Duplicates"), language.pick("Mất", "Lost"),
        language.pick("Nhận lần cuối", "Last received"),
      ],
      report.streams.map { stream in
        [
          stream.agent, String(stream.stream.prefix(8)), language.number(Double(stream.next)),
          language.number(Double(stream.received)), language.number(Double(stream.duplicates)),
          language.number(Double(stream.lost)), times.moment(stream.lastReceivedMs),
        ]
      })
    if report.refusals.isEmpty { return }
    html.element("h2", nil, language.pick("Bản tin bị từ chối", "Refused messages"))
    html.table(
      head: [
        language.pick("Trạm", "Agent"), language.pick("Lý do", "Reason"),
        language.pick("Số lần", "Count"), language.pick("Lần cuối", "Last"),
      ],
      report.refusals.map {
        [
          $0.agent, $0.reason, language.number(Double($0.count)),
          "\(times.moment($0.lastMs)): \($0.lastText)",
        ]
      })
  }
}
