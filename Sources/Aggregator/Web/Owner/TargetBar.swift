/// 0 … 100 % as a line: bounds, interval, value and target. Attributes of SVG, for the page's
/// policy forbids styles in the markup; the numbers stand below it as text, for a stretched SVG
/// would stretch them.
struct TargetBar {
  let figure: ShownIndicator.Figure
  let target: Double?
  let language: Language

  func write(to html: inout HTML) {
    let box: [(StaticString, String)] = [
      ("viewBox", "-10 0 1020 46"), ("preserveAspectRatio", "none"), ("role", "img"),
      ("aria-label", legend.map { "\($0.name): \($0.text)" }.joined(separator: "; ")),
    ]
    html.element("svg", "scale", box) { html in
      bar("track", 0...100, y: 16, height: 14, to: &html)
      bar("bounds", figure.bounds, y: 16, height: 14, to: &html)
      if let interval = figure.interval {
        bar("interval", interval, y: 16, height: 14, to: &html)
      }
      if let value = figure.value { tick("tick", value, from: 8, to: 38, &html) }
      if let target { tick("goal", target, from: 2, to: 44, &html) }
    }
    html.element("ul", "key") { html in
      for entry in legend {
        html.element("li") { html in
          html.element("span", "swatch \(entry.style)") { _ in }
          html.string(entry.name + ": ")
          html.element("b", nil, entry.text)
        }
      }
    }
  }

  private var legend: [(style: String, name: String, text: String)] {
    var entries: [(style: String, name: String, text: String)] = []
    if let value = figure.value {
      entries.append(("tick", language.pick("giá trị", "value"), language.percent(value)))
    }
    if figure.interval != nil {
      entries.append(
        (
          "interval", language.pick("khoảng tin cậy 95 %", "95% interval"),
          FigureText.range(figure.interval, language)
        ))
    } else if figure.value != nil {
      entries.append(
        (
          "interval", language.pick("khoảng tin cậy", "interval"),
          language.pick(
            "không có (đếm toàn bộ, không lấy mẫu)", "none (a census, not a sample)")
        ))
    }
    entries.append(
      (
        "bounds",
        language.pick("cận (phần chưa đo đều xấu … đều tốt)", "bounds (unseen all bad … all good)"),
        FigureText.range(figure.bounds, language)
      ))
    if let target {
      entries.append(
        ("goal", language.pick("mục tiêu", "target"), language.percent(target, decimals: 0)))
    }
    return entries
  }

  private func bar(
    _ style: String, _ range: ClosedRange<Double>, y: Int, height: Int, to html: inout HTML
  ) {
    let width = max(2, (range.upperBound - range.lowerBound) * 10)
    html.element(
      "rect", style,
      [
        ("x", SVG.number(range.lowerBound * 10)), ("y", "\(y)"), ("width", SVG.number(width)),
        ("height", "\(height)"),
      ]
    ) { _ in }
  }

  private func tick(
    _ style: String, _ value: Double, from: Int, to: Int, _ html: inout HTML
  ) {
    let x = SVG.number(value * 10)
    html.element(
      "line", style, [("x1", x), ("x2", x), ("y1", "\(from)"), ("y2", "\(to)")]
    ) { _ in }
  }
}

/// Numbers of drawings: a tenth of a unit is finer than a screen.
enum SVG {
  static func number(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    if tenths % 10 == 0 { return "\(tenths / 10)" }
    return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
