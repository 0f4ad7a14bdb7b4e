import Aggregator
import Daemon
import Indicators
import Protocol
import Testing

/// The methodology's examples from a device's measurement to the object of the API.
@Suite struct IndicatorEngineTests {
  private let province: Province

  init() throws { province = try Province() }

  /// Values of the object, whole numbers as such, `-` for null.
  private func text(_ node: ConfigNode, _ path: String) throws -> String {
    var found: ConfigNode? = node
    for key in path.split(separator: ".") { found = found?[String(key)] }
    guard let found else { return "absent" }
    if found.isNull { return "-" }
    if let list = try? found.array() {
      return try list.map { "\(try $0.number(in: -1e18...1e18))" }.joined(separator: " ")
    }
    if let value = try? found.number(in: -1e18...1e18) { return "\(value)" }
    if let value = try? found.boolean() { return "\(value)" }
    return try found.string()
  }

  @Test func `20.2 comes out as in the example`() throws {
    try province.ingest(Province.coverage())
    let json = try province.json("20.2")
    let expected = [
      "code": "20.2", "status": "measured", "reason": "-", "verdict": "not_reached",
      "value": "92.111111", "interval": "80.148153 97.123756",
      "bounds": "72.133338 97.41138", "numerator": "5803.0", "denominator": "6300.0",
      "unmeasured_share": "0.1", "samples": "83.0", "sources": "1.0", "simulated": "false",
      "method": "20.2/1", "trend": "-", "target": "99.0", "details.operator": "45201",
      "details.effective_bins": "42.708417", "parameters.rho": "0.25",
      "parameters.fresh_days": "90.0 180.0 365.0", "newest": "2026-06-30T04:59:00Z",
      "oldest": "2026-06-23T04:59:00Z",
    ]
    for (path, value) in expected {
      let found = try text(json, path)
      #expect(found == value, "\(path)")
    }
    let operators = try json.required("details").required("operators").array()
    #expect(try operators.map { try text($0, "operator") } == ["45201", "45204"])
    #expect(try text(operators[1], "value") == "86.878307")
    #expect(try text(operators[1], "interval") == "73.669457 94.000502")
    #expect(try text(json, "population_table").hasPrefix("sha256:"))
  }

  @Test func `20.1 comes out as in the example of lines`() throws {
    try province.ingest(Province.broadband())
    let json = try province.json("20.1")
    let expected = [
      "status": "measured", "value": "76.259375", "interval": "59.529954 86.681889",
      "bounds": "42.332412 90.529343", "verdict": "not_reached",
      "details.offered.value": "82.890625", "details.offered.interval": "73.3473 89.505752",
      "details.delivered.value": "92.0", "details.delivered.interval": "81.161753 96.845049",
      "details.delivered.pass": "46.0", "details.delivered.fail": "4.0",
      "details.counted": "households", "samples": "238.0", "sources": "138.0",
    ]
    for (path, value) in expected {
      let found = try text(json, path)
      #expect(found == value, "\(path)")
    }
    // Of an area's own lines none is a gigabit line, so it has no value, and A alone.
    let area = try json.required("areas").array()[0]
    #expect(try text(area, "status") == "insufficient_data")
    #expect(try text(area, "value") == "-")
    #expect(try text(area, "details.offered.value") == "95.0")
    #expect(try text(area, "samples") == "40.0")
    #expect(
      try text(area, "reason.vi")
        == "Mới có 0 đường truyền gigabit đủ số ngày đo; cần ít nhất 30.")
  }

  @Test func `20.1 takes the offer from the operators' records where there are any`() throws {
    try province.ingest(Province.broadband())
    let tables = try Province.tables(
      availability: """
        VNPT,phu-ly,5000,0.96,2026-06-01
        Viettel,phu-ly,3000,0.80,2026-05-01
        FPT,phu-ly,2000,,2026-05-01
        """)
    let json = try province.json("20.1", tables)
    #expect(try text(json, "details.offered.basis") == "records")
    #expect(try text(json, "details.offered.bounds") == "20.0 97.777778")
    // 80 % of the lines of one area that has 50,000 of the 180,000 households.
    #expect(try text(json, "unmeasured_share") == "0.777778")
    #expect(try text(json, "status") == "insufficient_data")
    #expect(
      try text(json, "reason.en")
        == "What can be ordered is known for only 22.2% of the households; at least 50.0% is "
        + "needed."
    )
  }

  @Test func `7.1 comes out as in the example, month and year apart`() throws {
    try province.ingest(Province.services())
    let json = try province.json("7.1")
    let expected = [
      "status": "measured", "value": "81.6", "interval": "-", "bounds": "74.181818 83.272727",
      "numerator": "2040.0", "denominator": "2500.0", "unmeasured_share": "0.090909",
      "verdict": "undecided", "sources": "2.0", "details.month.from": "2026-06-01",
      "details.month.to": "2026-06-30", "details.month_before.numerator": "200.0",
      "details.month_before.denominator": "250.0", "details.year.denominator": "2750.0",
      "details.year.from": "2026-01-01", "details.month.resets": "2.0",
    ]
    for (path, value) in expected {
      let found = try text(json, path)
      #expect(found == value, "\(path)")
    }
    let silent = try json.required("details").required("month").required("silent").array()
    #expect(try text(silent[0], "source") == "edge-a/C (phu-ly)")
    #expect(try text(silent[0], "denominator") == "250.0")
    #expect(try text(try json.required("areas").array()[0], "value") == "81.6")
    #expect(try text(try json.required("areas").array()[1], "status") == "no_data")
  }

  @Test func `simulated data is left out unless it is accepted, and then it is marked`() throws {
    try province.ingest(Province.coverage(isSimulated: true))
    let without = try province.json("20.2")
    #expect(try text(without, "status") == "no_data")
    #expect(
      try text(without, "reason.vi")
        == "Chưa có mẫu đo 5G nào dùng được. Chỉ có số liệu mô phỏng, và cấu hình không cho dùng."
    )
    #expect(try text(without, "simulated") == "false")
    #expect(try text(without, "bounds") == "0.0 100.0")
    province.method.acceptSimulated = true
    let with = try province.json("20.2")
    #expect(try text(with, "value") == "92.111111")
    #expect(try text(with, "simulated") == "true")
  }

  @Test func `simulated lines and counters are left out alike`() throws {
    try province.ingest(
      (Province.broadband() + Province.services()).map {
        var made = $0
        made.isSimulated = true
        return made
      })
    for code in ["20.1", "7.1"] {
      #expect(try text(try province.json(code), "status") == "no_data", "\(code)")
      #expect(try text(try province.json(code), "simulated") == "false", "\(code)")
      let reason = try text(try province.json(code), "reason.en")
      #expect(
        reason.hasSuffix("There is simulated data only, which the configuration does not accept."))
    }
    province.method.acceptSimulated = true
    for (code, value) in [("20.1", "76.259375"), ("7.1", "81.6")] {
      let json = try province.json(code)
      let found = try text(json, "value")
      #expect(found == value, "\(code)")
      #expect(try text(json, "simulated") == "true", "\(code)")
    }
  }

  @Test func `real data beside simulated data stays unmarked while that is not accepted`() throws {
    try province.ingest(Province.coverage(isSimulated: true) + Province.coverage())
    let json = try province.json("20.2")
    #expect(try text(json, "value") == "92.111111")
    #expect(try text(json, "simulated") == "false")
  }

  @Test func `without a population table areas stand in for tiles, by their outlines`() throws {
    try province.ingest(Province.coverage())
    let json = try province.json("20.2", try Province.tablesWithoutTiles())
    #expect(try text(json, "details.weights") == "areas")
    #expect(try text(json, "population_table") == "-")
    // 86 bins of 8 visits are worth 86/(1 + (86/8 − 1)/4): an area is no good tile.
    #expect(try text(json, "details.effective_bins") == "25.018182")
    #expect(
      try text(json, "reason.en")
        == "Only 25.0 effective observations; at least 30 are needed.")
    #expect(try text(json, "unmeasured_share") == "0.285714")
  }

  @Test func `without population table and outlines nothing has a weight, and that is said`() throws
  {
    try province.ingest(Province.coverage())
    let json = try province.json("20.2", try Province.tables(population: nil))
    #expect(try text(json, "status") == "insufficient_data")
    #expect(
      try text(json, "reason.en") == "There is no population table, so nothing has a weight.")
  }

  @Test func `what is missing is said in both languages, with numbers`() throws {
    let rows = Province.coverage().filter { _ in true }.prefix(80)
    try province.ingest(Array(rows))
    let tables = try Province.tables(population: [3200, 1800, 9000, 400, 500, 200])
    let json = try province.json("20.2", tables)
    #expect(try text(json, "status") == "insufficient_data")
    #expect(
      try text(json, "reason.vi")
        == "Mới đo được nơi sinh sống của 21,2\u{a0}% dân số; cần ít nhất 50,0\u{a0}%. "
        + "Mới có 20,0 quan sát hiệu dụng; cần ít nhất 30.")
    #expect(try text(json, "value") == "-")
    #expect(try text(json, "interval") == "-")
  }
}
