import Daemon
import Indicators

/// `/reports`: those of the present and the past period, and those that were signed.
extension OwnersSite {
  func reportsPage(_ language: Language) throws -> String {
    let frozen = try store.frozenList()
    let times = times(language)
    let present = ReportPeriod.around(today)
    let periods = present + present.compactMap(\.before)
    let title = language.pick("Báo cáo", "Reports")
    return HTML.page(language, title: title, path: "/reports", live: nil) { html in
      html.element("section", "card", [("id", "periods")]) { html in
        html.element("h2", nil, language.pick("Kỳ báo cáo", "Periods"))
        html.element(
          "p", nil,
          language.pick(
            """
            Theo mục IV.3 của Chương trình hành động, báo cáo quý gửi trước ngày 15 của tháng \
            cuối quý. Mỗi chỉ tiêu một trang A4 để in và ký.
            """,
            """
            After section IV.3 of the plan a quarter's report is due before the 15th of its last \
            month. Each indicator is one A4 page, to be printed and signed.
            """))
        html.wideTable(
          language.pick("Kỳ báo cáo", "Periods"),
          head: [
            language.pick("Kỳ", "Period"), language.pick("Từ", "From"), language.pick("Đến", "To"),
            language.pick("Gửi trước ngày", "Due before"), "CSV", "JSON",
          ],
          periods.map { period in
            [
              HTML.Cell(
                period.name(language), target: "/reports/\(period.text)" + language.query),
              HTML.Cell(times.day(period.firstDay)), HTML.Cell(times.day(period.lastDay)),
              HTML.Cell(period.dueDay.map { times.day($0 + 1) } ?? "–"),
              HTML.Cell(
                "\(period.text).csv", target: "/reports/\(period.text).csv" + language.query),
              HTML.Cell("\(period.text).json", target: "/reports/\(period.text).json"),
            ]
          })
      }
      html.element("section", "card", [("id", "frozen")]) { html in
        html.element("h2", nil, language.pick("Đã chốt để ký", "Frozen to be signed"))
        list(frozen, present[1], language, to: &html)
      }
    }
  }

  private func list(
    _ frozen: [FrozenEntry], _ example: ReportPeriod, _ language: Language, to html: inout HTML
  ) {
    if frozen.isEmpty {
      let command = "hatang-aggregator report --quarter \(example.text) --freeze"
      html.element(
        "p", nil,
        language.pick("Chưa có. Chốt bằng lệnh: ", "None yet. Freeze one by: ") + command)
      return
    }
    html.wideTable(
      language.pick("Đã chốt để ký", "Frozen to be signed"),
      head: [
        language.pick("Kỳ", "Period"), language.pick("Lần", "Number"),
        language.pick("Lúc", "At"), "SHA-256",
      ],
      frozen.map { entry in
        [
          HTML.Cell(
            entry.period,
            target: "/reports/\(entry.period)?frozen=\(entry.number)" + language.furtherQuery),
          HTML.Cell("\(entry.number)"), HTML.Cell(times(language).moment(entry.frozenAtMs)),
          HTML.Cell(entry.sha256),
        ]
      })
  }

  /// `2026-Q4`, `2026-Q4.csv`, `2026-Q4.json`, and with `?frozen=1` also `2026-Q4.signed.json`, the
  /// very bytes that were signed.
  func reportFile(_ name: Substring, _ request: HTTPRequest) throws -> HTTPResponse {
    let language = request.language
    let word = name.prefix { $0 != "." }
    let ending = name.dropFirst(word.count)
    guard let period = ReportPeriod(word), ["", ".csv", ".json", ".signed.json"].contains(ending)
    else {
      return .refusal(
        404, language,
        """
        Không có báo cáo \(name.prefix(60)); hãy ghi kỳ như 2026-Q4, 2026-11 hoặc 2026, thêm .csv \
        hay .json nếu cần.
        """,
        """
        There is no report \(name.prefix(60)); name a period such as 2026-Q4, 2026-11 or 2026, \
        with .csv or .json if you like.
        """)
    }
    let kept = try store.frozenReports(period)
    var frozen: FrozenReport?
    if let word = request.value("frozen") {
      frozen = kept.first { "\($0.number)" == word }
      if frozen == nil {
        let numbers = kept.map { "\($0.number)" }.joined(separator: ", ")
        return .refusal(
          404, language,
          "Kỳ \(period.text) không có bản chốt \(word.prefix(60)); "
            + (kept.isEmpty ? "chưa chốt lần nào." : "có \(numbers)."),
          "Period \(period.text) has no frozen report \(word.prefix(60)); "
            + (kept.isEmpty ? "none was frozen." : "there are \(numbers)."))
      }
    }
    if ending == ".signed.json" {
      guard let frozen else {
        return .refusal(
          404, language, "Hãy ghi bản chốt: ?frozen=1.", "Name the frozen report: ?frozen=1.")
      }
      return HTTPResponse(
        contentType: "application/json; charset=utf-8", body: frozen.content.json)
    }
    guard let content = try frozen?.content ?? draft(period) else {
      return .refusal(
        404, language, "Kỳ \(period.text) chưa bắt đầu.", "Period \(period.text) has not begun.")
    }
    let forms = ReportForms(content: content, frozen: frozen)
    switch ending {
    case ".csv":
      return HTTPResponse(
        contentType: "text/csv; charset=utf-8; header=present", body: forms.csv(language))
    case ".json": return .json(forms.json())
    default:
      let present: Result<ReportContent?, NotNow> = try Result(now: {
        try frozen == nil ? nil : draft(period)
      })
      return .html(
        ReportPage(
          site: self, language: language, content: content, frozen: frozen, present: present,
          kept: kept
        ).html())
    }
  }
}
