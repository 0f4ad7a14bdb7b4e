import Daemon
import Indicators
import SQLite

/// `/api/v1/coverage.geojson`: one polygon for each operator and z16 tile in which anything
/// conclusive was seen, also outside the population table. Made anew when 20.2 has a new revision.
final class CoverageMap {
  private let store: StoreReader
  private let tables: Tables
  private let method: Method
  private var made: (revision: Int64, text: String)?

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

  func geoJSON(nowMs: Int64) throws -> String {
    let revision =
      try store.rows("SELECT ifnull(max(revision), 0) FROM revisions WHERE code = '20.2'") {
        $0.integer(0)
      }.first ?? 0
    if let made, made.revision == revision { return made.text }
    let text = try make(nowMs)
    made = (revision, text)
    return text
  }

  private func make(_ nowMs: Int64) throws -> String {
    // Without a population table every tile is outside of it, and still has its place on the map.
    let table =
      tables.population.isByTile
      ? tables.population : PopulationTable(areas: tables.areas.ids, rows: [])
    let reader = StateReader(store, method: method, tables: tables)
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: method.utcOffsetMinutes)
    let reading = try reader.coverage(today: today, table: table)
    let plmn = try reader.operators()
    var json = JSONWriter()
    json.object { json in
      json.member("type", "FeatureCollection")
      json.member("simulated", reading.isSimulated)
      json.key("features")
      json.beginArray()
      // Operators of one tile side by side: packed, that is little more than half as long.
      let places = reading.state.operators.flatMap { each in
        (each.places + each.outside).map { (place: $0, plmn: plmn[each.operatorID] ?? "") }
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
