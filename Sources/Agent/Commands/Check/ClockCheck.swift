package import Daemon
import Protocol

/// The clock, by itself and against the aggregator's.
package enum ClockCheck {
  /// More than this shows a clock that nobody sets.
  private static let offsetMsMax: Int64 = 2_000
  /// What lies so far in the aggregator's future, it sets aside (`StateRules.futureMsMax`).
  private static let offsetMsFatal: Int64 = 300_000
  private static let remedy = Bilingual(
    "Bật đồng bộ: sudo timedatectl set-ntp true", "switch synchronisation on as above")

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    examine(wallClockMs(), isSynchronised: SystemClock.isSynchronised, findings)
  }

  package static func examine(_ nowMs: Int64, isSynchronised: Bool?, _ findings: CheckFindings) {
    let now = RFC3339.format(ms: nowMs / 1_000 * 1_000)
    if nowMs < ClockReading.plausibleFromMs || !LegalRange.time.contains(nowMs) {
      findings.add(
        "clock", .failed,
        Bilingual("Đồng hồ chạy sai: \(now)", "the clock cannot be right"), remedy: remedy)
    } else if isSynchronised == false {
      findings.add(
        "clock", .warning,
        Bilingual("Đồng hồ \(now) chưa đồng bộ", "the clock is not synchronised"),
        remedy: remedy)
    } else {
      findings.add(
        "clock", .passed, Bilingual("Đồng hồ đúng: \(now)", "the clock is plausible"))
    }
  }

  /// - Parameter status: of the daemon, after the aggregator has answered it.
  package static func examineOffset(_ status: ConfigNode?, _ findings: CheckFindings) {
    let uplink = status?["uplink"]
    let legal = Int64(-1) << 62...Int64(1) << 62
    guard let offset = try? uplink?["clock_offset_ms"]?.integer(in: legal),
      let accuracy = try? uplink?["clock_accuracy_ms"]?.integer(in: legal)
    else {
      findings.add(
        "clock_offset", .warning,
        Bilingual(
          "Chưa so được đồng hồ với tỉnh: chưa có biên nhận nào",
          "the clock could not be compared with the province's: no receipt has come yet"),
        remedy: Bilingual(
          "Xem các dòng về đường lên và dịch vụ, rồi kiểm tra lại",
          "see the lines on uplink and daemon, then check again"))
      return
    }
    // The aggregator's clock minus ours: positive means that ours is behind.
    let sure = max(0, abs(offset) - accuracy)
    let way = offset >= 0 ? Bilingual("chậm", "behind") : Bilingual("nhanh", "ahead of")
    let text = Bilingual(
      "Đồng hồ \(way.vi) hơn của tỉnh \(abs(offset)) ms (± \(accuracy) ms)",
      "our clock is \(abs(offset)) ms \(way.en) the province's (± \(accuracy) ms)")
    let result: CheckReport.Result =
      sure >= offsetMsFatal ? .failed : sure > offsetMsMax ? .warning : .passed
    findings.add("clock_offset", result, text, remedy: result == .passed ? nil : remedy)
  }
}
