import Daemon

/// One filled indicator on the front page: what a head of department looks at in the morning.
struct IndicatorCard {
  let indicator: ShownIndicator
  let row: IndicatorRow
  let province: LocalText
  let history: [HistoryPoint]
  let language: Language
  let times: DateText
  /// Leads to its own page.
  var isLinked = true

  private var figure: ShownIndicator.Figure { indicator.figure }
  private var page: String { "/indicators/\(indicator.code)" }

  func write(to html: inout HTML) {
    let style = indicator.isSimulated ? "card made" : "card"
    html.element("section", style, [("id", "i" + indicator.code)]) { html in
      html.element("h2") { html in
        let name = "\(indicator.code) · \(language.of(indicator.name))"
        if isLinked {
          html.link(page + language.query, name)
        } else {
          html.string(language.pick("Giá trị", "Value"))
        }
      }
      if indicator.isSimulated {
        html.element("p", "mark", language.pick("Số liệu mô phỏng", "Simulated data"))
      }
      html.element("div", "head") { html in
        html.element("p", "value", FigureText.value(figure.value, language))
        html.element(
          "p", "chip \(figure.verdict)", FigureText.verdict(figure.verdict, language))
        html.element("p", "target", target)
      }
      if let reason = figure.reason {
        html.element("p", "reason") { html in
          html.element("strong", nil, language.pick("Còn thiếu: ", "Missing: "))
          html.string(language.of(reason))
        }
      }
      TargetBar(figure: figure, target: indicator.target, language: language).write(to: &html)
      if figure.reason == nil { html.element("p", "aloud", sentence) }
      html.element("div", "two") { html in
        html.element("dl") { facts(to: &$0) }
        HistoryChart(
          points: history, indicator: indicator, language: language, times: times
        ).write(to: &html)
      }
      if isLinked { links(to: &html) }
    }
  }

  var sentence: String {
    PlainSentence(
      indicator: indicator, province: province, language: language, times: times
    ).text
  }

  private var target: String {
    let value = indicator.target.map { language.percent($0, decimals: 0) } ?? row.targetText
    return language.pick("Mục tiêu \(indicator.targetYear): ", "Target \(indicator.targetYear): ")
      + value
  }

  private func facts(to html: inout HTML) {
    let newest = figure.newestMs.map { "\(times.moment($0)) (\(times.roughAge($0)))" } ?? "–"
    html.term(language.pick("Số đo mới nhất", "Newest reading"), newest)
    html.term(
      language.pick("Chưa đo", "Not measured"), FigureText.share(figure.unmeasuredShare, language))
    let samples = language.number(Double(figure.samples))
    let sources = language.number(Double(figure.sources))
    html.term(
      language.pick("Dữ liệu", "Data"),
      language.pick(
        "\(samples) số đo từ \(sources) \(sourceWord)",
        "\(samples) readings from \(sources) \(sourceWord)"))
    html.term(language.pick("Xu hướng", "Trend"), trend)
    html.term(
      language.pick("Tính lúc", "Computed"),
      times.moment(indicator.computedAtMs) + language.pick(", bản ", ", revision ")
        + "\(indicator.revision)" + language.pick(", phương pháp ", ", method ")
        + indicator.method)
    html.term(
      language.pick("Cơ quan theo dõi", "Owner"), row.owners.joined(separator: ", "))
  }

  private var sourceWord: String {
    row.method == .broadband
      ? language.pick("đường truyền", "lines") : language.pick("nguồn", "sources")
  }

  private var trend: String {
    guard let trend = indicator.trend else {
      return language.pick(
        "chưa có: cần giá trị của ít nhất 6 tháng", "none yet: it takes values of 6 months")
    }
    let rate = (trend.perYear > 0 ? "+" : "") + language.number(trend.perYear, decimals: 1)
    let end = language.percent(trend.atTargetYear)
    let outlook = FigureText.outlook(trend.outlook, language)
    return language.pick(
      "\(rate) điểm mỗi năm; năm \(indicator.targetYear): \(end), \(outlook)",
      "\(rate) points a year; in \(indicator.targetYear): \(end), \(outlook)")
  }

  private func links(to html: inout HTML) {
    html.element("p", "links") { html in
      html.link(
        page + language.query,
        language.pick("Lịch sử, địa bàn, cách tính", "History, areas, method")
          + " (\(indicator.code))")
      if row.method == .coverage {
        html.link("/map" + language.query, language.pick("Bản đồ phủ sóng", "Coverage map"))
      }
    }
  }
}
