package import Daemon
package import Indicators

/// What operators say can be ordered (`availability.csv`:
/// `operator,area,lines,orderable_share,as_of`), for the first factor of 20.1.
package struct AvailabilityFile: Sendable {
  package let rows: [Row]
  package let digest: String

  package struct Row: Sendable {
    package let area: Int
    package let lines: Int64
    /// `nil`: the operator does not know.
    package let orderableShare: Double?
    /// Local day since 1970.
    package let day: Int
  }

  private static let header = ["operator", "area", "lines", "orderable_share", "as_of"]

  package init(file: String, areas: AreaTable) throws(ConfigError) {
    try self.init(try CSVFile(file: file, header: AvailabilityFile.header), areas)
  }

  package init(text: String, name: String, areas: AreaTable) throws(ConfigError) {
    try self.init(try CSVFile(text: text, name: name, header: AvailabilityFile.header), areas)
  }

  private init(_ file: CSVFile, _ areas: AreaTable) throws(ConfigError) {
    digest = file.digest
    var rows: [Row] = []
    var lineOf: [String: Int] = [:]
    for row in file.rows {
      guard !row.fields[0].isEmpty else {
        throw file.error(row, 0, legal: "an operator's name")
      }
      let area = try file.area(row, 1, in: areas)
      let lines = try file.integer(row, 2, in: 1...1_000_000_000)
      let share = try AvailabilityFile.share(file, row)
      guard let day = AvailabilityFile.day(row.fields[4]) else {
        throw file.error(row, 4, legal: "a date such as 2026-11-23")
      }
      if let line = lineOf.updateValue(row.line, forKey: "\(row.fields[0]),\(row.fields[1])") {
        throw ConfigError(
          file: file.file, line: row.line,
          text: "\(row.fields[0]) in \(row.fields[1]) is in line \(line) already; keep the newer")
      }
      rows.append(Row(area: area, lines: Int64(lines), orderableShare: share, day: day))
    }
    self.rows = rows
  }

  /// Records of which those older than `record_days` say nothing any more.
  package func records(today: Int, method: Method) -> [OfferRecord] {
    rows.map {
      let isCurrent = today - $0.day <= method.recordDays
      return OfferRecord(
        area: $0.area, lines: $0.lines, orderableShare: isCurrent ? $0.orderableShare : nil)
    }
  }

  private static func share(
    _ file: CSVFile, _ row: CSVFile.Row
  ) throws(ConfigError) -> Double? {
    if row.fields[3].isEmpty { return nil }
    guard let share = Double(row.fields[3]), (0...1).contains(share) else {
      throw file.error(row, 3, legal: "0…1, or nothing where it is not known")
    }
    return share
  }

  private static func day(_ text: Substring) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
    else { return nil }
    return CivilDate(year: year, month: month, day: day)?.daysSince1970
  }
}
