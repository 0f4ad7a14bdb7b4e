import Daemon

/// A report for a terminal, for a spreadsheet and for programs.
package struct ReportForms {
  package let content: ReportContent
  /// `nil`: a draft.
  package let frozen: FrozenReport?

  package init(content: ReportContent, frozen: FrozenReport?) {
    self.content = content
    self.frozen = frozen
  }

  package func json() -> String {
    var json = JSONWriter()
    json.object { json in
      json.key("frozen")
      if let frozen {
        json.object { json in
          json.member("number", frozen.number)
          json.member("frozen_at", timeMs: frozen.frozenAtMs)
          json.member("sha256", frozen.sha256)
          json.member("genuine", frozen.isGenuine)
        }
      } else {
        json.null()
      }
      json.key("content")
      json.raw(content.json)
    }
    return json.text
  }

  private static let columns = [
    "report", "code", "name", "unit", "target", "target_year", "owner", "status", "verdict",
    "value", "interval_low", "interval_high", "bound_low", "bound_high", "unmeasured_share",
    "samples", "newest", "computed_at", "revision", "method", "simulated", "period_value",
    "period_numerator", "period_denominator", "frozen_number", "frozen_sha256", "complete",
  ]

  /// With a byte order mark, without which a spreadsheet takes Vietnamese for Latin letters.
  package func csv(_ language: Language) -> String {
    var csv = CSVWriter()
    csv.row(ReportForms.columns)
    for entry in content.entries {
      let (indicator, cases) = (entry.indicator, entry.cases)
      csv.row(
        [
          content.period.text, indicator.code, language.of(indicator.name), indicator.unit,
          CSVWriter.number(indicator.target), "\(indicator.targetYear)",
          entry.owners.joined(separator: "; "),
        ] + CSVWriter.figure(indicator.figure) + [
          indicator.figure.newestMs.map(RFC3339.format) ?? "",
          RFC3339.format(ms: indicator.computedAtMs), "\(indicator.revision)", indicator.method,
          "\(indicator.isSimulated)", CSVWriter.number(cases?.value),
          cases.map { "\($0.numerator)" } ?? "", cases.map { "\($0.denominator)" } ?? "",
          frozen.map { "\($0.number)" } ?? "", digest(language) ?? "", "\(content.isComplete)",
        ])
    }
    return "\u{feff}" + csv.text
  }

  func text(_ language: Language, times: DateText) -> String {
    let name = content.period.name(language)
    var text = language.pick("Báo cáo \(name)", "Report of \(name)")
    text += content.stillRuns(language) + ", " + times.moment(content.asOfMs) + "\n"
    if content.isSimulated {
      text += language.pick("SỐ LIỆU MÔ PHỎNG, không dùng để báo cáo\n", "SIMULATED DATA\n")
    }
    if let due = content.period.dueDay {
      let day = times.day(due + 1)
      text += language.pick("Gửi trước ngày \(day)\n", "Due before \(day)\n")
    }
    for entry in content.entries {
      let (indicator, figure) = (entry.indicator, entry.indicator.figure)
      text += "\n\(indicator.code)  \(language.of(indicator.name))\n"
      text += "  \(FigureText.value(figure.value, language))"
      text += " (\(FigureText.range(figure.interval, language)))"
      text += ", " + language.pick("cận ", "bounds ") + FigureText.range(figure.bounds, language)
      text += ", " + FigureText.verdict(figure.verdict, language) + "\n"
      if let reason = figure.reason { text += "  \(language.of(reason))\n" }
      if let cases = entry.cases {
        text += "  " + content.text(cases, language, times) + "\n"
      }
    }
    if let frozen {
      let moment = times.moment(frozen.frozenAtMs)
      text += language.pick(
        "\nĐã chốt lần \(frozen.number) lúc \(moment)",
        "\nFrozen, number \(frozen.number), \(moment)")
      text += "\n\(frozen.isGenuine ? "SHA-256 " : "")\(digest(language) ?? "")\n"
    }
    return text
  }

  /// `nil`: a draft has none.
  private func digest(_ language: Language) -> String? {
    frozen.map { $0.isGenuine ? $0.sha256 : language.of(FrozenReport.alteredText) }
  }
}

extension ReportContent {
  /// What the title of a report says that was made before its period was over.
  func stillRuns(_ language: Language) -> String {
    isComplete ? "" : language.pick(", kỳ chưa kết thúc", ", the period is not over")
  }

  /// Which days they are of, and what they come to.
  func text(_ cases: Cases, _ language: Language, _ times: DateText) -> String {
    let (name, day) = (period.name(language), times.day(ofMs: asOfMs))
    let span =
      isComplete
      ? language.pick("Cả \(name)", "All of \(name)")
      : language.pick("Từ đầu \(name) đến \(day)", "From the start of \(name) to \(day)")
    let numbers = [cases.numerator, cases.denominator].map { language.number(Double($0)) }
    return "\(span): \(FigureText.value(cases.value, language)) = \(numbers[0]) / \(numbers[1])"
  }
}
