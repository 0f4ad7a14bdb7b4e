import Daemon

/// A figure as it was on its day beside the present one, and why the two differ.
struct PastComparison {
  let past: ShownIndicator
  let latest: ShownIndicator
  /// Every revision that is kept.
  let points: [HistoryPoint]
  let language: Language
  let times: DateText

  func write(to html: inout HTML) {
    html.element("section", "card", [("id", "past")]) { html in
      let moment = times.moment(past.computedAtMs)
      html.element(
        "h2", nil,
        language.pick(
          "Như đã hiện lúc \(moment) (bản \(past.revision))",
          "As it was at \(moment) (revision \(past.revision))"))
      if past.revision == latest.revision {
        html.element(
          "p", nil,
          language.pick("Đây cũng là con số hiện nay.", "This is the present figure, too."))
      } else {
        differences(to: &html)
        causes(to: &html)
      }
      html.element("p", "links") { html in
        html.link(
          "/indicators/\(latest.code)" + language.query,
          language.pick("Về con số hiện nay", "To the present figure"))
      }
    }
  }

  private func differences(to html: inout HTML) {
    let rows = entries().filter { $0.1 != $0.2 }
    html.wideTable(
      language.pick("Khác nhau", "What differs"),
      head: [
        language.pick("Mục", "What"), language.pick("Lúc đó", "Then"),
        language.pick("Nay (bản \(latest.revision))", "Now (revision \(latest.revision))"),
      ], rows.map { [HTML.Cell($0.0), HTML.Cell($0.1), HTML.Cell($0.2)] })
  }

  private func entries() -> [(String, String, String)] {
    let pair = [past.figure, latest.figure]
    let row = { (name: String, text: (ShownIndicator.Figure) -> String) in
      (name, text(pair[0]), text(pair[1]))
    }
    var entries = [
      row(language.pick("Giá trị", "Value")) { FigureText.value($0.value, language) },
      row(language.pick("Khoảng tin cậy 95 %", "95% interval")) {
        FigureText.range($0.interval, language)
      },
      row(language.pick("Cận", "Bounds")) { FigureText.range($0.bounds, language) },
      row(language.pick("Chưa đo", "Not measured")) {
        FigureText.share($0.unmeasuredShare, language)
      },
      row(language.pick("Số đo", "Readings")) { language.number(Double($0.samples)) },
      row(language.pick("Nguồn", "Sources")) { language.number(Double($0.sources)) },
      row(language.pick("Số đo mới nhất", "Newest reading")) { times.moment($0.newestMs) },
      row(language.pick("Kết luận", "Verdict")) { FigureText.verdict($0.verdict, language) },
      (
        language.pick("Mục tiêu", "Target"), FigureText.value(past.target, language),
        FigureText.value(latest.target, language)
      ),
      (
        language.pick("Bảng dân số", "Population table"), past.populationTable ?? "–",
        latest.populationTable ?? "–"
      ),
      (language.pick("Phương pháp", "Method"), past.method, latest.method),
    ]
    let names = Set([past, latest].flatMap { ((try? $0.parameters.object()) ?? []).map(\.key) })
    for name in names.sorted() {
      let values = [past, latest].map { $0.parameters[name].map(ParameterText.value) ?? "–" }
      entries.append((name, values[0], values[1]))
    }
    return entries
  }

  /// The causes of the revisions since, as far as they are kept.
  private func causes(to html: inout HTML) {
    let since = points.filter { $0.revision > past.revision }
    var counts: [String: Int] = [:]
    for point in since { counts[point.cause, default: 0] += 1 }
    let text = counts.sorted { $0.value > $1.value }.map {
      "\(FigureText.cause($0.key, language)) (\(language.whole($0.value)))"
    }.joined(separator: ", ")
    let gone = latest.revision - past.revision - Int64(since.count)
    html.element("p") { html in
      html.element("strong", nil, language.pick("Vì sao khác: ", "Why it differs: "))
      html.string(text)
      if gone > 0 {
        let count = language.whole(gone)
        html.string(
          language.pick(
            "; \(count) bản ở giữa đã được lược bớt",
            "; \(count) revisions between are thinned out"))
      }
      html.string(".")
    }
  }
}
