import Protocol

/// A field of a payload, of whatever kind.
enum PayloadField: Int, CaseIterable {
  case time
  case simulated
  case latitude
  case longitude
  case accuracy
  case radioAccess
  case active
  case ssRsrp
  case ssRsrq
  case ssSinr
  case plmn
  case band
  case cell
  case line
  case area
  case down
  case up
  case latency
  case jitter
  case loss
  case provisionedDown
  case offeredDown
  case link
  case wired
  case tool
  case streams
  case seconds
  case downLatency
  case upLatency
  case counter
  case value

  /// What the field may hold.
  enum Content {
    case number(LegalRange)
    case flag
    case text
    case operatorCode
    case radioAccess
    /// Unix seconds, or RFC 3339.
    case time
  }

  /// The name in payloads.
  var name: String {
    switch self {
    case .time: "time"
    case .simulated: "simulated"
    case .radioAccess: "rat"
    case .active: "active"
    case .plmn: "plmn"
    case .band: "band"
    case .cell: "cell"
    case .line: "line"
    case .area: "area"
    case .wired: "wired"
    case .tool: "tool"
    case .counter: "counter"
    default: legalRange?.field ?? ""
    }
  }

  /// `nil` for what is no number.
  var legalRange: LegalRange? {
    switch self {
    case .latitude: .latitude
    case .longitude: .longitude
    case .accuracy: .accuracy
    case .ssRsrp: .ssRsrp
    case .ssRsrq: .ssRsrq
    case .ssSinr: .ssSinr
    case .down: .down
    case .up: .up
    case .latency: .latency
    case .downLatency: .downLatency
    case .upLatency: .upLatency
    case .jitter: .jitter
    case .loss: .loss
    case .provisionedDown: .provisionedDown
    case .offeredDown: .offeredDown
    case .link: .link
    case .streams: .streams
    case .seconds: .duration
    case .value: .counterValue
    default: nil
    }
  }

  var content: Content {
    if let legalRange { return .number(legalRange) }
    switch self {
    case .time: return .time
    case .simulated, .active, .wired: return .flag
    case .radioAccess: return .radioAccess
    case .plmn: return .operatorCode
    default: return .text
    }
  }

  static func fields(of kind: Kind) -> [PayloadField] {
    let common: [PayloadField] = [.time, .simulated]
    return switch kind {
    case .coverage:
      common + [
        .latitude, .longitude, .accuracy, .radioAccess, .active, .ssRsrp, .ssRsrq, .ssSinr, .plmn,
        .band, .cell,
      ]
    case .broadband:
      common + [
        .line, .area, .down, .up, .latency, .jitter, .loss, .provisionedDown, .offeredDown, .link,
        .wired, .tool, .streams, .seconds, .downLatency, .upLatency,
      ]
    case .service: common + [.area, .counter, .value]
    case .check: common
    }
  }
}

/// The fields of one kind, ready for being looked up by name; trivial types only, so that the hot
/// path counts no references.
struct FieldTable {
  let kind: Kind
  private let entries: [Entry]

  struct Entry {
    let name: ShortName
    let field: PayloadField
    let content: Content
    /// Legal numbers, in the units of the wire.
    let lower: Int64
    let upper: Int64
    /// 10^power units of the wire make one of the payload.
    let power: Int
  }

  enum Content {
    case number
    case flag
    case text
    case operatorCode
    case radioAccess
    case time
  }

  init(_ kind: Kind) {
    self.kind = kind
    entries = PayloadField.fields(of: kind).compactMap { field in
      guard let name = ShortName(field.name.utf8) else { return nil }
      switch field.content {
      case .number(let range):
        var power = 0
        var scale = range.scale
        while scale > 1 {
          scale /= 10
          power += 1
        }
        return Entry(
          name: name, field: field, content: .number, lower: range.values.lowerBound,
          upper: range.values.upperBound, power: power)
      case .flag: return Entry(name, field, .flag)
      case .text: return Entry(name, field, .text)
      case .operatorCode: return Entry(name, field, .operatorCode)
      case .radioAccess: return Entry(name, field, .radioAccess)
      case .time: return Entry(name, field, .time)
      }
    }
  }

  @inline(__always)
  subscript(name: ShortName) -> Entry? {
    for entry in entries where entry.name == name { return entry }
    return nil
  }
}

extension FieldTable.Entry {
  init(_ name: ShortName, _ field: PayloadField, _ content: FieldTable.Content) {
    self.init(name: name, field: field, content: content, lower: 0, upper: 0, power: 0)
  }
}
