/// Parts of a figure in words.
enum FigureText {
  static func verdict(_ word: String, _ language: Language) -> String {
    switch word {
    case "reached": language.pick("đạt", "reached")
    case "not_reached": language.pick("chưa đạt", "not reached")
    case "undecided": language.pick("chưa kết luận", "undecided")
    default: language.pick("chưa đủ dữ liệu", "not enough data")
    }
  }

  static func outlook(_ word: String, _ language: Language) -> String {
    switch word {
    case "on_track": language.pick("đúng tiến độ", "on track")
    case "at_risk": language.pick("có nguy cơ không đạt", "at risk")
    default: language.pick("chưa rõ", "unknown")
    }
  }

  /// Why a value is another than the one before.
  static func cause(_ word: String, _ language: Language) -> String {
    switch word {
    case "new_data": language.pick("số đo mới", "new data")
    case "late_data": language.pick("số đo đến muộn", "late data")
    case "new_day": language.pick("sang ngày mới, cửa sổ đo dịch đi", "a new day, windows moved")
    case "parameters": language.pick("tham số hoặc dòng chỉ tiêu thay đổi", "other parameters")
    case "population_table": language.pick("bảng dân số khác", "another population table")
    default: word
    }
  }

  static func range(_ range: ClosedRange<Double>?, _ language: Language) -> String {
    guard let range else { return "–" }
    return "\(language.number(range.lowerBound, decimals: 1)) … "
      + language.percent(range.upperBound)
  }

  static func value(_ value: Double?, _ language: Language) -> String {
    value.map { language.percent($0) } ?? "–"
  }

  static func share(_ share: Double?, _ language: Language) -> String {
    share.map { language.percent(share: $0) } ?? language.pick("không rõ", "unknown")
  }
}
