/// Received + declared lost = sent, in all and where it does not hold.
struct LedgerSection {
  let ledger: LedgerReport
  let language: Language
  let times: DateText
  /// Streams that are listed in full; of more than that only those that need attention.
  private static let streamsMax = 100

  func write(to html: inout HTML) {
    let isBalanced = ledger.isBalanced
    html.element("section", isBalanced ? "card" : "card unbalanced", [("id", "ledger")]) { html in
      html.element("h2", nil, language.pick("Sổ nhận", "Ledger"))
      html.element("p", isBalanced ? "sum fine" : "sum bad") { html in
        html.string(sum(ledger.total(\.received), ledger.total(\.lost), ledger.total(\.next)))
        html.string(isBalanced ? " ✓" : " ✗")
      }
      if !isBalanced {
        html.element("p", "reason") {
          $0.string(language.of(Condition.ledgerUnbalanced.remedy))
        }
      }
      let noted = ledger.streams.filter { !$0.isBalanced || $0.lost > 0 }
      let isAll = ledger.streams.count <= LedgerSection.streamsMax
      let shown = isAll ? ledger.streams[...] : noted.prefix(LedgerSection.streamsMax)
      if !isAll {
        let all = language.whole(ledger.streams.count)
        html.element(
          "p", nil,
          language.pick(
            "\(all) luồng; dưới đây là \(shown.count) luồng có mất hoặc lệch.",
            "\(all) streams; listed are \(shown.count) with losses or a fault."))
      }
      if !shown.isEmpty { LedgerSection.table(shown, language, times, to: &html) }
    }
  }

  private func sum(_ received: Int64, _ lost: Int64, _ next: Int64) -> String {
    language.pick(
      "nhận \(language.whole(received)) + khai mất \(language.whole(lost)) = gửi "
        + language.whole(next),
      "received \(language.whole(received)) + declared lost \(language.whole(lost)) = sent "
        + language.whole(next))
  }

  static func table(
    _ streams: ArraySlice<LedgerReport.Stream>, _ language: Language, _ times: DateText,
    to html: inout HTML
  ) {
    let head = [
      language.pick("Trạm", "Agent"), language.pick("Luồng", "Stream"),
      language.pick("Đã gửi", "Sent"), language.pick("Đã nhận", "Received"),
      language.pick("Khai mất", "Declared lost"), language.pick("Trùng", "Duplicates"),
      language.pick("Nhận lần cuối", "Last received"), language.pick("Khớp", "Adds up"),
    ]
    html.wideTable(language.pick("Các luồng", "Streams"), "stacking") { html in
      html.element("thead") { html in
        html.element("tr") { html in
          for name in head { html.element("th", nil, [("scope", "col")]) { $0.string(name) } }
        }
      }
      html.element("tbody") { html in
        for stream in streams {
          let id = "s-" + stream.stream
          html.element("tr", stream.isBalanced ? nil : "bad", [("id", id)]) { html in
            html.element("th", nil, [("scope", "row")]) { html in
              html.link(AgentPage.address(stream.agent, language), stream.agent)
            }
            let cells = [
              String(stream.stream.prefix(8)), language.whole(stream.next),
              language.whole(stream.received), language.whole(stream.lost),
              language.whole(stream.duplicates), times.moment(stream.lastReceivedMs),
              stream.isBalanced ? "✓" : language.pick("✗ không khớp", "✗ no"),
            ]
            for (text, name) in zip(cells, head.dropFirst()) {
              html.element("td", nil, [("data-label", name)]) { $0.string(text) }
            }
          }
        }
      }
    }
  }
}
