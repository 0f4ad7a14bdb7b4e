import Daemon
import TestSupport
import Testing

/// The broadband probe where servers, a direction or ping fail in the middle: what was measured is
/// kept, what was not is absent, and the next server is asked.
@Suite struct ProbeServerFaultTests {
  private func site(_ ports: [Int]) -> ProbeSite {
    let servers = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
    let site = ProbeSite(
      probes: """
        broadband: { l: { line: "HNM-1", interface: "lo", servers: [\(servers)], attempts: 1,
          busy_bps: 1000000000000, busy_seconds: 1, ping: "127.0.0.1" } }
        """)
    site.fake("iperf3", as: "iperf3")
    return site
  }

  /// The only row that waits for the broker.
  private func row(_ site: ProbeSite) throws -> ConfigNode {
    let waiting = try site.state("broadband", "l").required("waiting").array()
    #expect(waiting.count == 1)
    return try #require(waiting.first?["row"])
  }

  /// What is left of a run that measured the way down alone.
  private func expectOnlyDown(
    _ site: ProbeSite, _ port: Int, _ run: (text: String, exitCode: Int32), _ outcome: String,
    _ code: Int32, _ vi: String, _ en: String
  ) throws {
    #expect(
      run.text
        == "✗ broadband l: chỉ đo được chiều xuống: 127.0.0.1:\(port): \(vi) / only the down "
        + "direction was measured: 127.0.0.1:\(port): \(en)\n" && run.exitCode == code)
    #expect(try site.count("broadband", "l", outcome) == 1)
    let row = try row(site)
    #expect(try row.required("down_bps").integer(in: 0...Int64.max) == 934_000_000)
    #expect(row["up_bps"] == nil && row["up_latency_ms"] == nil && row["latency_ms"] != nil)
    // Half a test does not tell what the next will take.
    let budget = try site.state("broadband", "l").required("budget")
    #expect(try budget.required("last_test_bytes").integer(in: 0...1) == 0)
  }

  @Test func `a way up that hangs up leaves the rate down, and is absent`() throws {
    let site = site([5_205])
    let words = "control socket has closed unexpectedly"
    try expectOnlyDown(site, 5_205, site.probe("broadband"), "refused", 93, words, words)
  }

  /// Both wait out iperf3's own time, so they do it beside each other.
  @Test
  func `a way up that hangs is absent; servers that hang or talk nonsense lead on to the next`()
    throws
  {
    let halved = site([5_206])
    let hanging = halved.start("broadband", log: "run.log")
    let site = site([5_204, 5_207, 5_208, 5_209, 5_203, 5_201, 5_202])
    let run = try site.probe("broadband", ["--print"])
    #expect(run.exitCode == 0, "\(run.text)")
    #expect(run.text.contains(#""line":"HNM-1","down_bps":934000000,"up_bps":934000000"#))
    #expect(
      try site.folder.text(of: "bin/asked")
        == "5204\n5207\n5208\n5209\n5203\n5201\n5202\n5202\n")
    let code = try hanging.wait(within: .seconds(120))
    try expectOnlyDown(
      halved, 5_206, (halved.folder.text(of: "run.log"), code), "tool_hung", 81,
      "iperf3 không xong sau 27 s và đã bị dừng", "iperf3 was not done after 27 s and was ended")
  }

  @Test(arguments: [
    (
      [5_207], "cut_short", Int32(84),
      "127.0.0.1:5207: trả lời của iperf3 bị đứt giữa chừng sau 27 byte",
      "127.0.0.1:5207: the answer of iperf3 ends in the middle, after 27 bytes"
    ),
    (
      [5_208], "nonsense", 83,
      "127.0.0.1:5208: trả lời của iperf3 không phải là JSON: expected a value, found "
        + "Segmentation; put texts in quotes",
      "127.0.0.1:5208: the answer of iperf3 is no JSON: expected a value, found Segmentation; put "
        + "texts in quotes"
    ),
    (
      [5_203, 5_209], "out_of_range", 85,
      "127.0.0.1:5203: unable to connect to server: Connection refused; 127.0.0.1:5209: iperf3 báo "
        + "2e12 bit/s, cho phép 0…1e12; kết quả bị bỏ",
      "127.0.0.1:5203: unable to connect to server: Connection refused; 127.0.0.1:5209: iperf3 "
        + "reports 2e12 bit/s, allowed 0…1e12; the reading is not used"
    ),
  ])
  func `without any server's rate each is named with its fault, and nothing is published`(
    _ ports: [Int], _ outcome: String, _ code: Int32, _ vi: String, _ en: String
  ) throws {
    let site = site(ports)
    let run = try site.probe("broadband")
    #expect(
      run.text == "✗ broadband l: không máy chủ iperf3 nào nhận đo: \(vi) / no iperf3 server takes "
        + "the test: \(en)\n" && run.exitCode == code)
    #expect(try site.count("broadband", "l", outcome) == 1)
    #expect(try site.state("broadband", "l").required("waiting").array().isEmpty)
  }

  @Test func `without ping the rates are published and the latency is absent`() throws {
    let site = site([5_202])
    // Nothing but the played iperf3 is on the path.
    let run = try site.probe("broadband", isPathBare: true)
    #expect(
      run.text == "✗ broadband l: không đo được độ trễ: chưa cài chương trình ping; hãy cài gói "
        + "iputils-ping / the latency was not measured: ping is not installed; install the package "
        + "iputils-ping\n" && run.exitCode == 80)
    #expect(try site.count("broadband", "l", "tool_missing") == 1)
    let row = try row(site)
    #expect(row["down_bps"] != nil && row["up_bps"] != nil)
    for key in ["latency_ms", "jitter_ms", "loss", "down_latency_ms"] {
      #expect(row[key] == nil, "\(key)")
    }
  }
}
