import Daemon
import Indicators

/// `/map`: 20.2 tile by tile for one operator, with 20.1 by area beside it, and where to measure
/// next. The drawing is made here; the script only tells a square's values and moves the focus.
struct MapPage {
  let site: OwnersSite
  let language: Language
  let scene: CoverageScene
  let operators: [String]
  /// `nil`: the whole province.
  let area: Int?
  let broadband: ShownIndicator?

  /// Rows of the list of what to measure next.
  private static let nextMax = 20

  private var areas: [AreaTable.Area] { site.tables.areas.areas }
  private var tiles: [SceneTile] { scene.tiles.filter { area == nil || $0.area == area } }

  func html() -> String {
    let place = language.of(area.map { areas[$0].name } ?? site.tables.areas.province)
    let name = OperatorName.text(scene.plmn, language)
    let title = language.pick("Bản đồ phủ sóng 5G: \(place)", "5G coverage map: \(place)")
    return HTML.page(
      language, title: title, path: "/map", live: .every(milliseconds: 30_000),
      address: { address(scene.plmn, area, $0) }
    ) { html in
      if scene.isSimulated { html.simulatedBanner(language) }
      choices(to: &html)
      html.element("div", "mapbox") { html in
        html.element("section", "card", [("id", "drawing")]) { html in
          html.element("h2", nil, name)
          legend(to: &html)
          MapDrawing(
            tiles: tiles, outlines: site.tables.outlines, areas: areas, language: language,
            plmn: scene.plmn, areaShown: area, baseMap: site.baseMap
          ).write(to: &html)
          if let baseMap = site.baseMap {
            html.element(
              "p", "source",
              language.pick("Bản đồ nền: ", "Base map: ") + baseMap.attribution)
          }
          html.element("p", "told", [("id", "told"), ("aria-live", "polite")]) {
            $0.string(
              language.pick(
                "Chạm, trỏ hoặc dùng phím mũi tên trên các ô để xem số liệu; mở ô để xem từng "
                  + "lần đo.",
                "Touch, point at, or move by arrow keys over the squares to read them; open one "
                  + "for each of its bins."))
          }
          html.element("p", "links") {
            $0.link(
              TileList.address(scene.plmn, area: area.map { areas[$0].id }, state: nil, language),
              language.pick("Các ô dưới dạng bảng", "The tiles as a table"))
          }
        }
        html.element("div") { html in
          counts(to: &html)
          broadbandByArea(to: &html)
        }
      }
      next(to: &html)
    }
  }

  static func operatorWord(_ plmn: String) -> String { plmn.isEmpty ? "unknown" : plmn }

  private func address(_ plmn: String, _ area: Int?, _ language: Language) -> String {
    "/map?operator=\(MapPage.operatorWord(plmn))"
      + (area.map { "&area=\(areas[$0].id)" } ?? "") + language.furtherQuery
  }

  private func choices(to html: inout HTML) {
    choice(
      language.pick("Nhà mạng", "Operator"),
      operators.map {
        (OperatorName.text($0, language), address($0, area, language), $0 == scene.plmn)
      },
      to: &html)
    choice(
      language.pick("Địa bàn", "Area"),
      [
        (
          language.pick("toàn tỉnh", "the whole province"), address(scene.plmn, nil, language),
          area == nil
        )
      ]
        + VietnameseOrder.sorted(Array(areas.indices), by: { language.of(areas[$0].name) }).map {
          (language.of(areas[$0].name), address(scene.plmn, $0, language), area == $0)
        }, to: &html)
  }

  private func choice(
    _ name: String, _ entries: [(String, String, Bool)], to html: inout HTML
  ) {
    html.element("p", "choice", [("role", "group"), ("aria-label", name)]) { html in
      html.element("span", nil, name + ":")
      for (text, target, isCurrent) in entries {
        var attributes: [(StaticString, String)] = [("href", target)]
        if isCurrent { attributes.append(("aria-current", "true")) }
        html.element("a", nil, attributes) { $0.string(text) }
      }
    }
  }

  private func legend(to html: inout HTML) {
    html.element("ul", "key legend") { html in
      for state in TileState.allCases {
        html.element("li") { html in
          html.element("span", "swatch \(state.rawValue)") { _ in }
          html.string(state.name(language))
        }
      }
    }
  }

  /// The legend in numbers: a map alone flatters empty land.
  private func counts(to html: inout HTML) {
    html.element("section", "card", [("id", "counts")]) { html in
      html.element("h2", nil, language.pick("Ô và dân số", "Tiles and people"))
      let people = tiles.reduce(0) { $0 + $1.people }
      html.wideTable(
        language.pick("Ô và dân số", "Tiles and people"),
        head: [
          language.pick("Trạng thái", "State"), language.pick("Ô", "Tiles"),
          language.pick("Dân số", "People"), language.pick("Tỷ lệ", "Share"),
        ],
        TileState.allCases.map { state in
          let those = tiles.filter { $0.state == state }
          let count = those.reduce(0) { $0 + $1.people }
          return [
            HTML.Cell(
              state.name(language),
              target: TileList.address(
                scene.plmn, area: area.map { areas[$0].id }, state: state, language)),
            HTML.Cell(language.number(Double(those.count))),
            HTML.Cell(language.number(Double(count))),
            HTML.Cell(
              people > 0 ? language.percent(share: Double(count) / Double(people)) : "–"),
          ]
        })
    }
  }

  private func broadbandByArea(to html: inout HTML) {
    guard let broadband else { return }
    html.element("section", "card", [("id", "broadband")]) { html in
      html.element("h2") {
        $0.link(
          "/indicators/\(broadband.code)" + language.query,
          "\(broadband.code) · \(language.of(broadband.name))")
      }
      html.wideTable(
        language.pick("Băng rộng cố định theo địa bàn", "Fixed broadband by area"),
        head: [
          language.pick("Địa bàn", "Area"), language.pick("Giá trị", "Value"),
          language.pick("Cận", "Bounds"), language.pick("Còn thiếu", "Missing"),
        ],
        VietnameseOrder.sorted(broadband.areas) { language.of($0.name) }.map { area in
          [
            HTML.Cell(language.of(area.name)),
            HTML.Cell(FigureText.value(area.figure.value, language)),
            HTML.Cell(FigureText.range(area.figure.bounds, language)),
            HTML.Cell(area.figure.reason.map { language.of($0) } ?? ""),
          ]
        })
    }
  }

  private func next(to html: inout HTML) {
    let list = NextTiles(scene: scene, area: area)
    let all = language.number(list.tiles.reduce(0) { $0 + scene.gain($1) }, decimals: 1)
    let count = language.number(Double(list.tiles.count))
    var sum = 0.0
    html.element("section", "card", [("id", "next")]) { html in
      html.element(
        "h2", nil, language.pick("Nên đo tiếp ở đâu?", "Where should we measure next?"))
      html.element(
        "p", nil,
        language.pick(
          """
          Các ô chưa đo có nhiều dân nhất, và hai cận sẽ gần nhau thêm bao nhiêu điểm nếu đo được \
          ô đó (khi kết quả giống phần đã đo). Đo hết \(count) ô: hẹp thêm \(all) điểm.
          """,
          """
          The unmeasured tiles with most people, and by how many points the bounds would come \
          closer if one were measured (and were like what is measured already). All \(count) of \
          them: \(all) points.
          """))
      let query =
        "?operator=\(MapPage.operatorWord(scene.plmn))"
        + (area.map { "&area=\(areas[$0].id)" } ?? "")
      html.element("p", "links") { html in
        html.link(
          "/data/next.gpx" + query,
          language.pick("Tuyến đo cho máy định vị (GPX)", "Route for a navigator (GPX)"))
        html.link("/data/next.geojson" + query, "GeoJSON")
      }
      html.wideTable(
        language.pick("Nên đo tiếp", "Measure next"),
        head: [
          language.pick("Ô", "Tile"), language.pick("Địa bàn", "Area"),
          language.pick("Dân số", "People"), language.pick("Trạng thái", "State"),
          language.pick("Hẹp thêm, điểm", "Narrower, points"),
          language.pick("Cộng dồn", "In all"), language.pick("Tọa độ", "Position"),
        ],
        list.tiles.prefix(MapPage.nextMax).map { tile in
          let centre = tile.tile.centre
          let gain = scene.gain(tile)
          sum += gain
          return [
            HTML.Cell(
              tile.tile.quadkey, target: "/tiles/\(tile.tile.quadkey)" + language.query),
            HTML.Cell(tile.area.map { language.of(areas[$0].name) } ?? ""),
            HTML.Cell(language.number(Double(tile.people))),
            HTML.Cell(tile.state.word(language)),
            HTML.Cell(language.number(gain, decimals: 3)),
            HTML.Cell(language.number(sum, decimals: 3)),
            HTML.Cell("\(rounded(centre.latitude, 1e5)), \(rounded(centre.longitude, 1e5))"),
          ]
        })
    }
  }
}
