import Daemon
import Indicators

/// Times as people of the province read them.
struct DateText {
  let language: Language
  let utcOffsetMinutes: Int
  let nowMs: Int64

  /// `23/11/2026 09:05`; in English `23 Nov 2026 09:05`.
  func moment(_ timeMs: Int64?) -> String {
    guard let timeMs else { return "–" }
    let day = LocalDay.day(ofMs: timeMs, utcOffsetMinutes: utcOffsetMinutes)
    let start = LocalDay.startMs(ofDay: day, utcOffsetMinutes: utcOffsetMinutes)
    let minutes = Int((timeMs - start) / 60_000)
    return "\(self.day(day)) \(two(minutes / 60)):\(two(minutes % 60))"
  }

  /// The local day of a moment.
  func day(ofMs timeMs: Int64) -> String {
    day(LocalDay.day(ofMs: timeMs, utcOffsetMinutes: utcOffsetMinutes))
  }

  func day(_ day: Int) -> String {
    let date = LocalDay.date(ofDay: day)
    return switch language {
    case .vi: "\(two(date.day))/\(two(date.month))/\(date.year)"
    case .en: "\(date.day) \(DateText.months[date.month - 1]) \(date.year)"
    }
  }

  /// `2026-11-23` as the API has it, in the page's form.
  func day(iso: String) -> String {
    RFC3339.parse(iso + "T00:00:00Z").map { day(Int($0 / 86_400_000)) } ?? iso
  }

  /// `3 phút trước`; a moment that is still to come is "now".
  func age(_ timeMs: Int64) -> String {
    let seconds = max(0, (nowMs - timeMs) / 1_000)
    return switch seconds {
    case ..<120: language.pick("\(seconds) giây trước", "\(seconds) s ago")
    case ..<7_200: language.pick("\(seconds / 60) phút trước", "\(seconds / 60) min ago")
    case ..<172_800: language.pick("\(seconds / 3_600) giờ trước", "\(seconds / 3_600) h ago")
    default: language.pick("\(seconds / 86_400) ngày trước", "\(seconds / 86_400) days ago")
    }
  }

  /// As `age`, but no finer than a minute: a page that changes only then is made once a minute.
  func roughAge(_ timeMs: Int64) -> String {
    nowMs / 60_000 - timeMs / 60_000 <= 0
      ? language.pick("vừa xong", "just now")
      : language.pick(
        nowMs - timeMs < 120_000 ? "1 phút trước" : age(timeMs),
        nowMs - timeMs < 120_000 ? "1 min ago" : age(timeMs))
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
