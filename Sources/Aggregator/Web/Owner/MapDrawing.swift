import Indicators

/// Tiles and outlines as SVG; one tile is one unit, so that every number is short.
struct MapDrawing {
  let tiles: [SceneTile]
  let outlines: AreaOutlines?
  let areas: [AreaTable.Area]
  let language: Language
  let plmn: String
  /// `nil`: the whole province.
  let areaShown: Int?
  let baseMap: BaseMap?

  private struct Box {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
  }

  func write(to html: inout HTML) {
    guard let box else {
      html.element(
        "p", nil,
        language.pick(
          "Không có bảng dân số theo ô và chưa có ô nào được đo.",
          "There is no population table by tile, and no tile was measured."))
      return
    }
    let name = language.pick("Bản đồ các ô", "Map of the tiles")
    html.element(
      "svg", baseMap == nil ? "map" : "map onland",
      [
        ("viewBox", "0 0 \(box.width) \(box.height)"), ("role", "group"), ("aria-label", name),
      ]
    ) { html in
      html.raw(
        """
        <defs><pattern id="hatch" width=".5" height=".5" patternUnits="userSpaceOnUse" \
        patternTransform="rotate(45)"><path d="M0 0h.5v.5H0z" fill="#fff"/>\
        <path d="M0 0v.5" stroke="#777" stroke-width=".4"/></pattern></defs>
        """)
      land(box, to: &html)
      // The most populous is where the keyboard begins.
      let start = tiles.indices.max { tiles[$0].people < tiles[$1].people }
      for index in tiles.indices { square(tiles[index], box, index == start, to: &html) }
      lines(box, to: &html)
    }
  }

  private var box: Box? {
    guard !tiles.isEmpty else { return nil }
    let (x, y) = (tiles.map(\.tile.x), tiles.map(\.tile.y))
    guard let left = x.min(), let right = x.max(), let top = y.min(), let bottom = y.max() else {
      return nil
    }
    return Box(x: left - 1, y: top - 1, width: right - left + 3, height: bottom - top + 3)
  }

  /// At most so many pictures lie side by side.
  private static let picturesMax = 6

  /// The base map's pictures, of the finest zoom that does not need too many.
  private func land(_ box: Box, to html: inout HTML) {
    guard let baseMap else { return }
    var zoom = Tile.tileZoom
    while max(box.width, box.height) >> (Tile.tileZoom - zoom) >= Self.picturesMax { zoom -= 1 }
    let shift = Tile.tileZoom - zoom
    for y in (box.y >> shift)...((box.y + box.height - 1) >> shift) {
      for x in (box.x >> shift)...((box.x + box.width - 1) >> shift) {
        html.open(
          "image", nil,
          [
            ("href", baseMap.url(zoom: zoom, x: x, y: y)), ("x", "\((x << shift) - box.x)"),
            ("y", "\((y << shift) - box.y)"), ("width", "\(1 << shift)"),
            ("height", "\(1 << shift)"),
          ])
        html.raw("</image>")
      }
    }
  }

  private func square(
    _ tile: SceneTile, _ box: Box, _ isStart: Bool, to html: inout HTML
  ) {
    html.element(
      "a", "square",
      [
        ("href", "/tiles/\(tile.tile.quadkey)" + language.query),
        ("tabindex", isStart ? "0" : "-1"),
      ]
    ) { html in
      html.element(
        "rect", tile.state.rawValue,
        [
          ("x", "\(tile.tile.x - box.x)"), ("y", "\(tile.tile.y - box.y)"), ("width", "1"),
          ("height", "1"),
        ]
      ) { $0.element("title", nil, text(tile)) }
    }
  }

  /// What a square says when it is pointed at, touched or reached by keyboard.
  private func text(_ tile: SceneTile) -> String {
    let place =
      tile.area.map { language.of(areas[$0].name) }
      ?? language.pick("ngoài bảng dân số", "outside the population table")
    let people = language.number(Double(tile.people))
    var text =
      language.pick("\(place), \(people) người: ", "\(place), \(people) people: ")
      + tile.state.name(language)
    if let seen = tile.place {
      let share = language.percent(share: Double(seen.covered) / Double(seen.bins), decimals: 0)
      let bins = [seen.covered, seen.bins].map { language.whole($0) }
      text += language.pick(
        "; \(bins[0])/\(bins[1]) lần đo có sóng (\(share))",
        "; \(bins[0])/\(bins[1]) bins covered (\(share))")
    }
    return text
  }

  private func lines(_ box: Box, to html: inout HTML) {
    guard let outlines else { return }
    for ring in outlines.rings where areaShown == nil || ring.area == areaShown {
      let points = ring.points.map { point in
        let place = Tile.place(
          latitude: point.latitude, longitude: point.longitude, zoom: Tile.tileZoom)
        return (x: place.x - Double(box.x), y: place.y - Double(box.y))
      }
      let path = points.map { "\(SVG.number($0.x)),\(SVG.number($0.y))" }.joined(separator: " ")
      html.element("polygon", "outline", [("points", path)]) { _ in }
      // One area alone is named above the drawing.
      guard areaShown == nil else { continue }
      let x = points.map(\.x)
      let y = points.map(\.y)
      guard let left = x.min(), let right = x.max(), let top = y.min(), let bottom = y.max()
      else { continue }
      html.element(
        "text", nil,
        [("x", SVG.number((left + right) / 2)), ("y", SVG.number((top + bottom) / 2))]
      ) { $0.string(language.of(areas[ring.area].name)) }
    }
  }
}
