/// Every field of a measurement; the raw value is its column's key on the wire.
public enum Field: Int, CaseIterable, Sendable {
  case source = 1
  case time = 2
  case timeOrigin = 3

  case latitude = 4
  case longitude = 5
  case accuracy = 6
  case radioAccess = 7
  case active = 8
  case ssRsrp = 9
  case ssRsrq = 10
  case ssSinr = 11
  case plmn = 12
  case band = 13
  case cell = 14

  case line = 15
  case area = 16
  case down = 17
  case up = 18
  case latency = 19
  case jitter = 20
  case loss = 21
  case provisionedDown = 22
  case offeredDown = 23
  case link = 24
  case wired = 25
  case tool = 26
  case streams = 27
  case duration = 28

  case counter = 29
  case value = 30

  case downLatency = 31
  case upLatency = 32

  /// What a column holds.
  enum Content: Sendable {
    case integer(ClosedRange<Int64>)
    /// Texts of at most so many bytes.
    case text(Int)
  }

  var content: Content {
    switch self {
    case .source: .text(TextLimit.source)
    case .plmn, .band, .cell, .line, .area, .tool, .counter: .text(TextLimit.identifier)
    case .time: .integer(LegalRange.time.values)
    case .timeOrigin, .active, .wired: .integer(0...1)
    case .latitude: .integer(LegalRange.latitude.values)
    case .longitude: .integer(LegalRange.longitude.values)
    case .accuracy: .integer(LegalRange.accuracy.values)
    case .radioAccess: .integer(0...Int64(RadioAccess.allCases.count - 1))
    case .ssRsrp: .integer(LegalRange.ssRsrp.values)
    case .ssRsrq: .integer(LegalRange.ssRsrq.values)
    case .ssSinr: .integer(LegalRange.ssSinr.values)
    case .down, .up, .provisionedDown, .offeredDown, .link: .integer(LegalRange.rates)
    case .latency: .integer(LegalRange.latency.values)
    case .downLatency: .integer(LegalRange.downLatency.values)
    case .upLatency: .integer(LegalRange.upLatency.values)
    case .jitter: .integer(LegalRange.jitter.values)
    case .loss: .integer(LegalRange.loss.values)
    case .streams: .integer(LegalRange.streams.values)
    case .duration: .integer(LegalRange.duration.values)
    case .value: .integer(LegalRange.counterValue.values)
    }
  }

  /// The columns of a kind, in the order of the wire.
  static func fields(of kind: Kind) -> [Field] {
    switch kind {
    case .coverage: common + coverage
    case .broadband: common + broadband
    case .service: common + service
    case .check: common
    }
  }

  /// The columns that each row must have.
  static func required(of kind: Kind) -> [Field] {
    switch kind {
    case .coverage: [.source, .time, .latitude, .longitude, .radioAccess]
    case .broadband: [.source, .time, .line, .down]
    case .service: [.source, .time, .counter, .value]
    case .check: [.source, .time]
    }
  }

  private static let common: [Field] = [.source, .time, .timeOrigin]
  private static let coverage: [Field] = [
    .latitude, .longitude, .accuracy, .radioAccess, .active, .ssRsrp, .ssRsrq, .ssSinr, .plmn,
    .band, .cell,
  ]
  private static let broadband: [Field] = [
    .line, .area, .down, .up, .latency, .jitter, .loss, .provisionedDown, .offeredDown, .link,
    .wired, .tool, .streams, .duration, .downLatency, .upLatency,
  ]
  private static let service: [Field] = [.area, .counter, .value]
}

extension Measurement {
  /// The value of an integer column; `nil` where the measurement has none. The default of
  /// `timeOrigin`, `device`, is not written.
  func integer(_ field: Field) -> Int64? {
    switch field {
    case .time: return timeMs
    case .timeOrigin: return timeOrigin == .arrival ? 1 : nil
    default: break
    }
    switch body {
    case .coverage(let coverage): return coverage.integer(field)
    case .broadband(let broadband): return broadband.integer(field)
    case .service(let service): return field == .value ? service.value : nil
    case .check: return nil
    }
  }

  /// The value of a text column.
  func text(_ field: Field) -> String? {
    if field == .source { return source }
    switch body {
    case .coverage(let coverage):
      return switch field {
      case .plmn: coverage.plmn
      case .band: coverage.band
      case .cell: coverage.cell
      default: nil
      }
    case .broadband(let broadband):
      return switch field {
      case .line: broadband.line
      case .area: broadband.area
      case .tool: broadband.tool
      default: nil
      }
    case .service(let service):
      return switch field {
      case .area: service.area
      case .counter: service.counter
      default: nil
      }
    case .check: return nil
    }
  }
}

extension Coverage {
  fileprivate func integer(_ field: Field) -> Int64? {
    switch field {
    case .latitude: Int64(latitudeMicrodegrees)
    case .longitude: Int64(longitudeMicrodegrees)
    case .accuracy: accuracyDecimetres.map(Int64.init)
    case .radioAccess: radioAccess.rawValue
    case .active: isActive.map { $0 ? 1 : 0 }
    case .ssRsrp: ssRsrpTenths.map(Int64.init)
    case .ssRsrq: ssRsrqTenths.map(Int64.init)
    case .ssSinr: ssSinrTenths.map(Int64.init)
    default: nil
    }
  }
}

extension Broadband {
  fileprivate func integer(_ field: Field) -> Int64? {
    switch field {
    case .down: downBps
    case .up: upBps
    case .latency: latencyMicroseconds
    case .jitter: jitterMicroseconds
    case .loss: lossMillionths
    case .provisionedDown: provisionedDownBps
    case .offeredDown: offeredDownBps
    case .link: linkBps
    case .wired: isWired.map { $0 ? 1 : 0 }
    case .streams: streams
    case .duration: durationMs
    case .downLatency: downLatencyMicroseconds
    case .upLatency: upLatencyMicroseconds
    default: nil
    }
  }
}
