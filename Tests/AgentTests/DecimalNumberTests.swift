import Agent
import Protocol
import Testing

/// Numbers reach the wire as a person would round them on paper.
@Suite struct DecimalNumberTests {
  private func tenths(_ text: String) -> Int32? {
    let found = parsed(#"{"lat": 0, "lon": 0, "rat": "nr-sa", "ss_sinr": \#(text)}"#)
    guard case .coverage(let coverage)? = found.measurements.first?.body else { return nil }
    return coverage.ssSinrTenths
  }

  @Test func `every tenth and every half of a tenth is exact`() {
    for step in -2_290...3_990 {
      let magnitude = abs(step)
      let sign = step < 0 ? "-" : ""
      let text = "\(sign)\(magnitude / 100).\(magnitude / 10 % 10)\(magnitude % 10)"
      let rounded = (magnitude + 5) / 10
      #expect(tenths(text) == Int32(step < 0 ? -rounded : rounded), "\(text)")
    }
  }

  @Test(arguments: [
    ("0", 0), ("-0.0", 0), ("0.05", 1), ("0.04999999999999999999999", 0), ("8.45", 85),
    ("-8.45", -85), ("1e1", 100), ("1E-1", 1), ("125e-2", 13),
    ("0.000000000000000000000125e22", 13),
    ("1234567890123456789012345e-24", 12), ("1e-999999999999", 0), ("0e999999999999", 0),
    ("39.95", 400), ("3.9949999999999999999999e1", 399),
  ])
  func `exponents and many digits change nothing`(_ text: String, _ value: Int32) {
    #expect(tenths(text) == value)
  }

  @Test(arguments: ["40.05", "1e999999999999", "1e18", "99999999999999999999999", "-1e30"])
  func `what is beyond the range is rejected and not wrapped`(_ text: String) {
    #expect(tenths(text) == nil)
  }

  @Test func `milliseconds of a time are kept`() {
    for ms in stride(from: Int64(1_795_486_650_000), to: 1_795_486_651_000, by: 1) {
      let fraction = String(String(1_000 + ms % 1_000).dropFirst())
      let found = parsed(
        #"{"time": \#(ms / 1_000).\#(fraction), "counter": "c", "value": 1}"#,
        topic: "measure/service/s")
      #expect(found.measurements.first?.timeMs == ms)
    }
  }
}
