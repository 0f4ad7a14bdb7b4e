/// A topic of foreign devices: an MQTT filter whose levels may have names, such as
/// `router/{source}/data`. `{name}` stands for one level and gives its text, `+` for one level
/// without a name, `#` at the end for any number of levels.
struct TopicPattern: Equatable, Sendable {
  let text: String
  let levels: [Level]

  enum Level: Equatable, Sendable {
    case literal(String)
    case named(String)
    case any
    /// Only at the end.
    case rest
  }

  /// What is wrong with a pattern, as it follows "is …, ".
  struct Fault: Error {
    let reason: String
  }

  static let bytesMax = 1_024
  static let nameBytesMax = 24

  init(_ text: String) throws(Fault) {
    guard (1...TopicPattern.bytesMax).contains(text.utf8.count),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
    else {
      throw Fault(
        reason: "allowed 1…\(TopicPattern.bytesMax) bytes without control characters; change it")
    }
    guard !text.hasPrefix("$") else {
      throw Fault(reason: "but topics that begin with $ are the broker's own; change it")
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    var levels: [Level] = []
    for (index, part) in parts.enumerated() {
      let level = try TopicPattern.level(part, number: index + 1, isLast: index == parts.count - 1)
      if case .named(let name) = level, levels.contains(level) {
        throw Fault(reason: "but the name {\(name)} is given twice; rename one")
      }
      levels.append(level)
    }
    self.text = text
    self.levels = levels
  }

  private static func level(
    _ part: Substring, number: Int, isLast: Bool
  ) throws(Fault) -> Level {
    switch part {
    case "+": return .any
    case "#":
      guard isLast else { throw Fault(reason: "but # stands only at the end; use + here") }
      return .rest
    default: break
    }
    if part.hasPrefix("{"), part.hasSuffix("}"), part.utf8.count > 2 {
      let name = String(part.dropFirst().dropLast())
      guard isName(name) else {
        throw Fault(
          reason: "but level \(number) has the name \(name), allowed a-z 0-9 _, "
            + "1…\(nameBytesMax) characters; rename it")
      }
      return .named(name)
    }
    guard !part.contains(where: { "+#{}".contains($0) }) else {
      throw Fault(
        reason: "but level \(number) is \(part), allowed a text without + # { }, or the whole "
          + "level as +, # or {name}; change it")
    }
    return .literal(String(part))
  }

  static func isName(_ name: some StringProtocol) -> Bool {
    (1...nameBytesMax).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
      }
  }

  /// In the order of the topic.
  var names: [String] {
    levels.compactMap { if case .named(let name) = $0 { name } else { nil } }
  }

  /// What is subscribed to.
  var filter: String {
    levels.map { level in
      switch level {
      case .literal(let text): text
      case .named, .any: "+"
      case .rest: "#"
      }
    }.joined(separator: "/")
  }

  /// The named levels of a topic; `nil` where it does not match.
  func parts(of topic: String) -> [String: String]? {
    guard !topic.hasPrefix("$") else { return nil }
    let found = topic.split(separator: "/", omittingEmptySubsequences: false)
    var parts: [String: String] = [:]
    for (index, level) in levels.enumerated() {
      // "a/#" takes "a" as well (MQTT 5, section 4.7.1.2).
      if level == .rest { return found.count >= index ? parts : nil }
      guard index < found.count else { return nil }
      switch level {
      case .literal(let text): guard found[index] == text else { return nil }
      case .named(let name): parts[name] = String(found[index])
      case .any, .rest: break
      }
    }
    return found.count == levels.count ? parts : nil
  }

  /// Whether a topic exists that both take: the broker would send it once or twice, as it likes.
  func overlaps(_ other: TopicPattern) -> Bool {
    TopicPattern.overlaps(levels[...], other.levels[...])
  }

  private static func overlaps(_ left: ArraySlice<Level>, _ right: ArraySlice<Level>) -> Bool {
    if left.first == .rest || right.first == .rest { return true }
    guard let first = left.first, let second = right.first else {
      return left.isEmpty && right.isEmpty
    }
    if case .literal(let one) = first, case .literal(let two) = second, one != two { return false }
    return overlaps(left.dropFirst(), right.dropFirst())
  }
}
