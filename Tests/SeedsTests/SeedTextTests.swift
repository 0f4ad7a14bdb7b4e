import Foundation
import Testing

/// The plan's own text against our table of it.
@Suite struct SeedTextTests {
  @Test func `every row of the plan's tables is in indicators json, word for word`() throws {
    let printed = try PlanTable.rows()
    let table = try IndicatorRow.all()

    #expect(printed.count == 44)
    #expect(table.map(\.row) == printed.map(\.number))
    for (row, plan) in zip(table, printed) {
      #expect(row.name["vi"] == plan.name, "row \(row.code)")
      #expect(row.unit == plan.unit, "row \(row.code)")
      #expect(row.targetText == plan.target, "row \(row.code)")
      #expect(row.targetYear == plan.year, "row \(row.code)")
      #expect(row.owner.joined(separator: ", ") == plan.owner, "row \(row.code)")
    }
  }

  @Test func `the tables have rows 1 to 27 with their sub-rows, and three for 2045`() throws {
    let sub7 = (1...12).map { "7.\($0)" }
    let expected =
      (1...7).map(String.init) + sub7 + (8...20).map(String.init) + ["20.1", "20.2"]
      + (21...27).map(String.init) + ["2045.1", "2045.2", "2045.3"]
    #expect(try IndicatorRow.all().map(\.code) == expected)
  }

  @Test func `every row has an English name, and no code stands twice`() throws {
    let table = try IndicatorRow.all()
    #expect(Set(table.map(\.code)).count == table.count)
    for row in table {
      #expect(row.name["en"]?.isEmpty == false, "row \(row.code)")
    }
  }

  @Test func `the number of a target is the number that the plan prints`() throws {
    for row in try IndicatorRow.all() {
      let numbers = row.targetText.split(whereSeparator: { !$0.isNumber && $0 != "," })
        .compactMap { Double($0.replacingOccurrences(of: ",", with: ".")) }
      let words = row.targetText.first.map { $0.isLetter } ?? true
      guard !words else {
        #expect(row.target == nil && row.comparison == nil, "row \(row.code)")
        continue
      }
      #expect(row.target == numbers.first, "row \(row.code)")
      #expect(row.targetMax == (numbers.count > 1 ? numbers[1] : nil), "row \(row.code)")
      let comparison =
        row.targetText.hasPrefix(">") ? ">" : row.targetMax != nil ? "between" : ">="
      #expect(row.comparison == comparison, "row \(row.code)")
    }
  }

  @Test func `the rows that fill themselves name their method and counters`() throws {
    let filled = try IndicatorRow.all().filter { $0.method != nil }
    #expect(filled.map(\.code) == ["7.1", "7.4", "7.6", "20.1", "20.2"])
    #expect(filled.map(\.method) == ["7.x/1", "7.x/1", "7.x/1", "20.1/1", "20.2/1"])
    #expect(
      filled.map(\.numerator) == [
        "dossiers_received_online", "results_issued_electronic", "payments_online", nil, nil,
      ])
    #expect(
      filled.map(\.denominator) == ["dossiers_received", "results_issued", "payments", nil, nil])
  }
}

/// One row of Phụ lục I: five cells, each on a line of its own that begins with a tab.
struct PlanTable {
  let year: Int
  let number: String
  let name: String
  let unit: String
  let target: String
  let owner: String

  static func rows() throws -> [PlanTable] {
    let text = try String(
      contentsOf: seeds.appending(path: "chuong-trinh-hanh-dong-57-ha-nam.txt"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex { normalise($0) == "CÁC CHỈ TIÊU CỤ THỂ" })
    let end = try #require(lines.firstIndex { normalise($0) == "Phụ lục II" })

    var rows: [PlanTable] = []
    var year = 0
    for group in lines[start..<end].split(whereSeparator: { !$0.hasPrefix("\t") }) {
      let cells = group.map(normalise)
      switch cells[0] {
      case "TT": continue
      case "I", "II":
        year = try #require(Int(cells[1].suffix(4)))
      default:
        try #require(cells.count == 5, "row \(cells)")
        rows.append(
          PlanTable(
            year: year, number: cells[0], name: cells[1], unit: cells[2], target: cells[3],
            owner: cells[4]))
      }
    }
    return rows
  }

  /// Runs of white space are the layout's, not the plan's.
  private static func normalise(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

struct IndicatorRow: Decodable {
  let code: String
  let row: String
  let name: [String: String]
  let unit: String
  let targetText: String
  let target: Double?
  let targetMax: Double?
  let comparison: String?
  let targetYear: Int
  let owner: [String]
  let method: String?
  let numerator: String?
  let denominator: String?

  private struct Table: Decodable {
    let indicators: [IndicatorRow]
  }

  static func all() throws -> [IndicatorRow] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let bytes = try Data(contentsOf: seeds.appending(path: "indicators.json"))
    return try decoder.decode(Table.self, from: bytes).indicators
  }
}

/// The folder `seeds` of the package that this file belongs to.
let seeds = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "seeds")
