import Aggregator
import Daemon
import Indicators
import Protocol
import SQLite
import TestSupport

/// A small province with a store: tables, and the data of the methodology's examples through
/// ingest.
final class Province {
  let site: Site
  var method = Method()
  private var sent: SequenceNumber = 0
  private let stream = StreamID(high: 7, low: 7)

  /// The z16 tile of the example's T1; T2 … T6 follow it.
  static let tile = Tile(latitude: 20.541, longitude: 105.913, zoom: 16).index
  /// 2026-06-30T12:00 at +07:00: all of the examples lie before it and in the same month.
  static let nowMs = dayStartMs + 29 * msPerDay + msPerDay / 2
  static let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: 420)

  init() throws { site = try Site() }

  /// - Parameter ms: when they come.
  func ingest(_ measurements: [Measurement], at ms: Int64 = Province.nowMs) throws {
    for start in stride(from: 0, to: measurements.count, by: 1_000) {
      let part = Array(measurements[start..<min(start + 1_000, measurements.count)])
      try site.ingest(
        [.batch("edge-a", .of(stream, from: sent, [part]), at: ms)], at: ms)
      sent += UInt64(part.count)
    }
  }

  static func indicators() throws -> IndicatorTable {
    try IndicatorTable(
      try ConfigNode.parse(
        text: """
          { indicators: [
            { code: "7.1", name: { vi: "Dịch vụ công trực tuyến", en: "Online services" },
              unit: "%", target_text: "≥ 80", target: 80, comparison: ">=", target_year: 2030,
              owner: ["Sở A"], method: "7.x/1", numerator: "online", denominator: "all" },
            { code: "20.1", name: { vi: "Băng rộng", en: "Broadband" }, unit: "%",
              target_text: "100", target: 100, target_year: 2030, method: "20.1/1" },
            { code: "20.2", name: { vi: "Phủ sóng 5G <b>", en: "5G coverage <b>" },
              unit: "% dân số", target_text: "99", target: 99, target_year: 2030,
              method: "20.2/1" },
            { code: "20.3", name: { vi: "IPv6", en: "IPv6" }, unit: "%", target_text: "100",
              target: 100, target_year: 2030 } ] }
          """, name: "indicators.json"))
  }

  static func areas() throws -> AreaTable {
    try AreaTable(
      try ConfigNode.parse(
        text: """
          { province: { vi: "Tỉnh & Thử", en: "Test" }, areas: [
            { id: "phu-ly", name: { vi: "Phủ Lý", en: "Phu Ly" }, population: 5000,
              households: 50000 },
            { id: "duy-tien", name: { vi: "Duy Tiên", en: "Duy Tien" }, population: 1000,
              households: 40000 },
            { id: "kim-bang", name: { vi: "Kim Bảng", en: "Kim Bang" }, population: 500,
              households: 38000 },
            { id: "ly-nhan", name: { vi: "Lý Nhân", en: "Ly Nhan" }, population: 500,
              households: 52000 } ] }
          """, name: "areas.json"))
  }

  static func tables(
    population: [Int]? = [3200, 1800, 900, 400, 500, 200], outlines: AreaOutlines? = nil,
    availability: String? = nil
  ) throws -> Tables {
    let areas = try areas()
    let rows = population?.enumerated().map { index, people in
      let quadkey = Tile(zoom: 16, index: tile + Int64(index)).quadkey
      return "\(quadkey),\(index < 2 ? "phu-ly" : "duy-tien"),\(people)\n"
    }
    let text = rows.map { "quadkey,area,population\n" + $0.joined() }
    return Tables(
      indicators: try indicators(), areas: areas,
      population: try text.map {
        try PopulationFile.parse(text: $0, name: "population.csv", areas: areas)
      }, outlines: outlines,
      availability: try availability.map {
        try AvailabilityFile(
          text: "operator,area,lines,orderable_share,as_of\n" + $0, name: "availability.csv",
          areas: areas)
      })
  }

  /// Areas stand in for tiles, and one of them holds all that is measured.
  static func tablesWithoutTiles() throws -> Tables {
    let box = Tile(zoom: 16, index: Province.tile).parent(zoom: 12)
    let outlines = try AreaOutlines(
      try ConfigNode.parse(
        text: """
          { features: [ { properties: { area: "phu-ly" }, geometry: { type: "Polygon",
            coordinates: [[[\(box.west),\(box.south)],[\(box.east),\(box.south)],
              [\(box.east),\(box.north)],[\(box.west),\(box.north)],
              [\(box.west),\(box.south)]]] } } ] }
          """, name: "areas.geojson"), areas: try areas())
    return try tables(population: nil, outlines: outlines)
  }

  /// Makes the state again by `method`, as the daemon does after a change of its configuration.
  func rebuild() throws {
    _ = try Rebuild(store: site.store, rules: StateRules(method)).run()
  }

  /// As a rebuild leaves the store that has begun: part of the days, and no word that they are all.
  func breakOffRebuild() throws {
    try Database(path: site.path).execute(
      "DELETE FROM meta WHERE key = 'state.coverage'; DELETE FROM coverage_days WHERE day % 2 = 0")
  }

  func engine(_ tables: Tables? = nil) throws -> IndicatorEngine {
    IndicatorEngine(
      try StoreReader(path: site.path), tables: try tables ?? Province.tables(), method: method)
  }

  func recomputation(_ tables: Tables? = nil) throws -> Recomputation {
    try Recomputation(try engine(tables), try Revisions(path: site.path))
  }

  func result(_ code: String, _ tables: Tables? = nil) throws -> IndicatorResult {
    let engine = try engine(tables)
    guard let row = engine.tables.indicators.filled.first(where: { $0.code == code }) else {
      throw FileError("find", code, code: 2)
    }
    return try engine.compute(row, today: Province.today)
  }

  /// The object of the API.
  func json(_ code: String, _ tables: Tables? = nil) throws -> ConfigNode {
    let header = IndicatorResult.Header(
      computedAtMs: Province.nowMs, revision: 1, cause: .newData)
    return try ConfigNode.parse(text: try result(code, tables).json(header), name: "result")
  }
}

// MARK: The examples of the methodology

extension Province {
  /// 20.2: two operators in five tiles.
  static func coverage(isSimulated: Bool = false) -> [Measurement] {
    // (days, bins a day, covered of A, covered of B)
    let tiles = [(8, 5, 40, 38), (5, 5, 24, 25), (3, 4, 9, 4), (2, 3, 3, 5), (1, 3, 3, 3)]
    return tiles.enumerated().flatMap { index, tile in
      [("45201", tile.2), ("45204", tile.3)].flatMap { plmn, covered in
        (0..<(tile.0 * tile.1)).map { bin in
          sample(
            tile: Province.tile + Int64(index), cell: bin % tile.1, day: bin / tile.1,
            isCovered: bin < covered, plmn: plmn, isSimulated: isSimulated)
        }
      }
    }
  }

  static func sample(
    tile: Int64, cell: Int, day: Int, isCovered: Bool, plmn: String = "45204",
    isSimulated: Bool = false
  ) -> Measurement {
    let place = Tile(zoom: 19, index: tile << 6 | Int64(cell)).centre
    return .coverage(
      at: nowMs - Int64(day) * msPerDay - 60_000, rsrp: isCovered ? -950 : -1_200, plmn: plmn,
      isSimulated: isSimulated, latitude: Int32((place.latitude * 1e6).rounded()),
      longitude: Int32((place.longitude * 1e6).rounded()))
  }

  /// 20.1: what can be ordered at 88 addresses, and 50 gigabit lines of which 46 deliver.
  static func broadband() -> [Measurement] {
    let offers = [
      ("phu-ly", 40, 38), ("duy-tien", 25, 20), ("kim-bang", 20, 14), ("ly-nhan", 3, 3),
    ]
    let offered = offers.flatMap { area, known, offered in
      (0..<known).map { line in
        test(
          "offer-\(area)-\(line)", area: area, day: 0, down: 290_000_000, plan: 300_000_000,
          offered: line < offered ? 1_000_000_000 : 500_000_000)
      }
    }
    let delivered = (0..<50).flatMap { line in
      (0..<3).map { day in
        test(
          "line-\(line)", area: nil, day: day, down: line < 46 ? 938_000_000 : 500_000_000,
          plan: 1_000_000_000, offered: nil)
      }
    }
    return offered + delivered
  }

  static func test(
    _ line: String, area: String?, day: Int, down: Int64, plan: Int64, offered: Int64?
  ) -> Measurement {
    Measurement(
      source: "probe", timeMs: nowMs - Int64(day) * msPerDay - 60_000,
      body: .broadband(
        Broadband(
          line: line, area: area, downBps: down, provisionedDownBps: plan,
          offeredDownBps: offered, linkBps: 2_500_000_000, isWired: true, streams: 4,
          durationMs: 10_000)))
  }

  /// 7.x: sources A and B with readings from the day before the month on, C heard in the month
  /// before.
  static func services() -> [Measurement] {
    let readings: [(String, String, [Int64], Int64)] = [
      ("A", "all", [1000, 1400, 1900, 120, 500], -1),
      ("A", "online", [600, 900, 1300, 100, 430], -1),
      ("B", "all", [200, 450, 800, 1000, 1300], -1),
      ("B", "online", [150, 340, 640, 800, 1060], -1),
      ("C", "all", [0, 250], -10), ("C", "online", [0, 200], -10),
    ]
    return readings.flatMap { source, counter, values, day in
      values.enumerated().map { index, value in
        .count(
          counter, value, at: dayStartMs + (day + Int64(index)) * msPerDay + 3_600_000,
          source: source, area: "phu-ly")
      }
    }
  }
}
