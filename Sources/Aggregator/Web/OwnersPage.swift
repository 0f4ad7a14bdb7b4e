import Daemon
import Indicators

/// `/`: what the owners of the indicators read and sign off.
extension Router {
  func ownersPage(_ language: Language) throws -> String {
    let shown = try indicatorsReport().shown()
    let province = language.of(tables.areas.province)
    let title = language.pick(
      "Hạ Tầng – chỉ tiêu số của \(province)", "Hạ Tầng – digital indicators of \(province)")
    let times = DateText(
      language: language, utcOffsetMinutes: method.utcOffsetMinutes, nowMs: nowMs)
    return HTML.page(language, title: title, path: "/") { html in
      if shown.contains(where: \.isSimulated) { banner(language, to: &html) }
      if !report.current.isStateWhole { rebuilding(language, to: &html) }
      for row in tables.indicators.filled {
        if let indicator = shown.first(where: { $0.code == row.code }) {
          IndicatorCard(indicator: indicator, row: row, language: language, times: times)
            .write(to: &html)
        } else {
          waiting(row, language, to: &html)
        }
      }
      howToRead(language, to: &html)
      unfilled(language, to: &html)
      html.element(
        "footer", nil,
        language.pick("Cập nhật lúc ", "As of ") + times.moment(nowMs) + " (UTC"
          + (method.utcOffsetMinutes < 0 ? "−" : "+")
          + "\(abs(method.utcOffsetMinutes) / 60))")
    }
  }

  private func banner(_ language: Language, to html: inout HTML) {
    html.element("p", "simulated", [("role", "alert")]) {
      $0.element(
        "strong", nil, language.pick("SỐ LIỆU MÔ PHỎNG", "SIMULATED DATA"))
      $0.string(
        language.pick(
          " – do chương trình mô phỏng tạo ra, không phải kết quả đo. Không dùng để báo cáo.",
          " – made by a simulator, not measured. Not for reports."))
    }
  }

  private func rebuilding(_ language: Language, to html: inout HTML) {
    html.element(
      "p", "trouble",
      language.pick(
        "Hệ thống đang tính lại từ dữ liệu gốc; giá trị dưới đây là của lần tính trước.",
        "Everything is being made again from the raw data; the values are those of before."))
  }

  private func waiting(_ row: IndicatorRow, _ language: Language, to html: inout HTML) {
    html.element("section", "card") { html in
      html.element("h2", nil, "\(row.code) · \(language.of(row.name))")
      html.element("p", "chip insufficient", language.pick("Chưa tính", "Not computed yet"))
    }
  }

  private func howToRead(_ language: Language, to html: inout HTML) {
    html.element("details", nil, [("id", "how")]) { html in
      html.element("summary", nil, language.pick("Cách đọc", "How to read this"))
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

  private func unfilled(_ language: Language, to html: inout HTML) {
    let rows = tables.indicators.unfilled
    html.element("section", "unfilled") { html in
      html.element(
        "h2", nil,
        language.pick(
          "\(rows.count) chỉ tiêu chưa được tự động điền",
          "\(rows.count) rows that are not filled automatically"))
      html.table(
        head: [
          language.pick("Mã", "Code"), language.pick("Chỉ tiêu", "Indicator"),
          language.pick("Đơn vị", "Unit"), language.pick("Mục tiêu", "Target"),
          language.pick("Năm", "Year"), language.pick("Cơ quan theo dõi", "Owner"),
        ],
        rows.map {
          [
            $0.code, language.of($0.name), $0.unit, $0.targetText, "\($0.targetYear)",
            $0.owners.joined(separator: ", "),
          ]
        })
    }
  }
}
