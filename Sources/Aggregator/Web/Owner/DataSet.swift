/// The open data: what each file is, for the page, the catalogue and the schema.
struct DataSet {
  let id: String
  let title: LocalText
  let description: LocalText
  let files: [File]

  struct File {
    let name: String
    let mediaType: String
    /// Of a CSV file, in the order of its columns, or of each feature or object: name and meaning.
    let fields: [(name: String, meaning: LocalText)]
  }

  static let all = [indicators, history, coverage, next]

  private static let figureFields: [(name: String, meaning: LocalText)] = [
    (
      "status",
      LocalText(
        vi: "measured, insufficient_data hoặc no_data", en: "measured, insufficient_data or no_data"
      )
    ),
    (
      "verdict",
      LocalText(
        vi: "reached, not_reached, undecided hoặc insufficient",
        en: "reached, not_reached, undecided or insufficient")
    ),
    (
      "value",
      LocalText(vi: "giá trị, %; trống: chưa đủ dữ liệu", en: "value, %; empty: not enough data")
    ),
    (
      "interval_low",
      LocalText(vi: "đầu dưới của khoảng tin cậy 95 %", en: "lower end of the 95% interval")
    ),
    (
      "interval_high",
      LocalText(vi: "đầu trên của khoảng tin cậy 95 %", en: "upper end of the 95% interval")
    ),
    (
      "bound_low",
      LocalText(
        vi: "cận dưới: mọi phần chưa đo đều xấu", en: "bound if everything unmeasured were bad")
    ),
    (
      "bound_high",
      LocalText(
        vi: "cận trên: mọi phần chưa đo đều tốt", en: "bound if everything unmeasured were good")
    ),
    ("unmeasured_share", LocalText(vi: "phần chưa đo, 0…1", en: "share not measured, 0…1")),
    ("samples", LocalText(vi: "số đo đã dùng", en: "readings used")),
  ]

  private static let timeFields: [(name: String, meaning: LocalText)] = [
    ("computed_at", LocalText(vi: "lúc tính, RFC 3339 UTC", en: "computed, RFC 3339 UTC")),
    ("revision", LocalText(vi: "số của bản", en: "number of the revision")),
    ("cause", LocalText(vi: "vì sao khác bản trước", en: "why it is another than the one before")),
    ("simulated", LocalText(vi: "true: có số liệu mô phỏng", en: "true: made from simulated data")),
  ]

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
          ("code", LocalText(vi: "mã chỉ tiêu", en: "code of the indicator")),
          ("name", LocalText(vi: "tên chỉ tiêu", en: "its name")),
          ("unit", LocalText(vi: "đơn vị", en: "its unit")),
          ("target", LocalText(vi: "mục tiêu", en: "its target")),
          ("target_year", LocalText(vi: "năm của mục tiêu", en: "year of the target")),
          ("area", LocalText(vi: "địa bàn; trống: toàn tỉnh", en: "area; empty: the province")),
        ] + figureFields + timeFields),
      File(name: "indicators.json", mediaType: "application/json", fields: []),
    ])

  private static let history = DataSet(
    id: "history",
    title: LocalText(vi: "Lịch sử chỉ tiêu", en: "History of the indicators"),
    description: LocalText(
      vi: "Mọi bản còn giữ của từng chỉ tiêu, với nguyên nhân của mỗi thay đổi.",
      en: "Every revision that is kept of each indicator, with the cause of each change."),
    files: [
      File(
        name: "history.csv", mediaType: "text/csv",
        fields: [("code", LocalText(vi: "mã chỉ tiêu", en: "code of the indicator"))]
          + figureFields.filter {
            !["status", "verdict", "unmeasured_share", "samples"].contains($0.name)
          }
          + timeFields)
    ])

  private static let tileFields: [(name: String, meaning: LocalText)] = [
    ("tile", LocalText(vi: "ô z16, mã quadkey", en: "z16 tile, as a quadkey")),
    ("operator", LocalText(vi: "PLMN; trống: không rõ", en: "PLMN; empty: unknown")),
    ("area", LocalText(vi: "địa bàn; trống: ngoài bảng dân số", en: "area; empty: outside")),
    ("population", LocalText(vi: "dân số của ô", en: "people of the tile")),
    (
      "state",
      LocalText(
        vi: "covered, partly, not_covered, few, inconclusive, unmeasured",
        en: "covered, partly, not_covered, few, inconclusive, unmeasured")
    ),
    ("bins", LocalText(vi: "số lần đo", en: "bins")),
    ("covered_bins", LocalText(vi: "số lần đo có sóng", en: "covered bins")),
    ("strong_bins", LocalText(vi: "số lần đo có sóng mạnh", en: "bins with a strong signal")),
    ("samples", LocalText(vi: "số mẫu", en: "samples")),
    ("newest", LocalText(vi: "mẫu mới nhất, RFC 3339 UTC", en: "newest sample, RFC 3339 UTC")),
    ("simulated", LocalText(vi: "true: có số liệu mô phỏng", en: "true: made from simulated data")),
  ]

  private static let coverage = DataSet(
    id: "coverage",
    title: LocalText(vi: "Phủ sóng 5G theo ô", en: "5G coverage by tile"),
    description: LocalText(
      vi: "Từng ô z16 (khoảng 573 m) của từng nhà mạng: đã đo, có sóng hay chưa, bao nhiêu dân; "
        + "GeoJSON nhận ?operator=.",
      en: "Each z16 tile (about 573 m) of each operator: measured or not, covered or not, people; "
        + "the GeoJSON takes ?operator=."),
    files: [
      File(name: "coverage.csv", mediaType: "text/csv", fields: tileFields),
      File(name: "coverage.geojson", mediaType: "application/geo+json", fields: []),
    ])

  private static let next = DataSet(
    id: "next",
    title: LocalText(vi: "Nên đo tiếp ở đâu", en: "Where to measure next"),
    description: LocalText(
      vi: "Các ô chưa đo có nhiều dân nhất; ?operator=, ?area=, ?count= (tối đa 500).",
      en: "The unmeasured tiles with most people; ?operator=, ?area=, ?count= (at most 500)."),
    files: [
      File(name: "next.geojson", mediaType: "application/geo+json", fields: []),
      File(name: "next.gpx", mediaType: "application/gpx+xml", fields: []),
    ])
}
