import Daemon
import Glibc
import TestSupport
import Testing

/// Bad input of every kind: each has its own sentence, exit code and counter.
@Suite struct ProbeFailureTests {
  private static let probes = """
    coverage: { m: { position: { lat: 20.541, lon: 105.913 }, timeout_seconds: 3 } },
    broadband: { l: { line: "HNM-1", interface: "lo", servers: ["127.0.0.1:5201"],
      busy_bps: 1000000000000, busy_seconds: 1, attempts: 1, ping: "127.0.0.1" } },
    service: { s: { url: "http://127.0.0.1:1/metrics", format: "prometheus", timeout_seconds: 3,
        counters: [{ counter: "payments", from: "x" }] },
      c: { command: ["counters"], timeout_seconds: 3, counters: [
        { counter: "payments", from: "paid" }, { counter: "payments_online", from: "online" }] } }
    """

  private func expect(
    _ site: ProbeSite, _ kind: String, _ name: String, isPathBare: Bool = false,
    _ outcome: String, _ code: Int32, _ line: String
  ) throws {
    let run = try site.probe(kind, [name], isPathBare: isPathBare)
    #expect(run.text == "✗ \(kind) \(name): \(line)\n" && run.exitCode == code)
    #expect(try site.count(kind, name, outcome) == 1)
    #expect(try site.state(kind, name).required("waiting").array().isEmpty)
  }

  @Test(arguments: [
    ("coverage", "m", "mmcli", "modemmanager"), ("broadband", "l", "iperf3", "iperf3"),
    ("service", "s", "curl", "curl"), ("service", "c", "counters", "counters"),
  ])
  func `a tool that is missing is named with its package`(
    _ kind: String, _ name: String, _ tool: String, _ package: String
  ) throws {
    try expect(
      ProbeSite(probes: Self.probes), kind, name, isPathBare: true, "tool_missing", 80,
      "chưa cài chương trình \(tool); hãy cài gói \(package) / \(tool) is not installed; install "
        + "the package \(package)")
  }

  @Test(arguments: [
    ("coverage", "m", "mmcli", 3), ("broadband", "l", "iperf3", 5), ("service", "s", "curl", 5),
    ("service", "c", "counters", 3),
  ])
  func `a tool that hangs is ended, and the run says so`(
    _ kind: String, _ name: String, _ tool: String, _ seconds: Int
  ) throws {
    let site = ProbeSite(probes: Self.probes)
    site.fake("hangs", as: tool)
    try expect(
      site, kind, name, "tool_hung", 81,
      "\(tool) không xong sau \(seconds) s và đã bị dừng / \(tool) was not done after \(seconds) s "
        + "and was ended")
  }

  @Test(arguments: [
    (
      "coverage", "m", "mmcli",
      "trả lời của mmcli không phải là JSON: expected a value, found Segmentation; put texts in "
        + "quotes / the answer of mmcli is no JSON: expected a value, found Segmentation; put "
        + "texts in quotes"
    ),
    (
      "broadband", "l", "iperf3",
      "iperf3 --version không nêu phiên bản / iperf3 --version names no version"
    ),
    (
      "service", "s", "curl",
      "không phải định dạng của Prometheus: Segmentation fault (core dumped) / no text of "
        + "Prometheus: Segmentation fault (core dumped)"
    ),
    (
      "service", "c", "counters",
      "dòng không phải \"tên giá-trị\": Segmentation fault (core dumped) / a line is no \"name "
        + "value\": Segmentation fault (core dumped)"
    ),
  ])
  func `nonsense is refused with what was met`(
    _ kind: String, _ name: String, _ tool: String, _ line: String
  ) throws {
    let site = ProbeSite(probes: Self.probes)
    site.fake("nonsense", as: tool)
    try expect(site, kind, name, "nonsense", 83, line)
  }

  @Test func `an answer that ends in the middle is told from nonsense`() throws {
    let site = ProbeSite(probes: Self.probes)
    site.fake("half", as: "mmcli")
    try expect(
      site, "coverage", "m", "cut_short", 84,
      "trả lời của mmcli bị đứt giữa chừng sau 38 byte / the answer of mmcli ends in the middle, "
        + "after 38 bytes")
  }

  @Test(arguments: [
    (
      "\"rsrp\":\"-98.50\"", "\"rsrp\":\"2147483647\"", "out_of_range", Int32(85),
      "giá trị không hợp lệ, kết quả bị bỏ: ss_rsrp is 2147483647, allowed -156…-31 dBm / a value "
        + "is not legal, the reading is not used: ss_rsrp is 2147483647, allowed -156…-31 dBm"
    ),
    (
      "\"state\":\"connected\"", "\"state\":\"locked\"", "sim_locked", 91,
      "SIM bị khóa (none); hãy nhập mã hoặc tắt mã PIN của SIM / the SIM is locked (none); unlock "
        + "it, or switch its PIN off"
    ),
    (
      "\"access-technologies\":", "\"technologies\":", "nonsense", 83,
      "trả lời của mmcli thiếu modem.generic.access-technologies / the answer of mmcli lacks "
        + "modem.generic.access-technologies"
    ),
  ])
  func `a modem's answer that cannot be used has its own end`(
    _ old: String, _ new: String, _ outcome: String, _ code: Int32, _ line: String
  ) throws {
    let site = ProbeSite(probes: Self.probes)
    try site.fakeModem([(old, new)])
    try expect(site, "coverage", "m", outcome, code, line)
  }

  @Test func `a site without its endpoint, and a command without one counter, say which`() throws {
    let site = ProbeSite(probes: Self.probes)
    let refused = try site.probe("service", ["s"])
    #expect(refused.exitCode == 93)
    #expect(
      refused.text.hasPrefix("✗ service s: không lấy được http://127.0.0.1:1/metrics: curl: "))
    #expect(try site.count("service", "s", "refused") == 1)

    site.folder.write("#!/bin/sh\necho paid 12\n", to: "bin/counters")
    run("/bin/chmod", ["+x", "\(site.programs)/counters"])
    let part = try site.probe("service", ["c"])
    #expect(part.exitCode == 86)
    #expect(
      part.text == "✗ service c: thiếu 1 trong 2 bộ đếm: online / 1 of 2 counters are missing: "
        + "online\n")
    #expect(try site.count("service", "c", "incomplete") == 1)
    // What is there is not lost for what is not.
    #expect(try site.state("service", "c").required("waiting").array().count == 1)

    site.folder.write("#!/bin/sh\necho 'no database' >&2\nexit 4\n", to: "bin/counters")
    try expectFailedCommand(site)
  }

  private func expectFailedCommand(_ site: ProbeSite) throws {
    let run = try site.probe("service", ["c"])
    #expect(run.exitCode == 82)
    #expect(
      run.text == "✗ service c: counters báo lỗi: no database / counters failed: no database\n")
    #expect(try site.count("service", "c", "tool_failed") == 1)
  }

  @Test func `a busy server is asked again, then the next; a whole list of them is an end`() throws
  {
    let list = { (servers: String) in
      """
      broadband: { l: { line: "HNM-1", interface: "lo", servers: [\(servers)], attempts: 2,
        retry_seconds: 1, busy_bps: 1000000000000, busy_seconds: 1, ping: "127.0.0.1",
        provisioned_down_bps: 1000000000 } }
      """
    }
    let site = ProbeSite(probes: list(#""127.0.0.1:5203", "127.0.0.1:5201", "127.0.0.1:5202""#))
    site.fake("iperf3", as: "iperf3")
    let found = try site.probe("broadband", ["--print"])
    #expect(found.exitCode == 0, "\(found.text)")
    #expect(found.text.contains(#""line":"HNM-1","down_bps":934000000,"up_bps":934000000"#))
    #expect(found.text.contains(#""tool":"iperf3 3.12","streams":4,"seconds":10}"#))
    // Refused once, busy twice; then both directions at the third.
    #expect(try site.folder.text(of: "bin/asked") == "5203\n5201\n5201\n5202\n5202\n")

    let busy = ProbeSite(probes: list(#""127.0.0.1:5203", "127.0.0.1:5201""#))
    busy.fake("iperf3", as: "iperf3")
    try expect(
      busy, "broadband", "l", "servers_busy", 94,
      "máy chủ iperf3 đang bận: 127.0.0.1:5203: unable to connect to server: Connection refused; "
        + "127.0.0.1:5201: busy / the iperf3 servers are busy: 127.0.0.1:5203: unable to connect "
        + "to server: Connection refused; 127.0.0.1:5201: busy")
    let refused = ProbeSite(probes: list(#""127.0.0.1:5203""#))
    refused.fake("iperf3", as: "iperf3")
    try expect(
      refused, "broadband", "l", "refused", 93,
      "không máy chủ iperf3 nào nhận đo: 127.0.0.1:5203: unable to connect to server: Connection "
        + "refused / no iperf3 server takes the test: 127.0.0.1:5203: unable to connect to server: "
        + "Connection refused")
  }

  @Test func `a month without data left ends the run before the first byte`() throws {
    let site = ProbeSite(
      probes: """
        broadband: { l: { line: "HNM-1", interface: "lo", servers: ["127.0.0.1:5202"],
          busy_bps: 1000000000000, busy_seconds: 1, provisioned_down_bps: 1000000000,
          budget_bytes_per_month: 2000000000 } }
        """)
    site.fake("iperf3", as: "iperf3")
    // 12 s of 1 Gbit/s in both directions.
    try expect(
      site, "broadband", "l", "budget_used", 95,
      "hết hạn mức dữ liệu tháng này: đã dùng 0 trong 2000000000 byte, lần đo cần 3000000000 / "
        + "this month's data budget is used up: 0 of 2000000000 bytes, a test takes 3000000000")
    #expect(!site.folder.contains("bin/asked"))
  }

  @Test func `what is asked for wrongly is told from what is not set up`() throws {
    let site = ProbeSite(probes: Self.probes)
    let unnamed = try site.probe("service")
    #expect(unnamed.exitCode == 64)
    #expect(
      unnamed.text
        == "hatang-agent probe service: probe service needs the name of a probe: s, c\n")
    let unknown = try site.probe("coverage", ["n"])
    #expect(unknown.exitCode == 64)
    #expect(
      unknown.text
        == "hatang-agent probe coverage: there is no probe coverage n; there are: m\n")
    let none = try ProbeSite(probes: "").probe("coverage")
    #expect(none.exitCode == 78)
    #expect(
      none.text.hasSuffix(
        "probe.json5: probes.coverage sets up no probe; add one as "
          + "/usr/share/doc/hatang-agent/probes.md.gz says\n"))
  }
}
