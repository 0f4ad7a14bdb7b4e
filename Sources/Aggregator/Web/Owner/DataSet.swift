import Daemon

/// The open data: what each file is, for the page, the catalogue and the schemas.
struct DataSet {
  let id: String
  let title: LocalText
  let description: LocalText
  let files: [File]

  struct File {
    let name: String
    let mediaType: String
    /// Of a CSV file, in the order of its columns, or of each feature or object.
    let fields: [DataField]
    /// In `openapi.json`, of a JSON file; `nil`: it is none.
    var schema: String?
  }

  static let all = [indicators, history, coverage, next]

  /// A file of the open data.
  static func file(_ name: String) -> File {
    guard let file = all.flatMap(\.files).first(where: { $0.name == name }) else {
      preconditionFailure("no file \(name)")
    }
    return file
  }

  static let figureFields = [
    DataField(
      "status", .text, "measured, insufficient_data hoặc no_data",
      "measured, insufficient_data or no_data"),
    DataField(
      "verdict", .text, "reached, not_reached, undecided hoặc insufficient",
      "reached, not_reached, undecided or insufficient"),
    DataField(
      "value", .number, "giá trị; trống: chưa đủ dữ liệu", "value; empty: not enough data",
      unit: "%"),
    DataField(
      "interval_low", .number, "đầu dưới của khoảng tin cậy 95 %", "lower end of the 95% interval",
      unit: "%"),
    DataField(
      "interval_high", .number, "đầu trên của khoảng tin cậy 95 %",
      "upper end of the 95% interval", unit: "%"),
    DataField(
      "bound_low", .number, "cận dưới: mọi phần chưa đo đều xấu",
      "bound if everything unmeasured were bad", unit: "%"),
    DataField(
      "bound_high", .number, "cận trên: mọi phần chưa đo đều tốt",
      "bound if everything unmeasured were good", unit: "%"),
    DataField("unmeasured_share", .share, "phần chưa đo", "share not measured"),
    DataField("samples", .count, "số đo đã dùng", "readings used"),
  ]

  private static let timeFields = [
    DataField("computed_at", .time, "lúc tính", "when it was computed"),
    DataField("revision", .count, "số của bản", "number of the revision"),
    DataField("cause", .text, "vì sao khác bản trước", "why it is another than the one before"),
    DataField("simulated", .flag, "có số liệu mô phỏng", "made from simulated data"),
  ]

  private static func some(of fields: [DataField], _ names: String...) -> [DataField] {
    names.compactMap { name in fields.first { $0.name == name } }
  }

  private static let code = DataField(
    "code", .text, "mã chỉ tiêu", "code of the indicator")

  private static let indicators = DataSet(
    id: "indicators",
    title: LocalText(vi: "Giá trị chỉ tiêu", en: "Indicator values"),
    description: LocalText(
      vi: "Giá trị hiện nay của từng chỉ tiêu tự điền, toàn tỉnh và theo địa bàn.",
      en: "The present value of each indicator that fills itself, for the province and by area."),
    files: [
      File(
        name: "indicators.csv", mediaType: "text/csv",
        fields: [
          code, DataField("name", .text, "tên chỉ tiêu", "its name"),
          DataField("unit", .text, "đơn vị", "its unit"),
          DataField("target", .number, "mục tiêu", "its target", unit: "%"),
          DataField("target_year", .count, "năm của mục tiêu", "year of the target"),
          DataField("area", .text, "địa bàn; trống: toàn tỉnh", "area; empty: the province"),
        ] + figureFields + timeFields),
      File(
        name: "indicators.json", mediaType: "application/json", fields: [], schema: "Indicators"),
    ])

  private static let history = DataSet(
    id: "history",
    title: LocalText(vi: "Lịch sử chỉ tiêu", en: "History of the indicators"),
    description: LocalText(
      vi: "Mọi bản còn giữ của từng chỉ tiêu, với nguyên nhân của mỗi thay đổi; và giá trị cuối "
        + "mỗi ngày theo địa bàn, theo nhà mạng. Nhận ?code=.",
      en: "Every revision that is kept of each indicator, with the cause of each change; and the "
        + "last value of each day by area and by operator. They take ?code=."),
    files: [
      File(
        name: "history.csv", mediaType: "text/csv",
        fields: [code]
          + some(
            of: figureFields, "value", "interval_low", "interval_high", "bound_low", "bound_high")
          + timeFields),
      File(
        name: "history-parts.csv", mediaType: "text/csv",
        fields: [
          code, DataField("part", .text, "area hoặc operator", "area or operator"),
          DataField(
            "id", .text, "mã địa bàn, hoặc PLMN (trống: không rõ)",
            "id of the area, or PLMN (empty: unknown)"),
        ] + some(of: figureFields, "value", "bound_low", "bound_high", "unmeasured_share")
          + some(of: timeFields, "computed_at", "revision", "simulated")),
    ])

  private static let tile = DataField("tile", .text, "ô z16, mã quadkey", "z16 tile, as a quadkey")
  private static let people = DataField(
    "population", .count, "dân số của ô", "people of the tile", unit: "người / people")
  private static let plmn = DataField(
    "operator", .text, "PLMN; trống: không rõ", "PLMN; empty: unknown")
  private static let bins = [
    DataField("bins", .count, "số lần đo (ô 72 m, ngày)", "bins (a cell of 72 m on a day)"),
    DataField("samples", .count, "số mẫu", "samples"),
    DataField("covered_bins", .count, "số lần đo có sóng", "covered bins"),
    DataField("strong_bins", .count, "số lần đo có sóng mạnh", "bins with a strong signal"),
  ]
  private static let states = "covered, partly, not_covered, few, inconclusive, unmeasured"
  private static let state = DataField("state", .text, states, states)

  /// Of a tile in the GeoJSON; its operators are `sightFields`.
  static let placeFields = [tile, people]
  /// What is known of one operator in a tile.
  static let sightFields =
    [
      plmn,
      DataField(
        "measured", .flag, "đủ số lần đo để tính vào chỉ tiêu", "seen enough to enter the figure"),
      DataField("newest", .day, "ngày của mẫu mới nhất", "day of the newest sample"),
    ] + bins

  private static let coverage = DataSet(
    id: "coverage",
    title: LocalText(vi: "Phủ sóng 5G theo ô", en: "5G coverage by tile"),
    description: LocalText(
      vi: "Từng ô z16 (khoảng 573 m): đã đo, có sóng hay chưa, bao nhiêu dân; CSV một dòng mỗi ô "
        + "và nhà mạng; GeoJSON một hình mỗi ô với mọi nhà mạng (operators), hoặc với "
        + "?operator= của một nhà mạng.",
      en: "Each z16 tile (about 573 m): measured or not, covered or not, people; the CSV has a row "
        + "a tile and operator; the GeoJSON a shape a tile with all its operators (operators), or "
        + "with ?operator= those of one."),
    files: [
      File(
        name: "coverage.csv", mediaType: "text/csv",
        fields: [
          tile, plmn,
          DataField(
            "area", .text, "địa bàn; trống: ngoài bảng dân số",
            "area; empty: outside the population table"), people, state,
        ] + some(of: bins, "bins", "covered_bins", "strong_bins", "samples") + [
          DataField("newest", .time, "mẫu mới nhất", "newest sample"),
          DataField("simulated", .flag, "có số liệu mô phỏng", "made from simulated data"),
        ]),
      File(
        name: "coverage.geojson", mediaType: "application/geo+json",
        fields: placeFields + sightFields, schema: "Coverage"),
    ])

  static let nextFields = [
    tile,
    DataField("area", .text, "địa bàn", "area", isOptional: true), people, state,
    DataField(
      "narrows_bounds_by", .number, "hai cận gần nhau thêm nếu đo ô này",
      "the bounds come closer if it is measured", unit: "điểm % / percentage points"),
  ]

  private static let next = DataSet(
    id: "next",
    title: LocalText(vi: "Nên đo tiếp ở đâu", en: "Where to measure next"),
    description: LocalText(
      vi: "Các ô chưa đo có nhiều dân nhất; ?operator=, ?area=, ?count= (tối đa 500).",
      en: "The unmeasured tiles with most people; ?operator=, ?area=, ?count= (at most 500)."),
    files: [
      File(
        name: "next.geojson", mediaType: "application/geo+json", fields: nextFields,
        schema: "NextTiles"),
      File(name: "next.gpx", mediaType: "application/gpx+xml", fields: []),
    ])
}
