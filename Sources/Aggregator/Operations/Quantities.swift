/// Durations and sizes as people read them.
extension Language {
  func whole(_ value: some BinaryInteger) -> String { number(Double(value)) }

  /// `3 giờ 12 phút`, `45 giây`, `2 ngày 4 giờ`; in English `3 h 12 min`.
  func duration(_ seconds: Int64) -> String {
    let seconds = max(0, seconds)
    let day = pick("ngày", "d")
    let hour = pick("giờ", "h")
    let minute = pick("phút", "min")
    switch seconds {
    case ..<60: return "\(seconds) \(pick("giây", "s"))"
    case ..<3_600: return "\(seconds / 60) \(minute)"
    case ..<86_400: return parts(seconds / 3_600, hour, seconds % 3_600 / 60, minute)
    case ..<(14 * 86_400): return parts(seconds / 86_400, day, seconds % 86_400 / 3_600, hour)
    default: return "\(whole(seconds / 86_400)) \(day)"
    }
  }

  private func parts(_ large: Int64, _ name: String, _ small: Int64, _ other: String) -> String {
    small == 0 ? "\(large) \(name)" : "\(large) \(name) \(small) \(other)"
  }

  /// `1,2 GB`: powers of ten, as disks are sold.
  func bytes(_ value: Int64) -> String {
    let units = ["kB", "MB", "GB", "TB"]
    var scaled = Double(value)
    guard abs(scaled) >= 1_000 else { return "\(value) B" }
    var unit = -1
    while abs(scaled) >= 1_000, unit < units.count - 1 {
      scaled /= 1_000
      unit += 1
    }
    return "\(number(scaled, decimals: abs(scaled) < 100 ? 1 : 0)) \(units[unit])"
  }
}
