/// Values with the type and range that the caller expects; everything else is an error that says
/// what is legal.
extension ConfigNode {
  /// An unknown key is an error that names the nearest known one.
  public func expectKeys(_ known: [String]) throws(ConfigError) {
    for member in try members() where !known.contains(member.key) {
      let name = keyPath.isEmpty ? member.key : "\(keyPath).\(member.key)"
      let remedy =
        NearestWord.among(known, to: member.key).map { "did you mean \($0)?" }
        ?? "known here: \(known.joined(separator: ", "))"
      throw ConfigError(file: file, line: member.line, text: "unknown key \(name); \(remedy)")
    }
  }

  public func required(_ key: String) throws(ConfigError) -> ConfigNode {
    _ = try members()
    if let node = self[key] { return node }
    let name = keyPath.isEmpty ? key : "\(keyPath).\(key)"
    let place = keyPath.isEmpty ? "the object" : keyPath
    throw ConfigError(
      file: file, line: line, text: "\(name) is missing; add it to \(place), which begins here")
  }

  public func string() throws(ConfigError) -> String {
    guard case .string(let text) = value else { throw wrongType("a text in quotes") }
    return text
  }

  /// - Parameter legal: what `isLegal` accepts, in words.
  public func string(
    legal: String, where isLegal: (String) -> Bool
  ) throws(ConfigError) -> String {
    let text = try string()
    guard isLegal(text) else { throw error("is \(shown), allowed \(legal); change it") }
    return text
  }

  public func oneOf(_ words: [String]) throws(ConfigError) -> String {
    let text = try string()
    if words.contains(text) { return text }
    let quoted = words.map { "\"\($0)\"" }
    let remedy =
      NearestWord.among(words, to: text).map { "did you mean \"\($0)\"?" } ?? "choose one of them"
    throw error("is \(shown), allowed \(quoted.joined(separator: ", ")); \(remedy)")
  }

  public func integer(in range: ClosedRange<Int64>) throws(ConfigError) -> Int64 {
    let found: Int64
    switch value {
    case .integer(let value): found = value
    case .number(let value, _):
      guard value.rounded() == value else { throw wrongType("a whole number") }
      guard let exact = Int64(exactly: value) else {
        throw outOfRange("\(range.lowerBound)…\(range.upperBound)", isTooLarge: value > 0)
      }
      found = exact
    default: throw wrongType("a whole number")
    }
    guard range.contains(found) else {
      throw outOfRange(
        "\(range.lowerBound)…\(range.upperBound)", isTooLarge: found > range.upperBound)
    }
    return found
  }

  public func number(in range: ClosedRange<Double>) throws(ConfigError) -> Double {
    let found: Double
    switch value {
    case .integer(let value): found = Double(value)
    case .number(let value, _): found = value
    default: throw wrongType("a number")
    }
    guard range.contains(found) else {
      throw outOfRange(
        "\(ConfigNode.shown(range.lowerBound))…\(ConfigNode.shown(range.upperBound))",
        isTooLarge: found > range.upperBound)
    }
    return found
  }

  public func boolean() throws(ConfigError) -> Bool {
    guard case .boolean(let value) = value else { throw wrongType("true or false") }
    return value
  }

  public func array() throws(ConfigError) -> [ConfigNode] {
    guard case .array(let nodes) = value else { throw wrongType("a list in [ ]") }
    return nodes
  }

  /// In the order of the file.
  public func object() throws(ConfigError) -> [(key: String, value: ConfigNode)] {
    try members().map { (key: $0.key, value: $0.node) }
  }

  /// A path; a relative one is beside the file.
  public func path() throws(ConfigError) -> String {
    let text = try string()
    guard !text.isEmpty, !text.utf8.contains(0) else {
      throw error("is \(shown), allowed a path that is not empty; change it")
    }
    return text.hasPrefix("/") ? text : "\(Files.directory(of: file))/\(text)"
  }

  /// Refuses a private key that everybody on this host can read or change.
  public func expectPrivate(_ path: String) throws(ConfigError) {
    guard let facts = FileFacts(path), facts.mode & 0o006 != 0 else { return }
    throw error(
      "names \(path) with mode \(facts.modeText), so everybody on this host can use the key; "
        + "chmod 0640 \(path), and ask for a new key if strangers use this host")
  }

  private func members() throws(ConfigError) -> [Member] {
    guard case .object(let members) = value else { throw wrongType("an object in { }") }
    return members
  }

  private func wrongType(_ expected: String) -> ConfigError {
    var remedy = "change it"
    if case .string = value, !expected.contains("quotes") { remedy = "remove the quotes" }
    if case .integer = value, expected.contains("quotes") { remedy = "put it in quotes" }
    return error("is \(shown), but must be \(expected); \(remedy)")
  }

  private func outOfRange(_ legal: String, isTooLarge: Bool) -> ConfigError {
    error("is \(shown), allowed \(legal); \(isTooLarge ? "lower" : "raise") it")
  }

  /// Without `.0` where it is whole.
  private static func shown(_ value: Double) -> String {
    Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }
}

/// Keys that may be absent.
extension ConfigNode {
  public func integer(
    _ key: String, in range: ClosedRange<Int64>, default absent: Int64
  ) throws(ConfigError) -> Int64 {
    try self[key]?.integer(in: range) ?? absent
  }

  public func number(
    _ key: String, in range: ClosedRange<Double>, default absent: Double
  ) throws(ConfigError) -> Double {
    try self[key]?.number(in: range) ?? absent
  }

  public func string(_ key: String, default absent: String) throws(ConfigError) -> String {
    try self[key]?.string() ?? absent
  }

  public func boolean(_ key: String, default absent: Bool) throws(ConfigError) -> Bool {
    try self[key]?.boolean() ?? absent
  }
}
