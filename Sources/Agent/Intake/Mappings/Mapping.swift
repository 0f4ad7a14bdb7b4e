import Daemon
import Protocol

/// What the messages of a foreign device mean: one entry of `mappings` in the configuration. Its
/// values go through the same checks as those of a device that speaks our form
/// (`MeasurementDraft`).
package struct Mapping: Sendable {
  /// For messages; unique.
  package let name: String
  let pattern: TopicPattern
  let kind: Kind
  let source: ValueOrigin
  /// Where the records are; `nil`: the payload is one record.
  let records: JSONPath?
  let fields: [MappedField]
  /// Where the entry begins.
  let node: ConfigNode

  package var topic: String { pattern.text }
  package var kindName: String { kind.name }

  /// What is subscribed to.
  package var filter: String { pattern.filter }

  /// This mapping with the named levels of a topic; `nil` where the topic is not its own.
  func mapped(_ topic: String) -> MappedTopic? {
    pattern.parts(of: topic).map { MappedTopic(mapping: self, parts: $0) }
  }

  /// Whether a topic is this mapping's own.
  package func takes(_ topic: String) -> Bool { pattern.parts(of: topic) != nil }
}

/// Where a value comes from.
enum ValueOrigin: Equatable, Sendable {
  case constant(MappedValue)
  case template(TopicTemplate)
  case path(JSONPath)
}

/// How one field of a measurement is found.
struct MappedField: Sendable {
  let entry: FieldTable.Entry
  let origin: ValueOrigin
  /// Absent is no fault.
  var isOptional = false
  /// Keys of `MappedValue` that stand for "not known".
  var absent: Set<String> = []
  /// The device's words and ours; a `nil` word stands for "not known". Empty: taken as it comes.
  var values: [String: MappedValue?] = [:]
  /// The device's words as the configuration has them, for messages.
  var words: [String] = []
  /// The value is multiplied by it, then `offset` is added.
  var factor: DecimalNumber?
  var offset: DecimalNumber?
  /// Time only: a number is 10^−power seconds.
  var timePower = 0
  /// Time only: added to a text that names no offset of its own, such as `+07:00`.
  var utcOffset: String?

  private static let wordsShownMax = 8

  init(_ entry: FieldTable.Entry, _ origin: ValueOrigin) {
    self.entry = entry
    self.origin = origin
  }

  /// Puts a value into its field.
  /// - Parameter found: `nil`: the device said nothing.
  func fill(
    _ draft: inout MeasurementDraft, _ found: MappedValue?
  ) throws(MeasurementDraft.Fault) {
    guard let found, !absent.contains(found.key) else { return try leaveOut() }
    guard !values.isEmpty else { return try set(&draft, found) }
    guard let word = values[found.key] else {
      let known = words.prefix(MappedField.wordsShownMax).map { "\"\($0)\"" }
      let more = words.count > known.count ? ", …" : ""
      throw MeasurementDraft.Fault(
        field: entry.field.name,
        reason: "\(entry.field.name) is \(found.shown), values knows "
          + "\(known.joined(separator: ", "))\(more)")
    }
    guard let word else { return try leaveOut() }
    try set(&draft, word)
  }

  private func leaveOut() throws(MeasurementDraft.Fault) {
    guard !isOptional else { return }
    throw MeasurementDraft.Fault(
      field: entry.field.name,
      reason: "\(entry.field.name) is absent, and not optional in the mapping")
  }

  /// What is done to a number, for messages.
  var transformation: String {
    (factor.map { " × \($0.text)" } ?? "")
      + (offset.map { $0.isNegative ? " − \($0.text.dropFirst())" : " + \($0.text)" } ?? "")
  }

  private func set(
    _ draft: inout MeasurementDraft, _ value: MappedValue
  ) throws(MeasurementDraft.Fault) {
    let shown = value.shown + transformation
    switch (entry.content, value) {
    case (.number, .number), (.number, .text):
      guard let number = transformed(value.number) else {
        throw MeasurementDraft.illegal(entry.field, shown)
      }
      try draft.set(entry, number) { shown }
    case (.flag, .flag(let flag)): draft.set(entry, flag: flag)
    case (.time, .number), (.time, .text): try set(&draft, time: value)
    case (.text, .text(let text)), (.operatorCode, .text(let text)),
      (.radioAccess, .text(let text)):
      try draft.set(entry, text: text)
    case (.text, .number(let number, let text)), (.operatorCode, .number(let number, let text)):
      guard number.exponent == 0, !number.isNegative else {
        throw MeasurementDraft.illegal(entry.field, shown)
      }
      try draft.set(entry, text: text)
    default: throw MeasurementDraft.illegal(entry.field, shown)
    }
  }

  private func transformed(_ number: DecimalNumber?) -> DecimalNumber? {
    guard var number else { return nil }
    if let factor { number = number * factor }
    guard let offset else { return number }
    return number + offset
  }

  private func set(
    _ draft: inout MeasurementDraft, time value: MappedValue
  ) throws(MeasurementDraft.Fault) {
    if case .text(let text) = value {
      let ms = RFC3339.parse(text) ?? utcOffset.flatMap { RFC3339.parse(text + $0) }
      if let ms { return try draft.set(timeMs: ms, origin: .device) { value.shown } }
    }
    guard var number = value.number else {
      throw MeasurementDraft.illegal(entry.field, value.shown)
    }
    number.exponent -= timePower
    try draft.set(time: number, origin: .device) { value.shown }
  }
}
