import Daemon

/// Every parameter of the method in words, with where its default comes from.
enum ParameterText {
  struct Meaning {
    let text: LocalText
    /// `nil`: our own choice, to be revisited with data.
    let source: String?

    init(_ vi: String, _ en: String, _ source: String? = nil) {
      text = LocalText(vi: vi, en: en)
      self.source = source
    }
  }

  static func value(_ node: ConfigNode) -> String {
    guard let list = try? node.array() else { return node.plain }
    return list.isEmpty ? "–" : list.map(\.plain).joined(separator: ", ")
  }

  static func meaning(_ name: String) -> Meaning? { meanings[name] }

  private static let bnetza = "Bundesnetzagentur: 90 %, 2/3"

  private static let meanings: [String: Meaning] = [
    "utc_offset": Meaning("múi giờ của ngày địa phương", "offset of the local day", "UTC+7"),
    "accept_simulated": Meaning("dùng cả số liệu mô phỏng", "simulated data is used"),
    "accuracy_m": Meaning(
      "sai số vị trí lớn nhất của một mẫu, m", "largest error of a sample's position, m"),
    "covered_dbm": Meaning(
      "SS-RSRP từ mức này là có sóng, dBm", "SS-RSRP from which a sample is covered, dBm",
      "3GPP TS 38.133"),
    "strong_dbm": Meaning(
      "SS-RSRP từ mức này là sóng mạnh, dBm", "SS-RSRP from which a sample is strong, dBm",
      "3GPP TS 38.133"),
    "home_plmns": Meaning(
      "nhà mạng được tính; trống: tất cả", "operators that count; none: all", "ITU-T E.212"),
    "min_bins": Meaning(
      "số lần đo (ô nhỏ × ngày) ít nhất của một ô", "bins from which a tile is measured",
      "47 CFR 54.1019"),
    "min_days": Meaning("số ngày đo ít nhất của một ô", "days from which a tile is measured"),
    "rho": Meaning(
      "mức giống nhau của các lần đo gần nhau", "how much neighbouring bins of a visit agree"),
    "fresh_days": Meaning(
      "các cửa sổ ngày, lấy cửa sổ ngắn nhất đủ số đo",
      "windows in days, the shortest that suffices"
    ),
    "min_population_share": Meaning(
      "tỷ lệ dân số (hộ) phải đo được để công bố", "share of the people (households) to be measured"
    ),
    "min_effective": Meaning(
      "số quan sát hiệu dụng ít nhất để công bố", "effective observations needed to publish"),
    "required_bps": Meaning(
      "tốc độ phải có, bit/s", "rate that is asked for, bit/s", "QĐ 1132/QĐ-TTg (2024)"),
    "min_streams": Meaning("số luồng TCP ít nhất của phép đo", "TCP streams of a test that counts"),
    "min_seconds": Meaning("thời gian đo ít nhất, s", "length of a test that counts, s"),
    "min_lines": Meaning(
      "số đường truyền ít nhất của một địa bàn", "lines from which an area is measured"),
    "record_days": Meaning(
      "tuổi lớn nhất của số liệu nhà mạng, ngày", "largest age of operators' records, days"),
    "test_days": Meaning(
      "số ngày có đo để kết luận một đường truyền", "days with a test to decide a line"),
    "pass_days": Meaning(
      "số ngày phải đạt trong các ngày đó", "days of these that must deliver", bnetza),
    "delivered_ratio": Meaning(
      "phần của tốc độ phải giao được", "share of the rate that counts as delivered", bnetza),
    "line_days": Meaning("cửa sổ của đường truyền, ngày", "window of the lines, days"),
    "numerator": Meaning("bộ đếm tử số", "counter above the line"),
    "denominator": Meaning("bộ đếm mẫu số", "counter below the line"),
    "min_denominator": Meaning("số trường hợp ít nhất để công bố", "cases needed to publish"),
    "min_heard_share": Meaning(
      "phần trường hợp phải từ nguồn có báo cáo", "share of the cases from sources that reported"),
  ]
}
