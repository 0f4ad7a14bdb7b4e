package import Daemon

/// The latest value of every row of the plan: `indicators`, `indicators --json`,
/// `/api/v1/indicators`.
package struct IndicatorsReport: Sendable {
  private let table: IndicatorTable
  /// By code, as the store keeps them.
  private let latest: [String: String]

  package init(_ store: StoreReader, _ table: IndicatorTable) throws(StoreError) {
    self.table = table
    latest = try store.latestIndicators(table.filled.map(\.code))
  }

  /// The object of a filled row; before its first computation a short one.
  package func object(_ row: IndicatorRow) -> String {
    if let json = latest[row.code] { return json }
    var json = JSONWriter()
    json.object { json in
      json.member("code", row.code)
      json.member("name", text: row.name)
      json.member("unit", row.unit)
      json.member("target", row.target)
      json.member("target_year", row.targetYear)
      json.member("status", "no_data")
      json.member(
        "reason", text: LocalText(vi: "Chưa được tính lần nào.", en: "Not computed yet."))
      json.member("value", Double?.none)
      json.member("method", row.methodName)
    }
    return json.text
  }

  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.arrayMember("indicators", table.filled) { $0.raw(object($1)) }
      json.arrayMember("unfilled", table.unfilled) { json, row in
        json.object { json in
          json.member("code", row.code)
          json.member("name", text: row.name)
          json.member("unit", row.unit)
          json.member("target", row.target)
          json.member("target_text", row.targetText)
          json.member("target_year", row.targetYear)
          json.arrayMember("owner", row.owners) { $0.string($1) }
        }
      }
    }
  }

  /// Every filled row that has a value or a reason why not, in the order of the table.
  package func shown() throws(ConfigError) -> [ShownIndicator] {
    var shown: [ShownIndicator] = []
    for row in table.filled {
      if let json = latest[row.code] { shown.append(try ShownIndicator(json: json)) }
    }
    return shown
  }

  /// For a terminal.
  ///
  /// - Parameter nowMs: for "measured so long ago".
  package func text(nowMs: Int64) throws(ConfigError) -> String {
    let shown = try shown()
    guard !shown.isEmpty else {
      return "Chưa tính chỉ tiêu nào; dịch vụ tính ngay khi chạy.\n"
        + "  Nothing has been computed yet; the daemon does it as soon as it runs.\n"
    }
    var columns = TextTable([
      (Bilingual("MÃ", "CODE"), .left), (Bilingual("GIÁ TRỊ", "VALUE"), .right),
      (Bilingual("KHOẢNG 95%", "95% INTERVAL"), .right), (Bilingual("BIÊN", "BOUNDS"), .right),
      (Bilingual("CHƯA ĐO", "UNSEEN"), .right), (Bilingual("MỤC TIÊU", "TARGET"), .right),
      (Bilingual("KẾT LUẬN", "VERDICT"), .left),
      (Bilingual("MỚI NHẤT CÁCH ĐÂY", "NEWEST, AGO"), .right),
      (Bilingual("SỐ LIỆU", "DATA"), .left),
    ])
    for indicator in shown {
      let figure = indicator.figure
      columns.add([
        indicator.code, figure.value.map { Language.en.percent($0) } ?? "-",
        IndicatorsReport.range(figure.interval), IndicatorsReport.range(figure.bounds),
        figure.unmeasuredShare.map { Language.en.percent(share: $0) } ?? "?",
        indicator.target.map { Language.en.percent($0, decimals: 0) } ?? "-",
        figure.verdict, IndicatorsReport.age(figure.newestMs, nowMs),
        indicator.isSimulated ? "GIẢ LẬP / SIMULATED" : "",
      ])
    }
    var text = columns.text
    for indicator in shown {
      guard let reason = indicator.figure.reason else { continue }
      text += "\(indicator.code): \(reason.vi)\n  \(reason.en)\n"
    }
    return text
  }

  private static func range(_ range: ClosedRange<Double>?) -> String {
    guard let range else { return "-" }
    let ends = [range.lowerBound, range.upperBound].map { Language.en.number($0, decimals: 1) }
    return ends.joined(separator: "…")
  }

  private static func age(_ timeMs: Int64?, _ nowMs: Int64) -> String {
    timeMs.map { AgentsReport.age((nowMs - $0) / 1_000) } ?? "-"
  }
}
