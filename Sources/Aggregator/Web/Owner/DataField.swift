import Daemon

/// One column of a CSV file, or one member of an object: the page `/data`, the schema of the CSV
/// files and that of the API are made from it.
struct DataField {
  let name: String
  let meaning: LocalText
  let kind: Kind
  /// `nil`: it has none.
  var unit: String?
  /// In JSON: null where it is not known.
  var isOptional = false

  enum Kind: String {
    case text, count, number, share, flag, day, time

    /// Of XML Schema, as "CSV on the Web" names them.
    var csv: String {
      switch self {
      case .text: "string"
      case .count: "integer"
      case .number, .share: "double"
      case .flag: "boolean"
      case .day: "date"
      case .time: "dateTime"
      }
    }

    func name(_ language: Language) -> String {
      switch self {
      case .text: language.pick("chữ", "text")
      case .count: language.pick("số nguyên", "whole number")
      case .number: language.pick("số", "number")
      case .share: language.pick("số 0…1", "number 0…1")
      case .flag: "true/false"
      case .day: language.pick("ngày, ISO 8601", "date, ISO 8601")
      case .time: language.pick("thời điểm, RFC 3339 UTC", "time, RFC 3339 UTC")
      }
    }

    /// JSON Schema.
    fileprivate func write(to json: inout JSONWriter, isOptional: Bool) {
      let type =
        switch self {
        case .text, .day, .time: "string"
        case .count: "integer"
        case .number, .share: "number"
        case .flag: "boolean"
        }
      if isOptional {
        json.arrayMember("type", [type, "null"]) { $0.string($1) }
      } else {
        json.member("type", type)
      }
      switch self {
      case .day: json.member("format", "date")
      case .time: json.member("format", "date-time")
      case .count: json.member("minimum", 0)
      case .share:
        json.member("minimum", 0)
        json.member("maximum", 1)
      case .text, .number, .flag: break
      }
    }
  }

  init(
    _ name: String, _ kind: Kind, _ vi: String, _ en: String, unit: String? = nil,
    isOptional: Bool = false
  ) {
    self.name = name
    self.kind = kind
    meaning = LocalText(vi: vi, en: en)
    self.unit = unit
    self.isOptional = isOptional
  }

  /// `ô z16, mã quadkey (chữ)`
  func text(_ language: Language) -> String {
    let parts = [kind.name(language)] + (unit.map { [$0] } ?? [])
    return "\(language.of(meaning)) (\(parts.joined(separator: "; ")))"
  }

  /// JSON Schema (2020-12) of an object with exactly these members.
  ///
  /// - Parameter more: further members, as schemas.
  static func schema(_ fields: [DataField], more: [(name: String, schema: String)] = []) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "object")
      json.arrayMember("required", fields.map(\.name) + more.map(\.name)) { $0.string($1) }
      json.member("additionalProperties", false)
      json.objectMember("properties") { json in
        for field in fields {
          json.objectMember(field.name) { json in
            field.kind.write(to: &json, isOptional: field.isOptional)
            let unit = field.unit.map { "; \($0)" } ?? ""
            json.member("description", field.meaning.en + unit)
          }
        }
        for (name, schema) in more {
          json.key(name)
          json.raw(schema)
        }
      }
    }
    return json.text
  }
}
