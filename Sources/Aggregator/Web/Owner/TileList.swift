import Indicators

/// `/tiles`: what the map shows, as a table: for readers without a script, by keyboard or by ear.
/// A hundred rows a page, the most populous first.
struct TileList {
  let site: OwnersSite
  let language: Language
  let choice: OwnersSite.MapChoice
  /// `nil`: all.
  let state: TileState?
  /// The page that is asked for.
  let wanted: Int

  private var areas: [AreaTable.Area] { site.tables.areas.areas }

  private var tiles: [SceneTile] {
    choice.scene.tiles.filter {
      (choice.area == nil || $0.area == choice.area) && (state == nil || $0.state == state)
    }.sorted { ($1.people, $0.tile.index) < ($0.people, $1.tile.index) }
  }

  static func address(
    _ plmn: String, area: String?, state: TileState?, page: Int = 1, _ language: Language
  ) -> String {
    "/tiles?operator=\(MapPage.operatorWord(plmn))" + (area.map { "&area=\($0)" } ?? "")
      + (state.map { "&state=\($0.rawValue)" } ?? "") + (page > 1 ? "&page=\(page)" : "")
      + language.furtherQuery
  }

  func html() -> String {
    let tiles = tiles
    let page = Pages(wanted, of: tiles.count)
    let place = language.of(choice.area.map { areas[$0].name } ?? site.tables.areas.province)
    let name = OperatorName.text(choice.scene.plmn, language)
    let title = language.pick("Các ô: \(place), \(name)", "Tiles: \(place), \(name)")
    return HTML.page(
      language, title: title, path: "/tiles", live: .every(milliseconds: 30_000),
      address: {
        TileList.address(choice.scene.plmn, area: areaID, state: state, page: page.number, $0)
      }
    ) { html in
      if choice.scene.isSimulated { html.simulatedBanner(language) }
      html.element("section", "card", [("id", "tiles")]) { html in
        states(to: &html)
        table(tiles[page.rows], to: &html)
        html.element("p", "links") { html in
          page.write(to: &html, language, unit: language.pick(" ô", " tiles")) {
            address(state: state, page: $0)
          }
          html.link(
            "/map?operator=\(MapPage.operatorWord(choice.scene.plmn))"
              + (areaID.map { "&area=\($0)" } ?? "") + language.furtherQuery,
            language.pick("Về bản đồ", "To the map"))
        }
      }
    }
  }

  private var areaID: String? { choice.area.map { areas[$0].id } }

  private func address(state: TileState?, page: Int = 1) -> String {
    TileList.address(choice.scene.plmn, area: areaID, state: state, page: page, language)
  }

  private func states(to html: inout HTML) {
    let name = language.pick("Trạng thái", "State")
    html.element("p", "choice", [("role", "group"), ("aria-label", name)]) { html in
      html.element("span", nil, name + ":")
      for each in [nil] + TileState.allCases.map(Optional.some) {
        var attributes: [(StaticString, String)] = [("href", address(state: each))]
        if each == state { attributes.append(("aria-current", "true")) }
        html.element("a", nil, attributes) {
          $0.string(each?.name(language) ?? language.pick("tất cả", "all"))
        }
      }
    }
  }

  private func table(_ shown: ArraySlice<SceneTile>, to html: inout HTML) {
    guard !shown.isEmpty else {
      return html.element(
        "p", nil, language.pick("Không có ô nào như vậy.", "There is no such tile."))
    }
    html.wideTable(
      language.pick("Các ô", "Tiles"),
      head: [
        language.pick("Ô", "Tile"), language.pick("Địa bàn", "Area"),
        language.pick("Dân số", "People"), language.pick("Trạng thái", "State"),
        language.pick("Lần đo có sóng / lần đo", "Covered bins / bins"),
      ],
      shown.map { tile in
        [
          HTML.Cell(tile.tile.quadkey, target: "/tiles/\(tile.tile.quadkey)" + language.query),
          HTML.Cell(
            tile.area.map { language.of(areas[$0].name) }
              ?? language.pick("ngoài bảng dân số", "outside the population table")),
          HTML.Cell(language.number(Double(tile.people))), HTML.Cell(tile.state.word(language)),
          HTML.Cell(
            tile.place.map {
              "\(language.whole($0.covered)) / \(language.whole($0.bins))"
            } ?? "–"),
        ]
      })
  }
}

extension OwnersSite {
  func tileList(_ request: HTTPRequest) throws -> HTTPResponse {
    let language = request.language
    var state: TileState?
    if let word = request.value("state") {
      state = TileState(rawValue: word)
      guard state != nil else {
        let words = TileState.allCases.map(\.rawValue).joined(separator: ", ")
        return .refusal(
          400, language, "state=\(word.prefix(60)) không dùng được; có \(words).",
          "state=\(word.prefix(60)) means nothing; there are \(words).")
      }
    }
    var page = 1
    if let word = request.value("page") {
      guard let number = Int(word), (1...1_000_000).contains(number) else {
        return .refusal(
          400, language, "page=\(word.prefix(60)) không dùng được; hãy ghi 1…1000000.",
          "page=\(word.prefix(60)) means nothing; give 1…1000000.")
      }
      page = number
    }
    switch try mapChoice(request) {
    case .failure(let wrong): return wrong.answer
    case .success(let choice):
      return .html(
        TileList(site: self, language: language, choice: choice, state: state, wanted: page)
          .html())
    }
  }
}
