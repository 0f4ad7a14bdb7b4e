import Agent
import Daemon
import TestSupport
import Testing

/// What `check` says of a line and its iperf3 servers: real servers, closed ports and listeners
/// that are none.
@Suite struct BroadbandCheckTests {
  private let folder = TemporaryFolder()

  private func configuration(_ ports: [Int], _ more: String = "") throws -> AgentConfiguration {
    let servers = ports.map { "'127.0.0.1:\($0)'" }.joined(separator: ", ")
    return try AgentConfiguration(
      node(
        """
        { agent: 'kcn-1', uplink: { host: 'h' }, probes: { broadband: { l: { line: 'HNM-1',
          interface: 'lo', servers: [\(servers)], busy_bps: 1e12\(more) } } } }
        """))
  }

  /// Runs as `check` does, each part in its lane.
  private func check(_ ports: [Int]) throws -> String {
    let configuration = try configuration(ports)
    let report = try CheckRun(ProbeCheck.parts(configuration), CheckSite(configuration))
      .run(within: .seconds(60))
    let found = CheckFindings()
    for line in report.lines { found.add(line.part, line.result, line.text, remedy: line.remedy) }
    var text = found.text.replacing(/\d+ ms/, with: "N ms")
      .replacing(/(lúc này|now) [0-9.]+ Mbit/) { "\($0.output.1) N Mbit" }
    for (number, port) in ports.enumerated() {
      text = text.replacing("\(port)", with: "P\(number + 1)")
    }
    return text
  }

  /// An iperf3 server on a port of its own.
  private func server() throws -> (program: Program, port: Int) {
    let port = Broker.freePort()
    let program = Program(
      "/usr/bin/env", ["iperf3", "-s", "-B", "127.0.0.1", "-p", "\(port)", "--forceflush"],
      log: folder.file("\(port).log"))
    try waitUntil("iperf3 listens") {
      try folder.text(of: "\(port).log").contains("listening")
    }
    return (program, port)
  }

  private let line = """
    green probe_broadband_l: iperf3 3.12, lo đang nối, cổng ? Mbit/s, lúc này N Mbit/s
      iperf3 3.12, lo is up, port ? Mbit/s, now N Mbit/s

    """

  private func keeper(_ port: String) -> String {
    """
    → Sửa probes.broadband.l.servers, hoặc nhờ người giữ máy chủ chạy lại: iperf3 -s -p \(port)
      correct probes.broadband.l.servers, or ask its keeper to start it again as above

    """
  }

  @Test func `a server that answers is green, a closed port and a stranger behind one are red`()
    throws
  {
    let (program, port) = try server()
    // It takes any client's first bytes for an MQTT broker's client.
    let stranger = try Listener(.hangsUp)
    let text = try check([port, Broker.freePort(), stranger.port])
    #expect(
      text == line + """
        green probe_broadband_l/127.0.0.1:P1: Máy chủ iperf3 127.0.0.1:P1 nhận đo: gửi thử 100 \
        kB xong sau N ms
          the iperf3 server takes tests: 100 kB came in N ms
        red probe_broadband_l/127.0.0.1:P2: Máy chủ iperf3 127.0.0.1:P2 không nối được qua lo: \
        cannot connect to 127.0.0.1: Connection refused
          the iperf3 server cannot be reached over lo
        \(keeper("P2"))\
        red probe_broadband_l/127.0.0.1:P3: Máy chủ iperf3 127.0.0.1:P3 mở cổng nhưng không nhận \
        đo: received an unknown control message
          the port is open, but the iperf3 server takes no test: received an unknown control message
        \(keeper("P3"))
        """)
    withExtendedLifetime((program, stranger)) {}
  }

  @Test func `a port that swallows is red after a deadline, one that drops too, a busy one yellow`()
    throws
  {
    let (program, port) = try server()
    let other = Program(
      "/usr/bin/env",
      ["iperf3", "-c", "127.0.0.1", "-p", "\(port)", "-b", "1M", "-t", "600", "--forceflush"],
      log: folder.file("other.log"))
    try waitUntil("the other test runs") {
      try folder.text(of: "other.log").contains("connected to")
    }
    let swallows = try Listener(.swallows)
    let full = try Listener(.isFull)
    let text = try check([port, swallows.port, full.port])
    #expect(
      text == line + """
        yellow probe_broadband_l/127.0.0.1:P1: Máy chủ iperf3 127.0.0.1:P1 đang bận đo cho người \
        khác
          the iperf3 server is busy with another's test
        → Kiểm tra lại sau; nếu thường bận, thêm máy chủ khác vào probes.broadband.l.servers
          check again later; if it is so often, add another server there
        red probe_broadband_l/127.0.0.1:P2: Máy chủ iperf3 127.0.0.1:P2 mở cổng nhưng không đo \
        được: iperf3 không xong sau 8 s và đã bị dừng
          the port is open, but there is no test: iperf3 was not done after 8 s and was ended
        \(keeper("P2"))\
        red probe_broadband_l/127.0.0.1:P3: Máy chủ iperf3 127.0.0.1:P3 không nối được qua lo: \
        cannot connect to 127.0.0.1: Connection timed out
          the iperf3 server cannot be reached over lo
        \(keeper("P3"))
        """)
    withExtendedLifetime((program, other, swallows, full)) {}
  }

  @Test func `a line in use, too slow for its plan, without wire or uncounted is yellow`() throws {
    let settings = try #require(
      configuration([1], ", provisioned_down_bps: 1e9").probes.broadband.first)
    func look(_ link: Int64?, _ isWired: Bool?, _ use: Double?) -> String {
      let look = BroadbandProbe.Look(
        tool: "iperf3 3.12", linkBps: link, isWired: isWired, useBps: use)
      return findings { BroadbandCheck.examine(look, settings, $0) }
    }
    #expect(
      look(1_000_000_000, true, 20_000) == """
        green probe_broadband_l: iperf3 3.12, lo đang nối, cổng 1000.0 Mbit/s, lúc này 0.0 Mbit/s
          iperf3 3.12, lo is up, port 1000.0 Mbit/s, now 0.0 Mbit/s

        """)
    #expect(
      look(100_000_000, false, nil) == """
        yellow probe_broadband_l: lo đang nối, cổng 100.0 Mbit/s, lúc này ? Mbit/s: giao diện \
        không đếm byte, không biết đường truyền có rảnh và đã tốn bao nhiêu dữ liệu
          lo is up, port 100.0 Mbit/s, now ? Mbit/s: it counts no bytes, so neither use by \
        others nor the data's budget can be told
        → Đặt probes.broadband.l.interface là cổng thật, như eth0
          name a real port there, such as eth0
        yellow probe_broadband_l: lo đang nối, cổng 100.0 Mbit/s, lúc này ? Mbit/s: chậm hơn gói \
        cước 1000.0 Mbit/s, lần đo không chứng minh được gì về gói này
          lo is up, port 100.0 Mbit/s, now ? Mbit/s: slower than the plan's 1000.0 Mbit/s, a test \
        proves nothing about the plan
        → Dùng cổng và cáp nhanh hơn, ít nhất bằng gói cước
          use a port and cable as fast
        yellow probe_broadband_l: lo đang nối, cổng 100.0 Mbit/s, lúc này ? Mbit/s: là Wi-Fi, \
        lần đo không được tính cho đường cố định
          lo is up, port 100.0 Mbit/s, now ? Mbit/s: it is Wi-Fi, a test does not count for the \
        fixed line
        → Nối bằng cáp
          use a cable

        """)
    #expect(
      look(nil, nil, 2e12) == """
        yellow probe_broadband_l: lo đang nối, cổng ? Mbit/s, lúc này 2000000.0 Mbit/s: có người \
        đang dùng, lần đo sẽ bị hoãn
          lo is up, port ? Mbit/s, now 2000000.0 Mbit/s: in use, a test would be put off
        → Kiểm tra lại lúc rảnh; nếu luôn vậy, tăng busy_bps
          check again when it is idle; if it never is, raise busy_bps

        """)
  }
}
