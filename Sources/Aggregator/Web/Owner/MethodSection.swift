import Daemon

/// How the figure is made, in words, with the parameters that made it and where they come from.
struct MethodSection {
  let indicator: ShownIndicator
  let row: IndicatorRow
  let language: Language

  func write(to html: inout HTML) {
    html.element("ol") { html in
      for step in steps { html.element("li", nil, language.of(step)) }
    }
    let parameters = (try? indicator.parameters.object()) ?? []
    html.wideTable(
      language.pick("Tham số", "Parameters"),
      head: [
        language.pick("Tham số", "Parameter"), language.pick("Giá trị", "Value"),
        language.pick("Nghĩa", "Meaning"), language.pick("Nguồn", "Source"),
      ],
      parameters.map { name, node in
        let meaning = ParameterText.meaning(name)
        return [
          HTML.Cell(name), HTML.Cell(ParameterText.value(node)),
          HTML.Cell(meaning.map { language.of($0.text) } ?? ""),
          HTML.Cell(
            meaning?.source
              ?? language.pick("hệ thống này chọn, sẽ xem lại", "our choice, to be revisited")),
        ]
      })
    html.element("dl") { html in
      html.term(language.pick("Phương pháp", "Method"), indicator.method + " (docs/methodology.md)")
      if row.method == .coverage {
        html.term(
          language.pick("Bảng dân số", "Population table"),
          indicator.populationTable ?? language.pick("không có", "none"))
      }
    }
  }

  private var steps: [LocalText] {
    switch row.method {
    case .coverage: MethodSection.coverage
    case .broadband: MethodSection.broadband
    case .services, nil: MethodSection.services
    }
  }

  private static let coverage = [
    LocalText(
      vi: """
        Định nghĩa theo SDG 9.c.1: phần dân số sống ở nơi có sóng 5G, dù có thuê bao hay không; \
        nhiều nhà mạng thì lấy nhà mạng phủ rộng nhất.
        """,
      en: """
        After SDG 9.c.1: people who live within range of 5G, subscribers or not; of several \
        operators the largest.
        """),
    LocalText(
      vi: """
        Mẫu đo có mức 5G (SS-RSRP) là bằng chứng có sóng hoặc không; mẫu không thấy 5G chỉ là \
        bằng chứng “không có sóng” nếu máy đang truyền dữ liệu hoặc đã quét, nếu không thì “không \
        kết luận”.
        """,
      en: """
        A sample with a 5G level (SS-RSRP) proves coverage or the want of it; one without 5G \
        proves “not covered” only if the device was active, otherwise it is inconclusive.
        """),
    LocalText(
      vi: """
        Một lần đo là một ô nhỏ (khoảng 72 m) trong một ngày: có sóng khi ít nhất nửa số mẫu đạt \
        ngưỡng. Vì thế một xe đỗ lại hay mười nghìn mẫu lặp không nặng hơn một lần đi qua.
        """,
      en: """
        A bin is a cell of about 72 m on one day: covered if at least half of its samples reach \
        the level. So a parked car weighs no more than one visit.
        """),
    LocalText(
      vi: """
        Ô lớn (khoảng 573 m) được coi là đã đo khi đủ số lần và số ngày đo. Tỷ lệ của từng ô được \
        nhân với dân số của ô; khoảng tin cậy theo Wilson.
        """,
      en: """
        A tile of about 573 m is measured with enough bins and days. Shares of tiles are weighted \
        by their people; the interval is Wilson's.
        """),
    LocalText(
      vi: """
        Phần chưa đo không bao giờ được coi là có hay không có sóng; nó làm cận rộng ra.
        """,
      en: """
        What is not measured is never counted as covered or not covered; it widens the bounds.
        """),
  ]

  private static let broadband = [
    LocalText(
      vi: """
        Con số là tích của hai phần: A, phần hộ có thể đăng ký gói trên 1 Gb/s, và V, phần đường \
        truyền gigabit giao đủ tốc độ.
        """,
      en: """
        The figure is a product: A, the share of households that can order 1 Gb/s, times V, the \
        share of gigabit lines that deliver it.
        """),
    LocalText(
      vi: """
        A lấy từ số liệu của nhà mạng nếu có, nếu không thì từ các đường truyền biết gói bán tại \
        địa chỉ của mình, có trọng số theo số hộ của địa bàn.
        """,
      en: """
        A comes from operators' records where there are any, otherwise from lines that know what \
        is sold at their address, weighted by the households of the areas.
        """),
    LocalText(
      vi: """
        V: mỗi đường truyền một phiếu; đạt khi tốc độ tốt nhất của ngày đạt mức phải giao trong \
        ít nhất 2 trong 3 ngày đo gần nhất. Đường truyền bị cổng mạng hoặc Wi-Fi của máy đo che \
        khuất thì không tính.
        """,
      en: """
        V: one vote a line; it passes if the day's best test delivers on at least 2 of the latest \
        3 days. Lines hidden by the probe's own port or Wi-Fi do not count.
        """),
  ]

  private static let services = [
    LocalText(
      vi: """
        Mỗi nguồn có hai bộ đếm chỉ tăng. Lấy phần tăng trong tháng của từng nguồn rồi mới cộng \
        lại; bộ đếm khởi động lại được nối tiếp.
        """,
      en: """
        Each source has two counters that only rise. The increase over the month is taken source \
        by source and added up then; restarts are bridged.
        """),
    LocalText(
      vi: "Giá trị là tổng tử số chia tổng mẫu số: đếm toàn bộ, nên không có khoảng tin cậy.",
      en: "The value is the sum above over the sum below: a census, so there is no interval."),
    LocalText(
      vi: """
        Nguồn im lặng được tính là chưa biết, với số trường hợp của kỳ trước; nó làm cận rộng ra.
        """,
      en: """
        A silent source counts as unknown with the cases of its previous period; it widens the \
        bounds.
        """),
  ]
}
