import Daemon
import Indicators

/// What can be said today of the evidence behind a past value. The value, its areas, operators and
/// parameters are of their day, for the revision keeps them; readings are kept by the day on which
/// they were measured, not by when they came, so what came later is among them. How much that is
/// follows from computing that day once more.
struct PastEvidence {
  let past: ShownIndicator
  /// As the same day comes out now; without its trend.
  let again: IndicatorResult
  /// Still what they were: the parameters and the population table.
  let hasSameRules: Bool
  let language: Language
  let times: DateText

  func write(to html: inout HTML) {
    html.element("dl") { html in
      html.term(
        language.pick("Của ngày đó, giữ nguyên", "Of that day, kept as it was"),
        language.pick(
          "giá trị, khoảng tin cậy, cận, địa bàn, nhà mạng, tham số và phiên bản bảng dân số ở "
            + "các mục trên",
          "value, interval, bounds, areas, operators, parameters and the version of the population "
            + "table above"))
      html.term(
        language.pick("Đọc lại hôm nay", "Read again today"),
        language.pick(
          "bảng dưới đây: chỉ những ngày đo trong cửa sổ của con số lúc đó, kể cả số đo về sau",
          "the table below: only days of measurement within that figure's window, with what came "
            + "later"))
      html.term(language.pick("Số đo lúc đó", "Readings then"), count(past.figure.samples))
      html.term(
        language.pick("Tính lại hôm nay cho ngày đó", "The same day computed today"),
        "\(FigureText.value(value, language)), "
          + language.pick("số đo: ", "readings: ") + count(again.province.samples))
    }
    html.element("p", nil, [("id", "late")]) { $0.string(sentence) }
  }

  private var value: Double? { again.province.isShown ? percent(again.province.share) : nil }

  private var sentence: String {
    let difference = again.province.samples - past.figure.samples
    let moment = times.moment(past.computedAtMs)
    if !hasSameRules {
      return language.pick(
        "Tham số hoặc bảng dân số nay đã khác, nên chênh lệch không chỉ do số đo.",
        "Parameters or the population table are others now, so readings alone do not explain the "
          + "difference.")
    }
    if difference > 0 {
      let text = count(difference)
      return language.pick(
        "\(text) số đo của các ngày ấy về sau lúc \(moment): đến muộn, hoặc đo trong phần còn lại "
          + "của ngày đó.",
        "\(text) readings of those days came after \(moment): late, or measured in the rest of "
          + "that day.")
    }
    if difference < 0 {
      return language.pick(
        "Nay có ít số đo hơn: số đo cũ bị loại sau khi tính lại từ dữ liệu gốc.",
        "There are fewer readings now: some were left out when everything was made again from the "
          + "raw data.")
    }
    if value != past.figure.value {
      return language.pick(
        "Số lượng số đo vẫn vậy mà con số khác: cách tính hoặc một bảng đi kèm nay đã khác.",
        "As many readings, but another figure: the method or one of its tables is another now.")
    }
    return language.pick(
      "Không có số đo nào về muộn: bảng dưới đây đúng là bằng chứng của con số lúc đó.",
      "Nothing came late: the table below is the evidence of the figure as it was.")
  }

  private func count(_ value: Int64) -> String { language.whole(value) }
}

extension OwnersSite {
  /// - Parameter result: the day of the past value computed once more.
  func compared(
    _ past: ShownIndicator, with result: IndicatorResult, _ language: Language
  ) throws -> PastEvidence {
    let parameters = try ConfigNode.parse(text: result.parameters, name: "parameters")
    let names = try parameters.object().map(\.key)
    let isSame =
      try names.count == past.parameters.object().count
      && names.allSatisfy {
        parameters[$0].map(ParameterText.value) == past.parameters[$0].map(ParameterText.value)
      }
    return PastEvidence(
      past: past, again: result,
      hasSameRules: isSame && result.populationTable == past.populationTable,
      language: language, times: times(language))
  }
}
