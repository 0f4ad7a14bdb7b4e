import Protocol
import Simulator
import Testing

@Suite struct PayloadTests {
  @Test func `one measurement is an object, in the words of the local topics`() {
    let payload = Payload.json([coverage(timeMs: 1_766_700_000_042)])
    #expect(
      String(decoding: payload, as: UTF8.self)
        == #"{"time":1766700000.042,"lat":20.541234,"lon":-0.000001,"accuracy":4.5,"#
        + #""rat":"nr-sa","active":true,"ss_rsrp":-93.5,"plmn":"45204","simulated":true}"#)
  }

  @Test func `several measurements are an array`() {
    let one = String(decoding: Payload.json([coverage(timeMs: 1_000)]), as: UTF8.self)
    let two = String(
      decoding: Payload.json([coverage(timeMs: 1_000), coverage(timeMs: 1_000)]), as: UTF8.self)
    #expect(two == "[\(one),\(one)]")
  }

  @Test func `a speed test and a counter carry every field that they have`() {
    let test = Broadband(
      line: "line-001", area: "phu-ly", downBps: 938_000_000, latencyMicroseconds: 3_250,
      provisionedDownBps: 1_000_000_000, linkBps: 1_000_000_000, isWired: true, streams: 8,
      durationMs: 10_500)
    #expect(
      text(.broadband(test))
        == #"{"time":1.000,"line":"line-001","area":"phu-ly","down_bps":938000000,"#
        + #""latency_ms":3.250,"provisioned_down_bps":1000000000,"link_bps":1000000000,"#
        + #""wired":true,"streams":8,"seconds":10.500,"simulated":true}"#)
    #expect(
      text(.service(ServiceCount(area: "ly-nhan", counter: "payments", value: 12)))
        == #"{"time":1.000,"area":"ly-nhan","counter":"payments","value":12,"simulated":true}"#)
  }

  @Test(arguments: [
    (0, 1, "0.0"), (5, 1, "0.5"), (-5, 1, "-0.5"), (-935, 1, "-93.5"), (7, 3, "0.007"),
    (1_000_000, 6, "1.000000"), (-1, 6, "-0.000001"), (42, 0, "42"),
  ])
  func `a whole number of small units becomes an exact decimal`(
    value: Int64, digits: Int, text: String
  ) {
    #expect(Payload.decimal(value, digits: digits) == text)
  }

  @Test func `a load sample has 200 bytes and its own time, whichever it is`() {
    var sample = FloodSample(source: "flood", firstMs: 1_766_700_000_998)
    let payloads = [0, 1, 2, 9_999].map { String(decoding: sample.payload($0), as: UTF8.self) }
    #expect(payloads.allSatisfy { $0.utf8.count == 200 })
    #expect(
      payloads.map { $0.prefix(22) }.map { $0.dropFirst(8) } == [
        "1766700000.998", "1766700000.999", "1766700001.000", "1766700010.997",
      ])
    #expect(payloads[0].hasPrefix(#"{"time":1766700000.998,"lat":20.50000,"lon":105.90000,"acc"#))
    #expect(payloads[1].hasPrefix(#"{"time":1766700000.999,"lat":20.50037,"lon":105.90091,"acc"#))
    #expect(payloads[0].hasSuffix(#""simulated":true}"#))
  }

  @Test func `a numbered load sample tells its number to the agent`() {
    var sample = FloodSample(source: "flood-1", firstMs: 1_766_700_000_000)
    let text = String(decoding: sample.numbered(41), as: UTF8.self)
    #expect(text.hasPrefix(#"{"numbered":"flood-1","first":41,"measurements":[{"time":17667"#))
    #expect(text.hasSuffix(#""simulated":true}]}"#))
  }

  private func text(_ body: Measurement.Body) -> String {
    let measurement = Measurement(source: "s", timeMs: 1_000, isSimulated: true, body: body)
    return String(decoding: Payload.json([measurement]), as: UTF8.self)
  }

  private func coverage(timeMs: Int64) -> Measurement {
    Measurement(
      source: "car", timeMs: timeMs, isSimulated: true,
      body: .coverage(
        Coverage(
          latitudeMicrodegrees: 20_541_234, longitudeMicrodegrees: -1, accuracyDecimetres: 45,
          radioAccess: .nrSA, isActive: true, ssRsrpTenths: -935, plmn: "45204")))
  }
}
