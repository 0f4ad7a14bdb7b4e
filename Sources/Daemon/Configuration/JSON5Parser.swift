/// Reads JSON5 (json5.org) into `ConfigNode`s: comments, trailing commas, unquoted keys, single
/// quotes, hexadecimal numbers, `+`. Infinity and NaN are refused, for no setting may hold them.
///
/// Any bytes give a value or an error with its line.
struct JSON5Parser {
  var scanner: JSON5Scanner
  /// A key that is given twice is an error in a configuration. In a program's answer it happens
  /// (iperf3 3.12 repeats `sock_bufsize`), and the first counts.
  var allowsRepeatedKeys = false

  /// Objects and lists inside one another.
  static let depthMax = 64

  init(bytes: [UInt8], file: String) { scanner = JSON5Scanner(bytes: bytes, file: file) }

  mutating func parse() throws(ConfigError) -> ConfigNode {
    try scanner.skipSpace()
    guard !scanner.isAtEnd else {
      throw scanner.error("the file is empty; it must hold one object in { }")
    }
    let node = try value(path: "", depth: 0)
    try scanner.skipSpace()
    guard scanner.isAtEnd else {
      throw scanner.error(
        "expected the end of the file, found \(scanner.found); remove what follows")
    }
    return node
  }

  private mutating func value(path: String, depth: Int) throws(ConfigError) -> ConfigNode {
    let line = scanner.line
    guard depth < JSON5Parser.depthMax else {
      throw scanner.error("more than \(JSON5Parser.depthMax) levels of nesting; flatten it")
    }
    let value: ConfigNode.Value
    switch scanner.peek {
    case UInt8(ascii: "{"): value = .object(try members(path: path, depth: depth))
    case UInt8(ascii: "["): value = .array(try elements(path: path, depth: depth))
    case UInt8(ascii: "\""), UInt8(ascii: "'"): value = .string(try scanner.quoted())
    case let byte? where JSON5Scanner.startsNumber(byte): value = try scanner.number()
    case let byte? where JSON5Scanner.isIdentifier(byte): value = try word()
    default: throw scanner.error("expected a value, found \(scanner.found)")
    }
    return ConfigNode(file: scanner.file, line: line, keyPath: path, value: value)
  }

  private mutating func word() throws(ConfigError) -> ConfigNode.Value {
    let start = scanner
    let word = try scanner.identifier()
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    case "Infinity", "NaN":
      throw start.error("\(word) is no value for a setting; give a number")
    default: throw start.error("expected a value, found \(word); put texts in quotes")
    }
  }

  private mutating func members(
    path: String, depth: Int
  ) throws(ConfigError) -> [ConfigNode.Member] {
    var members: [ConfigNode.Member] = []
    var lines: [String: Int] = [:]
    scanner.advance()
    try scanner.skipSpace()
    while !scanner.skip("}") {
      let line = scanner.line
      let key = try self.key()
      let name = path.isEmpty ? key : "\(path).\(key)"
      if let first = lines[key], !allowsRepeatedKeys {
        throw ConfigError(
          file: scanner.file, line: line,
          text: "\(name) is given twice, first in line \(first); remove one")
      }
      lines[key] = line
      try scanner.skipSpace()
      guard scanner.skip(":") else {
        throw scanner.error("expected : after the key \(name), found \(scanner.found)")
      }
      try scanner.skipSpace()
      let node = try value(path: name, depth: depth + 1)
      members.append(.init(key: key, line: line, node: node))
      try separator(after: name, end: "}")
    }
    return members
  }

  private mutating func elements(
    path: String, depth: Int
  ) throws(ConfigError) -> [ConfigNode] {
    var nodes: [ConfigNode] = []
    scanner.advance()
    try scanner.skipSpace()
    while !scanner.skip("]") {
      let name = "\(path)[\(nodes.count)]"
      nodes.append(try value(path: name, depth: depth + 1))
      try separator(after: name, end: "]")
    }
    return nodes
  }

  private mutating func separator(
    after name: String, end: Character
  ) throws(ConfigError) {
    try scanner.skipSpace()
    if scanner.skip(",") {
      try scanner.skipSpace()
      return
    }
    guard let byte = scanner.peek, byte == end.asciiValue else {
      throw scanner.error("expected a comma or \(end) after \(name), found \(scanner.found)")
    }
  }

  private mutating func key() throws(ConfigError) -> String {
    switch scanner.peek {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return try scanner.quoted()
    case let byte? where JSON5Scanner.isIdentifier(byte): return try scanner.identifier()
    default: throw scanner.error("expected a key or }, found \(scanner.found)")
    }
  }
}
