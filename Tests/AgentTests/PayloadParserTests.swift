import Agent
import Protocol
import Testing

let arrivalMs: Int64 = 1_795_486_650_125

func parsed(_ payload: String, topic: String = "measure/coverage/modem-1") -> ParsedPayload {
  var parser = PayloadParser(payloadBytesMax: 262_144)
  return parser.parse(topic: topic, payload: Array(payload.utf8), arrivalMs: arrivalMs)
}

/// `field: reason` of each rejection.
func reasons(_ payload: String, topic: String = "measure/coverage/modem-1") -> [String] {
  parsed(payload, topic: topic).rejections.map { "\($0.field): \($0.reason)" }
}

@Suite struct PayloadParserTests {
  @Test func `every field of a coverage sample arrives in the units of the wire`() {
    let found = parsed(
      #"""
      {"time": 1795486650.125, "lat": 20.5410005, "lon": 105.913, "accuracy": 4.25, "rat": "nr-nsa",
       "active": true, "ss_rsrp": -98.45, "ss_rsrq": -11, "ss_sinr": 12.5e0, "plmn": "45204",
       "band": "n78", "cell": 11016972, "simulated": true}
      """#)
    let body = Coverage(
      latitudeMicrodegrees: 20_541_001, longitudeMicrodegrees: 105_913_000, accuracyDecimetres: 43,
      radioAccess: .nrNSA, isActive: true, ssRsrpTenths: -985, ssRsrqTenths: -110,
      ssSinrTenths: 125, plmn: "45204", band: "n78", cell: "11016972")
    #expect(
      found.measurements == [
        Measurement(
          source: "modem-1", timeMs: arrivalMs, isSimulated: true, body: .coverage(body))
      ])
    #expect(found.rejections.isEmpty && found.numbered == nil && found.unknownFieldCount == 0)
  }

  @Test func `every field of a speed test and of a counter arrives too`() {
    let test = parsed(
      #"""
      {"line": "L-1", "area": "phu-ly", "down_bps": 938000000, "up_bps": 4.5e8, "latency_ms": 3.25,
       "jitter_ms": 0.0005, "loss": 0.001, "provisioned_down_bps": 1e9,
       "offered_down_bps": 1000000000, "link_bps": 2.5E+9, "wired": true,
       "tool": "iperf3", "streams": 4, "seconds": 10.5,
       "down_latency_ms": 40.5, "up_latency_ms": 3600000}
      """#, topic: "measure/broadband/probe/7")
    let body = Broadband(
      line: "L-1", area: "phu-ly", downBps: 938_000_000, upBps: 450_000_000,
      latencyMicroseconds: 3_250, jitterMicroseconds: 1, lossMillionths: 1_000,
      provisionedDownBps: 1_000_000_000, offeredDownBps: 1_000_000_000, linkBps: 2_500_000_000,
      isWired: true, tool: "iperf3", streams: 4, durationMs: 10_500,
      downLatencyMicroseconds: 40_500, upLatencyMicroseconds: 3_600_000_000)
    #expect(
      test.measurements == [
        Measurement(
          source: "probe/7", timeMs: arrivalMs, timeOrigin: .arrival, body: .broadband(body))
      ])
    let counter = parsed(
      #"""
      {"time": "2026-11-24T09:17:30.125+07:00", "counter": "payments", "value": 9007199254740992}
      """#,
      topic: "measure/service/portal")
    let reading = ServiceCount(counter: "payments", value: 9_007_199_254_740_992)
    #expect(
      counter.measurements == [
        Measurement(source: "portal", timeMs: arrivalMs, body: .service(reading))
      ])
  }

  @Test func `null and an empty optional text mean absent`() {
    let found = parsed(
      #"{"time": null, "lat": 1, "lon": 2, "rat": "lte", "ss_rsrp": null, "plmn": "", "band": ""}"#)
    let body = Coverage(
      latitudeMicrodegrees: 1_000_000, longitudeMicrodegrees: 2_000_000, radioAccess: .lte)
    #expect(
      found.measurements == [
        Measurement(
          source: "modem-1", timeMs: arrivalMs, timeOrigin: .arrival, body: .coverage(body))
      ])
  }

  @Test(arguments: [
    (#""lat": 95.2"#, "lat: lat is 95.2, allowed -90…90 °"),
    (#""lat": -90.0000006"#, "lat: lat is -90.0000006, allowed -90…90 °"),
    (#""lat": 1e400"#, "lat: lat is 1e400, allowed -90…90 °"),
    (#""lat": "20""#, #"lat: lat is "20", allowed -90…90 °"#),
    (#""lat": [1]"#, "lat: lat is [1], allowed -90…90 °"),
    (#""ss_rsrp": 2147483647"#, "ss_rsrp: ss_rsrp is 2147483647, allowed -156…-31 dBm"),
    (#""ss_rsrp": -30.94"#, "ss_rsrp: ss_rsrp is -30.94, allowed -156…-31 dBm"),
    (
      #""time": 1795486650125"#,
      "time: time is 1795486650125, allowed 0…7258118400 s since 1970, or RFC 3339"
    ),
    (#""time": "noon""#, #"time: time is "noon", allowed 0…7258118400 s since 1970, or RFC 3339"#),
    (#""time": -1"#, "time: time is -1, allowed 0…7258118400 s since 1970, or RFC 3339"),
    (#""active": 1"#, "active: active is 1, allowed true, false"),
    (#""plmn": "452""#, #"plmn: plmn is "452", allowed 5 or 6 digits, MCC and MNC"#),
    (#""plmn": 45204.5"#, "plmn: plmn is 45204.5, allowed 5 or 6 digits, MCC and MNC"),
    (
      #""rat": "5g""#,
      #"rat: rat is "5g", allowed none, nr-sa, nr-nsa, lte, hspa, umts, edge, gsm"#
    ),
    (
      #""cell": "a\nb""#,
      "cell: cell is \"a\nb\", allowed a text of 1…64 bytes without control characters"
    ),
  ])
  func `an illegal value is rejected with field, value and what is legal`(
    _ member: String, _ reason: String
  ) {
    var row = #"{"time": 1, "lat": 20, "lon": 105, "rat": "lte", "x": 1}"#
    let key = member.prefix { $0 != ":" }
    if let range = row.firstRange(of: "\(key):") {
      let end = row[range.upperBound...].firstIndex(of: ",") ?? row.endIndex
      row.replaceSubrange(range.lowerBound..<end, with: member)
    } else {
      row = row.replacing(#""x": 1"#, with: member)
    }
    #expect(reasons(row) == [reason])
    #expect(parsed(row).measurements.isEmpty)
  }

  @Test(arguments: [
    (#"{"lon": 105, "rat": "lte"}"#, "coverage", "lat: lat is missing, allowed -90…90 °"),
    (
      #"{}"#, "broadband",
      "line: line is missing, allowed a text of 1…64 bytes without control characters"
    ),
    (
      #"{"line": "", "down_bps": 1}"#, "broadband",
      "line: line is missing, allowed a text of 1…64 bytes without control characters"
    ),
    (#"{"counter": "c"}"#, "service", "value: value is missing, allowed 0…9007199254740992"),
    (#"{"lat": 1, "lat": 1}"#, "coverage", "lat: lat is given twice"),
    (
      "5", "coverage",
      "payload: payload is 5, allowed an object, an array of them, or a SenML pack"
    ),
    ("[5]", "coverage", "payload: row is 5, allowed an object"),
    ("", "coverage", "payload: payload is 0 bytes, allowed 1…262144; send a JSON object"),
    (#"{"lat" 1}"#, "coverage", "payload: payload is no JSON: byte 7: expected :"),
    (#"{"lat": 01}"#, "coverage", "payload: payload is no JSON: byte 8: expected a number"),
    (#"{"lat": 1,}"#, "coverage", "payload: payload is no JSON: byte 10: expected a key in quotes"),
    (#"{"lat": 1} x"#, "coverage", "payload: payload is no JSON: byte 11: expected the end"),
    (#"[{"lat": 1}"#, "coverage", "payload: payload is no JSON: byte 11: expected , or ]"),
    (#"{"lat": NaN}"#, "coverage", "payload: payload is no JSON: byte 8: expected a value"),
    (
      #"{"lat": 1.}"#, "coverage",
      "payload: payload is no JSON: byte 10: expected a digit after the point"
    ),
    (
      #"{"a": "b"#, "coverage",
      "payload: payload is no JSON: byte 6: the text that begins here has no end"
    ),
    (#"{"a": "\x"}"#, "coverage", "payload: payload is no JSON: byte 7: no escape of JSON"),
  ])
  func `what is missing, double or no JSON is rejected`(
    _ payload: String, _ kind: String, _ reason: String
  ) {
    #expect(reasons(payload, topic: "measure/\(kind)/s") == [reason])
  }

  @Test func `a payload that is too large, too deep or has too many rows is rejected`() {
    let large = String(repeating: " ", count: 262_145)
    #expect(
      reasons(large) == ["payload: payload is 262145 bytes, allowed 1…262144; send it in parts"])
    let deep = #"{"a": "# + String(repeating: "[", count: 100_000)
    #expect(reasons(deep) == ["payload: payload is no JSON: byte 20: too deep a nesting"])
    let many = "[" + String(repeating: "1,", count: 10_000) + "1]"
    #expect(
      reasons(many) == ["payload: payload has 10001 rows, allowed 1…10000; send it in parts"])
  }

  @Test(arguments: ["measure/coverage", "measure/weather/x", "measure/coverage/", "other"])
  func `a topic that names no kind or source is rejected`(_ topic: String) {
    let found = parsed("{}", topic: topic)
    #expect(
      found.rejections == [
        Rejection(
          kind: "unknown", field: "topic",
          reason: "topic is \(topic), allowed measure/<kind>/<source> with kind coverage, "
            + "broadband, service, check and source of 1…128 bytes")
      ])
  }

  @Test func `a bad row of an array is rejected alone`() {
    let found = parsed(
      #"""
      [{"lat": 1, "lon": 2, "rat": "lte"}, {"lat": 91, "lon": 2, "rat": "lte"}, 7,
       {"lat": 3, "lon": 4, "rat": "nr-sa", "ss_rsrp": -80}]
      """#)
    #expect(found.measurements.count == 2)
    #expect(
      found.rejections.map(\.reason) == [
        "lat is 91, allowed -90…90 °", "row is 7, allowed an object",
      ])
  }

  @Test func `an unknown field is left out and counted, so that a misspelt one is seen`() {
    let found = parsed(#"{"lat": 1, "lon": 2, "rat": "nr-sa", "ss-rsrp": -80, "x": {"y": [1]}}"#)
    #expect(found.measurements.count == 1)
    #expect(found.unknownFieldCount == 2)
    #expect(found.lastUnknownField == "x")
  }

  @Test func `keys and texts may be escaped`() {
    let found = parsed(
      #"{"\u006cat": 1, "lon": 2, "rat": "\u006cte", "band": "\u00e9\ud83d\ude00"}"#)
    guard case .coverage(let coverage)? = found.measurements.first?.body else {
      Issue.record("\(found)")
      return
    }
    #expect(coverage.band == "é😀")
  }

  @Test func `a long value is cut in the reason, and a reason is bounded`() throws {
    let found = parsed(#"{"rat": ""# + String(repeating: "é", count: 1_000) + #""}"#)
    let rejection = try #require(found.rejections.first)
    #expect(rejection.reason.utf8.count <= Rejection.reasonBytesMax)
    #expect(rejection.reason.contains("…\", allowed none, nr-sa"))
  }
}
