/// Moments as RFC 3339 text. Inside the programs a moment is ms since 1970-01-01T00:00:00Z.
public enum RFC3339 {
  private static let dayMs: Int64 = 86_400_000

  /// `2026-11-24T02:17:30.125Z`, without the fraction where it is zero. Outside the years
  /// 0000…9999, which RFC 3339 does not know, the year has a sign or more digits.
  public static func format(ms: Int64) -> String {
    var days = ms / dayMs
    var rest = ms % dayMs
    if rest < 0 {
      days -= 1
      rest += dayMs
    }
    let bounded = Int(min(max(days, -365_000_000), 365_000_000))
    let date = CivilDate(daysSince1970: bounded)
    let sign = date.year < 0 ? "-" : ""
    var text = sign + padded(abs(date.year), 4)
    text += "-\(padded(date.month, 2))-\(padded(date.day, 2))T"
    let seconds = Int(rest / 1_000)
    text += "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2))"
    text += ":\(padded(seconds % 60, 2))"
    let fraction = Int(rest % 1_000)
    return text + (fraction == 0 ? "Z" : ".\(padded(fraction, 3))Z")
  }

  /// ms since 1970; `nil` for anything but a whole RFC 3339 date and time with an offset. Digits
  /// of the fraction after the third are dropped. A leap second counts as the second after it.
  public static func parse(_ text: some StringProtocol) -> Int64? {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let date = scanner.date(), scanner.skip(anyOf: "Tt "), let time = scanner.timeMs(),
      let offset = scanner.offsetMs(), scanner.isAtEnd
    else { return nil }
    return Int64(date.daysSince1970) * dayMs + time - offset
  }

  private static func padded(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }

    mutating func date() -> CivilDate? {
      guard let year = number(digits: 4), skip(anyOf: "-"), let month = number(digits: 2),
        skip(anyOf: "-"), let day = number(digits: 2)
      else { return nil }
      return CivilDate(year: year, month: month, day: day)
    }

    mutating func timeMs() -> Int64? {
      guard let hour = number(digits: 2), hour < 24, skip(anyOf: ":"),
        let minute = number(digits: 2), minute < 60, skip(anyOf: ":"),
        let second = number(digits: 2), second < 60 || (second == 60 && minute == 59)
      else { return nil }
      guard let fraction = fractionMs() else { return nil }
      return Int64((hour * 60 + minute) * 60 + second) * 1_000 + fraction
    }

    /// 0 where there is no fraction; `nil` for a point without digits.
    mutating func fractionMs() -> Int64? {
      guard skip(anyOf: ".") else { return 0 }
      let start = index
      var value: Int64 = 0
      while let digit = digit() {
        if index - start <= 3 { value = value * 10 + Int64(digit) }
      }
      guard index > start else { return nil }
      for _ in 0..<max(0, 3 - (index - start)) { value *= 10 }
      return value
    }

    mutating func offsetMs() -> Int64? {
      if skip(anyOf: "Zz") { return 0 }
      let isNegative = skip(anyOf: "-")
      guard isNegative || skip(anyOf: "+") else { return nil }
      guard let hours = number(digits: 2), hours < 24, skip(anyOf: ":"),
        let minutes = number(digits: 2), minutes < 60
      else { return nil }
      let offset = Int64(hours * 60 + minutes) * 60_000
      return isNegative ? -offset : offset
    }

    mutating func skip(anyOf characters: StaticString) -> Bool {
      guard index < bytes.count else { return false }
      let byte = bytes[index]
      guard "\(characters)".utf8.contains(byte) else { return false }
      index += 1
      return true
    }

    mutating func digit() -> Int? {
      guard index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 else { return nil }
      defer { index += 1 }
      return Int(bytes[index] - 0x30)
    }

    mutating func number(digits: Int) -> Int? {
      var value = 0
      for _ in 0..<digits {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }
  }
}
