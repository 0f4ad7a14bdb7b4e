import Daemon
import Indicators

/// `/indicators/<code>`: one indicator with everything that it follows from, as it is or, with
/// `?at=`, as it was on its day.
struct IndicatorPage {
  let site: OwnersSite
  let row: IndicatorRow
  let language: Language
  /// As it is now.
  let latest: ShownIndicator
  /// As it was; `nil`: nothing is asked for but the present.
  let past: ShownIndicator?
  /// Every revision that is kept is listed, not only the latest.
  let isWholeHistory: Bool

  private var shown: ShownIndicator { past ?? latest }
  private var path: String { "/indicators/\(row.code)" }

  func html() throws -> String {
    let times = site.times(language)
    let points = try site.store.points(row.code, after: 0)
    let daily = try site.history(row.code)
    let evidence = try Result(now: grounds)
    let parts = try site.parts(row.code)
    let title = "\(row.code) · \(language.of(row.name))"
    return HTML.page(
      language, title: title, path: path, live: past == nil ? .every(milliseconds: 10_000) : nil,
      address: past.map { past in { path + "?at=\(past.revision)" + $0.furtherQuery } }
    ) { html in
      if shown.isSimulated { html.simulatedBanner(language) }
      if let past {
        PastComparison(past: past, latest: latest, points: points, language: language, times: times)
          .write(to: &html)
      }
      IndicatorCard(
        indicator: shown, row: row, province: site.tables.areas.province, history: daily,
        language: language, times: times, isLinked: false
      ).write(to: &html)
      card("details", language.pick("Thành phần của con số", "What it is made of"), &html) {
        DetailTexts(indicator: shown, language: language, times: times).write(to: &$0)
      }
      card("areas", language.pick("Theo địa bàn", "By area"), &html) { areas(to: &$0) }
      if row.method == .coverage {
        card("operators", language.pick("Theo nhà mạng", "By operator"), &html) {
          operators(to: &$0)
        }
      }
      partHistories(parts, times, to: &html)
      card("history", language.pick("Lịch sử", "History"), &html) {
        HistorySection(
          indicator: latest, daily: daily, points: points, isWhole: isWholeHistory,
          language: language, times: times
        ).write(to: &$0)
      }
      card(
        "evidence",
        language.pick("Con số này từ đâu ra", "Where this number comes from"), &html
      ) {
        switch evidence {
        case .failure(let wait): $0.element("p", "reason", language.of(wait.text))
        case .success(let (evidence, past)):
          EvidenceSection(evidence: evidence, past: past, language: language, times: times)
            .write(to: &$0)
        }
      }
      card("method", language.pick("Cách tính", "Method"), &html) {
        MethodSection(indicator: shown, row: row, language: language).write(to: &$0)
      }
    }
  }

  /// What the figure follows from, and of a past one what is known of that today.
  private func grounds() throws -> (Evidence, PastEvidence?) {
    let known = try past.map { try site.pastEvidence(row, $0, language) }
    return (try site.evidence(row, of: shown, isPast: past != nil), known)
  }

  private func card(
    _ id: String, _ title: String, _ html: inout HTML, _ body: (inout HTML) -> Void
  ) {
    html.element("section", "card", [("id", id)]) { html in
      html.element("h2", nil, title)
      body(&html)
    }
  }

  /// Areas in the order of the alphabet, operators in that of the figure.
  private func partHistories(
    _ parts: [PartHistory], _ times: DateText, to html: inout HTML
  ) {
    let days = Set(
      parts.flatMap(\.points).filter { $0.isSimulated == latest.isSimulated }.map(\.timeMs))
    guard days.count > 1 else { return }
    let title =
      row.method == .coverage
      ? language.pick("Diễn biến theo địa bàn và nhà mạng", "Areas and operators over time")
      : language.pick("Diễn biến theo địa bàn", "Areas over time")
    card("parts", title, &html) { histories(parts, times, to: &$0) }
  }

  private func histories(_ parts: [PartHistory], _ times: DateText, to html: inout HTML) {
    html.element(
      "p", nil,
      language.pick(
        "Giá trị cuối mỗi ngày; nền nhạt là cận. Đường của mọi dòng có cùng thang.",
        "The last value of each day; the pale band is the bounds. All rows have the same scale."))
    let name = { (id: String) in
      latest.areas.first { $0.id == id }.map { language.of($0.name) } ?? id
    }
    PartHistoryTable(
      histories: VietnameseOrder.sorted(parts.filter { $0.part.kind == .area }) {
        name($0.part.id)
      }, title: language.pick("Lịch sử theo địa bàn", "History by area"),
      head: language.pick("Địa bàn", "Area"), name: name, isSimulated: latest.isSimulated,
      language: language, times: times
    ).write(to: &html)
    PartHistoryTable(
      histories: parts.filter { $0.part.kind == .plmn },
      title: language.pick("Lịch sử theo nhà mạng", "History by operator"),
      head: language.pick("Nhà mạng", "Operator"), name: { OperatorName.text($0, language) },
      isSimulated: latest.isSimulated, language: language, times: times
    ).write(to: &html)
    html.element("p", "links") {
      $0.link(
        "/data/history-parts.csv?code=\(row.code)",
        language.pick("Lịch sử theo địa bàn, nhà mạng (CSV)", "History of the parts (CSV)"))
    }
  }

  /// The least measured first: that is where the bounds can be narrowed.
  private func areas(to html: inout HTML) {
    let areas = VietnameseOrder.sorted(shown.areas) { language.of($0.name) }.sorted {
      ($0.figure.unmeasuredShare ?? 1) > ($1.figure.unmeasuredShare ?? 1)
    }
    html.element(
      "p", nil,
      language.pick(
        "Địa bàn chưa đo nhiều nhất đứng đầu: ở đó đo thêm sẽ thu hẹp cận nhiều nhất.",
        "The least measured area comes first: measuring there narrows the bounds most."))
    html.wideTable(
      language.pick("Theo địa bàn", "By area"),
      head: [
        language.pick("Địa bàn", "Area"), language.pick("Giá trị", "Value"),
        language.pick("Khoảng tin cậy 95 %", "95% interval"), language.pick("Cận", "Bounds"),
        language.pick("Chưa đo", "Not measured"), language.pick("Số đo", "Readings"),
        language.pick("Kết luận", "Verdict"),
      ],
      areas.map { area in
        let target =
          row.method == .coverage ? "/map?area=\(area.id)" + language.furtherQuery : nil
        return [
          HTML.Cell(language.of(area.name), target: target),
          HTML.Cell(FigureText.value(area.figure.value, language)),
          HTML.Cell(FigureText.range(area.figure.interval, language)),
          HTML.Cell(FigureText.range(area.figure.bounds, language)),
          HTML.Cell(FigureText.share(area.figure.unmeasuredShare, language)),
          HTML.Cell(language.number(Double(area.figure.samples))),
          HTML.Cell(FigureText.verdict(area.figure.verdict, language)),
        ]
      })
  }

  private func operators(to html: inout HTML) {
    let operators = (try? shown.figure.details["operators"]?.array()) ?? []
    html.wideTable(
      language.pick("Theo nhà mạng", "By operator"),
      head: [
        language.pick("Nhà mạng", "Operator"), language.pick("Giá trị", "Value"),
        language.pick("Khoảng tin cậy 95 %", "95% interval"), language.pick("Cận", "Bounds"),
        language.pick("Chưa đo", "Not measured"), language.pick("Ô đã đo", "Measured tiles"),
        language.pick("Số đo", "Readings"),
      ],
      operators.map { node in
        let plmn = (try? node.text("operator")).flatMap { $0 } ?? ""
        let number = { (key: String) in
          (try? node.value(key)).flatMap { $0 }.map { language.number($0) } ?? "–"
        }
        return [
          HTML.Cell(
            OperatorName.text(plmn, language),
            target: "/map?operator=\(plmn.isEmpty ? "unknown" : plmn)" + language.furtherQuery),
          HTML.Cell(FigureText.value((try? node.value("value")).flatMap { $0 }, language)),
          HTML.Cell(FigureText.range((try? node.range("interval")).flatMap { $0 }, language)),
          HTML.Cell(FigureText.range((try? node.range("bounds")).flatMap { $0 }, language)),
          HTML.Cell(
            FigureText.share((try? node.value("unmeasured_share")).flatMap { $0 }, language)),
          HTML.Cell(number("measured_tiles")), HTML.Cell(number("samples")),
        ]
      })
  }
}

extension Language {
  /// What a link carries that has a query already.
  var furtherQuery: String { self == .en ? "&lang=en" : "" }
}
