import Agent
import Protocol
import Testing

@Suite struct SenMLPackTests {
  @Test func `records of one time become one measurement, with base values and units`() {
    let found = parsed(
      #"""
      [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1795486650, "bver": 10},
       {"n": "lat", "u": "lat", "v": 20.541}, {"n": "lon", "u": "lon", "v": 105.913},
       {"n": "rat", "vs": "nr-sa"}, {"n": "active", "vb": true},
       {"n": "ss_rsrp", "u": "dBW", "v": -128.45}, {"n": "accuracy", "u": "km", "v": 0.005},
       {"n": "lat", "v": 20.542, "t": 1.5}, {"n": "lon", "v": 105.914, "t": 1.5},
       {"n": "rat", "vs": "lte", "t": 1.5}]
      """#)
    #expect(found.rejections.isEmpty)
    let first = Coverage(
      latitudeMicrodegrees: 20_541_000, longitudeMicrodegrees: 105_913_000,
      accuracyDecimetres: 50, radioAccess: .nrSA, isActive: true, ssRsrpTenths: -985)
    let second = Coverage(
      latitudeMicrodegrees: 20_542_000, longitudeMicrodegrees: 105_914_000, radioAccess: .lte)
    #expect(
      found.measurements == [
        Measurement(source: "modem-1", timeMs: 1_795_486_650_000, body: .coverage(first)),
        Measurement(source: "modem-1", timeMs: 1_795_486_651_500, body: .coverage(second)),
      ])
  }

  @Test func `times below 2^28 are relative to the arrival, and so is none`() {
    let found = parsed(
      #"""
      [{"n": "counter", "vs": "payments"}, {"n": "value", "v": 3},
       {"n": "counter", "vs": "payments", "t": -60}, {"n": "value", "u": "count", "v": 2, "t": -60}]
      """#, topic: "measure/service/portal")
    #expect(found.measurements.map(\.timeMs) == [arrivalMs, arrivalMs - 60_000])
    #expect(found.measurements.map(\.timeOrigin) == [.arrival, .arrival])
  }

  @Test func `a base value and a base unit count until they are replaced`() {
    let found = parsed(
      #"""
      [{"bn": "probe/", "bu": "Mbit/s", "bv": 900, "n": "down_bps", "v": 38.5},
       {"n": "link_bps", "bv": 0, "v": 2500}, {"n": "latency_ms", "u": "s", "v": 0.00325},
       {"n": "loss", "u": "%", "v": 0.1}, {"n": "line", "vs": "L1"}]
      """#, topic: "measure/broadband/p")
    let body = Broadband(
      line: "L1", downBps: 938_500_000, latencyMicroseconds: 3_250, lossMillionths: 1_000,
      linkBps: 2_500_000_000)
    #expect(found.rejections.isEmpty)
    #expect(found.measurements.map(\.body) == [.broadband(body)])
  }

  @Test(arguments: [
    (
      #"{"n": "ss_rsrp", "u": "V", "v": -80}"#, "ss_rsrp has unit V, allowed dBm, dBW"
    ),
    (#"{"n": "ss_rsrp", "u": "dBW", "v": -10}"#, "ss_rsrp is -10 dBW, allowed -156…-31 dBm"),
    (#"{"n": "ss_rsrp", "vs": "-80"}"#, #"ss_rsrp is "-80", allowed -156…-31 dBm"#),
    (#"{"n": "ss_rsrp"}"#, "ss_rsrp is without a value, allowed one of v, vs, vb"),
    (#"{"n": "ss_rsrp", "s": 5}"#, "ss_rsrp is given as s, allowed one of v, vs, vb"),
    (
      #"{"n": "ss_rsrp", "v": -80, "vb": true}"#, "ss_rsrp is given twice, allowed one of v, vs, vb"
    ),
    (#"{"n": "lat", "v": 5}"#, "lat is given twice for one time"),
    (#"{"n": "ss_rsrp", "v": "x"}"#, #"v is "x", allowed a number"#),
  ])
  func `a wrong record rejects its measurement and no other`(_ record: String, _ reason: String) {
    let found = parsed(
      #"""
      [{"bn": "a:", "bt": 1e9, "n": "lat", "v": 1}, {"n": "lon", "v": 1}, {"n": "rat", "vs": "lte"},
       \#(record),
       {"bt": 2e9, "n": "lat", "v": 1}, {"n": "lon", "v": 1}, {"n": "rat", "vs": "lte"}]
      """#)
    #expect(found.rejections.map(\.reason) == [reason])
    #expect(found.measurements.map(\.timeMs) == [2_000_000_000_000])
  }

  @Test(arguments: [
    (#"{"bt": "x"}"#, #"bt is "x", allowed a number"#),
    (#"{"bver": 11}"#, "bver is 11, allowed 1…10"),
    (#"{"n": "lat", "v": 1, "new_": 1}"#, "label new_ must be understood, and is not"),
  ])
  func `what would change the meaning of all that follows rejects the pack`(
    _ record: String, _ reason: String
  ) {
    let found = parsed(
      #"""
      [{"bn": "a:", "n": "lat", "v": 1}, {"n": "lon", "v": 1}, {"n": "rat", "vs": "lte"},
       \#(record)]
      """#
    )
    #expect(found.rejections.map(\.reason) == [reason])
    #expect(found.measurements.isEmpty)
  }

  @Test func `devices of one pack stay apart, and unknown names are counted`() {
    let found = parsed(
      #"""
      [{"n": "a:lat", "v": 1}, {"n": "b:lat", "v": 2}, {"n": "a:lon", "v": 1},
       {"n": "b:lon", "v": 2}, {"n": "a:rat", "vs": "lte"}, {"n": "b:rat", "vs": "lte"},
       {"n": "a:voltage", "u": "V", "v": 5}]
      """#)
    #expect(found.measurements.count == 2)
    #expect(found.unknownFieldCount == 1 && found.lastUnknownField == "voltage")
  }
}
