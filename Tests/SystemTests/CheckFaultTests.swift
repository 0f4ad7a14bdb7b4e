import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport
import Testing

/// `hatang-agent check` where something between this host and the province is broken for real: the
/// fault is named, and nothing else is blamed.
///
/// What no test can make real is told from readings instead, in AgentTests/Check: a clock that is
/// wrong (the test would set its host's), flash wear and the buffer's hours (they take an hour and
/// ten minutes of a daemon's life), mosquitto's own file (it is the host's), and a backlog that
/// shrinks while the record waits behind it.
@Suite struct CheckFaultTests {
  /// The lines that are not green, without those on the test host's clock and on the test's central
  /// broker, which has no access list.
  private func faults(
    _ site: Site, configuration: String? = nil, path: String? = nil
  ) throws -> String {
    let program = Repository.program("hatang-agent")
    let words = ["check", "--json", "--config", configuration ?? site.agentConfiguration]
    let found =
      try path.map {
        try output(of: "/usr/bin/env", ["-i", "PATH=\($0)", program] + words, in: site.folder)
      } ?? output(of: program, words, in: site.folder)
    let root = try ConfigNode.parse(text: found.text, name: "check")
    var text = ""
    for line in try root.required("checks").array() {
      let (part, result) = (
        try line.required("check").string(), try line.required("result").string()
      )
      guard result != "passed", !["clock", "uplink_acl"].contains(part) else { continue }
      let remedy = line["remedy"]?["vi"].map { "\n→ \($0.plain)" } ?? ""
      text += "\(result) \(part): \(line.at("text", "vi")?.plain ?? "")\(remedy)\n"
    }
    return text.replacing(site.folder.path, with: "D")
      .replacing(":\(site.central.port)", with: ":C")
  }

  @Test func `without an aggregator the record is kept, and the province is to be asked`() throws {
    let site = try Site()
    try site.startAgent()
    #expect(
      try faults(site) == """
        failed record: Bản ghi thử không đi hết đường: đã được giữ, nhưng chưa có biên nhận của tỉnh
        → Xem các dòng về đường lên; nếu đều đạt, báo cho tỉnh: hatang-aggregator có chạy không?
        warning clock_offset: Chưa so được đồng hồ với tỉnh: chưa có biên nhận nào
        → Xem các dòng về đường lên và dịch vụ, rồi kiểm tra lại

        """, "\(site.logs)")
  }

  @Test func `an uplink that died under the daemon is blamed, and the local broker is not`() throws
  {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "m")
    try publisher.publish(1)
    try waitUntil("the agent has its receipt") {
      let text = try site.folder.text(of: "status.json")
      return text.contains("\"backlog\": 0") && !text.contains("\"clock_offset_ms\": null")
    }
    site.central.pause()
    defer { site.central.resume() }
    let text = try faults(site)
    #expect(
      text == """
        failed uplink: Broker của tỉnh 127.0.0.1:C: cannot reach 127.0.0.1:C; no answer within \
        6 s; check host, port, firewall
        → Kiểm tra chứng thư, tài khoản và tên kcn-dong-van-1; số đo vẫn được giữ trong bộ đệm
        failed record: Bản ghi thử không đi hết đường: đã được giữ, nhưng chưa có biên nhận của tỉnh
        → Xem các dòng về đường lên; nếu đều đạt, báo cho tỉnh: hatang-aggregator có chạy không?

        """, "\(site.logs)")
    try waitUntil("status says that it does not deliver") {
      try site.run("hatang-agent", ["status"]).text.hasPrefix(
        "Đang thu thập, nhưng chưa gửi về tỉnh được; số đo được giữ ở đây.\n")
    }
  }

  @Test(.enabled(if: getuid() == 0, "only root can mount a disk"))
  func `a full disk is blamed for what is not taken in, and the local broker is not`() throws {
    let (site, disk, _) = try SmallDisk.pausedSite()
    let text = try faults(site).replacing(disk.path, with: "DISK")
    let reason = try #require(
      text.firstMatch(of: /tạm dừng thu thập: (.*)/)?.1, "\(text)\n\(site.logs)")
    #expect(
      text.hasPrefix("failed disk: Đĩa còn 0 MB ở DISK, cần ít nhất 1 MB\n"), "\(text)")
    #expect(
      text.contains(
        """
        failed daemon: Dịch vụ đang chạy nhưng tạm dừng thu thập: \(reason)
        → Xem dòng về đĩa; khi có chỗ, dịch vụ tự chạy tiếp

        """), "\(text)")
    #expect(
      text.contains(
        """
        failed record: Bản ghi thử không đi hết đường: dịch vụ không thu nhận nó (\(reason))
        → Xem các dòng về đĩa, bộ đệm và đường lên

        """), "\(text)")
    #expect(!text.contains("failed local"), "\(text)")
  }

  @Test func `a daemon at another broker does not take the record in`() throws {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let other = Broker(in: site.folder)
    let text = try site.folder.text(of: "agent.json5")
      .replacing("port: \(site.local.port)", with: "port: \(other.port)")
    site.folder.write(text, to: "other.json5")
    #expect(
      try faults(site, configuration: site.folder.file("other.json5")).hasPrefix(
        """
        failed record: Bản ghi thử không đi hết đường: dịch vụ không thu nhận nó
        → Kiểm tra lại sau một phút; nếu vẫn vậy, xem local trong cấu hình: dịch vụ và lệnh này có \
        dùng chung broker không?

        """), "\(site.logs)")
  }

  @Test(arguments: [(400_000, "failed", "chậm"), (-30_000, "warning", "nhanh")])
  func `a clock that is not the province's is told by the receipt`(
    offsetMs: Int64, result: String, way: String
  ) throws {
    let site = try Site()
    let province = try PlayedProvince(site, clockOffsetMs: offsetMs)
    try site.startAgent()
    let text = try faults(site)
    let line = try #require(
      text.firstMatch(of: /(\w+) clock_offset: Đồng hồ (\S+) hơn của tỉnh (\d+) ms/),
      "\(text)\n\(site.logs)")
    #expect(line.1 == result && line.2 == way, "\(text)")
    let told = Int64(line.3) ?? 0
    #expect(abs(told - abs(offsetMs)) < 5_000, "\(text)")
    #expect(!text.contains("record:"), "\(text)")
    withExtendedLifetime(province) {}
  }

  @Test func `without openssl the broker's certificate is not looked at, which is yellow`() throws {
    let site = try Site(isSecure: true)
    // openssl is asked for through timeout and a shell; these two find no other program.
    let programs = site.folder.file("bin")
    run("/bin/mkdir", [programs])
    site.folder.write(
      "#!/bin/sh\nexport PATH=/nowhere\nshift 2\nexec /bin/sh \"$@\"\n", to: "bin/timeout")
    chmod("\(programs)/timeout", 0o755)
    let text = try faults(site, path: "\(programs):/usr/bin")
    #expect(
      text.contains(
        """
        warning uplink_tls: Không xem được chứng thư của 127.0.0.1:C: cannot find openssl
        → Cài openssl: sudo apt install openssl

        """), "\(text)")
  }

  @Test func `a probe without its tool is red, one whose server is refused too`() throws {
    let site = ProbeSite(
      probes: """
        coverage: { m: { position: { lat: 20.541, lon: 105.913 }, timeout_seconds: 3 } },
        broadband: { l: { line: "HNM-1", interface: "no-such", servers: ["127.0.0.1:5201"] } }
        """)
    let found = try output(
      of: "/usr/bin/env",
      [
        "-i", "PATH=\(site.programs)", Repository.program("hatang-agent"), "check", "--config",
        site.folder.file("probe.json5"),
      ], in: site.folder)
    for words in [
      """
      ✗ chưa cài chương trình mmcli; hãy cài gói modemmanager
        mmcli is not installed; install the package modemmanager
        → Thử lại: sudo hatang-agent probe coverage m --print; mã kết quả: zless \
      /usr/share/doc/hatang-agent/probes.md.gz

      """,
      """
      ✗ giao diện mạng no-such không có hoặc đang ngắt; hãy kiểm tra cáp
        the network interface no-such is missing or down; check the cable
        → Thử lại: sudo hatang-agent probe broadband l --print; mã kết quả: zless \
      /usr/share/doc/hatang-agent/probes.md.gz

      """,
    ] { #expect(found.text.contains(words), "\(found.text)") }
    #expect(found.exitCode == 69)
  }

  /// Both could take a minute.
  @Test func `a modem without a fix is told from a check that hangs, and no tool stays behind`()
    throws
  {
    let site = ProbeSite(
      probes: """
        coverage: { m: { position: "modem", interface: "lo", timeout_seconds: 60,
          traffic: { ping: "192.0.2.1" } } },
        service: { s: { command: ["hangs"], timeout_seconds: 60,
          counters: [{ counter: "payments", from: "x" }] } }
        """)
    try site.fakeModem()
    site.folder.write("{\"modem\":{}}", to: "bin/location.json")
    site.fake("hangs", as: "hangs")
    let began = monotonicNow()
    let found = try output(
      of: "/usr/bin/env",
      [
        "-i", "PATH=\(site.programs):/usr/sbin:/usr/bin:/sbin:/bin",
        Repository.program("hatang-agent"), "check", "--config", site.folder.file("probe.json5"),
      ], in: site.folder, within: .seconds(120))
    #expect(monotonicNow() - began <= .seconds(30))
    #expect(
      found.text.contains(
        """
        ✗ chưa xác định được vị trí; hãy kiểm tra ăng-ten GNSS, hoặc ghi vị trí cố định
          there is no position yet; check the GNSS antenna, or configure a fixed position
          → Thử lại: sudo hatang-agent probe coverage m --print; mã kết quả: zless \
        /usr/share/doc/hatang-agent/probes.md.gz

        """), "\(found.text)")
    let child = try #require(
      pid_t(String(try site.folder.text(of: "bin/child.pid").prefix { $0.isNumber })))
    try waitUntil("what the hung tool had started is gone") {
      guard let text = try? Files.text("/proc/\(child)/stat") else { return true }
      return text.contains(") Z ") || text.contains(") X ")
    }
  }
}

/// Answers every batch with its receipt, by a clock of its own.
private final class PlayedProvince: Sendable {
  private let stop: StopSignal
  private let thread: Thread

  init(_ site: Site, clockOffsetMs: Int64) throws {
    let stop = try StopSignal()
    self.stop = stop
    let port = site.central.port
    thread = try Thread(name: "province") {
      try? Self.serve(port: port, clockOffsetMs, until: stop)
    }
  }

  deinit {
    stop.set()
    thread.join()
  }

  private static func serve(port: Int, _ offsetMs: Int64, until stop: StopSignal) throws {
    let connection = try Connection(
      ConnectionOptions(host: "127.0.0.1", port: port, clientID: "province"))
    try connection.connect()
    var poller = Poller()
    while !stop.isSet {
      poller.removeAll()
      poller.add(stop.fileDescriptor, .readable)
      if let descriptor = connection.fileDescriptor {
        poller.add(descriptor, connection.wantsWrite ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: .milliseconds(100))
      try connection.read(messagesMax: 100)
      for event in connection.takeEvents() {
        if case .connected = event {
          _ = try connection.subscribe(to: Topic.batch(agent: Site.agentName))
        }
      }
      for message in connection.takeMessages() {
        let batch = try Batch(decoding: message.payload)
        let receipt = Receipt(
          stream: batch.stream, next: batch.segments.last?.end ?? batch.acknowledged,
          echoedSentMs: batch.sentMs,
          committedMs: wallClockMs() + offsetMs)
        try connection.publish(
          Publication(topic: Topic.receipt(agent: Site.agentName), payload: receipt.encoded()))
      }
      try connection.write()
      try connection.maintain()
    }
  }
}
