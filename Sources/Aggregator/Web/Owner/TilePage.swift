import Daemon
import Indicators
import SQLite

/// `/tiles/<quadkey>`: every bin of one z16 tile, with the sources that measured in it.
struct TilePage {
  let site: OwnersSite
  let language: Language
  let tile: Tile
  let visits: [Visit]

  /// What one source saw in one cell on one day.
  struct Visit {
    let plmn: String
    let cell: String
    let day: Int
    let source: String
    let conclusive: Int64
    let covered: Int64
    let inconclusive: Int64
    let leftOut: Int64
    let oldestMs: Int64
    let newestMs: Int64
    let isSimulated: Bool
  }

  /// The latest first; one more than is shown says that there are more.
  static func visits(
    _ store: StoreReader, _ tile: Tile, acceptSimulated: Bool
  ) throws -> [Visit] {
    let cells = (tile.index << 6)...(tile.index << 6 | 63)
    return try store.rows(
      """
      SELECT o.plmn, d.cell, d.day, a.name || '/' || s.name, d.conclusive, d.covered,
        d.inconclusive, d.inaccurate + d.roaming, d.oldest_ms, d.newest_ms, s.simulated
      FROM operators o JOIN coverage_days d ON d.operator = o.id
        AND d.cell BETWEEN \(cells.lowerBound) AND \(cells.upperBound)
        JOIN sources s ON s.id = d.source JOIN agents a ON a.id = s.agent
      WHERE s.simulated <= \(acceptSimulated ? 1 : 0)
      ORDER BY d.day DESC, o.plmn, d.cell LIMIT \(visitsMax + 1)
      """
    ) { row in
      Visit(
        plmn: row.text(0),
        cell: String(Tile(zoom: Tile.cellZoom, index: row.integer(1)).quadkey.suffix(3)),
        day: Int(row.integer(2)), source: row.text(3), conclusive: row.integer(4),
        covered: row.integer(5), inconclusive: row.integer(6), leftOut: row.integer(7),
        oldestMs: row.integer(8), newestMs: row.integer(9), isSimulated: row.integer(10) != 0)
    }
  }

  private static let visitsMax = 500

  private var isCut: Bool { visits.count > TilePage.visitsMax }

  func html() -> String {
    let times = site.times(language)
    let title = language.pick("Ô \(tile.quadkey)", "Tile \(tile.quadkey)")
    return HTML.page(
      language, title: title, path: "/tiles/\(tile.quadkey)", live: .every(milliseconds: 30_000)
    ) { html in
      if visits.contains(where: \.isSimulated) { html.simulatedBanner(language) }
      html.element("section", "card", [("id", "place")]) { html in
        html.element("dl") { place(to: &$0) }
        html.element("p", "links") {
          $0.link("/map" + language.query, language.pick("Về bản đồ", "To the map"))
        }
      }
      html.element("section", "card", [("id", "visits")]) { html in
        html.element("h2", nil, language.pick("Từng lần đo", "Each visit"))
        html.element(
          "p", nil,
          language.pick(
            """
            Một dòng là những gì một nguồn thấy trong một ô nhỏ (72 m) trong một ngày. Ô nhỏ có \
            sóng trong ngày khi ít nhất nửa số mẫu của mọi nguồn đạt ngưỡng.
            """,
            """
            A row is what one source saw in one cell of 72 m on one day. A cell is covered on a \
            day if at least half of the samples of all sources reach the level.
            """))
        table(times, to: &html)
        if isCut {
          html.element(
            "p", nil,
            language.pick(
              "Chỉ hiện \(TilePage.visitsMax) dòng mới nhất.",
              "Only the latest \(TilePage.visitsMax) rows are shown."))
        }
      }
    }
  }

  private func place(to html: inout HTML) {
    let known = site.tables.population.peopledTiles.first { $0.tile == tile.index }
    let centre = tile.centre
    html.term(
      language.pick("Địa bàn", "Area"),
      known.map { language.of(site.tables.areas.areas[$0.area].name) }
        ?? language.pick("ngoài bảng dân số", "outside the population table"))
    html.term(
      language.pick("Dân số", "People"), language.number(Double(known?.people ?? 0)))
    html.term(
      language.pick("Tọa độ tâm", "Centre"),
      "\(rounded(centre.latitude, 1e5)), \(rounded(centre.longitude, 1e5))")
    let count = language.whole(min(visits.count, TilePage.visitsMax))
    html.term(
      language.pick("Lần đo", "Visits"),
      isCut ? language.pick("hơn \(count)", "more than \(count)") : count)
  }

  private func table(_ times: DateText, to html: inout HTML) {
    html.wideTable(
      language.pick("Từng lần đo", "Each visit"),
      head: [
        language.pick("Ngày", "Day"), language.pick("Nhà mạng", "Operator"),
        language.pick("Ô nhỏ", "Cell"), language.pick("Trạm / nguồn", "Agent / source"),
        language.pick("Có sóng / kết luận được", "Covered / conclusive"),
        language.pick("Không kết luận", "Inconclusive"), language.pick("Loại ra", "Left out"),
        language.pick("Từ", "From"), language.pick("Đến", "To"),
      ],
      visits.prefix(TilePage.visitsMax).map { visit in
        [
          HTML.Cell(times.day(visit.day)), HTML.Cell(OperatorName.text(visit.plmn, language)),
          HTML.Cell(visit.cell),
          HTML.Cell(
            visit.source + (visit.isSimulated ? language.pick(" (mô phỏng)", " (simulated)") : "")),
          HTML.Cell("\(language.whole(visit.covered)) / \(language.whole(visit.conclusive))"),
          HTML.Cell(language.whole(visit.inconclusive)), HTML.Cell(language.whole(visit.leftOut)),
          HTML.Cell(times.moment(visit.oldestMs)), HTML.Cell(times.moment(visit.newestMs)),
        ]
      })
  }
}
