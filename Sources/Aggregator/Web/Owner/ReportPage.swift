import Daemon
import Indicators

/// `/reports/2026-Q4`: one A4 sheet for each indicator, with value, evidence and a line to sign; a
/// frozen one with its digest, and beside it what has changed since.
struct ReportPage {
  let site: OwnersSite
  let language: Language
  let content: ReportContent
  /// `nil`: a draft.
  let frozen: FrozenReport?
  /// Beside a frozen one, the same period as it looks now, or why that is not known.
  let present: Result<ReportContent?, NotNow>
  let kept: [FrozenReport]

  private var period: ReportPeriod { content.period }
  private var path: String { "/reports/\(period.text)" }
  private var times: DateText { site.times(language) }

  func html() -> String {
    let name = period.name(language)
    let title = language.pick("Báo cáo chỉ tiêu \(name)", "Report of the indicators, \(name)")
    return HTML.page(
      language, title: title, path: path, live: nil, address: { address(frozen?.number, $0) }
    ) { html in
      head(to: &html)
      for entry in content.entries { sheet(entry, to: &html) }
      if content.entries.isEmpty {
        html.element(
          "p", "reason",
          language.pick("Chưa có chỉ tiêu nào được tính.", "No indicator was computed yet."))
      }
    }
  }

  /// Not printed: what stands on the sheets is what is signed.
  private func head(to html: inout HTML) {
    html.element("section", "card screen", [("id", "about")]) { html in
      html.element("p", nil, state)
      html.element("p", "links") { html in
        html.element("button", nil, [("id", "print"), ("hidden", "hidden")]) {
          $0.string(language.pick("In", "Print"))
        }
        html.link(address(frozen?.number, language, ".csv"), "CSV")
        html.link(address(frozen?.number, .vi, ".json"), "JSON")
        if let frozen {
          html.link(
            address(frozen.number, .vi, ".signed.json"),
            language.pick("Nội dung đã ký (để kiểm SHA-256)", "Signed content (to check SHA-256)"))
          html.link(address(nil, language), language.pick("Như hiện nay", "As it is now"))
        }
        for other in kept where other.number != frozen?.number {
          html.link(
            address(other.number, language),
            language.pick("Bản chốt lần \(other.number)", "Frozen, number \(other.number)"))
        }
      }
      if let frozen { differences(frozen, to: &html) }
    }
  }

  /// - Parameter number: of a frozen one; `nil`: as it is now.
  private func address(_ number: Int64?, _ language: Language, _ ending: String = "") -> String {
    path + ending + (number.map { "?frozen=\($0)" + language.furtherQuery } ?? language.query)
  }

  private var state: String {
    guard let frozen else {
      let due = period.dueDay.map { times.day($0 + 1) }
      let before = due.map { language.pick(" Gửi trước ngày \($0).", " Due before \($0).") } ?? ""
      return language.pick(
        "Bản nháp, chưa chốt; số liệu đến \(times.moment(content.asOfMs)).",
        "A draft, not frozen; data as of \(times.moment(content.asOfMs)).") + before
    }
    guard frozen.isGenuine else { return language.of(FrozenReport.alteredText) }
    return language.pick(
      "Đã chốt lần \(frozen.number) lúc \(times.moment(frozen.frozenAtMs)); không thay đổi nữa.",
      "Frozen, number \(frozen.number), \(times.moment(frozen.frozenAtMs)); it changes no more.")
  }

  /// What later data made of it; the signed figures stay.
  private func differences(_ frozen: FrozenReport, to html: inout HTML) {
    let title = language.pick("Khác đi từ khi chốt", "Changed since it was frozen")
    switch present {
    case .success(nil): break
    case .success(let draft?):
      html.element("h2", nil, title)
      differences(frozen, draft, title, to: &html)
    case .failure(let wait):
      html.element("h2", nil, title)
      html.element("p", "reason", language.of(wait.text))
    }
  }

  private func differences(
    _ frozen: FrozenReport, _ draft: ReportContent, _ title: String, to html: inout HTML
  ) {
    let pairs = frozen.content.entries.compactMap { entry in
      draft.entries.first { $0.indicator.code == entry.indicator.code }.map { (entry, $0) }
    }
    let rows = pairs.filter { signed, now in
      ReportPage.figures(signed, language) != ReportPage.figures(now, language)
    }
    if rows.isEmpty {
      html.element("p", nil, language.pick("Không có gì.", "Nothing."))
      return
    }
    html.wideTable(
      title,
      head: [
        language.pick("Chỉ tiêu", "Indicator"), language.pick("Đã ký", "Signed"),
        language.pick("Hiện nay", "Now"),
      ],
      rows.map { signed, now in
        [
          HTML.Cell(signed.indicator.code),
          HTML.Cell(ReportPage.figures(signed, language).joined(separator: " · ")),
          HTML.Cell(ReportPage.figures(now, language).joined(separator: " · ")),
        ]
      })
  }

  private static func figures(
    _ entry: ReportContent.Entry, _ language: Language
  ) -> [String] {
    let figure = entry.indicator.figure
    return [
      FigureText.value(figure.value, language), FigureText.range(figure.bounds, language),
      FigureText.verdict(figure.verdict, language),
      language.number(Double(figure.samples)) + language.pick(" số đo", " readings"),
    ]
      + (entry.cases.map {
        ["\(language.whole($0.numerator)) / \(language.whole($0.denominator))"]
      } ?? [])
  }

  // MARK: A sheet

  private func sheet(_ entry: ReportContent.Entry, to html: inout HTML) {
    let indicator = entry.indicator
    html.element("section", "card sheet", [("id", "r" + indicator.code)]) { html in
      if indicator.isSimulated { html.simulatedBanner(language) }
      html.element("p", "target", language.of(content.province) + " · " + title)
      html.element("h2", nil, "\(indicator.code) · \(language.of(indicator.name))")
      html.element("div", "head") { html in
        html.element("p", "value", FigureText.value(indicator.figure.value, language))
        html.element(
          "p", "chip \(indicator.figure.verdict)",
          FigureText.verdict(indicator.figure.verdict, language))
        html.element(
          "p", "target",
          language.pick("Mục tiêu \(indicator.targetYear): ", "Target \(indicator.targetYear): ")
            + (indicator.target.map { language.percent($0, decimals: 0) } ?? ""))
      }
      TargetBar(figure: indicator.figure, target: indicator.target, language: language)
        .write(to: &html)
      html.element("p", "aloud", sentence(entry))
      html.element("dl") { evidence(entry, to: &$0) }
      areas(indicator, to: &html)
      signature(entry, to: &html)
      seal(to: &html)
    }
  }

  private var title: String {
    language.pick(
      "Báo cáo \(period.name(.vi)) (mục IV.3 Chương trình hành động)",
      "Report of \(period.name(.en)) (section IV.3 of the plan)") + content.stillRuns(language)
  }

  private func sentence(_ entry: ReportContent.Entry) -> String {
    PlainSentence(
      indicator: entry.indicator, province: content.province, language: language, times: times
    ).text
  }

  private func evidence(_ entry: ReportContent.Entry, to html: inout HTML) {
    let (indicator, figure) = (entry.indicator, entry.indicator.figure)
    if let cases = entry.cases {
      html.term(
        content.isComplete
          ? language.pick("Cả kỳ", "Whole period")
          : language.pick("Từ đầu kỳ", "Period so far"),
        content.text(cases, language, times)
          + " (\(language.pick("cận", "bounds")) \(FigureText.range(cases.bounds, language)))")
    }
    html.term(
      language.pick("Chưa đo", "Not measured"), FigureText.share(figure.unmeasuredShare, language))
    html.term(
      language.pick("Bằng chứng", "Evidence"),
      language.number(Double(figure.samples))
        + language.pick(" số đo từ ", " readings from ") + language.number(Double(figure.sources))
        + language.pick(" nguồn, ", " sources, ")
        + "\(times.moment(figure.oldestMs)) – \(times.moment(figure.newestMs))")
    html.term(
      language.pick("Số liệu đến", "Data as of"),
      times.moment(indicator.computedAtMs) + language.pick(", bản ", ", revision ")
        + "\(indicator.revision)" + language.pick(", phương pháp ", ", method ")
        + indicator.method)
  }

  private func areas(_ indicator: ShownIndicator, to html: inout HTML) {
    html.wideTable(
      language.pick("Theo địa bàn", "By area") + " (\(indicator.code))",
      head: [
        language.pick("Địa bàn", "Area"), language.pick("Giá trị", "Value"),
        language.pick("Khoảng tin cậy 95 %", "95% interval"), language.pick("Cận", "Bounds"),
        language.pick("Chưa đo", "Not measured"), language.pick("Kết luận", "Verdict"),
      ],
      indicator.areas.map { area in
        [
          language.of(area.name), FigureText.value(area.figure.value, language),
          FigureText.range(area.figure.interval, language),
          FigureText.range(area.figure.bounds, language),
          FigureText.share(area.figure.unmeasuredShare, language),
          FigureText.verdict(area.figure.verdict, language),
        ].map { HTML.Cell($0) }
      })
  }

  private func signature(_ entry: ReportContent.Entry, to html: inout HTML) {
    let owner = entry.owners.joined(separator: ", ")
    html.element("div", "sign") { html in
      for (who, note) in [
        (
          language.pick("Người lập báo cáo", "Prepared by"),
          language.pick("(Ký, ghi rõ họ tên)", "(Signature, full name)")
        ),
        (
          language.pick("Thủ trưởng đơn vị", "Head of the department"),
          language.pick("(Ký, đóng dấu, ghi rõ họ tên)", "(Signature, seal, full name)")
        ),
      ] {
        html.element("div") { html in
          html.element("p") { $0.element("strong", nil, who) }
          html.element("p", nil, note)
        }
      }
    }
    if !owner.isEmpty {
      html.element(
        "p", "seal", language.pick("Cơ quan theo dõi: ", "Owner: ") + owner)
    }
  }

  private func seal(to html: inout HTML) {
    guard let frozen else {
      html.element(
        "p", "seal",
        language.pick(
          "Bản nháp lập lúc \(times.moment(content.asOfMs)), chưa chốt.",
          "A draft of \(times.moment(content.asOfMs)), not frozen."))
      return
    }
    guard frozen.isGenuine else {
      html.element("p", "seal altered", language.of(FrozenReport.alteredText))
      return
    }
    html.element("p", "seal") { html in
      html.string(
        language.pick(
          "Kỳ \(period.text), chốt lần \(frozen.number) lúc \(times.moment(frozen.frozenAtMs)). ",
          "Period \(period.text), frozen number \(frozen.number), "
            + times.moment(frozen.frozenAtMs) + ". "
        ))
      html.string("SHA-256 ")
      html.element("code", nil, frozen.sha256)
    }
  }
}
