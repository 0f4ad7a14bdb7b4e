import Agent
import Protocol
import Testing

@Suite struct PayloadFuzzTests {
  private static let seeds = [
    #"{"time": 1795486650.125, "lat": 20.541, "lon": 105.913, "rat": "nr-nsa", "ss_rsrp": -98.5}"#,
    #"[{"lat": 1, "lon": 2, "rat": "lte", "cell": "\u00e9\ud83d\ude00"}, {"lat": 91}, 7, null]"#,
    #"[{"bn": "a:", "bt": 1e9, "n": "lat", "u": "lat", "v": 1}, {"n": "lon", "v": 2, "t": 1}]"#,
    #"{"numbered": "x", "first": 5, "measurements": [{"lat": 1, "lon": 2, "rat": "lte"}]}"#,
    #"{"line": "L", "down_bps": 1e9, "wired": true, "x": {"y": [1, {"z": "w"}]}}"#,
    #"{"counter": "payments", "value": 12, "time": "2026-11-24T02:17:30Z"}"#,
  ].map { Array($0.utf8) }
  private static let tokens: [[UInt8]] = [
    "{", "}", "[", "]", ",", ":", "\"", "\\u", "\\ud800", "1e999", "-", "null", "\"n\"", "\"bn\"",
    "\"numbered\"", "\u{0}", "é",
  ].map { Array($0.utf8) }

  @Test(arguments: [UInt64(1), 2, 3])
  func `10,000 mutated and random payloads never crash, and none goes without a word`(
    _ seed: UInt64
  ) {
    var random = Xorshift(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    var parser = PayloadParser(payloadBytesMax: 262_144)
    for _ in 0..<10_000 {
      let payload = mutated(&random)
      let kind = Kind.allCases.randomElement(using: &random) ?? .coverage
      let found = parser.parse(
        topic: "measure/\(kind.name)/s", payload: payload, arrivalMs: arrivalMs)
      for rejection in found.rejections {
        #expect(!rejection.field.isEmpty && !rejection.reason.isEmpty)
        #expect(rejection.reason.utf8.count <= Rejection.reasonBytesMax)
        #expect(rejection.kind == kind.name)
      }
      if found.measurements.isEmpty, found.rejections.isEmpty {
        // Only an array without rows, numbered or not, or a pack without values.
        #expect(payload.contains(UInt8(ascii: "[")), "\(String(decoding: payload, as: UTF8.self))")
      }
      if !found.measurements.isEmpty { expectLegal(found.measurements) }
      #expect(found.numbered.map { $0.places.count == found.measurements.count } ?? true)
    }
  }

  /// What the parser takes the wire takes: it comes back from a segment as it was.
  private func expectLegal(_ measurements: [Measurement]) {
    let bytes = Segment.encode(measurements, receivedMs: arrivalMs)
    #expect(throws: Never.self) { try Segment(decoding: bytes[...]) }
  }

  private func mutated(_ random: inout Xorshift) -> [UInt8] {
    if Int.random(in: 0..<8, using: &random) == 0 {
      return (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
    }
    var bytes = PayloadFuzzTests.seeds.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = .random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      case 2: bytes.removeSubrange(place...)
      case 3:
        let token = PayloadFuzzTests.tokens.randomElement(using: &random) ?? []
        bytes.insert(contentsOf: token, at: place)
      default:
        let other = PayloadFuzzTests.seeds.randomElement(using: &random) ?? []
        bytes.insert(contentsOf: other.prefix(40), at: place)
      }
    }
    return bytes
  }
}

/// Small and repeatable: a failure's seed gives the same payloads again.
struct Xorshift: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
