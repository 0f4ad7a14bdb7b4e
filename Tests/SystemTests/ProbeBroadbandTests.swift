import Daemon
import Glibc
import TestSupport
import Testing

/// The real iperf3 between two network namespaces whose link is shaped to known rates.
@Suite(.serialized, .enabled(if: geteuid() == 0, "network namespaces need root"))
struct ProbeBroadbandTests {
  private static let downBps = 100_000_000.0
  private static let upBps = 40_000_000.0

  private func probes(_ more: String = "") -> String {
    """
    broadband: { line: { line: "HNM-0001", area: "phu-ly", interface: "line0",
      servers: ["10.98.7.2:5201"], seconds: 10, provisioned_down_bps: 100000000,
      offered_down_bps: 1000000000, budget_bytes_per_month: 1000000000\(more) } }
    """
  }

  @Test func `the rates of a shaped line are measured within 5 %, with its latency and its facts`()
    throws
  {
    let net = try ShapedLine(downBps: Self.downBps, upBps: Self.upBps)
    let site = ProbeSite(in: net.folder, probes: probes())
    let run = try site.probe("broadband", ["--print"], prefix: net.inside)
    #expect(run.exitCode == 0, "\(run.text)")
    let row = try ConfigNode.answer(
      Array(run.text.utf8.prefix { $0 != UInt8(ascii: "\n") }), of: "the row")
    func number(_ key: String) throws -> Double {
      try row.required(key).number(in: 0...1e12)
    }
    let down = try number("down_bps")
    let up = try number("up_bps")
    #expect(abs(down / Self.downBps - 1) <= 0.05, "down \(down) of \(Self.downBps) bit/s")
    #expect(abs(up / Self.upBps - 1) <= 0.05, "up \(up) of \(Self.upBps) bit/s")
    // Two ends of one cable, on a machine that may be busy.
    let latency = try number("latency_ms")
    #expect(latency > 0 && latency < 20, "\(latency) ms")
    #expect(try number("loss") == 0 && number("streams") == 4 && number("seconds") == 10)
    #expect(try row.required("wired").boolean() && number("link_bps") == 10_000_000_000)
    #expect(try row.required("line").string() == "HNM-0001")
    #expect(try row.required("area").string() == "phu-ly")
    #expect(
      try number("provisioned_down_bps") == 1e8 && number("offered_down_bps") == 1e9)
    // 12 s of either direction, headers and the pings too.
    let used = try Double(
      site.state("broadband", "line").required("budget").required("used_bytes")
        .integer(in: 0...Int64.max))
    let whole = (Self.downBps + Self.upBps) / 8 * 12
    #expect((0.8 * whole...1.3 * whole).contains(used), "\(used) of about \(whole) bytes")
    // How far the shaper's queue fills depends on how busy this machine is.
    let figures = try site.state("broadband", "line").required("figures")
    #expect(
      try figures.required("down_latency_ms").number(in: 0...1e6) == number("down_latency_ms"))
    #expect(try number("down_latency_ms") > 0 && number("up_latency_ms") > 0)
  }

  @Test func `while others use the line the test is put off, and its busy server says so`() throws {
    let net = try ShapedLine(downBps: Self.downBps, upBps: Self.upBps)
    let other = Program(
      "/usr/sbin/ip",
      Array(net.inside.dropFirst()) + [
        "iperf3", "-c", "10.98.7.2", "-R", "-t", "120", "--forceflush",
      ],
      log: net.folder.file("other.log"))
    defer { other.kill() }
    try waitUntil("the other test runs") {
      try net.folder.text(of: "other.log").contains("connected to")
    }
    let site = ProbeSite(in: net.folder, probes: probes())
    for round in 1...2 {
      let run = try site.probe("broadband", prefix: net.inside)
      #expect(run.exitCode == 75)
      #expect(
        run.text.hasPrefix("✗ broadband line: đường truyền đang được dùng (")
          && run.text.hasSuffix(" Mbit/s on line0), put off\n"), "\(run.text)")
      #expect(try site.count("broadband", "line", "put_off") == Int64(round))
    }
    let stubborn = ProbeSite(in: net.folder, probes: probes(", busy_bps: 1000000000000"))
    let busy = try stubborn.probe("broadband", ["--once"], prefix: net.inside)
    #expect(busy.exitCode == 94)
    #expect(
      busy.text == "✗ broadband line: máy chủ iperf3 đang bận: 10.98.7.2:5201: busy / the iperf3 "
        + "servers are busy: 10.98.7.2:5201: busy\n")
  }

  @Test func `check tries each server over the line itself, within its 30 s`() throws {
    let net = try ShapedLine(downBps: Self.downBps, upBps: Self.upBps)
    let site = ProbeSite(
      in: net.folder,
      probes: """
        broadband: { line: { line: "HNM-0001", interface: "line0",
          servers: ["10.98.7.2:5201", "10.98.7.2:5299", "10.98.7.77"],
          provisioned_down_bps: 100000000 } }
        """)
    let began = monotonicNow()
    let found = try output(
      of: net.inside[0],
      Array(net.inside.dropFirst()) + [
        Repository.program("hatang-agent"), "check", "--json", "--config",
        site.folder.file("probe.json5"),
      ], in: net.folder, within: .seconds(120))
    #expect(monotonicNow() - began <= .seconds(30))
    var lines: [String] = []
    for check in try ConfigNode.answer(Array(found.text.utf8), of: "check").required("checks")
      .array()
    {
      let part = try check.required("check").string()
      guard part.hasPrefix("probe_") else { continue }
      lines.append(
        "\(check["result"]?.plain ?? "") \(part): \(check.at("text", "vi")?.plain ?? "")")
    }
    let server = "probe_broadband_line/10.98.7"
    #expect(
      lines.map { line in
        line.replacing(/(sau|lúc này) [0-9.]+/) { "\($0.output.1) N" }
          // Which comes first depends on the machine's load.
          .replacing(/No route to host|Connection timed out/, with: "nobody there")
      } == [
        "passed probe_broadband_line: iperf3 3.12, line0 đang nối, cổng 10000.0 Mbit/s, lúc này N "
          + "Mbit/s",
        "passed \(server).2:5201: Máy chủ iperf3 10.98.7.2:5201 nhận đo: gửi thử 100 kB xong sau N "
          + "ms",
        "failed \(server).2:5299: Máy chủ iperf3 10.98.7.2:5299 không nối được qua line0: cannot "
          + "connect to 10.98.7.2: Connection refused",
        "failed \(server).77:5201: Máy chủ iperf3 10.98.7.77:5201 không nối được qua line0: cannot "
          + "connect to 10.98.7.77: nobody there",
      ], "\(found.text)")
  }
}

/// A probe's host and an iperf3 server, each in a network namespace, and a line of known rates
/// between them. Goes with the value.
private final class ShapedLine {
  let folder = TemporaryFolder()
  /// Words that run a program on the probe's host.
  let inside: [String]
  private let names: (probe: String, server: String)
  private var server: Program?

  init(downBps: Double, upBps: Double) throws {
    let id = "hatang-\(getpid())-\(UInt16.random(in: 0 ... .max))"
    names = ("\(id)-p", "\(id)-s")
    inside = ["/usr/sbin/ip", "netns", "exec", names.probe]
    let (probe, far) = (names.probe, names.server)
    for words in [
      ["netns", "add", probe], ["netns", "add", far],
      // Frames of 9,000 bytes: TCP's payload is 99 % of what the shaper counts, so the rate that is
      // set is the rate to be measured.
      [
        "-n", probe, "link", "add", "line0", "mtu", "9000", "type", "veth", "peer", "name", "far0",
        "mtu", "9000", "netns", far,
      ],
      ["-n", probe, "addr", "add", "10.98.7.1/24", "dev", "line0"],
      ["-n", far, "addr", "add", "10.98.7.2/24", "dev", "far0"],
      ["-n", probe, "link", "set", "line0", "up"], ["-n", far, "link", "set", "far0", "up"],
      ["-n", probe, "link", "set", "lo", "up"],
    ] {
      try Self.require("/usr/sbin/ip", words)
    }
    for (name, port, rate) in [(probe, "line0", upBps), (far, "far0", downBps)] {
      try Self.require(
        "/usr/sbin/tc",
        [
          "-n", name, "qdisc", "add", "dev", port, "root", "tbf", "rate",
          "\(Int(rate))bit", "burst", "64kb", "latency", "50ms",
        ])
    }
    // The kernel notices a moment after the last of these.
    try waitUntil("the line is up") { [folder] in
      try output(of: "/usr/sbin/ip", ["-n", probe, "link", "show", "line0"], in: folder).text
        .contains("state UP")
    }
    server = Program(
      "/usr/sbin/ip", ["netns", "exec", far, "iperf3", "-s", "--forceflush"],
      log: folder.file("server.log"))
    try waitUntil("iperf3 listens") { try folder.text(of: "server.log").contains("listening") }
  }

  deinit {
    server?.kill()
    for name in [names.probe, names.server] { run("/usr/sbin/ip", ["netns", "del", name]) }
  }

  private static func require(_ program: String, _ words: [String]) throws {
    let code = run(program, words)
    guard code == 0 else {
      throw TestFailure("\(program) \(words.joined(separator: " ")): exit code \(code)")
    }
  }
}
