import Aggregator
import Daemon
import Indicators
import Protocol
import SQLite
import Testing

/// Which computation makes a revision, and why.
@Suite struct RecomputationTests {
  private let province: Province

  init() throws { province = try Province() }

  private func causes(_ code: String) throws -> [String] {
    try province.site.rows(
      "SELECT revision, cause FROM revisions WHERE code = '\(code)' ORDER BY revision", columns: 2)
  }

  @Test func `the first computation gives every filled indicator a revision`() throws {
    let changed = try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    #expect(changed == ["7.1", "20.1", "20.2"])
    #expect(try causes("20.2") == ["1|new_data"])
  }

  @Test func `what did not change makes no revision, not even after a restart`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    let again = try province.recomputation()
    #expect(try again.run(nowMs: Province.nowMs + 2_000, isAll: true) == [])
    #expect(try again.run(nowMs: Province.nowMs + 4_000, isAll: false) == [])
    #expect(try causes("20.2") == ["1|new_data"])
  }

  @Test func `newer data, older data and a day that passes are told apart`() throws {
    let tile = Province.tile
    try province.ingest(Province.coverage())
    let recomputation = try province.recomputation()
    try recomputation.run(nowMs: Province.nowMs, isAll: true)
    try province.ingest([Province.sample(tile: tile, cell: 9, day: 5, isCovered: true)])
    #expect(try recomputation.run(nowMs: Province.nowMs + 2_000, isAll: false) == ["20.2"])
    var newer = Province.sample(tile: tile, cell: 9, day: 0, isCovered: true, plmn: "45201")
    newer.timeMs += 30_000
    try province.ingest([newer])
    #expect(try recomputation.run(nowMs: Province.nowMs + 4_000, isAll: false) == ["20.2"])
    let soon = try causes("20.2")
    #expect(soon == ["1|new_data", "2|late_data", "3|new_data"])
    let later = Province.nowMs + 100 * msPerDay
    #expect(try recomputation.run(nowMs: later, isAll: false).contains("20.2"))
    // The first two of the same, now distant, day are thinned out.
    let muchLater = try causes("20.2")
    #expect(muchLater == ["3|new_data", "4|new_day"])
  }

  @Test func `only the kind that changed is computed again`() throws {
    try province.ingest(Province.coverage())
    let recomputation = try province.recomputation()
    try recomputation.run(nowMs: Province.nowMs, isAll: true)
    try province.ingest(Province.services())
    #expect(try recomputation.run(nowMs: Province.nowMs + 2_000, isAll: false) == ["7.1"])
  }

  @Test func `other parameters and another population table are causes of their own`() throws {
    try province.ingest(Province.coverage())
    try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    province.method.rho = 0.5
    try province.recomputation().run(nowMs: Province.nowMs + 2_000, isAll: true)
    let tables = try Province.tables(population: [3200, 1800, 900, 400, 500, 900])
    try province.recomputation(tables).run(nowMs: Province.nowMs + 4_000, isAll: true)
    #expect(try causes("20.2") == ["1|new_data", "2|parameters", "3|population_table"])
    #expect(try causes("20.1") == ["1|new_data"])
  }

  @Test func `the trend follows from the last value of each month`() throws {
    // Each month twice; the first value of a month must not count.
    for month in 0..<7 {
      // And a simulated one last, which belongs to another trend.
      defer { try? insert(month: 11 + month, day: 25, share: 0.1, isSimulated: true) }
      for (day, share) in [(3, 0.1), (20, 0.80 + 0.01 * Double(month))] {
        try insert(month: 11 + month, day: day, share: share)
      }
    }
    try province.ingest(Province.services())
    let recomputation = try province.recomputation()
    try recomputation.run(nowMs: Province.nowMs, isAll: true)
    let json = try #require(recomputation.current.first { $0.code == "7.1" }?.json)
    let trend = try ConfigNode.parse(text: json, name: "7.1").required("trend")
    // November 2025 … May 2026 rise by a point a month; June is 81.6.
    let perYear = try trend.required("per_year").number(in: -1000...1000)
    #expect(abs(perYear - 12) < 1e-6)
    #expect(try trend.required("at_target_year").number(in: 0...100) == 100)
    #expect(try trend.required("outlook").string() == "on_track")
  }

  /// A revision of 7.1 in a month counted from January 2025.
  private func insert(month: Int, day: Int, share: Double, isSimulated: Bool = false) throws {
    let days = LocalDay.day(year: 2025 + (month - 1) / 12, month: (month - 1) % 12 + 1, day: day)
    let ms = LocalDay.startMs(ofDay: days, utcOffsetMinutes: 420)
    let database = try Database(path: province.site.path, mode: .readWrite)
    try database.execute(
      """
      INSERT INTO revisions SELECT '7.1', ifnull(max(revision), 0) + 1, \(ms), 'new_data',
        '{"value":\(share * 100),"simulated":\(isSimulated)}' FROM revisions WHERE code = '7.1'
      """)
  }
}

/// The table of revisions stays bounded.
@Suite struct RevisionThinningTests {
  private typealias Entry = RevisionThinning.Entry
  private let nowMs = Province.nowMs

  /// One revision every so many seconds over a time that ends now.
  private func entries(every seconds: Int64, over total: Int64) -> [Entry] {
    let count = total / seconds
    return (0..<count).map {
      Entry(
        revision: $0 + 1, computedAtMs: nowMs - (count - 1 - $0) * seconds * 1_000,
        cause: "new_data")
    }
  }

  private func kept(_ entries: [Entry]) -> [Entry] {
    let expired = Set(
      RevisionThinning.expired(entries, nowMs: nowMs, utcOffsetMinutes: 420))
    return entries.filter { !expired.contains($0.revision) }
  }

  @Test func `a value every two seconds for two days keeps few hundred revisions`() {
    let kept = kept(entries(every: 2, over: 2 * 86_400))
    #expect(kept.filter { nowMs - $0.computedAtMs <= 900_000 }.count == 451)
    #expect(kept.count < 451 + 98 + 3)
    #expect(kept.last?.computedAtMs == nowMs)
  }

  @Test func `a value an hour for five years keeps days, then months`() {
    let kept = kept(entries(every: 3_600, over: 5 * 365 * 86_400))
    #expect((170...180).contains(kept.count))
  }

  @Test func `thinning twice keeps what thinning once does`() {
    let once = kept(entries(every: 60, over: 200 * 86_400))
    #expect(kept(once) == once)
  }

  /// As long as days are kept, nothing is in doubt.
  @Test(arguments: [Int64(3_600), Int64(5 * 86_400)])
  func `what was shown last on a day is known, or known to be gone`(seconds: Int64) {
    let all = entries(every: seconds, over: 400 * 86_400)
    let kept = kept(all)
    var gone = 0
    for age in 1..<399 {
      let endMs = LocalDay.startMs(ofDay: Province.today - age + 1, utcOffsetMinutes: 420)
      let before = kept.last { $0.computedAtMs < endMs }
      guard let next = kept.first(where: { $0.computedAtMs >= endMs }) else { continue }
      let isInDoubt = RevisionThinning.mayHaveThinned(
        between: before, and: next, until: endMs, nowMs: nowMs, utcOffsetMinutes: 420)
      if all.last(where: { $0.computedAtMs < endMs }) != before {
        gone += 1
        #expect(isInDoubt, "\(age) days ago")
      }
      if age < 85 { #expect(!isInDoubt, "\(age) days ago") }
    }
    #expect(gone > 200)
  }

  @Test func `before and after a change by people is kept`() {
    var all = entries(every: 60, over: 86_400 * 2)
    let place = 100
    all[place] = Entry(
      revision: all[place].revision, computedAtMs: all[place].computedAtMs, cause: "parameters")
    let revisions = Set(kept(all).map(\.revision))
    #expect(revisions.contains(all[place].revision))
    #expect(revisions.contains(all[place - 1].revision))
  }
}
