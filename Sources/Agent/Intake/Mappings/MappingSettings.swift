package import Daemon
import Protocol

/// `mappings` in the configuration: a list of objects, or of paths to files that hold one each.
struct MappingSettings {
  let mappings: [Mapping]

  static let countMax = 64

  init(_ node: ConfigNode?) throws(ConfigError) {
    var found: [Mapping] = []
    let entries = try node?.array() ?? []
    if entries.count > MappingSettings.countMax, let node {
      throw node.error(
        "has \(entries.count) entries, allowed 0…\(MappingSettings.countMax); remove some")
    }
    for entry in entries {
      let mapping = try Mapping(entry)
      try MappingSettings.check(mapping, beside: found)
      found.append(mapping)
    }
    mappings = found
  }

  /// A message that two subscriptions take may come once or twice: it must not be possible.
  private static func check(_ mapping: Mapping, beside others: [Mapping]) throws(ConfigError) {
    let place = mapping.node["topic"] ?? mapping.node
    if let own = try? TopicPattern(Topic.measurements), mapping.pattern.overlaps(own) {
      throw place.error(
        "is \"\(mapping.topic)\", which overlaps \(Topic.measurements), the topics of devices "
          + "that need no mapping; narrow it")
    }
    for other in others {
      if mapping.pattern.overlaps(other.pattern) {
        throw place.error(
          "is \"\(mapping.topic)\", which overlaps \"\(other.topic)\" of mapping \(other.name) in "
            + "line \(other.node.line); narrow one of them")
      }
      guard mapping.name != other.name else {
        throw (mapping.node["name"] ?? place).error(
          "gives the mapping the name \(other.name), which the one in line \(other.node.line) has "
            + "already; rename one")
      }
    }
  }
}

extension Mapping {
  /// - Parameter entry: the object, or the path of a file that holds it.
  package init(_ entry: ConfigNode) throws(ConfigError) {
    var node = entry
    if case .some = try? entry.string() { node = try ConfigNode.parse(file: entry.path()) }
    try node.expectKeys(["name", "topic", "kind", "source", "records", "absent", "fields"])
    let topic = try node.required("topic")
    let text = try topic.string()
    let pattern: TopicPattern
    do throws(TopicPattern.Fault) {
      pattern = try TopicPattern(text)
    } catch { throw topic.error("is \"\(text)\", \(error.reason)") }
    let kindNode = try node.required("kind")
    let kindName = try kindNode.oneOf(Kind.measuring.map(\.name))
    guard let kind = Kind(name: kindName[...]) else { throw kindNode.error("is unknown") }
    let reader = FieldReader(
      names: pattern.names, hasRecords: node["records"] != nil,
      absent: try FieldReader.absent(node["absent"]))
    let name = try node["name"]?.string(legal: "1…64 bytes") { (1...64).contains($0.utf8.count) }
    let records = try node["records"].map { (node) throws(ConfigError) in
      try FieldReader.path(node, mayBeRecord: false)
    }
    self.init(
      name: name ?? text, pattern: pattern, kind: kind,
      source: try reader.source(try node.required("source")), records: records,
      fields: try reader.fields(try node.required("fields"), of: kind), node: node)
  }
}

/// Reads the fields of one mapping.
struct FieldReader {
  /// Of the topic's levels.
  let names: [String]
  let hasRecords: Bool
  let absent: Set<String>

  /// Name in `unit` and its power of ten.
  private static let units = [("s", 0), ("ms", 3), ("us", 6), ("ns", 9)]
  /// Larger ones are a mistake.
  private static let factorMax = 1e15

  static func absent(_ node: ConfigNode?) throws(ConfigError) -> Set<String> {
    var keys: Set<String> = []
    for entry in try node?.array() ?? [] { keys.insert(try value(entry).key) }
    return keys
  }

  /// A text with parts of the topic, or the path of a text in the payload.
  func source(_ node: ConfigNode) throws(ConfigError) -> ValueOrigin {
    if let text = try? node.string() { return try origin(of: text, node) }
    try node.expectKeys(["path"])
    return .path(try path(try node.required("path")))
  }

  func fields(_ node: ConfigNode, of kind: Kind) throws(ConfigError) -> [MappedField] {
    let table = FieldTable(kind)
    try node.expectKeys(PayloadField.fields(of: kind).map(\.name))
    var fields: [MappedField] = []
    for (name, member) in try node.object() {
      guard let short = ShortName(name.utf8), let entry = table[short] else { continue }
      fields.append(try field(entry, member))
    }
    if let missing = MeasurementDraft.firstMissing(of: kind, given: fields.map(\.entry)) {
      throw node.error("lacks \(missing), which every \(kind.name) measurement has; add it")
    }
    return fields
  }

  private func field(
    _ entry: FieldTable.Entry, _ node: ConfigNode
  ) throws(ConfigError) -> MappedField {
    if (try? node.string()) != nil {
      var field = MappedField(entry, .path(try path(node)))
      field.absent = absent
      return field
    }
    try node.expectKeys([
      "path", "value", "factor", "offset", "unit", "utc_offset", "values", "absent", "optional",
    ])
    var field = MappedField(entry, try origin(node))
    field.absent = absent.union(try FieldReader.absent(node["absent"]))
    field.isOptional = try node.boolean("optional", default: false)
    try readValues(node, into: &field)
    try readNumbers(node, into: &field)
    try readTime(node, into: &field)
    try check(field, node)
    return field
  }

  private func origin(_ node: ConfigNode) throws(ConfigError) -> ValueOrigin {
    switch (node["path"], node["value"]) {
    case (let place?, nil): return .path(try path(place))
    case (nil, let constant?):
      if let text = try? constant.string() { return try origin(of: text, constant) }
      return .constant(try FieldReader.value(constant))
    case (nil, nil): throw node.error("has neither path nor value; give one of them")
    case (_?, let constant?):
      throw constant.error("stands beside path; remove one of them")
    }
  }

  private func origin(of text: String, _ node: ConfigNode) throws(ConfigError) -> ValueOrigin {
    guard text.contains("{") else { return .constant(.text(text)) }
    do throws(TopicTemplate.UnknownName) {
      return .template(try TopicTemplate(text, names: names))
    } catch {
      let known =
        names.isEmpty ? "no named level" : names.map { "{\($0)}" }.joined(separator: ", ")
      throw node.error(
        "is \"\(text)\", which names {\(error.name)}, but the topic has \(known); change one")
    }
  }

  private func path(_ node: ConfigNode) throws(ConfigError) -> JSONPath {
    try FieldReader.path(node, mayBeRecord: hasRecords)
  }

  static func path(_ node: ConfigNode, mayBeRecord: Bool) throws(ConfigError) -> JSONPath {
    let text = try node.string()
    let path: JSONPath
    do throws(JSONPath.Fault) {
      path = try JSONPath(text)
    } catch {
      throw node.error(
        "is \"\(text)\", but at column \(error.column) must stand \(error.expected); mend the path")
    }
    if path.root == .record, !mayBeRecord {
      throw node.error(
        "is \"\(text)\", but @ is a record, and here there is none; begin with $, or give records")
    }
    return path
  }

  /// A value of the configuration.
  static func value(_ node: ConfigNode) throws(ConfigError) -> MappedValue {
    if let text = try? node.string() { return .text(text) }
    if let flag = try? node.boolean() { return .flag(flag) }
    return .number(try number(node), shown: node.plain)
  }

  private static func number(_ node: ConfigNode) throws(ConfigError) -> DecimalNumber {
    _ = try node.number(in: -factorMax...factorMax)
    guard let number = DecimalNumber(json: node.plain) else {
      throw node.error("is \(node.plain), allowed a number such as 0.1 or -30; write it so")
    }
    return number
  }

  private func readValues(
    _ node: ConfigNode, into field: inout MappedField
  ) throws(ConfigError) {
    guard let values = node["values"] else { return }
    for (word, meaning) in try values.object() {
      let key = MappedValue.key(word)
      guard field.values[key] == nil else {
        throw meaning.error("means the same as another key of values; remove one")
      }
      field.words.append(word)
      field.values[key] = .some(meaning.isNull ? nil : try FieldReader.value(meaning))
    }
    guard !field.values.isEmpty else { throw values.error("is empty; add words, or remove it") }
  }

  private func readNumbers(
    _ node: ConfigNode, into field: inout MappedField
  ) throws(ConfigError) {
    for key in ["factor", "offset"] {
      guard let found = node[key] else { continue }
      guard case .number = field.entry.content else {
        throw found.error("is of no use for \(field.entry.field.name), no number; remove it")
      }
      guard field.values.isEmpty else {
        throw found.error("is of no use beside values, which give the number; remove one")
      }
    }
    field.factor = try node["factor"].map { (node) throws(ConfigError) in
      try FieldReader.number(node)
    }
    field.offset = try node["offset"].map { (node) throws(ConfigError) in
      try FieldReader.number(node)
    }
    if let factor = field.factor, factor.digits == 0, let found = node["factor"] {
      throw found.error("is 0, which makes every value the same; change it")
    }
  }

  private func readTime(
    _ node: ConfigNode, into field: inout MappedField
  ) throws(ConfigError) {
    for key in ["unit", "utc_offset"] {
      guard let found = node[key], field.entry.field != .time else { continue }
      throw found.error("is of no use for \(field.entry.field.name), only for time; remove it")
    }
    if let unit = try node["unit"]?.oneOf(FieldReader.units.map(\.0)) {
      field.timePower = FieldReader.units.first { $0.0 == unit }?.1 ?? 0
    }
    field.utcOffset = try node["utc_offset"]?.string(legal: "an offset such as +07:00") {
      RFC3339.parse("2000-01-01T00:00:00\($0)") != nil && $0.utf8.count == 6
    }
  }

  /// Constants and the words of `values` are legal or not already now.
  private func check(_ field: MappedField, _ node: ConfigNode) throws(ConfigError) {
    var plain = field
    plain.values = [:]
    plain.absent = []
    if case .constant(let value) = field.origin, field.values.isEmpty, let place = node["value"] {
      try check(plain, value, place)
    }
    for (word, meaning) in field.values where meaning != nil {
      let place = try node["values"]?.object().first { MappedValue.key($0.key) == word }
      if let meaning, let place { try check(plain, meaning, place.value) }
    }
  }

  private func check(
    _ field: MappedField, _ value: MappedValue, _ place: ConfigNode
  ) throws(ConfigError) {
    var draft = MeasurementDraft()
    do throws(MeasurementDraft.Fault) {
      try field.fill(&draft, value)
    } catch {
      let legal = MeasurementDraft.legalText(field.entry.field)
      throw place.error("is \(value.shown), allowed \(legal); change it")
    }
  }
}
