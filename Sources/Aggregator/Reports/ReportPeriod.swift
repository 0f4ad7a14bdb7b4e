import Daemon
import Indicators

/// What a report is about: a quarter, a month or a year.
package struct ReportPeriod: Equatable, Sendable {
  /// `2026-Q4`, `2026-11`, `2026`.
  package let text: String
  package let kind: Kind
  /// Since year 0, as `LocalDay.month(ofDay:)` counts.
  let months: Range<Int>

  package enum Kind: String, CaseIterable, Sendable {
    case quarter, month, year

    package var example: String {
      switch self {
      case .quarter: "2026-Q4"
      case .month: "2026-11"
      case .year: "2026"
      }
    }
  }

  /// Years in which somebody may report.
  private static let years = 2000...2200

  /// `nil`: the text is no period.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard let first = parts.first, first.utf8.count == 4, let year = ReportPeriod.number(first),
      ReportPeriod.years.contains(year)
    else { return nil }
    let january = year * 12
    switch parts.count {
    case 1:
      kind = .year
      months = january..<(january + 12)
    case 2:
      let digits = parts[1].dropFirst(parts[1].hasPrefix("Q") ? 1 : 0)
      guard parts[1].utf8.count == 2, let number = ReportPeriod.number(digits) else { return nil }
      if parts[1].hasPrefix("Q") {
        guard (1...4).contains(number) else { return nil }
        kind = .quarter
        months = (january + 3 * number - 3)..<(january + 3 * number)
      } else {
        guard (1...12).contains(number) else { return nil }
        kind = .month
        months = (january + number - 1)..<(january + number)
      }
    default: return nil
    }
    self.text = String(text)
  }

  /// Digits and nothing else.
  private static func number(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// The periods that hold a local day: month, quarter, year.
  static func around(_ day: Int) -> [ReportPeriod] {
    let date = LocalDay.date(ofDay: day)
    let month = date.month < 10 ? "0\(date.month)" : "\(date.month)"
    return ["\(date.year)-\(month)", "\(date.year)-Q\((date.month + 2) / 3)", "\(date.year)"]
      .compactMap { ReportPeriod($0) }
  }

  /// The period of the same kind before it.
  var before: ReportPeriod? {
    ReportPeriod.around(firstDay - 1).first { $0.kind == kind }
  }

  var firstDay: Int { LocalDay.firstDay(ofMonth: months.lowerBound) }
  var lastDay: Int { LocalDay.firstDay(ofMonth: months.upperBound) - 1 }

  /// The plan, section IV.3: "trước ngày 15 của tháng cuối quý". Local day by whose end a quarter's
  /// report is due; `nil`: the plan asks for none.
  var dueDay: Int? {
    kind == .quarter ? LocalDay.firstDay(ofMonth: months.upperBound - 1) + 13 : nil
  }

  func name(_ language: Language) -> String {
    let year = months.lowerBound / 12
    let month = months.lowerBound % 12 + 1
    switch kind {
    case .quarter:
      let number = (month + 2) / 3
      let roman = ["I", "II", "III", "IV"][number - 1]
      return language.pick("quý \(roman) năm \(year)", "quarter \(number) of \(year)")
    case .month: return language.pick("tháng \(month) năm \(year)", "\(text)")
    case .year: return language.pick("năm \(year)", "the year \(year)")
    }
  }
}
