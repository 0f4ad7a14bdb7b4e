import Indicators
import Testing

private let november = LocalDay.day(year: 2026, month: 11, day: 1)
private let today = november + 22

/// One reading a day from a day on.
private func series(_ values: [Int64], from day: Int = november - 1) -> CounterSeries {
  CounterSeries(
    days: values.enumerated().map { index, value in
      CounterSeries.Day(day: day + index, readings: [(Int64(day + index), value)])
    })
}

private func unit(_ name: String, _ numerator: [Int64], _ denominator: [Int64]) -> ServiceUnit {
  ServiceUnit(
    name: name, area: nil, numerator: series(numerator), denominator: series(denominator))
}

private let a = unit("A", [600, 900, 1300, 100, 430], [1000, 1400, 1900, 120, 500])
private let b = unit("B", [150, 340, 640, 800, 1060], [200, 450, 800, 1000, 1300])
/// Heard in October alone: 250 cases, 200 of them counted in the numerator.
private let c = ServiceUnit(
  name: "C", area: nil, numerator: series([0, 200], from: november - 20),
  denominator: series([0, 250], from: november - 20))

private func figure(_ units: [ServiceUnit], _ period: ServicePeriod? = nil) -> ServiceFigure {
  ServiceFigure(units, period: period ?? .month(today), method: Method())
}

@Test func `a counter's increase is taken over its resets`() {
  #expect(CounterSeries.Change([1000, 1400, 1900, 120, 500]).increase == 1400)
  #expect(CounterSeries.Change([1000, 1400, 1900, 120, 500]).resets == 1)
  #expect(CounterSeries.Change([7]).increase == 0)
}

@Test func `a source that lies without bound ends at the greatest number, and ends nothing`() {
  #expect(CounterSeries.Step(from: 0, to: 1 << 53).increase == 106_751_991_167)
  #expect(CounterSeries.Step(from: 1 << 53, to: (1 << 53) - 1).increase == 106_751_991_167)
  let day = { (number: Int) in
    CounterSeries.Day(
      day: number, first: 0, last: 1, increase: .max, resets: 90_000, points: 100_000)
  }
  let series = CounterSeries(days: [day(november), day(november + 1), day(november + 2)])
  #expect(series.change(over: november..<today)?.increase == .max)
  let liar = ServiceUnit(name: "L", area: nil, numerator: series, denominator: series)
  let alone = ServiceUnit(name: "M", area: nil, numerator: CounterSeries(), denominator: series)
  let above = ServiceUnit(name: "N", area: nil, numerator: series, denominator: a.denominator)
  let figure = figure([liar, liar, a, alone, alone, above])
  #expect(figure.numerator == .max && figure.denominator == .max)
  #expect(figure.missingDenominator == .max)
  #expect(figure.share == 1 && isSame(figure.heardShare, 0.5))
  #expect(isSame(figure.bounds, 0.5, 1))
}

@Test func `the worked example of 7.x comes out to six digits`() {
  let figure = figure([a, b, c])
  #expect(figure.denominator == 2500 && figure.numerator == 2040)
  #expect(figure.missingDenominator == 250)
  #expect(isSame(figure.share, 0.816))
  #expect(isSame(figure.bounds, 0.741818, 0.832727))
  #expect(isSame(figure.heardShare, 2500.0 / 2750))
  #expect(figure.isShown && figure.resets == 2 && figure.heard == 2)
  #expect(figure.silent == [.init(name: "C", denominator: 250)])
}

@Test func `days give the same increase as their readings in one row`() {
  var state: UInt64 = 7
  func random(_ below: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % below
  }
  for _ in 0..<200 {
    var value: Int64 = 0
    var days: [[Int64]] = []
    for _ in 0..<(2 + random(6)) {
      days.append(
        (0..<(1 + random(4))).map { _ in
          value = random(5) == 0 ? Int64(random(20)) : value + Int64(random(50))
          return value
        })
    }
    let all = CounterSeries.Change(days.flatMap { $0 })
    let byDay = CounterSeries(
      days: days.enumerated().map { index, values in
        .init(day: index, readings: values.map { (0, $0) })
      })
    let whole = byDay.change(over: 0..<100)
    #expect(whole?.increase == all.increase && whole?.resets == all.resets)
    // The parts of a period add up to the whole: nothing falls between two days.
    let parts = (0..<days.count).compactMap { byDay.change(over: $0..<($0 + 1))?.increase }
    #expect(parts.reduce(0, +) == all.increase)
  }
}

@Test func `the last reading before the period is its first`() {
  let counter = series([100, 130, 150], from: november - 2)
  #expect(counter.change(over: november..<(november + 30))?.increase == 20)
  #expect(counter.change(over: (november + 1)..<(november + 30)) == nil)
}

@Test func `a silent source without history leaves nothing excluded`() {
  let unknown = ServiceUnit(
    name: "D", area: nil, numerator: series([5], from: november - 9),
    denominator: series([9], from: november - 9))
  let figure = figure([a, b, unknown])
  #expect(figure.isOpen && figure.bounds == .unknown)
  #expect(figure.silent == [.init(name: "D", denominator: nil)])
  #expect(figure.isShown)
}

@Test func `a source silent for months is missing with the last month in which it was heard`() {
  let old = ServiceUnit(
    name: "E", area: nil, numerator: series([0, 60], from: november - 100),
    denominator: series([0, 70], from: november - 100))
  #expect(figure([a, b, old]).silent == [.init(name: "E", denominator: 70)])
}

@Test func `a numerator above its denominator is left out, named, and unseen`() {
  let wrong = unit("W", [0, 90], [0, 80])
  let figure = figure([a, b, wrong])
  #expect(figure.leftOut == [.init(name: "W", numerator: 90, denominator: 80)])
  #expect(figure.denominator == 2500 && figure.missingDenominator == 90)
  #expect(isSame(figure.bounds, 2040.0 / 2590, 2130.0 / 2590))
}

@Test func `a source without the numerator's counter is silent with the cases that it had`() {
  let half = ServiceUnit(
    name: "H", area: nil, numerator: CounterSeries(), denominator: series([0, 40]))
  #expect(figure([a, half]).silent == [.init(name: "H", denominator: 40)])
}

@Test func `too few cases and too few heard sources are named`() {
  let small = unit("S", [0, 10], [0, 20])
  #expect(
    figure([small, c]).reasons == [
      .cases(20, needed: 30), .heardShare(20.0 / 270, needed: 0.9),
    ])
  #expect(figure([c]).reasons == [.nothingMeasured])
  #expect(figure([]).bounds == .unknown)
}

@Test func `the year to date and the month before are periods of their own`() {
  let year = ServicePeriod.year(today)
  #expect(year.days.lowerBound == LocalDay.day(year: 2026, month: 1, day: 1))
  #expect(year.days.upperBound == LocalDay.day(year: 2027, month: 1, day: 1))
  #expect(year.earlier == [LocalDay.day(year: 2025, month: 1, day: 1)..<year.days.lowerBound])
  let before = ServicePeriod.previousMonth(today)
  #expect(before.days == LocalDay.day(year: 2026, month: 10, day: 1)..<november)
  #expect(figure([a, b, c], year).denominator == 2750)
  #expect(ServicePeriod.horizon(today) == LocalDay.day(year: 2025, month: 1, day: 1))
  let january = LocalDay.day(year: 2026, month: 1, day: 5)
  #expect(ServicePeriod.horizon(january) == LocalDay.day(year: 2024, month: 12, day: 1))
}
