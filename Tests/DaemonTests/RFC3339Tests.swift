import Daemon
import Testing

@Suite struct RFC3339Tests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (1_795_486_650_125, "2026-11-24T02:17:30.125Z"),
    (951_782_400_000, "2000-02-29T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00Z"), (1_050, "1970-01-01T00:00:01.050Z"),
  ])
  func `a moment reads back as it was written`(_ ms: Int64, _ text: String) {
    #expect(RFC3339.format(ms: ms) == text)
    #expect(RFC3339.parse(text) == ms)
  }

  @Test(arguments: [
    ("2026-11-24T09:17:30+07:00", "2026-11-24T02:17:30Z"),
    ("2026-11-24T02:17:30-00:30", "2026-11-24T02:47:30Z"),
    ("2026-11-24t02:17:30z", "2026-11-24T02:17:30Z"),
    ("2026-11-24 02:17:30.5Z", "2026-11-24T02:17:30.500Z"),
    ("2026-11-24T02:17:30.1239999Z", "2026-11-24T02:17:30.123Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
  ])
  func `offsets, fractions and leap seconds are understood`(_ text: String, _ same: String) {
    #expect(RFC3339.parse(text).map(RFC3339.format) == same)
  }

  @Test(arguments: [
    "", "2026-11-24", "2026-11-24T02:17:30", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-24T24:00:00Z",
    "2026-11-24T02:60:00Z", "2026-11-24T02:17:61Z", "2026-11-24T02:17:60Z", "2026-11-24T02:17:30.Z",
    "2026-11-24T02:17:30+7:00", "2026-11-24T02:17:30+07:60", "2026-11-24T02:17:30Zx",
    "26-11-24T02:17:30Z", "+2026-11-24T02:17:30Z", "２０２６-11-24T02:17:30Z",
  ])
  func `anything else is no moment`(_ text: String) {
    #expect(RFC3339.parse(text) == nil)
  }

  @Test func `days and dates agree over 800 years, day by day`() throws {
    var date = try #require(CivilDate(year: 1600, month: 1, day: 1))
    for days in date.daysSince1970..<(date.daysSince1970 + 2 * 146_097) {
      #expect(CivilDate(daysSince1970: days) == date)
      #expect(date.daysSince1970 == days)
      let next =
        CivilDate(year: date.year, month: date.month, day: date.day + 1)
        ?? CivilDate(year: date.year, month: date.month + 1, day: 1)
        ?? CivilDate(year: date.year + 1, month: 1, day: 1)
      date = try #require(next)
    }
    #expect(date == CivilDate(year: 2400, month: 1, day: 1))
  }

  @Test(arguments: [Int64.min, .max]) func `no moment is too far away to be written`(_ ms: Int64) {
    #expect(!RFC3339.format(ms: ms).isEmpty)
  }
}
