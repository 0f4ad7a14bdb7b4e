import Daemon
import Indicators

/// `/api/v1/coverage.geojson`: one polygon for each z16 tile in which anything conclusive was seen,
/// also outside the population table, with what is known of each operator in it; or, with
/// `?operator=`, of that one. Made anew when 20.2 was computed again.
final class CoverageMap {
  private let scenes: CoverageScenes
  private let tables: Tables
  private let utcOffsetMinutes: Int
  /// Of the newest computation: by PLMN, `nil` for all operators.
  private var made: (edition: CoverageScenes.Edition?, texts: [String?: String]) = (nil, [:])

  /// A tile in the words of the map.
  private struct Shape {
    let quadkey: String
    /// Counter-clockwise, as RFC 7946 has it.
    let ring: String

    init(_ index: Int64) {
      let tile = Tile(zoom: Tile.tileZoom, index: index)
      let (west, south) = (rounded(tile.west, 1e6), rounded(tile.south, 1e6))
      let (east, north) = (rounded(tile.east, 1e6), rounded(tile.north, 1e6))
      quadkey = tile.quadkey
      ring =
        "[[[\(west),\(south)],[\(east),\(south)],[\(east),\(north)],[\(west),\(north)],"
        + "[\(west),\(south)]]]"
    }
  }

  /// What was seen of one operator in a tile.
  private struct Sight {
    let place: MeasuredPlace
    let tile: Int64
    let plmn: String
  }

  /// Days as they are written; there are few of them, and many tiles.
  private struct DayNames {
    let utcOffsetMinutes: Int
    private var known: [Int: String] = [:]

    init(utcOffsetMinutes: Int) { self.utcOffsetMinutes = utcOffsetMinutes }

    mutating func name(of timeMs: Int64) -> String {
      let day = LocalDay.day(ofMs: timeMs, utcOffsetMinutes: utcOffsetMinutes)
      if let name = known[day] { return name }
      let name = LocalDay.iso(day)
      known[day] = name
      return name
    }
  }

  init(_ scenes: CoverageScenes, tables: Tables, utcOffsetMinutes: Int) {
    self.scenes = scenes
    self.tables = tables
    self.utcOffsetMinutes = utcOffsetMinutes
  }

  /// - Parameter request: its `operator` is a PLMN that was seen, or empty for samples without one.
  func answer(_ request: HTTPRequest, nowMs: Int64) throws -> HTTPResponse {
    let reading = try scenes.reading(nowMs, isNewest: true)
    let wanted = request.value("operator")
    if let wanted, !reading.plmn.values.contains(wanted) {
      let known = reading.plmn.values.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
      return WebError(
        status: 404, error: "unknown_operator",
        message: "no sample of operator \"\(wanted.prefix(40))\" has come; there are "
          + (known.isEmpty ? "none" : known)
      ).response
    }
    if made.edition != reading.edition { made = (reading.edition, [:]) }
    let text = made.texts[wanted] ?? make(of: wanted, reading)
    made.texts[wanted] = text
    return HTTPResponse(contentType: "application/geo+json", body: text)
  }

  private func make(of wanted: String?, _ reading: CoverageScenes.Kept) -> String {
    let sights = reading.reading.state.operators.flatMap { each -> [Sight] in
      let plmn = reading.plmn[each.operatorID] ?? ""
      guard wanted == nil || wanted == plmn else { return [] }
      return (each.places + each.outside).compactMap { place in
        place.tile.map { Sight(place: place, tile: $0, plmn: plmn) }
      }
    }.sorted { ($0.tile, $0.plmn) < ($1.tile, $1.plmn) }
    var days = DayNames(utcOffsetMinutes: utcOffsetMinutes)
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("simulated", reading.reading.isSimulated)
      json.key("features")
      json.beginArray()
      var rest = sights[...]
      while let first = rest.first {
        let those = rest.prefix { $0.tile == first.tile }
        rest = rest.dropFirst(those.count)
        feature(first, those, isOfOne: wanted != nil, reading.table, &days, to: &json)
      }
      json.endArray()
    }
    return json.text
  }

  /// Members that vary stand side by side, and equal ones next to each other: packed, that is a
  /// tenth shorter.
  private func feature(
    _ first: Sight, _ sights: ArraySlice<Sight>, isOfOne: Bool, _ table: PopulationTable,
    _ days: inout DayNames, to json: inout JSONWriter
  ) {
    let shape = Shape(first.tile)
    json.object { json in
      json.member("type", "Feature")
      json.objectMember("geometry") { json in
        json.member("type", "Polygon")
        json.key("coordinates")
        json.raw(shape.ring)
      }
      json.objectMember("properties") { json in
        json.member("tile", shape.quadkey)
        json.member("population", table.population(of: first.place))
        if isOfOne {
          write(first, &days, to: &json)
        } else {
          json.arrayMember("operators", sights) { json, sight in
            json.object { write(sight, &days, to: &$0) }
          }
        }
      }
    }
  }

  private func write(
    _ sight: Sight, _ days: inout DayNames, to json: inout JSONWriter
  ) {
    let place = sight.place
    json.member("operator", sight.plmn)
    json.member("measured", place.isMeasured)
    json.member("newest", days.name(of: place.newestMs))
    json.member("bins", place.bins)
    json.member("samples", place.samples)
    json.member("covered_bins", place.covered)
    json.member("strong_bins", place.strong)
  }
}
