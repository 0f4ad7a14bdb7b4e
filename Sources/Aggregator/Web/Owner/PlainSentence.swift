import Daemon

/// One indicator in one or two sentences that can be read aloud: value, how sure, what is not
/// seen, and what that means for the target. No number in it that the card does not have.
struct PlainSentence {
  let indicator: ShownIndicator
  let province: LocalText
  let language: Language
  let times: DateText

  private var figure: ShownIndicator.Figure { indicator.figure }

  var text: String {
    let made = indicator.isSimulated ? language.pick("Số liệu mô phỏng: ", "Simulated data: ") : ""
    guard let value = figure.value else {
      let reason = figure.reason.map { language.of($0) } ?? ""
      return made
        + language.pick(
          "Chưa có con số để công bố cho chỉ tiêu này. \(reason)",
          "There is no figure to publish for this indicator yet. \(reason)")
    }
    return made + statement(language.percent(value)) + certainty + ". " + verdict
  }

  /// The day is that of the newest reading: nothing later was seen.
  private var day: String {
    let moment = times.moment(figure.newestMs ?? indicator.computedAtMs)
    return moment.split(separator: " ").dropLast().joined(separator: " ")
  }

  private func statement(_ value: String) -> String {
    let place = language.of(province)
    // The section of docs/methodology.md: a signed report may be of a row that is gone.
    switch indicator.method.prefix(while: { $0 != "/" }) {
    case "20.2":
      let plmn = (try? figure.details.text("operator")).flatMap { $0 }
      let name = OperatorName.text(plmn, language)
      return language.pick(
        """
        Tính đến ngày \(day), khoảng \(value) dân số \(place) sống ở nơi có sóng 5G của nhà mạng \
        phủ rộng nhất, \(name)
        """,
        """
        As of \(day), about \(value) of the people of \(place) live where there is 5G of the \
        largest operator, \(name)
        """)
    case "20.1":
      return language.pick(
        """
        Tính đến ngày \(day), khoảng \(value) người dùng ở \(place) có thể dùng đường truyền cố \
        định trên 1 Gb/s
        """,
        """
        As of \(day), about \(value) of the users in \(place) can have a fixed line above 1 Gb/s
        """)
    default:
      return services(value)
    }
  }

  private func services(_ value: String) -> String {
    let name = language.of(indicator.name)
    guard let month = figure.details["month"],
      let cases = try? ["numerator", "denominator"].map({
        language.number(try month.required($0).number(in: 0...1e18))
      }),
      let days = try? ["from", "to"].map({ times.day(iso: try month.required($0).string()) })
    else {
      return language.pick("\(name) là \(value)", "\(name): \(value)")
    }
    return language.pick(
      """
      \(name) là \(value): \(cases[0]) trong \(cases[1]) trường hợp, từ ngày \(days[0]) đến ngày \
      \(days[1])
      """,
      "\(name): \(value), \(cases[0]) of \(cases[1]) cases from \(days[0]) to \(days[1])")
  }

  private var certainty: String {
    let isWhole = figure.unmeasuredShare.map { $0 < 0.0005 } ?? false
    var text = ""
    if let interval = figure.interval {
      let range = between(interval)
      text +=
        isWhole
        ? language.pick(
          "; với độ tin cậy 95 %, con số thật nằm trong khoảng \(range)",
          "; with 95% confidence the true figure lies \(range)")
        : language.pick(
          "; với độ tin cậy 95 %, con số thật của phần đã đo nằm trong khoảng \(range)",
          "; with 95% confidence the true figure of what was measured lies \(range)")
    }
    return isWhole ? text : text + unseen
  }

  /// The interval is of what was measured alone; of the whole there are only bounds.
  private var unseen: String {
    let whole = between(figure.bounds)
    guard let share = figure.unmeasuredShare.map({ language.percent(share: $0) }) else {
      return language.pick(
        "; chưa rõ phần chưa đo lớn đến đâu, nên con số của toàn bộ nằm trong khoảng \(whole)",
        "; how much is not measured is not known, so the figure of the whole lies \(whole)")
    }
    return language.pick(
      "; còn \(share) chưa đo được, nên con số của toàn bộ nằm trong khoảng \(whole)",
      "; \(share) is not measured yet, so the figure of the whole lies \(whole)")
  }

  private func between(_ range: ClosedRange<Double>) -> String {
    let (low, high) = (language.percent(range.lowerBound), language.percent(range.upperBound))
    return language.pick("từ \(low) đến \(high)", "between \(low) and \(high)")
  }

  private var verdict: String {
    guard let target = indicator.target else { return "" }
    let goal = language.percent(target, decimals: 0)
    let year = indicator.targetYear
    return switch figure.verdict {
    case "reached":
      language.pick(
        "Mục tiêu \(goal) của năm \(year) đã đạt, kể cả khi mọi phần chưa đo đều xấu.",
        "The target of \(goal) for \(year) is reached, even if everything unmeasured were bad.")
    case "not_reached":
      language.pick(
        "Chưa đạt mục tiêu \(goal) của năm \(year), kể cả khi mọi phần chưa đo đều tốt.",
        "The target of \(goal) for \(year) is not reached, even if everything unmeasured were good."
      )
    default:
      language.pick(
        """
        Chưa thể kết luận về mục tiêu \(goal) của năm \(year): với những gì đã đo, đạt hay chưa \
        đạt đều còn có thể.
        """,
        """
        Whether the target of \(goal) for \(year) is reached cannot be said yet: both are still \
        possible.
        """)
    }
  }
}
