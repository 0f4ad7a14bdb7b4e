import Indicators

/// An indicator over time: the value of each day, its bounds as a band, the target, and, where
/// there is a trend, the way to the target year. Simulated and real values are never joined.
struct HistoryChart {
  let points: [HistoryPoint]
  let indicator: ShownIndicator
  let language: Language
  let times: DateText
  /// Height of the drawing; its width is 600.
  var height = 110.0

  private static let width = 600.0
  /// Where history ends and the outlook begins.
  private static let nowX = 440.0

  /// Those that are of the same kind of data as the present value.
  private var alike: [HistoryPoint] {
    points.filter { $0.isSimulated == indicator.isSimulated && $0.value != nil }
  }

  func write(to html: inout HTML) {
    html.element("figure", "history") { html in
      let alike = alike
      guard let first = alike.first, let last = alike.last, first.timeMs < last.timeMs else {
        html.element(
          "p", "none",
          language.pick(
            "Biểu đồ sẽ có khi có giá trị của hai ngày trở lên.",
            "There will be a chart once there are values of two days."))
        return
      }
      draw(alike, first, last, to: &html)
      html.element("figcaption") { html in
        let start = times.day(localDay(first.timeMs))
        let values = [first, last].map { FigureText.value($0.value, language) }
        html.string(
          language.pick(
            "Từ \(start) (\(values[0])) đến nay (\(values[1])); gạch đỏ: mục tiêu; nền: cận",
            "From \(start) (\(values[0])) to now (\(values[1])); red dashes: target; "
              + "band: bounds"))
        if indicator.trend != nil {
          html.string(
            language.pick(
              "; chấm xanh: xu hướng đến \(indicator.targetYear)",
              "; blue dots: the trend to \(indicator.targetYear)"))
        }
      }
    }
  }

  private func localDay(_ timeMs: Int64) -> Int {
    LocalDay.day(ofMs: timeMs, utcOffsetMinutes: times.utcOffsetMinutes)
  }

  private func draw(
    _ points: [HistoryPoint], _ first: HistoryPoint, _ last: HistoryPoint, to html: inout HTML
  ) {
    let end = indicator.trend?.atTargetYear
    let values = points.compactMap(\.value)
    let all = values + [indicator.target, end].compactMap { $0 }
    let low = max(0, (all.min() ?? 0) - 3)
    let high = min(101, (all.max() ?? 100) + 1.5)
    let span = Double(last.timeMs - first.timeMs)
    let right = end == nil ? HistoryChart.width - 4 : HistoryChart.nowX
    let x = { (timeMs: Int64) in 4 + Double(timeMs - first.timeMs) / span * (right - 4) }
    let y = { (value: Double) in
      4 + (high - min(max(value, low), high)) / (high - low) * (height - 8)
    }
    let label =
      language.pick("Giá trị theo thời gian: ", "Value over time: ")
      + "\(FigureText.value(first.value, language)) → \(FigureText.value(last.value, language))"
    html.element(
      "svg", "chart",
      [
        ("viewBox", "0 0 600 \(SVG.number(height))"), ("preserveAspectRatio", "none"),
        ("role", "img"), ("aria-label", label),
      ]
    ) { html in
      let upper = points.map {
        "\(SVG.number(x($0.timeMs))),\(SVG.number(y($0.bounds.upperBound)))"
      }
      let lower = points.reversed().map {
        "\(SVG.number(x($0.timeMs))),\(SVG.number(y($0.bounds.lowerBound)))"
      }
      shape("polygon", "band", (upper + lower).joined(separator: " "), &html)
      if let target = indicator.target {
        line("goal", 0, y(target), HistoryChart.width, y(target), &html)
      }
      let path = points.compactMap { point in
        point.value.map { "\(SVG.number(x(point.timeMs))),\(SVG.number(y($0)))" }
      }
      shape("polyline", "curve", path.joined(separator: " "), &html)
      if let end, let value = last.value {
        line("outlook", right, y(value), HistoryChart.width - 4, y(end), &html)
      }
    }
  }

  private func shape(
    _ tag: StaticString, _ style: String, _ points: String, _ html: inout HTML
  ) {
    html.element(tag, style, [("points", points)]) { _ in }
  }

  private func line(
    _ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ html: inout HTML
  ) {
    html.element(
      "line", style,
      [
        ("x1", SVG.number(x1)), ("y1", SVG.number(y1)), ("x2", SVG.number(x2)),
        ("y2", SVG.number(y2)),
      ]
    ) { _ in }
  }
}
