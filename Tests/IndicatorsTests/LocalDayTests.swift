import Indicators
import Testing

@Test func `a local day begins at midnight of its offset`() {
  // 2026-11-23T17:00:00Z is midnight in Hà Nam.
  let midnight: Int64 = 1_795_453_200_000
  let day = LocalDay.day(ofMs: midnight, utcOffsetMinutes: 420)
  #expect(LocalDay.day(ofMs: midnight - 1, utcOffsetMinutes: 420) == day - 1)
  #expect(LocalDay.startMs(ofDay: day, utcOffsetMinutes: 420) == midnight)
  #expect(LocalDay.date(ofDay: day) == (2026, 11, 24))
  #expect(LocalDay.day(ofMs: -1, utcOffsetMinutes: 0) == -1)
}

@Test func `days and dates convert both ways over eight centuries`() {
  var expected = LocalDay.day(year: 1600, month: 1, day: 1)
  for year in 1600..<2400 {
    for month in 1...12 {
      let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      #expect(LocalDay.day(year: year, month: month, day: 1) == expected)
      #expect(LocalDay.date(ofDay: expected + length - 1) == (year, month, length))
      #expect(LocalDay.firstDay(ofMonth: LocalDay.month(ofDay: expected)) == expected)
      expected += length
    }
  }
  #expect(LocalDay.day(year: 1970, month: 1, day: 1) == 0)
}
