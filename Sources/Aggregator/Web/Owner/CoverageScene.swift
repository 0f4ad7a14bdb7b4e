import Daemon
import Indicators

/// What is known of one operator in one z16 tile, as the map shows it.
enum TileState: String, CaseIterable {
  case covered
  case partly
  case notCovered = "not_covered"
  /// Seen, but in too few bins or on too few days to be measured.
  case few
  /// Looked for, and nothing that was found decides anything.
  case inconclusive
  case unmeasured

  /// Shares of covered bins from which a tile is called covered, and up to which not covered. Only
  /// the map's colours follow from them, no figure.
  static let coveredFrom = 0.9
  static let notCoveredTo = 0.1

  init(_ place: MeasuredPlace) {
    let share = Double(place.covered) / Double(place.bins)
    self =
      if !place.isMeasured {
        .few
      } else if share >= TileState.coveredFrom {
        .covered
      } else if share <= TileState.notCoveredTo {
        .notCovered
      } else {
        .partly
      }
  }

  /// For tables, where there is little room.
  func word(_ language: Language) -> String {
    switch self {
    case .covered: language.pick("có sóng", "covered")
    case .partly: language.pick("một phần", "partly")
    case .notCovered: language.pick("không có sóng", "not covered")
    case .few: language.pick("đo quá ít", "seen too little")
    case .inconclusive: language.pick("không kết luận", "inconclusive")
    case .unmeasured: language.pick("chưa đo", "not measured")
    }
  }

  /// With what it means.
  func name(_ language: Language) -> String {
    switch self {
    case .covered: language.pick("có sóng (≥ 90 % số lần đo)", "covered (≥ 90% of the bins)")
    case .partly: language.pick("có sóng một phần", "partly covered")
    case .notCovered:
      language.pick("không có sóng (≤ 10 % số lần đo)", "not covered (≤ 10% of the bins)")
    case .few: language.pick("đo quá ít", "seen too little")
    case .inconclusive: language.pick("chỉ có mẫu không kết luận", "inconclusive only")
    case .unmeasured: language.pick("chưa đo", "not measured")
    }
  }
}

/// Every tile of the province as one operator's coverage has it, and those measured outside.
struct CoverageScene {
  /// PLMN; empty: unknown.
  let plmn: String
  let figure: OperatorFigure?
  let tiles: [SceneTile]
  let isSimulated: Bool

  var unmeasured: [SceneTile] { tiles.filter { $0.people > 0 && $0.place?.isMeasured != true } }
  var population: Int { tiles.reduce(0) { $0 + $1.people } }

  /// By how many points of a percentage the bounds would come closer if a tile were measured and
  /// what was seen in it were like the rest: its people's share, times what the sampling leaves;
  /// all of it where nothing was measured yet.
  func gain(_ tile: SceneTile) -> Double {
    guard population > 0 else { return 0 }
    let measured = figure.flatMap { $0.measuredPopulation > 0 ? $0.interval : nil }
    let spread = measured.map { $0.upper - $0.lower } ?? 0
    return 100 * Double(tile.people) / Double(population) * (1 - spread)
  }
}

struct SceneTile {
  let tile: Tile
  /// 0: outside the population table.
  let people: Int
  /// In the areas table; `nil`: outside.
  let area: Int?
  let place: MeasuredPlace?
  let state: TileState
}

/// Makes scenes from the state by day, which takes a walk through it: kept until 20.2 is computed
/// again, and then for some seconds more.
final class CoverageScenes {
  private let store: StoreReader
  private let tables: Tables
  private let method: Method
  private let latest: LatestCoverage
  private var kept: Kept?

  /// Which of the computations of 20.2 something was made of.
  struct Edition: Equatable {
    let revision: Int64
    /// `nil`: this process has not computed that revision.
    let serial: UInt64?
  }

  struct Kept {
    let edition: Edition
    let madeMs: Int64
    let reading: StateReader.Reading<CoverageState>
    /// Without tiles where there is none: then every tile is outside of it, and still has its
    /// place on the map.
    let table: PopulationTable
    /// By the store's number of the operator.
    let plmn: [Int64: String]
  }

  /// While measurements stream in there is a revision every other second.
  private static let keptMs: Int64 = 10_000

  init(_ store: StoreReader, tables: Tables, method: Method, latest: LatestCoverage) {
    self.store = store
    self.tables = tables
    self.method = method
    self.latest = latest
  }

  /// PLMNs of which anything was seen; the one that the province's figure is about comes first.
  func operators(nowMs: Int64) throws -> [String] {
    let kept = try reading(nowMs)
    let headline = kept.reading.state.province().headline?.operatorID
    let ids = kept.reading.state.operators.map(\.operatorID)
    return ids.sorted { ($0 != headline ? 1 : 0, $0) < ($1 != headline ? 1 : 0, $1) }
      .map { kept.plmn[$0] ?? "" }
  }

  func scene(_ plmn: String, nowMs: Int64) throws -> CoverageScene {
    let kept = try reading(nowMs)
    let id = kept.plmn.first { $0.value == plmn }?.key
    let seen = kept.reading.state.operators.first { $0.operatorID == id }
    let figure = kept.reading.state.province().operators.first { $0.operatorID == id }
    var places: [Int64: MeasuredPlace] = [:]
    for place in (seen?.places ?? []) + (seen?.outside ?? []) {
      if let tile = place.tile { places[tile] = place }
    }
    let inconclusive = Set(seen?.inconclusiveTiles ?? [])
    var tiles: [SceneTile] = []
    for (index, people, area) in tables.population.peopledTiles {
      let place = places.removeValue(forKey: index)
      tiles.append(
        SceneTile(
          tile: Tile(zoom: Tile.tileZoom, index: index), people: people, area: area, place: place,
          state: place.map(TileState.init)
            ?? (inconclusive.contains(index) ? .inconclusive : .unmeasured)))
    }
    for (index, place) in places.sorted(by: { $0.key < $1.key }) {
      tiles.append(
        SceneTile(
          tile: Tile(zoom: Tile.tileZoom, index: index), people: 0, area: nil, place: place,
          state: TileState(place)))
    }
    return CoverageScene(
      plmn: plmn, figure: figure, tiles: tiles, isSimulated: kept.reading.isSimulated)
  }

  /// - Parameter isNewest: of the newest computation, and not of some seconds ago.
  /// - Throws: `StateInProgress` where tiles would seem unmeasured only because of that.
  func reading(_ nowMs: Int64, isNewest: Bool = false) throws -> Kept {
    try store.expectWholeState(method)
    let revision = try store.latestRevisions(["20.2"])[0]
    let newest = latest.computation(of: revision)
    let edition = Edition(revision: revision, serial: newest?.serial)
    if let kept,
      kept.edition == edition
        || (!isNewest && (0..<CoverageScenes.keptMs).contains(nowMs - kept.madeMs))
    {
      return kept
    }
    let table =
      tables.population.isByTile
      ? tables.population : PopulationTable(areas: tables.areas.ids, rows: [])
    if let coverage = newest?.coverage {
      let made = Kept(
        edition: edition, madeMs: nowMs, reading: coverage.reading, table: table,
        plmn: coverage.plmn)
      kept = made
      return made
    }
    let reader = StateReader(store, method: method, tables: tables)
    let today = LocalDay.day(ofMs: nowMs, utcOffsetMinutes: method.utcOffsetMinutes)
    let made = Kept(
      edition: edition, madeMs: nowMs,
      reading: try reader.coverage(today: today, table: table), table: table,
      plmn: try reader.operators())
    kept = made
    return made
  }
}
