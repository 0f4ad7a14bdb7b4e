/// Comma-separated values after RFC 4180.
struct CSVWriter {
  private(set) var text = ""

  mutating func row(_ fields: [String]) {
    text += fields.map(CSVWriter.field).joined(separator: ",") + "\r\n"
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\r\n".contains($0) || $0.isNewline }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  /// As programs read it: a point, no groups; empty where there is none.
  static func number(_ value: Double?) -> String {
    guard let value else { return "" }
    return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}
