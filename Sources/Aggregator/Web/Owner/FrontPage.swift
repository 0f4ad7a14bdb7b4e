import Daemon
import Indicators

/// `/`: every indicator that fills itself, and those that do not.
struct FrontPage {
  let site: OwnersSite
  let language: Language

  func html() throws -> String {
    let shown = try site.indicatorsReport().shown()
    let province = site.tables.areas.province
    let name = language.of(province)
    let title = language.pick("Chỉ tiêu số của \(name)", "Digital indicators of \(name)")
    let times = site.times(language)
    let histories = try Dictionary(
      uniqueKeysWithValues: shown.map { ($0.code, try site.history($0.code)) })
    return HTML.page(language, title: title, path: "/") { html in
      if shown.contains(where: \.isSimulated) { html.simulatedBanner(language) }
      if !site.report.current.isStateWhole { rebuilding(to: &html) }
      for row in site.tables.indicators.filled {
        if let indicator = shown.first(where: { $0.code == row.code }) {
          IndicatorCard(
            indicator: indicator, row: row, province: province,
            history: histories[row.code] ?? [], language: language, times: times
          ).write(to: &html)
        } else {
          waiting(row, to: &html)
        }
      }
      howToRead(to: &html)
      unfilled(to: &html)
      html.element("footer", nil, footer(times))
    }
  }

  private func footer(_ times: DateText) -> String {
    let minutes = site.method.utcOffsetMinutes
    return language.pick("Trang này lập lúc ", "This page was made at ")
      + times.moment(site.nowMs) + " (UTC" + (minutes < 0 ? "−" : "+") + "\(abs(minutes) / 60))"
  }

  private func rebuilding(to html: inout HTML) {
    html.element(
      "p", "trouble",
      language.pick(
        "Hệ thống đang tính lại từ dữ liệu gốc; giá trị dưới đây là của lần tính trước.",
        "Everything is being made again from the raw data; the values are those of before."))
  }

  private func waiting(_ row: IndicatorRow, to html: inout HTML) {
    html.element("section", "card", [("id", "i" + row.code)]) { html in
      html.element("h2", nil, "\(row.code) · \(language.of(row.name))")
      html.element("p", "chip insufficient", language.pick("Chưa tính", "Not computed yet"))
    }
  }

  private func howToRead(to html: inout HTML) {
    html.element("details", nil, [("id", "how")]) { html in
      html.element("summary", nil, language.pick("Cách đọc trang này", "How to read this page"))
      html.element("dl") { html in
        html.term(
          language.pick("Khoảng tin cậy 95 %", "95% interval"),
          language.pick(
            "Giá trị thật của phần đã đo nằm trong khoảng này với độ tin cậy 95 %.",
            "Where the true value of what was measured lies, with 95% confidence."))
        html.term(
          language.pick("Cận", "Bounds"),
          language.pick(
            "Thấp nhất nếu mọi nơi chưa đo đều không đạt, cao nhất nếu đều đạt.",
            "Lowest if everything unmeasured were bad, highest if it were good."))
        html.term(
          language.pick("Kết luận", "Verdict"),
          language.pick(
            """
            Đạt: cận dưới đã tới mục tiêu. Chưa đạt: cận trên vẫn dưới mục tiêu. Chưa kết luận: \
            còn lại.
            """,
            """
            Reached: the lower bound reaches the target. Not reached: the upper bound is below \
            it. Undecided: everything else.
            """))
      }
    }
  }

  private func unfilled(to html: inout HTML) {
    let rows = site.tables.indicators.unfilled
    html.element("section", "unfilled") { html in
      let title = language.pick(
        "\(rows.count) chỉ tiêu chưa được tự động điền",
        "\(rows.count) rows that are not filled automatically")
      html.element("h2", nil, title)
      html.wideTable(
        title,
        head: [
          language.pick("Mã", "Code"), language.pick("Chỉ tiêu", "Indicator"),
          language.pick("Đơn vị", "Unit"), language.pick("Mục tiêu", "Target"),
          language.pick("Năm", "Year"), language.pick("Cơ quan theo dõi", "Owner"),
        ],
        rows.map { row in
          [
            row.code, language.of(row.name), row.unit, row.targetText, "\(row.targetYear)",
            row.owners.joined(separator: ", "),
          ].map { HTML.Cell($0) }
        })
    }
  }
}
