import Daemon
import Indicators

/// The unmeasured tiles, most people first: as a list, and as a route for a drive test.
struct NextTiles {
  let scene: CoverageScene
  let tiles: [SceneTile]

  /// - Parameter area: in the areas table; `nil`: all.
  init(scene: CoverageScene, area: Int?) {
    self.scene = scene
    tiles = scene.unmeasured.filter { area == nil || $0.area == area }
      .sorted { ($1.people, $0.tile.index) < ($0.people, $1.tile.index) }
  }

  /// The first so many, in an order to drive: from the most populous always on to the nearest.
  func route(_ count: Int) -> [SceneTile] {
    var left = Array(tiles.prefix(count))
    guard !left.isEmpty else { return [] }
    var route = [left.removeFirst()]
    while let last = route.last, !left.isEmpty {
      let nearest = left.indices.min {
        NextTiles.distance(last, left[$0]) < NextTiles.distance(last, left[$1])
      }
      guard let nearest else { break }
      route.append(left.remove(at: nearest))
    }
    return route
  }

  private static func distance(_ a: SceneTile, _ b: SceneTile) -> Int {
    let (x, y) = (a.tile.x - b.tile.x, a.tile.y - b.tile.y)
    return x * x + y * y
  }

  /// GPX 1.1: a route whose points say how many people live there.
  func gpx(_ count: Int, _ language: Language) -> String {
    var html = HTML()
    html.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    html.element(
      "gpx", nil,
      [
        ("version", "1.1"), ("creator", "hatang-aggregator \(programVersion)"),
        ("xmlns", "http://www.topografix.com/GPX/1/1"),
      ]
    ) { html in
      html.element("rte") { html in
        let name = OperatorName.text(scene.plmn, language)
        html.element(
          "name", nil, language.pick("Nên đo tiếp: \(name)", "Measure next: \(name)"))
        for tile in route(count) {
          let centre = tile.tile.centre
          html.element(
            "rtept", nil,
            [
              ("lat", "\(rounded(centre.latitude, 1e6))"),
              ("lon", "\(rounded(centre.longitude, 1e6))"),
            ]
          ) { html in
            let people = language.number(Double(tile.people))
            let gain = language.number(scene.gain(tile), decimals: 3)
            html.element("name", nil, tile.tile.quadkey)
            html.element(
              "desc", nil,
              language.pick(
                "\(people) người; cận hẹp thêm \(gain) điểm",
                "\(people) people; bounds narrower by \(gain) points"))
          }
        }
      }
    }
    return html.text + "\n"
  }

  func geoJSON(_ count: Int, _ areas: [AreaTable.Area]) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("operator", scene.plmn)
      json.member("simulated", scene.isSimulated)
      json.member("unmeasured_tiles", tiles.count)
      json.arrayMember("features", tiles.prefix(count)) { json, tile in
        json.object { json in
          json.member("type", "Feature")
          json.objectMember("properties") { json in
            json.member("tile", tile.tile.quadkey)
            json.member("area", tile.area.map { areas[$0].id })
            json.member("population", tile.people)
            json.member("state", tile.state.rawValue)
            json.member("narrows_bounds_by", rounded(scene.gain(tile), 1e6))
          }
          json.objectMember("geometry") { json in
            json.member("type", "Point")
            json.key("coordinates")
            let centre = tile.tile.centre
            json.raw("[\(rounded(centre.longitude, 1e6)),\(rounded(centre.latitude, 1e6))]")
          }
        }
      }
    }
    return json.text + "\n"
  }
}
