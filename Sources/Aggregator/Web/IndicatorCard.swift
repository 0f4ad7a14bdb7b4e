import Daemon

/// One filled indicator on the owners' page.
struct IndicatorCard {
  let indicator: ShownIndicator
  let row: IndicatorRow
  let language: Language
  let times: DateText

  private var figure: ShownIndicator.Figure { indicator.figure }

  func write(to html: inout HTML) {
    let style = indicator.isSimulated ? "card made" : "card"
    html.element("section", style, [("id", "i" + indicator.code)]) { html in
      html.element("h2", nil, "\(indicator.code) · \(language.of(indicator.name))")
      if indicator.isSimulated {
        html.element("p", "mark", language.pick("Số liệu mô phỏng", "Simulated data"))
      }
      html.element("div", "head") { html in
        html.element(
          "p", "value", figure.value.map { language.percent($0) } ?? "–")
        html.element(
          "p", "chip \(figure.verdict)", IndicatorCard.verdict(figure.verdict, language))
        html.element("p", "target", target)
      }
      if let reason = figure.reason {
        html.element("p", "reason") { html in
          html.element("strong", nil, language.pick("Còn thiếu: ", "Missing: "))
          html.string(language.of(reason))
        }
      }
      ScaleDrawing(figure: figure, target: indicator.target).write(to: &html)
      html.element("dl") { facts(to: &$0) }
      DetailTexts(indicator: indicator, language: language, times: times).write(to: &html)
      areas(to: &html)
    }
  }

  static func verdict(_ word: String, _ language: Language) -> String {
    switch word {
    case "reached": language.pick("đạt", "reached")
    case "not_reached": language.pick("chưa đạt", "not reached")
    case "undecided": language.pick("chưa kết luận", "undecided")
    default: language.pick("chưa đủ dữ liệu", "not enough data")
    }
  }

  static func range(_ range: ClosedRange<Double>?, _ language: Language) -> String {
    guard let range else { return "–" }
    return "\(language.number(range.lowerBound, decimals: 1)) … "
      + language.percent(range.upperBound)
  }

  private var target: String {
    let value = indicator.target.map { language.percent($0, decimals: 0) } ?? row.targetText
    return language.pick("Mục tiêu \(indicator.targetYear): ", "Target \(indicator.targetYear): ")
      + value
  }

  private func facts(to html: inout HTML) {
    let interval =
      figure.status == "measured" && figure.interval == nil
      ? language.pick("không có (đếm toàn bộ, không lấy mẫu)", "none (a census, not a sample)")
      : IndicatorCard.range(figure.interval, language)
    html.term(language.pick("Khoảng tin cậy 95 %", "95% interval"), interval)
    html.term(
      language.pick("Cận (chưa đo đều xấu … đều tốt)", "Bounds (unseen all bad … all good)"),
      IndicatorCard.range(figure.bounds, language))
    html.term(
      language.pick("Chưa đo", "Not measured"),
      figure.unmeasuredShare.map { language.percent(share: $0) }
        ?? language.pick("không rõ", "unknown"))
    html.term(
      language.pick("Dữ liệu", "Data"),
      language.pick(
        "\(language.number(Double(figure.samples))) số đo từ \(figure.sources) \(sourceWord)",
        "\(language.number(Double(figure.samples))) readings from \(figure.sources) \(sourceWord)"
      ))
    let newest = figure.newestMs.map { "\(times.moment($0)) (\(times.age($0)))" } ?? "–"
    html.term(language.pick("Số đo mới nhất", "Newest reading"), newest)
    html.term(
      language.pick("Tính lúc", "Computed"),
      times.moment(indicator.computedAtMs)
        + language.pick(", bản ", ", revision ") + "\(indicator.revision)"
        + language.pick(", phương pháp ", ", method ") + indicator.method)
    if let trend = indicator.trend {
      html.term(language.pick("Xu hướng", "Trend"), text(trend))
    }
    html.term(
      language.pick("Cơ quan theo dõi", "Owner"), row.owners.joined(separator: ", "))
  }

  private var sourceWord: String {
    row.method == .broadband
      ? language.pick("đường truyền", "lines") : language.pick("nguồn", "sources")
  }

  private func text(_ trend: ShownIndicator.Trend) -> String {
    let sign = trend.perYear > 0 ? "+" : ""
    let rate = sign + language.number(trend.perYear, decimals: 1)
    let outlook =
      switch trend.outlook {
      case "on_track": language.pick("đúng tiến độ", "on track")
      case "at_risk": language.pick("có nguy cơ không đạt", "at risk")
      default: language.pick("chưa rõ", "unknown")
      }
    let end = language.percent(trend.atTargetYear)
    return language.pick(
      "\(rate) điểm mỗi năm; năm \(indicator.targetYear): \(end), \(outlook)",
      "\(rate) points a year; in \(indicator.targetYear): \(end), \(outlook)")
  }

  private func areas(to html: inout HTML) {
    html.element("details", nil, [("id", "a" + indicator.code)]) { html in
      html.element("summary", nil, language.pick("Theo địa bàn", "By area"))
      html.table(
        head: [
          language.pick("Địa bàn", "Area"), language.pick("Giá trị", "Value"),
          language.pick("Khoảng tin cậy 95 %", "95% interval"), language.pick("Cận", "Bounds"),
          language.pick("Chưa đo", "Not measured"), language.pick("Kết luận", "Verdict"),
        ],
        indicator.areas.map { area in
          [
            language.of(area.name), area.figure.value.map { language.percent($0) } ?? "–",
            IndicatorCard.range(area.figure.interval, language),
            IndicatorCard.range(area.figure.bounds, language),
            area.figure.unmeasuredShare.map { language.percent(share: $0) } ?? "–",
            IndicatorCard.verdict(area.figure.verdict, language),
          ]
        })
    }
  }
}

/// 0 … 100 % as a line: bounds, interval, value and target. Attributes of SVG, for the page's
/// policy forbids styles in the markup.
struct ScaleDrawing {
  let figure: ShownIndicator.Figure
  let target: Double?

  func write(to html: inout HTML) {
    let box: [(StaticString, String)] = [
      ("viewBox", "-10 0 1020 46"), ("preserveAspectRatio", "none"), ("aria-hidden", "true"),
    ]
    html.element("svg", "scale", box) { html in
      bar("track", 0...100, y: 16, height: 14, to: &html)
      bar("bounds", figure.bounds, y: 16, height: 14, to: &html)
      if let interval = figure.interval {
        bar("interval", interval, y: 16, height: 14, to: &html)
      }
      if let value = figure.value { tick("tick", value, from: 10, to: 36, &html) }
      if let target { tick("goal", target, from: 4, to: 42, &html) }
    }
  }

  private func bar(
    _ style: String, _ range: ClosedRange<Double>, y: Int, height: Int, to html: inout HTML
  ) {
    let width = max(2, (range.upperBound - range.lowerBound) * 10)
    html.element(
      "rect", style,
      [
        ("x", "\(range.lowerBound * 10)"), ("y", "\(y)"), ("width", "\(width)"),
        ("height", "\(height)"),
      ]
    ) { _ in }
  }

  private func tick(
    _ style: String, _ value: Double, from: Int, to: Int, _ html: inout HTML
  ) {
    html.element(
      "line", style,
      [("x1", "\(value * 10)"), ("x2", "\(value * 10)"), ("y1", "\(from)"), ("y2", "\(to)")]
    ) { _ in }
  }
}
