import Daemon
import Indicators
import SQLite

/// `/api/v1/coverage.geojson`: one polygon for each operator and z16 tile in which anything
/// conclusive was seen, also outside the population table; of all operators or, with `?operator=`,
/// of one. Made anew when 20.2 has a new revision.
final class CoverageMap {
  private let store: StoreReader
  private let tables: Tables
  private let method: Method
  /// Of the newest revision: by PLMN, `nil` for all operators.
  private var made: (revision: Int64, texts: [String?: String]) = (0, [:])

  /// A tile in the words of the map, once for all its operators.
  private struct Shape {
    let index: Int64
    let quadkey: String
    /// Counter-clockwise, as RFC 7946 has it.
    let ring: String

    init(_ index: Int64) {
      let tile = Tile(zoom: Tile.tileZoom, index: index)
      let (west, south) = (rounded(tile.west, 1e6), rounded(tile.south, 1e6))
      let (east, north) = (rounded(tile.east, 1e6), rounded(tile.north, 1e6))
      self.index = index
      quadkey = tile.quadkey
      ring =
        "[[[\(west),\(south)],[\(east),\(south)],[\(east),\(north)],[\(west),\(north)],"
        + "[\(west),\(south)]]]"
    }
  }

  init(_ store: StoreReader, tables: Tables, method: Method) {
    self.store = store
    self.tables = tables
    self.method = method
  }

  /// - Parameter request: its `operator` is a PLMN that was seen, or empty for samples without one.
  func answer(_ request: HTTPRequest, nowMs: Int64) throws -> HTTPResponse {
    let plmn = request.value("operator")
    if let plmn {
      let seen = Set(try operators().values)
      guard seen.contains(plmn) else {
        let known = seen.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        return WebError(
          status: 404, error: "unknown_operator",
          message: "no sample of operator \"\(plmn.prefix(40))\" has come; there are "
            + (known.isEmpty ? "none" : known)
        ).response
      }
    }
    return HTTPResponse(
      contentType: "application/geo+json", body: try geoJSON(of: plmn, nowMs: nowMs))
  }

  private func operators() throws -> [Int64: String] {
    try StateReader(store, method: method, tables: tables).operators()
  }

  private func geoJSON(of plmn: String?, nowMs: Int64) throws -> String {
    let revision =
      try store.rows("SELECT ifnull(max(revision), 0) FROM revisions WHERE code = '20.2'") {
        $0.integer(0)
      }.first ?? 0
    if made.revision != revision { made = (revision, [:]) }
    if let text = made.texts[plmn] { return text }
    let text = try make(of: plmn, nowMs)
    made.texts[plmn] = text
    return text
  }

  private func make(of wanted: String?, _ nowMs: Int64) throws -> String {
    // Without a population table every tile is outside of it, and still has its place on the map.
    let table =
      tables.population.isByTile
      ? tables.population : PopulationTable(areas: tables.areas.ids, rows: [])
    let reader = StateReader(store, method: method, tables: tables)
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: method.utcOffsetMinutes)
    let reading = try reader.coverage(today: today, table: table)
    let plmn = try operators()
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("simulated", reading.isSimulated)
      json.key("features")
      json.beginArray()
      // Operators of one tile side by side: packed, that is little more than half as long.
      let places = reading.state.operators.flatMap {
        each -> [(place: MeasuredPlace, plmn: String)] in
        let plmn = plmn[each.operatorID] ?? ""
        guard wanted == nil || wanted == plmn else { return [] }
        return (each.places + each.outside).map { (place: $0, plmn: plmn) }
      }
      var shape = Shape(0)
      for each in places.sorted(by: {
        ($0.place.tile ?? 0, $0.plmn) < ($1.place.tile ?? 0, $1.plmn)
      }) {
        guard let index = each.place.tile else { continue }
        if shape.index != index { shape = Shape(index) }
        feature(each.place, each.plmn, shape, table, to: &json)
      }
      json.endArray()
    }
    return json.text
  }

  private func feature(
    _ place: MeasuredPlace, _ plmn: String, _ shape: Shape, _ table: PopulationTable,
    to json: inout JSONWriter
  ) {
    json.object { json in
      json.member("type", "Feature")
      json.objectMember("properties") { json in
        json.member("tile", shape.quadkey)
        json.member("operator", plmn)
        json.member("measured", place.isMeasured)
        json.member("share", rounded(Double(place.covered) / Double(place.bins), 10_000))
        json.member("strong", rounded(Double(place.strong) / Double(place.bins), 10_000))
        json.member("bins", place.bins)
        json.member("samples", place.samples)
        json.member("population", table.population(of: place))
        json.member("newest", timeMs: place.newestMs)
      }
      json.objectMember("geometry") { json in
        json.member("type", "Polygon")
        json.key("coordinates")
        json.raw(shape.ring)
      }
    }
  }
}
