import Aggregator
import Daemon
import Indicators
import Protocol
import Simulator
import TestSupport
import Testing

/// Not a test of what is right: `make bench` runs it for its numbers. Skipped otherwise.
@Suite(.enabled(if: Bench.isOn)) struct RecomputeBench {
  @Test func `20 point 2 from a store with 100,000 cells in every tile of the table`() throws {
    let folder = TemporaryFolder()
    folder.write(
      """
      { broker: { host: "127.0.0.1", port: 1 }, store: { path: "\(folder.file("hatang.db"))" },
        indicators: "\(Repository.path("seeds/indicators.json"))",
        areas: "\(Repository.path("seeds/areas.json"))",
        population: "\(Repository.path("seeds/population.csv"))",
        outlines: "\(Repository.path("seeds/areas.geojson"))" }
      """, to: "aggregator.json5")
    let configuration = try AggregatorConfiguration.read(folder.file("aggregator.json5"))
    let (cells, tiles) = try fill(configuration.storePath)

    let tables = try Tables(configuration)
    let engine = IndicatorEngine(
      try StoreReader(path: configuration.storePath), tables: tables,
      method: configuration.method)
    let row = try #require(tables.indicators.filled.first { $0.code == "20.2" })
    let today = LocalDay.day(ofMs: BenchFleet.nowMs, utcOffsetMinutes: 420)
    var times: [Double] = []
    for _ in 0..<9 {
      let began = monotonicNow()
      let result = try engine.compute(row, today: today)
      times.append((monotonicNow() - began).inSeconds * 1_000)
      #expect(result.province.isShown)
    }
    Bench.report(
      "recompute 20.2, \(cells) cells in \(tiles) tiles, median of 9",
      times.sorted()[4], unit: "ms", goal: 200)
  }

  /// Two days of one car in 100,000 cells, spread over all tiles.
  private func fill(_ path: String) throws -> (cells: Int, tiles: Int) {
    let grid = try PopulationGrid(
      csv: try Repository.text("seeds/population.csv"), name: "population.csv")
    let ingestor = Ingestor(store: try SQLiteStore(path: path), rules: StateRules())
    let stream = StreamID(high: 3, low: 4)
    let cellCount = 100_000
    var next: SequenceNumber = 0
    for day in 0..<2 {
      for start in stride(from: 0, to: cellCount, by: 10_000) {
        let rows = (start..<(start + 10_000)).map { number in
          sample(inCell: number, of: grid, day: day)
        }
        let bytes = Segment.encode(rows, receivedMs: BenchFleet.nowMs)
        let batch = Batch(
          stream: stream, acknowledged: next, oldestHeld: 0, sentMs: BenchFleet.nowMs, holes: [],
          segments: [.init(first: next, count: rows.count, bytes: bytes[...])])
        next += UInt64(rows.count)
        let outcome = try ingestor.ingest(
          [
            Arrival(
              topic: Topic.batch(agent: "bench-1"), payload: batch.encoded(),
              arrivedMs: BenchFleet.nowMs)
          ], nowMs: BenchFleet.nowMs)
        try #require(outcome.refusals.isEmpty)
      }
    }
    return (cellCount, grid.places.count)
  }

  /// The cells of a tile are an 8 by 8 square; cell `number` is one of them, tile by tile.
  private func sample(inCell number: Int, of grid: PopulationGrid, day: Int) -> Measurement {
    let tile = grid.places[number % grid.places.count].tile
    let cell = number / grid.places.count
    let across = (Double(cell % 8) + 0.5) / 8
    let down = (Double(cell / 8) + 0.5) / 8
    let latitude = tile.north + (tile.south - tile.north) * down
    let longitude = tile.west + (tile.east - tile.west) * across
    return Measurement(
      source: "car-1", timeMs: BenchFleet.nowMs - Int64(day + 1) * 86_400_000,
      body: .coverage(
        Coverage(
          latitudeMicrodegrees: Int32(latitude * 1e6),
          longitudeMicrodegrees: Int32(longitude * 1e6),
          radioAccess: .nrSA, isActive: true, ssRsrpTenths: number % 10 == 0 ? -1_150 : -900,
          plmn: "45204")))
  }
}
