import Daemon
import Indicators
import SQLite

/// The values of an area or an operator over the days: what each revision keeps of its parts.
struct PartHistory {
  let part: Part
  /// The oldest first.
  let points: [Point]

  struct Part: Hashable {
    let kind: Kind
    /// An area's id; a PLMN, empty: unknown.
    let id: String

    /// The raw value stands in the open data.
    enum Kind: String {
      case area
      case plmn = "operator"
    }
  }

  struct Point: Equatable {
    let revision: Int64
    let timeMs: Int64
    let value: Double?
    let bounds: ClosedRange<Double>
    let unmeasuredShare: Double?
    let isSimulated: Bool
  }
}

extension StoreReader {
  /// What one revision says of its areas and operators.
  func parts(
    _ code: String, of point: HistoryPoint
  ) throws(StoreError) -> [(part: PartHistory.Part, point: PartHistory.Point)] {
    do throws(SQLiteError) {
      let row = try database.prepare(
        """
        SELECT 0, json_extract(p.value, '$.area'), json_extract(p.value, '$.value'),
          json_extract(p.value, '$.bounds[0]'), json_extract(p.value, '$.bounds[1]'),
          json_extract(p.value, '$.unmeasured_share')
        FROM revisions r, json_each(r.json, '$.areas') p WHERE r.code = ?1 AND r.revision = ?2
        UNION ALL
        SELECT 1, json_extract(p.value, '$.operator'), json_extract(p.value, '$.value'),
          json_extract(p.value, '$.bounds[0]'), json_extract(p.value, '$.bounds[1]'),
          json_extract(p.value, '$.unmeasured_share')
        FROM revisions r, json_each(r.json, '$.details.operators') p
        WHERE r.code = ?1 AND r.revision = ?2
        """)
      try row.bind(1, code)
      try row.bind(2, point.revision)
      var found: [(part: PartHistory.Part, point: PartHistory.Point)] = []
      while try row.step() {
        let lower = row.double(3)
        found.append(
          (
            PartHistory.Part(kind: row.integer(0) == 0 ? .area : .plmn, id: row.text(1)),
            PartHistory.Point(
              revision: point.revision, timeMs: point.timeMs, value: row.optionalDouble(2),
              bounds: lower...max(lower, row.double(4)), unmeasuredShare: row.optionalDouble(5),
              isSimulated: point.isSimulated)
          ))
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }
}

/// Areas or operators over the days: a line each, its value on some of the days, and its change.
struct PartHistoryTable {
  let histories: [PartHistory]
  let title: String
  /// Of the first column.
  let head: String
  let name: (String) -> String
  /// Real and simulated values are never set side by side.
  let isSimulated: Bool
  let language: Language
  let times: DateText

  /// Days whose values are written out; the line has all of them.
  private static let daysMax = 6
  private static let (width, height) = (120.0, 28.0)

  func write(to html: inout HTML) {
    let alike = histories.map { history in
      (history.part, history.points.filter { $0.isSimulated == isSimulated })
    }
    let moments = Set(alike.flatMap { $0.1.map(\.timeMs) }).sorted()
    guard moments.count > 1 else { return }
    let shown = PartHistoryTable.spread(moments)
    html.element("h3", nil, title)
    html.wideTable(title) { html in
      html.element("thead") { html in
        html.element("tr") { html in
          let days = shown.map {
            times.day(LocalDay.day(ofMs: $0, utcOffsetMinutes: times.utcOffsetMinutes))
          }
          for text in [head, language.pick("Diễn biến", "Course")] + days + [
            language.pick("Thay đổi", "Change")
          ] {
            html.element("th", nil, [("scope", "col")]) { $0.string(text) }
          }
        }
      }
      html.element("tbody") { html in
        // A little room below the lowest, and all above it.
        let lowest = alike.flatMap { $0.1.compactMap(\.value) }.min() ?? 0
        let low = max(0, lowest - 5)
        for (part, points) in alike { row(part, points, moments, shown, low, to: &html) }
      }
    }
  }

  private func row(
    _ part: PartHistory.Part, _ points: [PartHistory.Point], _ moments: [Int64], _ shown: [Int64],
    _ low: Double, to html: inout HTML
  ) {
    let valued = points.filter { $0.value != nil }
    html.element("tr") { html in
      html.element("th", nil, [("scope", "row")]) { $0.string(name(part.id)) }
      html.element("td") { line(points, moments, low, to: &$0) }
      for moment in shown {
        let value = points.first { $0.timeMs == moment }?.value
        html.element("td", nil, FigureText.value(value, language))
      }
      let ends = [valued.first?.value, valued.last?.value].compactMap { $0 }
      html.element(
        "td", nil,
        valued.count > 1 ? FigureText.difference(ends[1] - ends[0], language) : "–")
    }
  }

  /// Values as a curve over their bounds.
  ///
  /// - Parameter low: what lies at the bottom, %; at the top lie 100 %.
  private func line(
    _ points: [PartHistory.Point], _ moments: [Int64], _ low: Double, to html: inout HTML
  ) {
    let valued = points.filter { $0.value != nil }
    guard let start = moments.first, let end = moments.last, let first = valued.first,
      let last = valued.last
    else { return html.string("–") }
    let x = { (timeMs: Int64) in
      Double(timeMs - start) / Double(end - start) * PartHistoryTable.width
    }
    let y = { (value: Double) in
      (100 - max(value, low)) / (100 - low) * (PartHistoryTable.height - 2) + 1
    }
    let place = { (timeMs: Int64, value: Double) in
      "\(SVG.number(x(timeMs))),\(SVG.number(y(value)))"
    }
    let words = [first, last].map { FigureText.value($0.value, language) }
    html.element(
      "svg", "spark",
      [
        ("viewBox", "0 0 120 28"), ("preserveAspectRatio", "none"), ("role", "img"),
        ("aria-label", words.joined(separator: " → ")),
      ]
    ) { html in
      let band =
        points.map { place($0.timeMs, $0.bounds.upperBound) }
        + points.reversed().map { place($0.timeMs, $0.bounds.lowerBound) }
      html.element("polygon", "band", [("points", band.joined(separator: " "))]) { _ in }
      let curve = valued.compactMap { point in point.value.map { place(point.timeMs, $0) } }
      html.element("polyline", "curve", [("points", curve.joined(separator: " "))]) { _ in }
    }
  }

  /// The first, the last, and some evenly between.
  static func spread(_ moments: [Int64]) -> [Int64] {
    guard moments.count > daysMax else { return moments }
    return (0..<daysMax).map { moments[$0 * (moments.count - 1) / (daysMax - 1)] }
  }
}
