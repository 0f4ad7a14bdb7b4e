import Agent
import Daemon
import Protocol
import TestSupport
import Testing

/// What the payloads of foreign devices become.
@Suite struct MappingTests {
  /// Parses a payload by one mapping, given as its keys.
  private func parsed(
    _ payload: String, _ keys: String, topic: String = "r/7"
  ) throws -> ParsedPayload {
    let mapping = try Mapping(ConfigNode.parse(text: "{ name: 'm', \(keys) }", name: "m.json5"))
    var parser = PayloadParser(payloadBytesMax: 262_144, mappings: [mapping])
    return parser.parse(topic: topic, payload: Array(payload.utf8), arrivalMs: arrivalMs)
  }

  /// A coverage mapping at a fixed place with the fields given.
  private func coverage(
    _ fields: String, _ more: String = "", source: String = "'{id}'"
  ) -> String {
    "topic: 'r/{id}', kind: 'coverage', source: \(source), \(more) fields: { "
      + "lat: { value: 20.5 }, lon: { value: 105.9 }, rat: { value: 'nr-sa' }, \(fields) }"
  }

  private func reason(_ payload: String, _ keys: String) throws -> String {
    let found = try parsed(payload, keys)
    #expect(found.measurements.isEmpty && found.rejections.count == 1)
    return found.rejections.map { "\($0.kind) \($0.field): \($0.reason)" }.joined()
  }

  private func level(_ payload: String, _ field: String) throws -> Int32? {
    let found = try parsed(payload, coverage("ss_rsrp: \(field)"))
    guard case .coverage(let body)? = found.measurements.first?.body else {
      throw TestFailure("\(found.rejections)")
    }
    return body.ssRsrpTenths
  }

  @Test func `constants, paths, words and parts of the topic make one measurement`() throws {
    let found = try parsed(
      #"{"t": 1795486650125, "net": {"mode": "5G-NSA"}, "cells": [{"x": 1}, {"a b": 77}]}"#,
      """
      topic: 'r/{id}', kind: 'coverage', source: '{id}', fields: {
        lat: { value: 20.5 }, lon: { value: 105.9 }, time: { path: '$.t', unit: 'ms' },
        rat: { path: '$.net.mode', values: { '5G-NSA': 'nr-nsa' } },
        cell: "$.cells[1]['a b']", band: { value: 'of-{id}' }, plmn: { value: '45204' } }
      """)
    let body = Coverage(
      latitudeMicrodegrees: 20_500_000, longitudeMicrodegrees: 105_900_000, radioAccess: .nrNSA,
      plmn: "45204", band: "of-7", cell: "77")
    #expect(found.rejections.isEmpty)
    #expect(
      found.measurements == [
        Measurement(source: "7", timeMs: arrivalMs, body: .coverage(body))
      ])
  }

  @Test func `factor and offset are exact to the last digit`() throws {
    #expect(try level(#"{"v": -985}"#, "{ path: '$.v', factor: 0.1 }") == -985)
    #expect(try level(#"{"v": 58}"#, "{ path: '$.v', offset: -156 }") == -980)
    #expect(try level(#"{"v": 45}"#, "{ path: '$.v', factor: 0.5, offset: -120.25 }") == -978)
    // 8.45 · 10 would be 84.4999… as a Double.
    #expect(try level(#"{"v": 8.45}"#, "{ path: '$.v', factor: -10 }") == -845)
    #expect(try level(#"{"v": 9845000000000000000}"#, "{ path: '$.v', factor: -1e-17 }") == -985)
  }

  @Test func `a number in quotes is a number`() throws {
    #expect(try level(#"{"v": " -98.5 "}"#, "'$.v'") == -985)
  }

  @Test func `what stands for not known leaves an optional field out`() throws {
    for value in ["null", "2147483647", "\"-\"", "\"2147483647\"", "2147483647.0"] {
      #expect(
        try level("{\"v\": \(value)}", "{ path: '$.v', optional: true, absent: [2147483647, '-'] }")
          == nil, "\(value)")
    }
    #expect(try level("{}", "{ path: '$.v.w[3]', optional: true }") == nil)
  }

  @Test func `what is absent and not optional rejects the measurement with the mapping's name`()
    throws
  {
    #expect(
      try reason(#"{"w": 1}"#, coverage("ss_rsrp: '$.v'"))
        == "coverage ss_rsrp: ss_rsrp is absent, and not optional in the mapping; mapping m, path "
        + "$.v")
  }

  @Test func `an illegal value is rejected with mapping, field, value and legal range`() throws {
    #expect(
      try reason(#"{"v": -1985}"#, coverage("ss_rsrp: { path: '$.v', factor: 0.1, offset: -2 }"))
        == "coverage ss_rsrp: ss_rsrp is -1985 × 0.1 − 2, allowed -156…-31 dBm; mapping m, path "
        + "$.v")
    #expect(
      try reason(#"{"v": [1]}"#, coverage("ss_rsrp: '$.v'"))
        == "coverage ss_rsrp: ss_rsrp is no single value, allowed -156…-31 dBm; mapping m, path $.v"
    )
    #expect(
      try reason(#"{"v": true}"#, coverage("cell: '$.v'"))
        == "coverage cell: cell is true, allowed a text of 1…64 bytes without control characters; "
        + "mapping m, path $.v")
    #expect(
      try reason(#"{"v": "5G"}"#, coverage("band: { path: '$.v', values: { n78: 'n78' } }"))
        == "coverage band: band is \"5G\", values knows \"n78\"; mapping m, path $.v")
    #expect(
      try reason(#"{"v": "gestern"}"#, coverage("time: '$.v'"))
        == "coverage time: time is \"gestern\", allowed 0…7258118400 s since 1970, or RFC 3339; "
        + "mapping m, path $.v")
  }

  @Test func `times come in s, ms, us and ns, as RFC 3339, and as local time`() throws {
    for (value, keys) in [
      ("1795486650.125", ""), ("1795486650125", "unit: 'ms'"), ("1795486650125000", "unit: 'us'"),
      ("1795486650125000000", "unit: 'ns'"), ("\"1795486650125\"", "unit: 'ms'"),
      ("\"2026-11-24T02:17:30.125Z\"", ""),
      ("\"2026-11-24T09:17:30.125\"", "utc_offset: '+07:00'"),
      ("\"2026-11-24 02:17:30.125Z\"", "utc_offset: '+07:00'"),
    ] {
      let found = try parsed("{\"t\": \(value)}", coverage("time: { path: '$.t', \(keys) }"))
      #expect(found.measurements.map(\.timeMs) == [arrivalMs], "\(value)")
      #expect(found.measurements.map(\.timeOrigin) == [.device])
    }
  }

  @Test func `each record is taken or rejected on its own`() throws {
    let found = try parsed(
      #"""
      {"gw": "g1", "rows": [{"id": "a", "v": -80}, {"id": "b", "v": 5}, 7, {"v": -81},
        {"id": 12, "v": -82}]}
      """#,
      coverage(
        "ss_rsrp: '@.v', band: '$.gw'", "records: '$.rows',", source: "{ path: '@.id' }"))
    #expect(found.measurements.map(\.source) == ["a", "12"])
    #expect(
      found.rejections.map(\.reason) == [
        "ss_rsrp is 5, allowed -156…-31 dBm; mapping m, path @.v",
        "source is absent or not a text of 1…128 bytes; mapping m",
        "source is absent or not a text of 1…128 bytes; mapping m",
      ])
  }

  @Test func `records that are not there are rejected`() throws {
    #expect(
      try reason(#"{"rows": 5}"#, coverage("ss_rsrp: '@.v'", "records: '$.rows',"))
        == "coverage payload: records is 5 at $.rows, allowed an object or an array; mapping m")
    #expect(
      try reason(#"{}"#, coverage("ss_rsrp: '@.v'", "records: '$.rows',"))
        == "coverage payload: records is missing at $.rows, allowed an object or an array; mapping "
        + "m")
  }

  @Test func `a payload that is no JSON is rejected whole, also where its begin was right`() throws
  {
    #expect(
      try reason(#"{"v": -80, "#, coverage("ss_rsrp: '$.v'"))
        == "coverage payload: payload is no JSON: byte 11: expected a key in quotes; mapping m")
  }

  @Test func `any bytes give a measurement or a rejection`() throws {
    var generator = SeededGenerator(seed: UInt64.random(in: 0 ... .max))
    let keys = coverage("ss_rsrp: '@.v', cell: '$.a[1].b', time: '@.t'", "records: '$.rows',")
    let whole = Array(
      #"{"a": [1, {"b": "c"}], "rows": [{"v": -80, "t": 1}, {"v": "x"}]}"#.utf8)
    let mapping = try Mapping(ConfigNode.parse(text: "{ \(keys) }", name: "m.json5"))
    var parser = PayloadParser(payloadBytesMax: 262_144, mappings: [mapping])
    for _ in 0..<3_000 {
      var bytes = Array(whole.prefix(Int.random(in: 1...whole.count, using: &generator)))
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] = UInt8.random(in: 0...255, using: &generator)
      }
      let found = parser.parse(topic: "r/7", payload: bytes, arrivalMs: arrivalMs)
      let isEmpty = bytes == Array(#"{"rows":[]}"#.utf8)
      #expect(isEmpty || !found.measurements.isEmpty || !found.rejections.isEmpty)
    }
  }

  @Test func `our own topics are read as ever beside mappings`() throws {
    let found = try parsed(
      #"{"lat": 1, "lon": 2, "rat": "lte"}"#, coverage(""), topic: "measure/coverage/modem-1")
    #expect(found.measurements.map(\.source) == ["modem-1"])
    let other = try parsed("{}", coverage(""), topic: "r/7/8")
    #expect(other.rejections.map(\.field) == ["topic"])
  }

  /// Name, topic, and the sample's measurements as `buffer export` would write them.
  static let shipped: [(String, String, [String])] = [
    (
      "teltonika-data-to-server", "rut/1102/data",
      [
        #"{"kind":"coverage","source":"1102","time":"2026-11-24T02:17:30Z","lat":20.541,"#
          + #""lon":105.913,"rat":"nr-nsa","ss_rsrp":-98,"ss_rsrq":-11,"ss_sinr":12.5,"#
          + #""plmn":"45204","band":"n78","cell":"11016972"}"#,
        #"{"kind":"coverage","source":"1102","time":"2026-11-24T02:17:40Z","lat":20.5412,"#
          + #""lon":105.9134,"rat":"lte","plmn":"45204","band":"B3","cell":"11016972"}"#,
      ]
    ),
    (
      "vega-nb", "vega/dong-van/telemetry",
      [
        #"{"kind":"coverage","source":"dong-van","time":"2026-11-24T02:17:30Z","#
          + #""lat":20.6498,"lon":105.9264,"rat":"lte","plmn":"45204","cell":"00A81B2C"}"#
      ]
    ),
    (
      "the-things-stack", "v3/ha-nam@ttn/devices/kiosk-7/up",
      [
        #"{"kind":"service","source":"ha-nam@ttn/kiosk-7","time":"2026-11-24T02:17:30.271Z","#
          + #""area":"phu-ly","counter":"payments","value":1846}"#
      ]
    ),
    (
      "tasmota-counter", "tele/queue-phu-ly/SENSOR",
      [
        #"{"kind":"service","source":"queue-phu-ly","time":"2026-11-24T02:17:30Z","#
          + #""area":"phu-ly","counter":"dossiers_received","value":1846}"#
      ]
    ),
  ]

  @Test(arguments: shipped)
  func `the samples of the shipped mappings become measurements`(
    _ name: String, _ topic: String, _ expected: [String]
  ) throws {
    let file = Repository.path("config/mappings/\(name).json5")
    let mapping = try Mapping(ConfigNode.parse(file: file))
    let sample = try Files.read(Repository.path("config/mappings/\(name).sample.json"))
    let outcome = MappingTestCommand.test(
      sample, topic: topic, [mapping], payloadBytesMax: 262_144, arrivalMs: arrivalMs)
    #expect(outcome.isTaken)
    let lines = outcome.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map(String.init)
    #expect(lines == expected)
  }

  @Test func `mapping test says what each field finds, and why a payload is not taken`() throws {
    let keys = coverage("ss_rsrp: { path: '$.v', factor: 0.1 }")
    let mapping = try Mapping(ConfigNode.parse(text: "{ name: 'm', \(keys) }", name: "m.json5"))
    func test(_ payload: String, _ topic: String) -> String {
      MappingTestCommand.test(
        Array(payload.utf8), topic: topic, [mapping], payloadBytesMax: 1_024, arrivalMs: 0
      ).text
    }
    #expect(
      test(#"{"v": 12}"#, "r/7") == """
        r/7: ánh xạ / mapping m, coverage
          lat: 20.5
          lon: 105.9
          rat: "nr-sa"
          ss_rsrp: 12 × 0.1 at $.v
        nhận / taken 0, từ chối / rejected 1
        từ chối / rejected: ss_rsrp: ss_rsrp is 12 × 0.1, allowed -156…-31 dBm; mapping m, path $.v

        """)
    #expect(
      test("{}", "q/7") == """
        q/7: không ánh xạ nào nhận / no mapping takes it; đang có / there are:
          r/{id} (mapping m)

        """)
  }
}
