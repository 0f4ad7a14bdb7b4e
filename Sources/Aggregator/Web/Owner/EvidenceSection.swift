import Indicators

/// "Where does this number come from": the sources, lines or counters behind a figure.
struct EvidenceSection {
  let evidence: Evidence
  /// Of a past value.
  let past: PastEvidence?
  let language: Language
  let times: DateText

  /// More rows are in the open data.
  private static let rowsMax = 200

  func write(to html: inout HTML) {
    past?.write(to: &html)
    let (first, last) = (times.day(evidence.days.lowerBound), times.day(evidence.days.upperBound))
    html.element(
      "p", "window",
      language.pick(
        "Cửa sổ đo của con số: từ \(first) đến \(last).",
        "The figure's window: from \(first) to \(last)."))
    switch evidence.rows {
    case .sources(let sources): write(sources, to: &html)
    case .lines(let lines): write(lines, to: &html)
    case .counters(let counters): write(counters, to: &html)
    }
  }

  private func write(_ sources: [Evidence.Source], to html: inout HTML) {
    html.element(
      "p", nil,
      language.pick(
        """
        Ai đã đo, bao nhiêu và khi nào. Trên bản đồ, bấm vào một ô để xem từng lần đo trong ô đó, \
        ngày nào và nguồn nào.
        """,
        """
        Who measured how much, and when. On the map, follow a square to each of its bins, with \
        day and source.
        """))
    html.element("p", "links") {
      $0.link("/map" + language.query, language.pick("Bản đồ và các ô", "Map and tiles"))
    }
    html.wideTable(
      language.pick("Nguồn đo", "Sources"),
      head: [
        language.pick("Trạm / nguồn", "Agent / source"), language.pick("Số mẫu", "Samples"),
        language.pick("Kết luận được", "Conclusive"), language.pick("Ô", "Tiles"),
        language.pick("Ngày", "Days"), language.pick("Từ", "From"), language.pick("Đến", "To"),
        language.pick("Dữ liệu", "Data"),
      ],
      sources.prefix(EvidenceSection.rowsMax).map { source in
        [
          HTML.Cell(source.name), number(source.samples), number(source.conclusive),
          number(source.tiles), number(source.days), HTML.Cell(times.moment(source.oldestMs)),
          HTML.Cell(times.moment(source.newestMs)),
          HTML.Cell(source.isSimulated ? language.pick("mô phỏng", "simulated") : ""),
        ]
      })
    cut(sources.count, to: &html)
  }

  private func write(_ lines: [Evidence.Line], to html: inout HTML) {
    html.element(
      "p", nil,
      language.pick(
        "Từng đường truyền trong cửa sổ đo, gói cước, phán quyết và số phép đo được tính.",
        "Each line of the window with its plan, its state and the tests that count."))
    html.wideTable(
      language.pick("Đường truyền", "Lines"),
      head: [
        language.pick("Đường truyền", "Line"), language.pick("Địa bàn", "Area"),
        language.pick("Trạng thái", "State"), language.pick("Gói, Mb/s", "Plan, Mb/s"),
        language.pick("Bán tại chỗ, Mb/s", "Offered, Mb/s"), language.pick("Phép đo", "Tests"),
        language.pick("Mới nhất", "Newest"),
      ],
      lines.prefix(EvidenceSection.rowsMax).map { line in
        [
          HTML.Cell(line.name), HTML.Cell(line.area.map(language.of) ?? "–"),
          HTML.Cell(state(line.state.rawValue)), rate(line.provisionedBps), rate(line.offeredBps),
          number(line.tests), HTML.Cell(times.moment(line.newestMs)),
        ]
      })
    cut(lines.count, to: &html)
  }

  private func write(_ counters: [Evidence.Counter], to html: inout HTML) {
    html.element(
      "p", nil,
      language.pick(
        "Phần tăng của hai bộ đếm trong tháng này, từng nguồn.",
        "What the two counters rose by this month, source by source."))
    html.wideTable(
      language.pick("Nguồn", "Sources"),
      head: [
        language.pick("Trạm / nguồn (địa bàn)", "Agent / source (area)"),
        language.pick("Tử số", "Numerator"), language.pick("Mẫu số", "Denominator"),
        language.pick("Số lần đọc", "Readings"), language.pick("Khởi động lại", "Resets"),
        language.pick("Mới nhất", "Newest"),
      ],
      counters.prefix(EvidenceSection.rowsMax).map { counter in
        [
          HTML.Cell(counter.name), number(counter.numerator), number(counter.denominator),
          number(Int64(counter.points)), number(Int64(counter.resets)),
          HTML.Cell(times.moment(counter.newestMs)),
        ]
      })
    cut(counters.count, to: &html)
  }

  private func cut(_ count: Int, to html: inout HTML) {
    guard count > EvidenceSection.rowsMax else { return }
    let all = language.whole(count)
    html.element(
      "p", nil,
      language.pick(
        "Hiện \(EvidenceSection.rowsMax) trong \(all) dòng.",
        "\(EvidenceSection.rowsMax) of \(all) rows are shown."))
  }

  private func number(_ value: Int64?) -> HTML.Cell {
    HTML.Cell(value.map { language.number(Double($0)) } ?? "–")
  }

  private func rate(_ bps: Int64?) -> HTML.Cell {
    HTML.Cell(bps.map { language.number(Double($0) / 1e6) } ?? "–")
  }

  private func state(_ word: String) -> String {
    switch word {
    case "pass": language.pick("đạt", "passes")
    case "fail": language.pick("không đạt", "fails")
    case "undecided": language.pick("chưa đủ ngày", "too few days")
    case "censored": language.pick("bị cổng mạng hoặc Wi-Fi che", "hidden by port or Wi-Fi")
    case "offer_only": language.pick("gói dưới 1 Gb/s", "plan below 1 Gb/s")
    default: language.pick("không rõ gói", "plan unknown")
    }
  }
}
