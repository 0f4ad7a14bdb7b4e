import Daemon

/// What one kind of indicator has beside the common figures. Reads the details object of the JSON;
/// a key that an older program did not write is left out.
struct DetailTexts {
  let indicator: ShownIndicator
  let language: Language
  let times: DateText

  private var details: ConfigNode { indicator.figure.details }

  func write(to html: inout HTML) {
    html.element("dl", "more") { html in
      for (name, text) in terms() { html.term(name, text) }
    }
  }

  private func terms() -> [(String, String)] {
    if details["operators"] != nil { return coverage() }
    if details["offered"] != nil { return broadband() }
    return services()
  }

  // MARK: 20.2

  private func coverage() -> [(String, String)] {
    var terms: [(String, String)] = []
    let best = text(details, "operator")
    let operators = list(details, "operators").map { entry in
      let name = operatorName(text(entry, "operator"))
      return "\(name): \(value(entry)) (\(range(entry, "interval")))"
    }
    if indicator.figure.value != nil, let best {
      terms.append((language.pick("Nhà mạng lớn nhất", "Largest operator"), operatorName(best)))
    }
    if !operators.isEmpty {
      terms.append(
        (language.pick("Từng nhà mạng", "Each operator"), operators.joined(separator: " · ")))
    }
    if let strong = details["strong"], !strong.isNull {
      terms.append(
        (
          language.pick("Sóng mạnh", "Strong signal") + strongLevel,
          "\(value(strong)) (\(range(strong, "interval")))"
        ))
    }
    if let tiles = count(details, "measured_tiles"), let seen = count(details, "seen_tiles") {
      terms.append(
        (
          language.pick("Ô đã đo", "Measured tiles"),
          language.pick(
            "\(language.number(Double(tiles))) trong \(language.number(Double(seen))) ô có số liệu",
            "\(language.number(Double(tiles))) of \(language.number(Double(seen))) seen")
        ))
    }
    if let left = details["left_out"] { terms.append(leftOut(left)) }
    terms.append((language.pick("Lưu ý", "Note"), caveat))
    return terms
  }

  /// ` (≥ −100 dBm)`
  private var strongLevel: String {
    guard let level = try? indicator.parameters.value("strong_dbm") else { return "" }
    return " (≥ \(language.number(level)) dBm)"
  }

  /// Said beside the value, for it cannot be seen in the interval.
  private var caveat: String {
    if text(details, "weights") == "areas" {
      return language.pick(
        "Không có bảng dân số theo ô, nên mỗi địa bàn được coi là một ô.",
        "There is no population table by tile, so each area stands for one tile.")
    }
    return language.pick(
      """
      Trọng số dân số sửa việc xe đo đi qua ô nào, không sửa khác biệt giữa mặt đường và trong \
      nhà của cùng một ô.
      """,
      """
      Weights by people correct for which tiles were driven, not for roads against houses inside \
      a tile.
      """)
  }

  private func leftOut(_ node: ConfigNode) -> (String, String) {
    let parts = [
      ("inconclusive", "không kết luận", "inconclusive"),
      ("inaccurate", "vị trí kém", "inaccurate"),
      ("roaming", "chuyển vùng", "roaming"), ("outside", "ngoài địa bàn", "outside"),
    ].compactMap { key, vi, en in
      count(node, key).map { "\(language.number(Double($0))) \(language.pick(vi, en))" }
    }
    return (language.pick("Số đo không dùng", "Readings left out"), parts.joined(separator: ", "))
  }

  private func operatorName(_ plmn: String?) -> String { OperatorName.text(plmn, language) }

  // MARK: 20.1

  private func broadband() -> [(String, String)] {
    var terms: [(String, String)] = []
    if let offered = details["offered"] {
      terms.append(
        (
          language.pick("A – đăng ký được 1 Gb/s", "A – 1 Gb/s can be ordered"),
          "\(value(offered)) (\(range(offered, "interval")))" + missing(offered)
        ))
    }
    if text(details, "counted") == "people" {
      terms.append(
        (
          language.pick("Trọng số", "Weights"),
          language.pick(
            "dân số của địa bàn, vì chưa có số hộ", "people of the areas, for want of households")
        ))
    }
    if let delivered = details["delivered"] {
      let lines = ["pass", "fail", "undecided", "censored"].map {
        language.whole(count(delivered, $0) ?? 0)
      }
      terms.append(
        (
          language.pick("V – giao đủ tốc độ", "V – delivered"),
          "\(value(delivered)) (\(range(delivered, "interval")))" + missing(delivered)
        ))
      terms.append(
        (
          language.pick("Đường truyền gigabit", "Gigabit lines"),
          language.pick(
            """
            \(lines[0]) đạt, \(lines[1]) không đạt, \(lines[2]) chưa đủ ngày, \(lines[3]) không \
            đo được vì cổng mạng hoặc Wi-Fi
            """,
            """
            \(lines[0]) pass, \(lines[1]) fail, \(lines[2]) undecided, \(lines[3]) hidden by the \
            probe's port or Wi-Fi
            """)
        ))
    }
    return terms
  }

  private func missing(_ node: ConfigNode) -> String {
    guard let reason = node["reason"], !reason.isNull, let text = text(reason, language.rawValue)
    else { return "" }
    return " – " + text
  }

  // MARK: 7.x

  private func services() -> [(String, String)] {
    let periods = [
      ("month", "Tháng này", "This month"), ("month_before", "Tháng trước", "Last month"),
      ("year", "Từ đầu năm", "Year to date"),
    ]
    var terms: [(String, String)] = []
    for (key, vi, en) in periods {
      guard let node = details[key] else { continue }
      terms.append((language.pick(vi, en), period(node)))
    }
    guard let month = details["month"] else { return terms }
    let silent = list(month, "silent").compactMap { text($0, "source") }
    if !silent.isEmpty {
      terms.append(
        (language.pick("Nguồn im lặng", "Silent sources"), silent.joined(separator: ", ")))
    }
    let wrong = list(month, "left_out").compactMap { text($0, "source") }
    if !wrong.isEmpty {
      terms.append(
        (
          language.pick("Nguồn bị loại (tử số lớn hơn mẫu số)", "Left out (numerator too large)"),
          wrong.joined(separator: ", ")
        ))
    }
    if let count = count(month, "resets"), count > 0 {
      let resets = language.whole(count)
      terms.append(
        (
          language.pick("Bộ đếm khởi động lại", "Counter resets"),
          language.pick("\(resets) lần; có thể đếm sót", "\(resets); some cases may be missed")
        ))
    }
    return terms
  }

  private func period(_ node: ConfigNode) -> String {
    let cases = [count(node, "numerator"), count(node, "denominator")].map {
      language.number(Double($0 ?? 0))
    }
    let days = [text(node, "from"), text(node, "to")].map { times.day(iso: $0 ?? "") }
    let result = (try? node.value("value")) == nil ? "–;" : "\(value(node)) ="
    return "\(result) \(cases[0]) / \(cases[1]) (\(days[0]) – \(days[1]))"
  }

  // MARK: Reading

  private func value(_ node: ConfigNode) -> String {
    (try? node.value("value")).flatMap { $0 }.map { language.percent($0) } ?? "–"
  }

  private func range(_ node: ConfigNode, _ key: String) -> String {
    FigureText.range((try? node.range(key)).flatMap { $0 }, language)
  }

  private func text(_ node: ConfigNode, _ key: String) -> String? {
    (try? node.text(key)).flatMap { $0 }
  }

  private func count(_ node: ConfigNode, _ key: String) -> Int64? {
    try? node[key]?.integer(in: 0...Int64.max)
  }

  private func list(_ node: ConfigNode, _ key: String) -> [ConfigNode] {
    (try? node[key]?.array()) ?? []
  }
}
