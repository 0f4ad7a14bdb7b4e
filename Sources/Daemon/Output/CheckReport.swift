/// What a program's `check` found: one line a part, with the remedy where something is wrong.
public struct CheckReport: Sendable {
  public private(set) var lines: [Line] = []

  public struct Line: Equatable, Sendable {
    /// For programs, such as `uplink`.
    public let part: String
    public let result: Result
    public let text: Bilingual
    public let remedy: Bilingual?
  }

  public enum Result: String, Sendable {
    case passed
    /// It works, but not as it should.
    case warning
    case failed
  }

  public init() {}

  public var hasPassed: Bool { lines.allSatisfy { $0.result != .failed } }

  public func hasFailed(_ part: String) -> Bool {
    lines.contains { $0.part == part && $0.result == .failed }
  }

  public mutating func add(
    _ part: String, _ result: Result, _ text: Bilingual, remedy: Bilingual? = nil
  ) {
    lines.append(Line(part: part, result: result, text: text, remedy: remedy))
  }

  public mutating func add(_ line: Line) { lines.append(line) }

  /// - Parameter hasColours: for a terminal.
  public func text(hasColours: Bool) -> String {
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
}
