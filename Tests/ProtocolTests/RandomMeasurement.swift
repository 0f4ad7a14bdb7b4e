import Protocol
import TestSupport

extension Measurement {
  /// Any legal measurement, absent fields and extremes included.
  static func random(using generator: inout SeededGenerator) -> Measurement {
    let body: Body =
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: .coverage(.random(using: &generator))
      case 1: .broadband(.random(using: &generator))
      case 2: .check
      default:
        .service(
          ServiceCount(
            area: maybe(text(using: &generator), using: &generator),
            counter: text(using: &generator),
            value: value(LegalRange.counterValue, using: &generator)))
      }
    return Measurement(
      source: text(using: &generator), timeMs: value(LegalRange.time, using: &generator),
      timeOrigin: Bool.random(using: &generator) ? .device : .arrival,
      isSimulated: Bool.random(using: &generator), body: body)
  }

  static func maybe<T>(_ value: T, using generator: inout SeededGenerator) -> T? {
    Bool.random(using: &generator) ? value : nil
  }

  static func value(_ range: LegalRange, using generator: inout SeededGenerator) -> Int64 {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: range.values.lowerBound
    case 1: range.values.upperBound
    default: Int64.random(in: range.values, using: &generator)
    }
  }

  static func small(_ range: LegalRange, using generator: inout SeededGenerator) -> Int32 {
    Int32(value(range, using: &generator))
  }

  static func text(using generator: inout SeededGenerator) -> String {
    ["", "xe-buýt-01", "a", "kcn-đồng-văn", "n78"].randomElement(using: &generator) ?? ""
  }
}

extension Coverage {
  static func random(using generator: inout SeededGenerator) -> Coverage {
    func maybe(_ range: LegalRange) -> Int32? {
      Measurement.maybe(Measurement.small(range, using: &generator), using: &generator)
    }
    return Coverage(
      latitudeMicrodegrees: Measurement.small(.latitude, using: &generator),
      longitudeMicrodegrees: Measurement.small(.longitude, using: &generator),
      accuracyDecimetres: maybe(.accuracy),
      radioAccess: RadioAccess.allCases.randomElement(using: &generator) ?? .none,
      isActive: Measurement.maybe(Bool.random(using: &generator), using: &generator),
      ssRsrpTenths: maybe(.ssRsrp), ssRsrqTenths: maybe(.ssRsrq), ssSinrTenths: maybe(.ssSinr),
      plmn: Measurement.maybe("45204", using: &generator),
      band: Measurement.maybe(Measurement.text(using: &generator), using: &generator),
      cell: Measurement.maybe(Measurement.text(using: &generator), using: &generator))
  }
}

extension Broadband {
  static func random(using generator: inout SeededGenerator) -> Broadband {
    func maybe(_ range: LegalRange) -> Int64? {
      Measurement.maybe(Measurement.value(range, using: &generator), using: &generator)
    }
    return Broadband(
      line: Measurement.text(using: &generator),
      area: Measurement.maybe("phu-ly", using: &generator),
      downBps: Measurement.value(.down, using: &generator), upBps: maybe(.up),
      latencyMicroseconds: maybe(.latency), jitterMicroseconds: maybe(.jitter),
      lossMillionths: maybe(.loss), provisionedDownBps: maybe(.provisionedDown),
      offeredDownBps: maybe(.offeredDown), linkBps: maybe(.link),
      isWired: Measurement.maybe(Bool.random(using: &generator), using: &generator),
      tool: Measurement.maybe("iperf3", using: &generator), streams: maybe(.streams),
      durationMs: maybe(.duration), downLatencyMicroseconds: maybe(.downLatency),
      upLatencyMicroseconds: maybe(.upLatency))
  }
}
