/// An indicator's history: the chart of its days, and every revision that is kept with its cause.
struct HistorySection {
  let indicator: ShownIndicator
  let daily: [HistoryPoint]
  /// The oldest first.
  let points: [HistoryPoint]
  let isWhole: Bool
  let language: Language
  let times: DateText

  /// Without `history=all`.
  private static let rowsMax = 30

  func write(to html: inout HTML) {
    HistoryChart(
      points: daily, indicator: indicator, language: language, times: times, height: 200
    ).write(to: &html)
    html.element("p") { html in
      html.string(
        language.pick(
          """
          Mỗi lần con số đổi là một bản; bản cũ được lược bớt theo thời gian, số của bản không \
          dùng lại. Bấm vào số của bản để xem con số như đã hiện lúc đó và vì sao nay khác.
          """,
          """
          Each time the figure changes it becomes a revision; old ones are thinned out, and \
          numbers are never used again. Follow a number to see the figure as it was, and why it \
          is another now.
          """))
    }
    let shown = points.reversed().prefix(isWhole ? points.count : HistorySection.rowsMax)
    html.wideTable(
      language.pick("Các bản", "Revisions"),
      head: [
        language.pick("Bản", "Revision"), language.pick("Lúc", "At"),
        language.pick("Giá trị", "Value"), language.pick("Thay đổi", "Change"),
        language.pick("Khoảng tin cậy 95 %", "95% interval"), language.pick("Cận", "Bounds"),
        language.pick("Nguyên nhân", "Cause"),
      ], shown.map(cells))
    if points.count > shown.count {
      html.element("p", "links") { html in
        html.link(
          "/indicators/\(indicator.code)?history=all" + language.furtherQuery + "#history",
          language.pick("Tất cả \(points.count) bản", "All \(points.count) revisions"))
      }
    }
  }

  private func cells(_ point: HistoryPoint) -> [HTML.Cell] {
    let made = point.isSimulated ? language.pick(" (mô phỏng)", " (simulated)") : ""
    return [
      HTML.Cell(
        "\(point.revision)",
        target: "/indicators/\(indicator.code)?at=\(point.revision)" + language.furtherQuery),
      HTML.Cell(times.moment(point.timeMs)),
      HTML.Cell(FigureText.value(point.value, language) + made), HTML.Cell(change(point)),
      HTML.Cell(FigureText.range(point.interval, language)),
      HTML.Cell(FigureText.range(point.bounds, language)),
      HTML.Cell(FigureText.cause(point.cause, language)),
    ]
  }

  /// From the revision that is kept before it.
  private func change(_ point: HistoryPoint) -> String {
    guard let index = points.firstIndex(of: point), index > 0,
      let value = point.value, let before = points[index - 1].value
    else { return "–" }
    return FigureText.difference(value - before, language)
  }
}

extension FigureText {
  /// `+0,3`, `−1,2`, `0,0`: points of a percentage.
  static func difference(_ points: Double, _ language: Language) -> String {
    let text = language.number(points, decimals: 2)
    return points > 0 && text != language.number(0, decimals: 2) ? "+" + text : text
  }
}
