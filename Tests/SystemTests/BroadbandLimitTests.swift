import Daemon
import Glibc
import TestSupport
import Testing

/// The broadband probe where data, time or ping run out in the middle of its list of servers.
@Suite struct BroadbandLimitTests {
  private func site(_ ports: [Int], ping: String = "127.0.0.1", _ more: String) -> ProbeSite {
    let servers = ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
    let site = ProbeSite(
      probes: """
        broadband: { l: { line: "HNM-1", interface: "lo", servers: [\(servers)],
          busy_bps: 1000000000000, busy_seconds: 1, ping: "\(ping)", \(more) } }
        """)
    site.fake("iperf3", as: "iperf3")
    return site
  }

  @Test func `data that ends after a server has failed ends the run with that server's fault`()
    throws
  {
    // One test fits, but not beside the round trips before it.
    let site = site(
      [5_203, 5_202], "provisioned_down_bps: 1000000000, budget_bytes_per_month: 3000000000")
    let run = try site.probe("broadband")
    let refused = "127.0.0.1:5203: unable to connect to server: Connection refused; "
    #expect(
      run.text.replacing(/(dùng|up:) [0-9]+/) { "\($0.output.1) N" }
        == "✗ broadband l: không máy chủ iperf3 nào nhận đo: \(refused)hết hạn mức dữ liệu tháng "
        + "này: đã dùng N trong 3000000000 byte, lần đo cần 3000000000 / no iperf3 server takes "
        + "the test: \(refused)this month's data budget is used up: N of 3000000000 bytes, a test "
        + "takes 3000000000\n")
    #expect(run.exitCode == 93)
    #expect(try site.count("broadband", "l", "refused") == 1)
    #expect(try site.folder.text(of: "bin/asked") == "5203\n")
  }

  /// One test may take 71 s: 17 of idle round trips, 27 in each direction.
  @Test func `servers and attempts that the run has no time for are not begun, and named`() throws {
    let late = site([5_203, 5_202, 5_201], "run_seconds: 60")
    let run = try late.probe("broadband")
    let refused = "127.0.0.1:5203: unable to connect to server: Connection refused; "
    #expect(
      run.text == "✗ broadband l: không máy chủ iperf3 nào nhận đo: \(refused)chưa thử vì lần chạy "
        + "chỉ có 60 s: 127.0.0.1:5202, 127.0.0.1:5201 / no iperf3 server takes the test: "
        + "\(refused)not tried, for a run has 60 s: 127.0.0.1:5202, 127.0.0.1:5201\n")
    #expect(run.exitCode == 93)
    #expect(try late.folder.text(of: "bin/asked") == "5203\n")

    let busy = site([5_201, 5_202], "run_seconds: 60, attempts: 3, retry_seconds: 300")
    let waited = try busy.probe("broadband")
    #expect(
      waited.text == "✗ broadband l: máy chủ iperf3 đang bận: 127.0.0.1:5201: busy; chưa thử vì "
        + "lần chạy chỉ có 60 s: 127.0.0.1:5202 / the iperf3 servers are busy: 127.0.0.1:5201: "
        + "busy; not tried, for a run has 60 s: 127.0.0.1:5202\n")
    #expect(waited.exitCode == 94)
    #expect(try busy.folder.text(of: "bin/asked") == "5201\n")
  }

  @Test(arguments: [
    (
      "192.0.2.2", "tool_hung", Int32(81), "ping không xong sau 25 s và đã bị dừng",
      "ping was not done after 25 s and was ended"
    ),
    (
      "192.0.2.3", "tool_failed", 82, "ping báo lỗi: ping: sendmsg: No buffer space available",
      "ping failed: ping: sendmsg: No buffer space available"
    ),
  ])
  func `a ping that hangs or fails under load ends the run with its code, the rates are published`(
    _ host: String, _ outcome: String, _ code: Int32, _ vi: String, _ en: String
  ) throws {
    let site = site([5_202], ping: host, "attempts: 1")
    site.fake("ping", as: "ping")
    let run = try site.probe("broadband")
    #expect(
      run.text == "✗ broadband l: không đo được độ trễ khi tải: \(vi) / the latency under load was "
        + "not measured: \(en)\n")
    #expect(run.exitCode == code)
    #expect(try site.count("broadband", "l", outcome) == 1)
    let waiting = try site.state("broadband", "l").required("waiting").array()
    #expect(waiting.count == 1)
    let row = try #require(waiting.first?["row"])
    #expect(try row.required("down_bps").integer(in: 0...Int64.max) == 934_000_000)
    #expect(try row.required("up_bps").integer(in: 0...Int64.max) == 934_000_000)
    #expect(try row.required("latency_ms").number(in: 0...100) == 1.5)
    // Only the way down's ping was out of order.
    #expect(row["down_latency_ms"] == nil && row["up_latency_ms"] != nil)
  }
}
