import Indicators
import Testing

private let gigabit: Int64 = 1_000_000_000

/// L1 … L6 of the methodology: plan and link in Mb/s, best of each day in Mb/s.
@Test(arguments: [
  (1000, 1000, [938, 941, 936], Line.State.pass),
  (1000, 1000, [912, 870, 655], .fail),
  (1000, 100, [94, 94, 94], .censored),
  (300, 1000, [295, 295, 295], .offerOnly),
  (1000, 2500, [1050, 880, 950], .pass),
  (1000, 1000, [950, 930], .undecided),
])
func `each line of the methodology has its state`(
  plan: Int64, link: Int64, bests: [Int64], expected: Line.State
) {
  let days = bests.enumerated().map { index, best in
    Line.Day(
      day: index, bestDownBps: best * 1_000_000, linkBps: link * 1_000_000, isWired: true,
      provisionedBps: plan * 1_000_000)
  }
  #expect(Line(days: days, method: Method()).state == expected)
}

private func line(
  bests: [Int64?], links: [Int64?]? = nil, wired: Bool? = true, plan: Int64? = gigabit
) -> Line {
  let days = bests.enumerated().map { index, best in
    Line.Day(
      day: index, bestDownBps: best, linkBps: links.map { $0[index] } ?? gigabit, isWired: wired,
      provisionedBps: plan)
  }
  return Line(days: days, method: Method())
}

@Test func `only the latest three days with a test decide`() {
  let good: Int64 = 940_000_000
  let bad: Int64 = 500_000_000
  #expect(line(bests: [good, good, good, bad, bad, good]).state == .fail)
  #expect(line(bests: [bad, bad, good, nil, good, nil]).state == .pass)
}

@Test func `what the probe cannot show is never held against the line`() {
  let slow: Int64 = 90_000_000
  #expect(line(bests: [slow, slow, slow], links: [nil, nil, nil]).state == .censored)
  #expect(line(bests: [nil, nil, nil], links: [nil, nil, nil], wired: false).state == .censored)
  // The port was replaced: what went through the old one proves nothing.
  let hundred: Int64 = 100_000_000
  let good: Int64 = 940_000_000
  #expect(
    line(bests: [slow, slow, slow, good], links: [hundred, hundred, hundred, gigabit]).state
      == .undecided)
}

@Test func `a line whose plan nobody knows is left out, fast or slow`() {
  #expect(line(bests: [gigabit, gigabit, gigabit], plan: nil).state == .planUnknown)
}

private func delivery(pass: Int, fail: Int, area: Int? = nil) -> [Line] {
  Array(
    repeating: Line(area: area, provisionedBps: gigabit, offeredBps: nil, state: .pass),
    count: pass)
    + Array(
      repeating: Line(area: area, provisionedBps: gigabit, offeredBps: nil, state: .fail),
      count: fail)
}

private func offers(area: Int, known: Int, offered: Int) -> [Line] {
  (0..<known).map {
    Line(
      area: area, provisionedBps: 300_000_000,
      offeredBps: $0 < offered ? gigabit : 500_000_000, state: .offerOnly)
  }
}

private let exampleLines =
  offers(area: 0, known: 40, offered: 38) + offers(area: 1, known: 25, offered: 20)
  + offers(area: 2, known: 20, offered: 14) + offers(area: 3, known: 3, offered: 3)
  + delivery(pass: 46, fail: 4)
private let households = [50_000.0, 40_000, 38_000, 52_000]

@Test func `the example of lines only comes out to six digits`() throws {
  let state = BroadbandState(
    method: Method(), weights: households, lines: exampleLines, records: [])
  let figure = state.province()
  #expect(isSame(figure.offer.measuredShare, 0.711111))
  #expect(isSame(figure.offer.share, 0.828906))
  #expect(isSame(figure.offer.interval, 0.733473, 0.895058))
  let effective = try #require(figure.offer.effectiveLines)
  #expect(isSame(effective, 82.455964))
  #expect(isSame(figure.delivery.share, 0.92))
  #expect(isSame(figure.delivery.interval, 0.811618, 0.968450))
  #expect(isSame(figure.share, 0.762594))
  #expect(isSame(figure.interval, 0.595300, 0.866819))
  #expect(isSame(figure.bounds, 0.423324, 0.905293))
  #expect(figure.isShown)
}

@Test func `the example of records comes out to six digits`() {
  let records = [
    OfferRecord(area: 0, lines: 5000, orderableShare: 0.96),
    OfferRecord(area: 0, lines: 3000, orderableShare: 0.80),
    OfferRecord(area: 0, lines: 2000, orderableShare: nil),
  ]
  let state = BroadbandState(
    method: Method(), weights: [1000], lines: delivery(pass: 46, fail: 4), records: records)
  let figure = state.province()
  #expect(figure.offer.basis == .records)
  #expect(isSame(figure.offer.measuredShare, 0.8))
  #expect(isSame(figure.offer.share, 0.9))
  #expect(isSame(figure.share, 0.828))
  #expect(isSame(figure.interval, 0.730456, 0.871605))
  #expect(isSame(figure.bounds, 0.584365, 0.897284))
}

@Test func `an area without any record is unseen`() {
  let state = BroadbandState(
    method: Method(), weights: [600, 400], lines: delivery(pass: 46, fail: 4),
    records: [OfferRecord(area: 0, lines: 10, orderableShare: 0.9)])
  #expect(isSame(state.province().offer.measuredShare, 0.6))
  #expect(state.area(1).offer.measuredShare == 0)
  #expect(state.area(1).bounds == .unknown)
}

@Test func `records that are all too old leave the offer to the lines`() {
  let state = BroadbandState(
    method: Method(), weights: households, lines: exampleLines,
    records: [OfferRecord(area: 0, lines: 10, orderableShare: nil)])
  #expect(state.province().offer.basis == .lines)
}

@Test func `everything that is missing for 20.1 is named`() {
  let hidden = Line(area: 0, provisionedBps: gigabit, offeredBps: nil, state: .censored)
  let state = BroadbandState(
    method: Method(), weights: households,
    lines: delivery(pass: 10, fail: 1) + Array(repeating: hidden, count: 12), records: [])
  #expect(
    state.province().reasons == [
      .householdShare(0, needed: 0.5), .decidedLines(11, needed: 30),
      .censoredLines(12, ofGigabit: 23),
    ])
  #expect(state.province().bounds.lower == 0)
  #expect(state.province().bounds.upper == 1)
  let empty = BroadbandState(method: Method(), weights: households, lines: [], records: [])
  #expect(empty.province().reasons == [.nothingMeasured])
}

@Test func `an area has its own lines`() {
  let lines = exampleLines + delivery(pass: 30, fail: 10, area: 1)
  let state = BroadbandState(method: Method(), weights: households, lines: lines, records: [])
  let figure = state.area(1)
  #expect(figure.isShown && figure.offer.measuredShare == 1)
  #expect(isSame(figure.share, 0.8 * 0.75))
  #expect(state.area(3).offer.measuredShare == 0)
}

@Test func `an offer at an address of no known area is counted and not used`() {
  let lost = Line(area: nil, provisionedBps: gigabit, offeredBps: gigabit, state: .pass)
  let state = BroadbandState(
    method: Method(), weights: households, lines: exampleLines + [lost], records: [])
  #expect(state.province().offer.unplacedLines == 1)
  #expect(isSame(state.province().offer.share, 0.828906))
}
