import Agent
import Daemon
import Glibc
import MQTT
import TestSupport
import Testing

/// What can be wrong with the broker on this host, with real ones that are set up wrongly.
@Suite struct LocalBrokerFaultTests {
  private let folder = TemporaryFolder()

  init() { mqttStart() }

  /// The lines that are not green.
  private func check(_ port: Int, keys: String = "") throws -> String {
    let site = CheckSite(
      try AgentConfiguration(
        node("{ agent: 'kcn-1', local: { port: \(port)\(keys) }, uplink: { host: 'h' } }")))
    let found = CheckFindings()
    LocalBrokerCheck.run(site, found)
    let faults = CheckFindings()
    for line in found.lines where line.result != .passed {
      faults.add(line.part, line.result, line.text, remedy: line.remedy)
    }
    return faults.text.replacing(":\(port)", with: ":P")
  }

  private let restart = """
      the local broker cannot be used
    → Khởi động lại: sudo systemctl restart mosquitto; xem local.host, local.port
      restart it as above; see local.host and local.port

    """
  private let sample = """
    → Cho phép measure/# trong acl_file, bỏ max_qos 0; mẫu: \
    /usr/share/hatang/mosquitto/hatang-agent.conf
      allow measure/# in acl_file, drop max_qos 0; the sample is named above

    """

  @Test func `a wrong password is red`() throws {
    folder.write("", to: "passwords")
    run("/usr/bin/mosquitto_passwd", ["-b", folder.file("passwords"), "agent", "right"])
    folder.write("wrong\n", to: "password")
    let broker = Broker(
      in: folder,
      settings: ["allow_anonymous false", "password_file \(folder.file("passwords"))"])
    let keys = ", username: 'agent', password_file: '\(folder.file("password"))'"
    #expect(
      try check(broker.port, keys: keys) == """
        red local: Broker tại chỗ 127.0.0.1:P: connect 127.0.0.1:P: refused: Not authorized; \
        check username, password or certificate, and the broker's access list
        \(restart)
        """)
    folder.write("right\n", to: "password")
    #expect(try check(broker.port, keys: keys) == "")
  }

  @Test func `a port that swallows and never answers is red`() throws {
    let listener = try Listener(.swallows)
    #expect(
      try check(listener.port) == """
        red local: Broker tại chỗ 127.0.0.1:P: cannot reach 127.0.0.1:P; no answer within 4 s; \
        check host, port, firewall
        \(restart)
        """)
  }

  @Test func `a broker that takes measurements and lets nobody read them is red`() throws {
    folder.write("topic write measure/#\ntopic read $SYS/#\n", to: "acl")
    let broker = Broker(in: folder, settings: ["acl_file \(folder.file("acl"))"])
    #expect(
      try check(broker.port) == """
        red local_message: Bản tin thử không qua được broker tại chỗ: không có bản tin nào trở lại
          a test message does not pass the local broker: it does not come back
        \(sample)
        """)
  }

  @Test func `a broker that knows no QoS 1 is red`() throws {
    let broker = Broker(in: folder, settings: ["max_qos 0"])
    #expect(
      try check(broker.port) == """
        red local_message: Bản tin thử không qua được broker tại chỗ: publish 127.0.0.1:P: \
        Requested QoS not supported on server.
          a test message does not pass the local broker: it refuses: see above
        \(sample)
        """)
  }

  @Test func `a broker that has dropped messages is yellow`() throws {
    let broker = Broker(in: folder, settings: ["sys_interval 1", "max_queued_messages 1"])
    let port = ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1"]
    // A session that nobody collects for.
    run("/usr/bin/mosquitto_sub", port + ["-t", "measure/#", "-i", "away", "-c", "-E"])
    for _ in 0..<5 {
      run("/usr/bin/mosquitto_pub", port + ["-t", "measure/coverage/x", "-m", "x"])
    }
    var text = ""
    try waitUntil("the broker says what it has dropped") {
      text = try check(broker.port)
      return !text.isEmpty
    }
    #expect(
      text.replacing(/(bỏ|dropped) \d+/) { "\($0.output.1) N" } == """
        yellow local_limits: Broker tại chỗ: đã bỏ N bản tin từ khi khởi động
          the local broker: it has dropped N messages since it began
        → Đặt max_queued_messages 0, max_queued_bytes 100000000; mẫu: \
        /usr/share/hatang/mosquitto/hatang-agent.conf
          set it as above; a sample is in that file

        """)
  }
}
