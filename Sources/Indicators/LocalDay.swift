/// Days and months of the civil calendar at the method's `utc_offset`, as numbers.
public enum LocalDay {
  static let dayMs: Int64 = 86_400_000

  /// Days since 1970-01-01, local.
  public static func day(ofMs timeMs: Int64, utcOffsetMinutes: Int) -> Int {
    let local = timeMs + Int64(utcOffsetMinutes) * 60_000
    return Int(local >= 0 ? local / dayMs : (local - (dayMs - 1)) / dayMs)
  }

  /// The first instant of a local day, ms since 1970.
  public static func startMs(ofDay day: Int, utcOffsetMinutes: Int) -> Int64 {
    Int64(day) * dayMs - Int64(utcOffsetMinutes) * 60_000
  }

  /// Proleptic Gregorian date of a day (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  public static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }

  /// The inverse of `date(ofDay:)`; month 1 … 12.
  public static func day(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// Months since year 0: 2026-11 is 24,322.
  public static func month(ofDay day: Int) -> Int {
    let date = date(ofDay: day)
    return date.year * 12 + date.month - 1
  }

  /// The first day of a month in months since year 0.
  public static func firstDay(ofMonth month: Int) -> Int {
    day(year: month / 12, month: month % 12 + 1, day: 1)
  }
}
