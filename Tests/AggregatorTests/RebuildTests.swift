import Aggregator
import Glibc
import Indicators
import Protocol
import TestSupport
import Testing

/// The state by day can always be made again from the kept segments, and does not depend on the
/// order in which they came. `HATANG_SEEDS` asks for more seeds than the ordinary run.
@Suite struct RebuildTests {
  private static let seeds: [UInt64] = {
    let count = getenv("HATANG_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 25
    return Array(1...count)
  }()

  private var rules: StateRules {
    var rules = StateRules()
    rules.keepRawMs = 15 * msPerDay
    rules.homePLMNs = ["45204"]
    return rules
  }

  private func site(_ traffic: Traffic) throws -> Site {
    let site = try Site(rules: rules)
    for group in traffic.groups { try site.ingest(group, at: group.first?.arrivedMs ?? 0) }
    return site
  }

  @Test(arguments: seeds)
  func `the state made again from the segments is the state that was kept`(seed: UInt64) throws {
    let site = try site(Traffic(seed: seed))
    let kept = try site.state()
    #expect(try site.ledger().isBalanced)
    try site.rebuild()
    let again = try site.state()
    #expect(again == kept, "seed \(seed)")
    #expect(kept.count > 100)
  }

  @Test(arguments: seeds)
  func `two interleavings of the same streams give the same state`(seed: UInt64) throws {
    let one = try site(Traffic(seed: seed, interleaving: 1, isTimeless: true))
    let other = try site(Traffic(seed: seed, interleaving: 2, isTimeless: true))
    #expect(try one.state() == other.state(), "seed \(seed)")
  }

  @Test(arguments: seeds)
  func `coverage equals a plain count over the measurements`(seed: UInt64) throws {
    let traffic = Traffic(seed: seed)
    let site = try site(traffic)
    var expected: [String: [Int]] = [:]
    for (agent, measurement, arrivedMs) in traffic.measurements {
      guard case .coverage(let sample) = measurement.body,
        measurement.timeMs <= arrivedMs + 300_000,
        measurement.timeMs >= arrivedMs - 15 * msPerDay
      else { continue }
      let cell = Tile.cell(
        latitudeMicrodegrees: sample.latitudeMicrodegrees,
        longitudeMicrodegrees: sample.longitudeMicrodegrees)
      let day = (measurement.timeMs + 7 * 3_600_000) / msPerDay
      let key = """
        \(sample.plmn ?? "")|\(cell)|\(day)|\(agent)|\(measurement.source)|\
        \(measurement.isSimulated ? 1 : 0)
        """
      expected[key, default: [0, 0, 0, 0, 0, 0, 0]].add(RebuildTests.counts(sample))
    }
    let found = try site.rows(
      """
      SELECT plmn, cell, day, agents.name, sources.name, sources.simulated, conclusive, covered,
        strong, inconclusive, inaccurate, roaming, samples
      FROM coverage_days JOIN operators ON operators.id = operator
        JOIN sources ON sources.id = source JOIN agents ON agents.id = sources.agent
      """, columns: 13)
    let plain = expected.map { key, counts in
      "\(key)|" + counts.map { "\($0)" }.joined(separator: "|")
    }
    #expect(found.sorted() == plain.sorted(), "seed \(seed)")
  }

  /// Conclusive, covered, strong, inconclusive, inaccurate, roaming, samples; written from the
  /// methodology once more.
  private static func counts(_ sample: Coverage) -> [Int] {
    if let accuracy = sample.accuracyDecimetres, accuracy > 500 { return [0, 0, 0, 0, 1, 0, 1] }
    if let plmn = sample.plmn, plmn != "45204" { return [0, 0, 0, 0, 0, 1, 1] }
    if let level = sample.ssRsrpTenths {
      return [1, level >= -1_100 ? 1 : 0, level >= -1_000 ? 1 : 0, 0, 0, 0, 1]
    }
    let isProof = !sample.radioAccess.isNR && sample.isActive == true
    return isProof ? [1, 0, 0, 0, 0, 0, 1] : [0, 0, 0, 1, 0, 0, 1]
  }

  @Test func `a changed parameter makes only the state of its kind again`() throws {
    let site = try site(Traffic(seed: 7))
    let before = try site.state()
    var changed = rules
    changed.coveredTenths = -900
    let rebuild = Rebuild(store: site.store, rules: changed)
    #expect(try rebuild.kindsDue() == [.coverage])
    #expect(try rebuild.run())
    #expect(try rebuild.kindsDue() == [])
    let after = try site.state()
    let others = { (rows: [String]) in rows.filter { !$0.hasPrefix("coverage") } }
    #expect(others(after) == others(before))
    #expect(after != before)
    _ = try Rebuild(store: site.store, rules: rules).run()
    #expect(try site.state() == before)
  }

  @Test func `a rebuild that was stopped goes on where it was`() throws {
    let site = try site(Traffic(seed: 11))
    let before = try site.state()
    for kind in Kind.allCases { try site.store.setMeta(Rebuild.Key.state(kind), "old") }
    var rebuild = Rebuild(store: site.store, rules: rules)
    rebuild.segmentsPerStep = 3
    var steps = 0
    while try !rebuild.run(mayContinue: { _, _ in
      steps += 1
      // Every second question is answered no, as by a daemon that is stopped again and again.
      return steps.isMultiple(of: 2)
    }) {
      #expect(try rebuild.kindsDue() == [.coverage, .broadband, .service])
    }
    #expect(steps > 20)
    #expect(try site.state() == before)
  }
}

extension RebuildTests {
  @Test func `segments of a few hundred bytes that hold 65,536 each are made again two at a time`()
    throws
  {
    let site = try Site()
    let rows = (0..<Int64(65_536)).map { Measurement.coverage(at: dayStartMs + $0) }
    let stream = StreamID(high: 1, low: 1)
    for group in 0..<2 {
      let batch = Batch.of(stream, from: SequenceNumber(group * 3 * 65_536), [rows, rows, rows])
      try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    }
    try site.store.setMeta(Rebuild.Key.state(.coverage), "old")
    var told: [Int64] = []
    #expect(
      try Rebuild(store: site.store, rules: site.rules).run { done, all in
        told.append(done)
        return all == 6
      })
    #expect(told == [0, 2, 4, 6])
    #expect(try site.rows("SELECT sum(samples) FROM coverage_days", columns: 1) == ["393216"])
  }
}

extension [Int] {
  fileprivate mutating func add(_ other: [Int]) {
    for index in indices { self[index] += other[index] }
  }
}
