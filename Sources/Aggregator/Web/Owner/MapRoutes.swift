import Daemon
import Indicators

/// `/map`, `/tiles/<quadkey>` and the lists of what to measure next.
extension OwnersSite {
  /// What the map and its lists are about.
  struct MapChoice {
    let scene: CoverageScene
    let operators: [String]
    let area: Int?
  }

  func mapPage(_ request: HTTPRequest) throws -> HTTPResponse {
    switch try mapChoice(request) {
    case .failure(let wrong): return wrong.answer
    case .success(let choice):
      let broadband = try indicatorsReport().shown().first { indicator in
        tables.indicators.filled.contains {
          $0.code == indicator.code && $0.method == .broadband
        }
      }
      var response = HTTPResponse.html(
        MapPage(
          site: self, language: request.language, scene: choice.scene,
          operators: choice.operators, area: choice.area, broadband: broadband
        ).html())
      response.imageSource = baseMap?.origin
      return response
    }
  }

  func tilePage(_ quadkey: Substring, _ request: HTTPRequest) throws -> HTTPResponse {
    guard let tile = Tile(quadkey: quadkey), tile.zoom == Tile.tileZoom else {
      return .refusal(
        404, request.language,
        "\(quadkey.prefix(60)) không phải là ô: mã ô có \(Tile.tileZoom) chữ số 0…3.",
        "\(quadkey.prefix(60)) is no tile: it has \(Tile.tileZoom) digits 0…3.")
    }
    try store.expectWholeState(method)
    let visits = try TilePage.visits(store, tile, acceptSimulated: method.acceptSimulated)
    return .html(
      TilePage(site: self, language: request.language, tile: tile, visits: visits).html())
  }

  /// - Returns: what is asked for, or the answer that says what there is.
  func mapChoice(_ request: HTTPRequest) throws -> Result<MapChoice, WrongRequest> {
    let operators = try scenes.operators(nowMs: nowMs)
    let language = request.language
    var area: Int?
    if let id = request.value("area") {
      area = tables.areas.index(of: id)
      if area == nil {
        let ids = tables.areas.ids.joined(separator: ", ")
        return .failure(
          WrongRequest(
            .refusal(
              404, language, "Không có địa bàn \(id.prefix(60)); có \(ids).",
              "There is no area \(id.prefix(60)); there are \(ids).")))
      }
    }
    var plmn = operators.first ?? ""
    if let word = request.value("operator") {
      let asked = word == "unknown" ? "" : word
      // Before anything was measured the map is of no operator.
      guard operators.contains(asked) || (operators.isEmpty && asked.isEmpty) else {
        let words = operators.map(MapPage.operatorWord).joined(separator: ", ")
        return .failure(
          WrongRequest(
            .refusal(
              404, language, "Không có số đo của nhà mạng \(word.prefix(60)); có \(words).",
              "Nothing was measured of operator \(word.prefix(60)); there are \(words).")))
      }
      plmn = asked
    }
    return .success(
      MapChoice(
        scene: try scenes.scene(plmn, nowMs: nowMs), operators: operators, area: area))
  }
}

/// A request that names what is not there, with its answer.
struct WrongRequest: Error {
  let answer: HTTPResponse

  init(_ answer: HTTPResponse) { self.answer = answer }
}
