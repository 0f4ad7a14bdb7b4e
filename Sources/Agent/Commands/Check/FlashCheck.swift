package import Daemon

/// How fast the daemon wears the flash out, against what the site allows.
package enum FlashCheck {
  /// A daemon that has just begun reads its configuration and makes files.
  private static let secondsMin: Int64 = 3_600

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    examine(
      site.status.root, bytesPerDayMax: site.configuration.buffer.flashBytesPerDayMax, findings)
  }

  package static func examine(
    _ status: ConfigNode?, bytesPerDayMax: Int64, _ findings: CheckFindings
  ) {
    func number(_ key: String) -> Int64? { try? status?[key]?.integer(in: 0...Int64.max) }
    // Both since the process began; times of day would tell of a reload or of a clock that was set.
    guard let bytes = number("written_bytes"), let seconds = number("written_seconds") else {
      findings.add(
        "flash", .passed,
        Bilingual(
          "Mức ghi flash: chưa biết, dịch vụ chưa từng chạy",
          "flash wear: not known, the daemon has not run yet"))
      return
    }
    guard seconds >= secondsMin else {
      findings.add(
        "flash", .passed,
        Bilingual(
          "Mức ghi flash: chưa đủ dữ liệu, dịch vụ mới chạy \(DurationText.vi(seconds))",
          "flash wear: too little is known, the daemon has run for \(DurationText.en(seconds))"))
      return
    }
    let perDay = Double(bytes) / Double(seconds) * 86_400
    let day = megabytes(perDay)
    let year = MeasurementText.decimal(Int64(perDay * 365 / 100_000_000), scale: 10)
    let budget = megabytes(Double(bytesPerDayMax))
    let isOver = perDay > Double(bytesPerDayMax)
    findings.add(
      "flash", isOver ? .warning : .passed,
      Bilingual(
        "Ghi flash \(day) MB mỗi ngày, \(year) GB mỗi năm; mức cho phép \(budget) MB mỗi ngày",
        "flash wear: \(day) MB a day, \(year) GB a year; allowed are \(budget) MB a day"),
      remedy: isOver
        ? Bilingual(
          "Tăng buffer.linger_ms (ví dụ 2000): nhiều số đo chung một lần ghi",
          "raise buffer.linger_ms (to 2000, say): more measurements share one write") : nil)
  }

  private static func megabytes(_ bytes: Double) -> String {
    MeasurementText.decimal(Int64(bytes / 100_000), scale: 10)
  }
}
