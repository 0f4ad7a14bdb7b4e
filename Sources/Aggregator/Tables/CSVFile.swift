package import Daemon

/// A small comma-separated table without quoting: a header line, then rows of as many fields.
package struct CSVFile: Sendable {
  package let file: String
  package let header: [String]
  package let rows: [Row]
  /// SHA-256 of the bytes.
  package let digest: String

  package struct Row: Sendable {
    /// 1, 2, … in the file.
    package let line: Int
    package let fields: [Substring]
  }

  /// - Parameter header: the columns that the file must have, in this order.
  package init(file: String, header: [String]) throws(ConfigError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try Files.read(file, bytesMax: CSVFile.bytesMax)
    } catch {
      let remedy = error.isMissing ? "create it, or name another file" : "check it"
      throw ConfigError(
        file: file, line: nil,
        text: "cannot be read: \(FileError.text(of: error.code)); \(remedy)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigError(file: file, line: nil, text: "is no UTF-8; save it as UTF-8")
    }
    try self.init(text: text, name: file, header: header)
  }

  package init(text: String, name: String, header: [String]) throws(ConfigError) {
    file = name
    self.header = header
    digest = SHA256.hex(text.utf8)
    // In bytes: a file from another system may end its lines with CR LF, one Character.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var rows: [Row] = []
    for (index, bytes) in lines.enumerated() {
      let line = Substring(bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes)
      if index == 0 {
        let found = line.hasPrefix("\u{feff}") ? line.dropFirst() : line
        guard found == header.joined(separator: ",") else {
          throw ConfigError(
            file: name, line: 1,
            text: "the header is \"\(found.prefix(80))\", but must be "
              + "\"\(header.joined(separator: ","))\"; change it")
        }
        continue
      }
      if line.isEmpty { continue }
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == header.count else {
        throw ConfigError(
          file: name, line: index + 1,
          text: "the row has \(fields.count) fields, but must have \(header.count) "
            + "(\(header.joined(separator: ","))); correct it")
      }
      rows.append(Row(line: index + 1, fields: fields))
    }
    guard !rows.isEmpty else {
      throw ConfigError(
        file: name, line: nil, text: "has no rows; add some, or remove the key that names it")
    }
    self.rows = rows
  }

  private static let bytesMax = 64 << 20

  /// `population.csv:12: population is "x", allowed 0…1000000000; correct it`
  func error(_ row: Row, _ column: Int, legal: String) -> ConfigError {
    ConfigError(
      file: file, line: row.line,
      text: "\(header[column]) is \"\(row.fields[column])\", allowed \(legal); correct it")
  }

  func integer(
    _ row: Row, _ column: Int, in range: ClosedRange<Int>
  ) throws(ConfigError) -> Int {
    guard let value = Int(row.fields[column]), range.contains(value) else {
      throw error(row, column, legal: "\(range.lowerBound)…\(range.upperBound)")
    }
    return value
  }

  func area(_ row: Row, _ column: Int, in areas: AreaTable) throws(ConfigError) -> Int {
    guard let area = areas.index(of: String(row.fields[column])) else {
      throw error(
        row, column, legal: "an id of the areas table: \(areas.ids.joined(separator: ", "))")
    }
    return area
  }
}
