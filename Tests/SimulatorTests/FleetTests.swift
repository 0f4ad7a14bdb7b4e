import Indicators
import Protocol
import Simulator
import TestSupport
import Testing

/// What a fleet tells of its past must be enough for every indicator: docs/methodology.md says what
/// enough is.
@Suite struct FleetTests {
  /// 2026-11-24T02:00:00Z.
  private static let nowMs: Int64 = 1_795_485_600_000
  private static let grid = try? PopulationGrid(
    csv: Repository.population, name: "population.csv")
  /// The whole past of the default fleet, told once for all tests.
  private static let past = tell(part: Part(0, of: 1), seed: 1)

  @Test func `everything is marked as simulated, legal, and not in the future`() {
    #expect(!Self.past.isEmpty)
    for measurement in Self.past {
      #expect(measurement.isSimulated)
      #expect(measurement.timeMs < Self.nowMs)
      guard case .coverage(let sample) = measurement.body else { continue }
      if let level = sample.ssRsrpTenths {
        #expect(LegalRange.ssRsrp.contains(Int64(level)) && sample.radioAccess.isNR)
      } else {
        #expect(sample.radioAccess == .lte)
      }
    }
  }

  @Test func `each operator's coverage is measured where most people live`() throws {
    let grid = try #require(Self.grid)
    let people = Dictionary(
      uniqueKeysWithValues: grid.places.map { ($0.tile.index, $0.population) })
    for profile in RadioNetwork.profiles {
      var bins: [Int64: Set<[Int64]>] = [:]
      var days: [Int64: Set<String>] = [:]
      for measurement in Self.past {
        guard case .coverage(let sample) = measurement.body, sample.plmn == profile.plmn else {
          continue
        }
        let cell = Tile.cell(
          latitudeMicrodegrees: sample.latitudeMicrodegrees,
          longitudeMicrodegrees: sample.longitudeMicrodegrees)
        let day = LocalDay.day(ofMs: measurement.timeMs, utcOffsetMinutes: 420)
        bins[Tile.tile(ofCell: cell), default: []].insert([cell, Int64(day)])
        days[Tile.tile(ofCell: cell), default: []].insert("\(measurement.source) \(day)")
      }
      let measured = bins.filter { $0.value.count >= 5 && (days[$0.key]?.count ?? 0) >= 2 }
      let reached = measured.keys.reduce(0) { $0 + (people[$1] ?? 0) }
      #expect(reached * 10 > grid.population * 7, "\(profile.plmn)")
    }
  }

  @Test func `enough lines are decided, and every area has enough known offers`() {
    var tests: [String: Set<Int>] = [:]
    var lines: [String: Broadband] = [:]
    for measurement in Self.past {
      guard case .broadband(let test) = measurement.body else { continue }
      tests[test.line, default: []].insert(
        LocalDay.day(ofMs: measurement.timeMs, utcOffsetMinutes: 420))
      lines[test.line] = test
    }
    let decided = lines.values.filter {
      ($0.provisionedDownBps ?? 0) >= 1_000_000_000 && ($0.linkBps ?? 0) >= 1_000_000_000
        && (tests[$0.line]?.count ?? 0) >= 3
    }
    #expect(decided.count >= 30)
    #expect(lines.values.allSatisfy { ($0.streams ?? 0) >= 4 && ($0.durationMs ?? 0) >= 10_000 })
    let offers = Dictionary(grouping: lines.values.filter { $0.offeredDownBps != nil }, by: \.area)
    #expect(offers.count == 6)
    #expect(offers.values.allSatisfy { $0.count >= 5 })
  }

  @Test func `counters rise and begin again at zero, and no share exceeds one`() {
    var readings: [String: [Int64]] = [:]
    for measurement in Self.past {
      guard case .service(let count) = measurement.body else { continue }
      readings["\(measurement.source) \(count.counter)", default: []].append(count.value)
    }
    #expect(readings.count == 36)
    let resets = readings.filter { zip($0.value, $0.value.dropFirst()).contains { $0 > $1 } }
    #expect(resets.count == 12, "two desks of six, six counters each")
    for (name, values) in readings where name.hasSuffix("_received") {
      let online = readings[name + "_online"] ?? []
      #expect(online.count == values.count)
      #expect(increase(online) <= increase(values) && increase(values) > 1_000, "\(name)")
    }
  }

  @Test func `the same seed gives the same fleet, another seed another one`() {
    #expect(Self.past == Self.tell(part: Part(0, of: 1), seed: 1))
    #expect(Self.past != Self.tell(part: Part(0, of: 1), seed: 2))
  }

  @Test func `two parts share the devices and leave none out`() {
    let parts = [
      Self.tell(part: Part(0, of: 2), seed: 1), Self.tell(part: Part(1, of: 2), seed: 1),
    ]
    let sources = parts.map { Set($0.map(\.source)) }
    #expect(sources[0].isDisjoint(with: sources[1]))
    #expect(sources[0].union(sources[1]) == Set(Self.past.map(\.source)))
    #expect(parts[0].count + parts[1].count == Self.past.count)
  }

  @Test func `after the past every kind of device measures now, and the cars drive on`() throws {
    let grid = try #require(Self.grid)
    var fleet = Fleet(
      grid: grid, devices: 60, kind: nil, part: Part(0, of: 1), seed: 1, nowMs: Self.nowMs,
      tellsPast: false)
    let past = fleet.nextPast()
    #expect(past == nil)
    #expect(fleet.isPresent)
    var kinds: Set<String> = []
    var places: Set<Int32> = []
    for second in 0..<120 {
      let nowMs = Self.nowMs + Int64(second) * 1_000
      let measured = fleet.measure(nowMs: nowMs)
      let message = try #require(measured)
      kinds.insert(message.measurements[0].kind.name)
      #expect(message.measurements.allSatisfy { $0.timeMs == nowMs && $0.isSimulated })
      if case .coverage(let sample) = message.measurements[0].body {
        places.insert(sample.latitudeMicrodegrees)
      }
    }
    #expect(kinds == ["coverage", "broadband", "service"])
    #expect(places.count > 50)
  }

  @Test func `one kind alone has all the devices`() throws {
    let grid = try #require(Self.grid)
    var fleet = Fleet(
      grid: grid, devices: 3, kind: .broadband, part: Part(0, of: 1), seed: 1, nowMs: Self.nowMs,
      tellsPast: false)
    for _ in 0..<10 {
      let message = fleet.measure(nowMs: Self.nowMs)
      #expect(message?.measurements[0].kind == .broadband)
    }
  }

  private static func tell(part: Part, seed: UInt64) -> [Measurement] {
    guard let grid else { return [] }
    var fleet = Fleet(
      grid: grid, devices: 150, kind: nil, part: part, seed: seed, nowMs: nowMs)
    var told: [Measurement] = []
    while let message = fleet.nextPast() { told += message.measurements }
    return told
  }

  private func increase(_ values: [Int64]) -> Int64 {
    var sum: Int64 = 0
    for (before, after) in zip(values, values.dropFirst()) {
      sum += after < before ? after : after - before
    }
    return sum
  }
}
