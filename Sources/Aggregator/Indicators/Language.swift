/// The languages of what people read.
package enum Language: String, CaseIterable, Sendable {
  case vi, en

  /// The text of this language.
  package func of(_ text: LocalText) -> String { self == .vi ? text.vi : text.en }

  package func pick(_ vi: String, _ en: String) -> String { self == .vi ? vi : en }

  /// `92,1` in Vietnamese, `92.1` in English; thousands are grouped. Half rounds away from zero.
  package func number(_ value: Double, decimals: Int = 0) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "–" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let whole = scaled / Int64(scale)
    var text = grouped(whole)
    if decimals > 0 {
      let part = String(scaled % Int64(scale))
      let zeros = String(repeating: "0", count: decimals - part.count)
      text += (self == .vi ? "," : ".") + zeros + part
    }
    return value < 0 && scaled != 0 ? "−" + text : text
  }

  /// `92,1 %` of a share.
  package func percent(share: Double, decimals: Int = 1) -> String {
    percent(share * 100, decimals: decimals)
  }

  /// `92,1 %` of a percentage.
  package func percent(_ value: Double, decimals: Int = 1) -> String {
    let digits = number(value, decimals: decimals)
    return self == .vi ? "\(digits)\u{a0}%" : "\(digits)%"
  }

  private func grouped(_ value: Int64) -> String {
    let digits = Array(String(value))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += self == .vi ? "." : "," }
      text.append(digit)
    }
    return text
  }
}
