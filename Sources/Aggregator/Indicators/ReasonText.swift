package import Indicators

/// The sentences that say what is missing.
package enum ReasonText {
  /// All of them, one after another; `nil` if nothing is missing.
  package static func sentences(_ reasons: [Reason], _ code: String) -> LocalText? {
    if reasons.isEmpty { return nil }
    return LocalText(
      vi: reasons.map { text($0, code, .vi) }.joined(separator: " "),
      en: reasons.map { text($0, code, .en) }.joined(separator: " "))
  }

  private static func text(_ reason: Reason, _ code: String, _ language: Language) -> String {
    switch reason {
    case .nothingMeasured: nothing(code, language)
    case .onlySimulated:
      language.pick(
        "Chỉ có số liệu mô phỏng, và cấu hình không cho dùng.",
        "There is simulated data only, which the configuration does not accept.")
    case .noPopulation:
      language.pick(
        "Không có bảng dân số nên không tính được trọng số.",
        "There is no population table, so nothing has a weight.")
    case .populationShare(let found, let needed):
      language.pick(
        """
        Mới đo được nơi sinh sống của \(language.percent(share: found)) dân số; cần ít nhất \
        \(language.percent(share: needed)).
        """,
        """
        Only the places where \(language.percent(share: found)) of the people live are measured; \
        at least \(language.percent(share: needed)) is needed.
        """)
    case .effectiveBins(let found, let needed):
      language.pick(
        """
        Mới có \(language.number(found, decimals: 1)) quan sát hiệu dụng; cần ít nhất \
        \(language.number(needed)).
        """,
        """
        Only \(language.number(found, decimals: 1)) effective observations; at least \
        \(language.number(needed)) are needed.
        """)
    case .householdShare(let found, let needed): households(found, needed, language)
    case .decidedLines(let found, let needed):
      language.pick(
        "Mới có \(found) đường truyền gigabit đủ số ngày đo; cần ít nhất \(needed).",
        "Only \(found) gigabit lines have enough days with a test; at least \(needed) are needed.")
    case .censoredLines(let found, let all): censored(found, all, language)
    case .cases(let found, let needed):
      language.pick(
        "Kỳ này mới có \(language.number(Double(found))) hồ sơ, giao dịch; cần ít nhất \(needed).",
        """
        Only \(language.number(Double(found))) cases in this period; at least \(needed) are \
        needed.
        """)
    case .heardShare(let found, let needed):
      language.pick(
        """
        Các nguồn có báo cáo mới chiếm \(language.percent(share: found)) số hồ sơ, giao dịch; cần \
        ít nhất \(language.percent(share: needed)).
        """,
        """
        The sources that reported have only \(language.percent(share: found)) of the cases; at \
        least \(language.percent(share: needed)) is needed.
        """)
    }
  }

  private static func households(
    _ found: Double, _ needed: Double, _ language: Language
  ) -> String {
    language.pick(
      """
      Mới biết khả năng đăng ký gói 1 Gb/s của \(language.percent(share: found)) số hộ; cần ít \
      nhất \(language.percent(share: needed)).
      """,
      """
      What can be ordered is known for only \(language.percent(share: found)) of the \
      households; at least \(language.percent(share: needed)) is needed.
      """)
  }

  private static func censored(_ found: Int, _ all: Int, _ language: Language) -> String {
    let (found, all) = (language.whole(found), language.whole(all))
    return language.pick(
      """
      \(found) trong \(all) đường truyền gigabit được đo qua cổng mạng hoặc Wi-Fi chậm hơn \
      1 Gb/s nên không kết luận được; chỉ chấp nhận nhiều nhất một nửa.
      """,
      """
      \(found) of \(all) gigabit lines are measured through a port or Wi-Fi that cannot show \
      1 Gb/s; at most half may be.
      """)
  }

  private static func nothing(_ code: String, _ language: Language) -> String {
    switch code {
    case "20.1":
      language.pick(
        "Chưa có kết quả đo đường truyền hay số liệu khả năng cung cấp nào.",
        "No line was tested, and no operator's records are there.")
    case "20.2":
      language.pick("Chưa có mẫu đo 5G nào dùng được.", "No 5G sample that decides anything.")
    default:
      language.pick(
        "Kỳ này chưa có nguồn nào báo cáo số hồ sơ, giao dịch.",
        "No source has reported any cases in this period.")
    }
  }
}
