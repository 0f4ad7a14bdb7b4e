/// One value of a JSON5 file, with the file, the line and the key that it came from, so that every
/// complaint about it can say where.
public struct ConfigNode: Sendable {
  /// As the caller named it.
  public let file: String
  /// Where the value begins; 1, 2, ….
  public let line: Int
  /// Dotted, such as `buffer.linger_ms` or `mappings[0].topic`; empty for the whole file.
  public let keyPath: String
  let value: Value

  enum Value: Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// With the digits of the file, which a `Double` would not give back.
    case number(Double, text: String)
    case string(String)
    case array([ConfigNode])
    case object([Member])
  }

  struct Member: Sendable {
    let key: String
    let line: Int
    let node: ConfigNode
  }

  /// Larger files are refused.
  static let bytesMax = 64 << 20

  public static func parse(file: String) throws(ConfigError) -> ConfigNode {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try Files.read(file, bytesMax: bytesMax)
    } catch {
      let remedy = error.isMissing ? "; create it, or name another file" : ""
      let hint = error.hint.isEmpty ? remedy : "; \(error.hint)"
      throw ConfigError(
        file: file, line: nil,
        text: "cannot be read: \(FileError.text(of: error.code))\(hint)")
    }
    return try parse(bytes: bytes, name: file)
  }

  public static func parse(text: String, name: String) throws(ConfigError) -> ConfigNode {
    try parse(bytes: Array(text.utf8), name: name)
  }

  package static func parse(bytes: [UInt8], name: String) throws(ConfigError) -> ConfigNode {
    var parser = JSON5Parser(bytes: bytes, file: name)
    return try parser.parse()
  }

  /// Why the answer of a program is no JSON.
  public enum AnswerFault: Error, Equatable {
    /// It begins as an object or a list, and ends before that does.
    case cutShort
    /// Where, and what was expected.
    case nonsense(String)
  }

  /// Reads what another program answered.
  public static func answer(_ bytes: [UInt8], of name: String) throws(AnswerFault) -> ConfigNode {
    var parser = JSON5Parser(bytes: bytes, file: name)
    parser.allowsRepeatedKeys = true
    do throws(ConfigError) { return try parser.parse() } catch {
      let first = bytes.first { $0 > 0x20 }
      let isBegun = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
      throw isBegun && parser.scanner.isAtEnd ? .cutShort : .nonsense(error.text)
    }
  }

  /// The node at the end of a way of keys; `nil` where one is absent.
  public func at(_ keys: String...) -> ConfigNode? {
    var node: ConfigNode? = self
    for key in keys { node = node?[key] }
    return node
  }

  /// `nil` where the key is absent.
  public subscript(key: String) -> ConfigNode? {
    guard case .object(let members) = value else { return nil }
    return members.first { $0.key == key }?.node
  }

  public var isNull: Bool {
    if case .null = value { true } else { false }
  }

  /// An error at this value: `file:line: <path> <text>`.
  public func error(_ text: String) -> ConfigError {
    let subject = keyPath.isEmpty ? "the file" : keyPath
    return ConfigError(file: file, line: line, text: "\(subject) \(text)")
  }

  /// The value as a message shows it, cut where it is long.
  var shown: String {
    switch value {
    case .null: return "null"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    case .number(_, let text): return text
    case .string(let text):
      var writer = JSONWriter()
      writer.string(text.count > 60 ? "\(text.prefix(60))…" : text)
      return writer.text
    case .array(let nodes): return "a list of \(nodes.count)"
    case .object(let members): return "an object of \(members.count) keys"
    }
  }
}

extension ConfigNode {
  /// A simple value as a person reads it: a text without quotes, a number with the file's digits.
  public var plain: String {
    if case .string(let text) = value { text } else { shown }
  }
}

extension JSONWriter {
  /// A value that was read, in its own order.
  public mutating func node(_ node: ConfigNode) {
    switch node.value {
    case .null: null()
    case .boolean(let value): boolean(value)
    case .integer(let value): integer(value)
    case .number(let value, _): number(value)
    case .string(let text): string(text)
    case .array(let nodes):
      beginArray()
      for node in nodes { self.node(node) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        key(member.key)
        self.node(member.node)
      }
      endObject()
    }
  }
}
