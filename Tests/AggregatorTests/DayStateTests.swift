import Aggregator
import Protocol
import TestSupport
import Testing

/// How single measurements enter the state by day (methodology 20.2 steps 1 and 2, 20.1, 7.x).
@Suite struct DayStateTests {
  private let stream = StreamID(high: 3, low: 4)

  private func site(_ measurements: [Measurement], rules: StateRules = StateRules()) throws -> Site
  {
    let site = try Site(rules: rules)
    let now = dayStartMs + 3 * msPerDay
    try site.ingest(
      [.batch("a", .of(stream, from: 0, [measurements]), at: now)], at: now)
    return site
  }

  private func counts(_ sample: Measurement, rules: StateRules = StateRules()) throws -> String {
    try site([sample], rules: rules).rows(
      """
      SELECT conclusive, covered, strong, inconclusive, inaccurate, roaming, samples
      FROM coverage_days
      """, columns: 7)[0]
  }

  @Test(arguments: [
    // SS-RSRP in 0.1 dBm: at, below and above the two thresholds.
    (Int32(-1_100), "1|1|0|0|0|0|1"), (-1_101, "1|0|0|0|0|0|1"), (-1_000, "1|1|1|0|0|0|1"),
    (-1_001, "1|1|0|0|0|0|1"), (-1_560, "1|0|0|0|0|0|1"), (-310, "1|1|1|0|0|0|1"),
  ])
  func `a level is conclusive and judged by both thresholds`(level: Int32, expected: String)
    throws
  {
    #expect(try counts(.coverage(rsrp: level)) == expected)
    #expect(try counts(.coverage(rsrp: level, access: .nrNSA, isActive: false)) == expected)
  }

  @Test func `without NR only an active sample proves its absence`() throws {
    #expect(try counts(.coverage(access: .lte, isActive: true)) == "1|0|0|0|0|0|1")
    #expect(try counts(.coverage(access: .none, isActive: true)) == "1|0|0|0|0|0|1")
    #expect(try counts(.coverage(access: .lte, isActive: false)) == "0|0|0|1|0|0|1")
    #expect(try counts(.coverage(access: .lte)) == "0|0|0|1|0|0|1")
  }

  @Test func `NR without a level is inconclusive, active or not`() throws {
    #expect(try counts(.coverage(access: .nrSA, isActive: true)) == "0|0|0|1|0|0|1")
    #expect(try counts(.coverage(access: .nrNSA)) == "0|0|0|1|0|0|1")
  }

  @Test func `a position worse than accuracy_m is left out, one that says nothing is not`() throws {
    #expect(try counts(.coverage(rsrp: -900, accuracy: 500)) == "1|1|1|0|0|0|1")
    #expect(try counts(.coverage(rsrp: -900, accuracy: 501)) == "0|0|0|0|1|0|1")
    #expect(try counts(.coverage(rsrp: -900, accuracy: nil)) == "1|1|1|0|0|0|1")
  }

  @Test func `roaming is left out where home_plmns are given; an unknown operator is its own`()
    throws
  {
    var rules = StateRules()
    rules.homePLMNs = ["45204", "45201"]
    #expect(try counts(.coverage(rsrp: -900, plmn: "45201"), rules: rules) == "1|1|1|0|0|0|1")
    #expect(try counts(.coverage(rsrp: -900, plmn: "45605"), rules: rules) == "0|0|0|0|0|1|1")
    #expect(try counts(.coverage(rsrp: -900, plmn: nil), rules: rules) == "1|1|1|0|0|0|1")
    #expect(try counts(.coverage(rsrp: -900, plmn: "45605")) == "1|1|1|0|0|0|1")
    let site = try site([.coverage(plmn: nil), .coverage(plmn: "45204")])
    #expect(
      try site.rows(
        "SELECT plmn FROM coverage_days JOIN operators ON id = operator ORDER BY plmn", columns: 1)
        == ["", "45204"])
  }

  @Test func `a local day begins at midnight of utc_offset`() throws {
    let site = try site([
      .coverage(at: dayStartMs - 1), .coverage(at: dayStartMs),
      .coverage(at: dayStartMs + msPerDay - 1), .coverage(at: dayStartMs + msPerDay),
    ])
    let day = (dayStartMs + 7 * 3_600_000) / msPerDay
    #expect(
      try site.rows("SELECT day, samples FROM coverage_days ORDER BY day", columns: 2) == [
        "\(day - 1)|1", "\(day)|2", "\(day + 1)|1",
      ])
  }

  @Test func `a cell is the z19 square, whose z16 tile is the quadkey of the methodology`() throws {
    let site = try site([.coverage()])
    let cell = try #require(
      Int64(try site.rows("SELECT cell FROM coverage_days", columns: 1)[0]))
    #expect(cell >> 6 == Int64("1322101301030002", radix: 4))
  }

  @Test func `a day of a line keeps its best counted test and the latest claims`() throws {
    func test(
      _ timeMs: Int64, down: Int64, isWired: Bool? = true, streams: Int64? = 4,
      duration: Int64? = 10_000, area: String? = nil, provisioned: Int64? = nil, link: Int64? = nil
    ) -> Measurement {
      Measurement(
        source: "probe", timeMs: dayStartMs + timeMs,
        body: .broadband(
          Broadband(
            line: "L1", area: area, downBps: down, provisionedDownBps: provisioned, linkBps: link,
            isWired: isWired, streams: streams, durationMs: duration)))
    }
    let site = try site([
      test(0, down: 900, area: "phu-ly", provisioned: 1_000, link: 1_000),
      test(5, down: 800), test(3, down: 700, area: "duy-tien", provisioned: 500, link: 2_500),
      // None of these counts: Wi-Fi, unknown, too few streams, too short, no word of either.
      test(6, down: 9_999, isWired: false, link: 9_999), test(6, down: 9_999, isWired: nil),
      test(6, down: 9_999, streams: 3), test(6, down: 9_999, duration: 9_999),
      test(6, down: 9_999, streams: nil), test(7, down: 9_999, duration: nil),
    ])
    #expect(
      try site.rows(
        """
        SELECT tests, counted_tests, best_down_bps, link_bps, wired, area, provisioned_bps,
          offered_bps, newest_ms - \(dayStartMs) FROM broadband_days
        """, columns: 9) == ["9|3|900|2500|1|duy-tien|500|-|7"])
  }

  @Test func `a counter's day counts what came before and after each reset`() throws {
    // Example A of the methodology.
    let values: [Int64] = [1_000, 1_400, 1_900, 120, 500]
    let site = try site(
      values.enumerated().map { index, value in
        .count("dossiers_received", value, at: dayStartMs + Int64(index) * 1_000)
      })
    #expect(
      try site.rows(
        "SELECT first, last, increase, resets, points FROM service_days", columns: 5)
        == ["1000|500|1400|1|5"])
  }

  @Test func `a late reading changes its day, and readings of one time are one`() throws {
    let site = try site([.count("n", 10, at: dayStartMs), .count("n", 40, at: dayStartMs + 20)])
    let late = [
      Measurement.count("n", 5, at: dayStartMs + 10), .count("n", 3, at: dayStartMs + 10),
    ]
    try site.ingest(
      [.batch("a", .of(stream, from: 2, [late]), at: dayStartMs + 30)], at: dayStartMs + 30)
    #expect(
      try site.rows(
        "SELECT first, last, increase, resets, points FROM service_days", columns: 5)
        == ["10|40|40|1|3"])
  }
}
