import Daemon

/// A sentence for the technician on site, and the same for whoever helps from afar.
package struct Bilingual: Equatable {
  package let vi: String
  package let en: String

  package init(_ vi: String, _ en: String) {
    self.vi = vi
    self.en = en
  }
}

/// What `check` found: one line a part, with the remedy where something is wrong.
package struct CheckReport {
  package private(set) var lines: [Line] = []

  package struct Line: Equatable {
    /// For programs, such as `uplink`.
    package let part: String
    package let result: Result
    package let text: Bilingual
    package let remedy: Bilingual?
  }

  package enum Result: String {
    case passed
    /// It works, but not as it should.
    case warning
    case failed
  }

  package init() {}

  package var hasPassed: Bool { lines.allSatisfy { $0.result != .failed } }

  package func hasFailed(_ part: String) -> Bool {
    lines.contains { $0.part == part && $0.result == .failed }
  }

  package mutating func add(
    _ part: String, _ result: Result, _ text: Bilingual, remedy: Bilingual? = nil
  ) {
    lines.append(Line(part: part, result: result, text: text, remedy: remedy))
  }

  package mutating func add(_ line: Line) { lines.append(line) }

  /// - Parameter hasColours: for a terminal.
  package func text(hasColours: Bool) -> String {
    var text = ""
    for line in lines {
      let mark =
        switch line.result {
        case .passed: "✓"
        case .warning: "!"
        case .failed: "✗"
        }
      let colour =
        switch line.result {
        case .passed: "32"
        case .warning: "33"
        case .failed: "31"
        }
      text += hasColours ? "\u{1b}[\(colour)m\(mark)\u{1b}[0m " : "\(mark) "
      text += "\(line.text.vi)\n  \(line.text.en)\n"
      if let remedy = line.remedy { text += "  → \(remedy.vi)\n    \(remedy.en)\n" }
    }
    let failed = lines.count { $0.result == .failed }
    return text
      + (failed == 0
        ? "Đạt. / Passed.\n" : "\(failed) lỗi phải sửa. / \(failed) to be mended.\n")
  }

  package var json: String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("passed", hasPassed)
    json.key("checks")
    json.beginArray()
    for line in lines {
      json.beginObject()
      json.member("check", line.part)
      json.member("result", line.result.rawValue)
      json.key("text")
      CheckReport.write(line.text, to: &json)
      json.key("remedy")
      if let remedy = line.remedy { CheckReport.write(remedy, to: &json) } else { json.null() }
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }

  private static func write(_ text: Bilingual, to json: inout JSONWriter) {
    json.beginObject()
    json.member("vi", text.vi)
    json.member("en", text.en)
    json.endObject()
  }
}
