import Agent
import Daemon
import MQTT
import TestSupport
import Testing

/// What `check` says of the broker on this host, with real ones.
@Suite struct LocalBrokerCheckTests {
  private let folder = TemporaryFolder()

  init() { mqttStart() }

  private func check(_ port: Int) throws -> String {
    let site = CheckSite(
      try AgentConfiguration(
        node("{ agent: 'kcn-1', local: { port: \(port) }, uplink: { host: 'h' } }")))
    return findings { LocalBrokerCheck.run(site, $0) }
      .replacing(":\(port)", with: ":P").replacing(/sau \d+ ms/, with: "sau N ms")
      .replacing(/in \d+ ms/, with: "in N ms")
  }

  private let answers = """
    green local: Broker tại chỗ 127.0.0.1:P trả lời sau N ms
      the local broker answers in N ms

    """
  private let passes = """
    green local_message: Một bản tin thử đã qua broker tại chỗ với QoS 1
      a test message came through the local broker with QoS 1

    """

  @Test func `the shipped broker is green, and what cannot be seen is said`() throws {
    let broker = try Broker(in: folder, shipped: "local")
    #expect(
      try check(broker.port) == answers + passes + """
        green local_limits: Giới hạn của broker tại chỗ đủ, theo những gì thấy được; không thấy: \
        persistence và hàng đợi (không đọc được /etc/mosquitto/mosquitto.conf)
          the local broker's bounds suffice, as far as they show; not seen: persistence and queues \
        (/etc/mosquitto/mosquitto.conf does not tell)

        """)
  }

  @Test func `a broker with mosquitto's defaults is yellow for what it allows at a time`() throws {
    let broker = Broker(in: folder, settings: ["max_inflight_messages 20"])
    #expect(
      try check(broker.port) == answers + passes + """
        yellow local_limits: Broker tại chỗ: chỉ cho 20 bản tin cùng lúc
          the local broker: it allows 20 messages at a time
        → Đặt max_inflight_messages 1000; mẫu: /usr/share/hatang/mosquitto/hatang-agent.conf
          set it as above; a sample is in that file

        """)
  }

  @Test func `a broker that nobody reaches is red`() throws {
    let port = Broker.freePort()
    #expect(
      try check(port) == """
        red local: Broker tại chỗ 127.0.0.1:P: connect 127.0.0.1:P: Connection refused; see that \
        the broker runs and that host and port are right
          the local broker cannot be used
        → Khởi động lại: sudo systemctl restart mosquitto; xem local.host, local.port
          restart it as above; see local.host and local.port

        """)
  }

  @Test func `a broker whose access list lets no measurement through is red`() throws {
    folder.write("topic readwrite other/#\n", to: "acl")
    let broker = Broker(in: folder, settings: ["acl_file \(folder.file("acl"))"])
    let text = try check(broker.port)
    #expect(
      text.hasPrefix(
        answers + """
          red local_message: Bản tin thử không qua được broker tại chỗ: publish 127.0.0.1:P: \
          refused: Not authorized; check username, password or certificate, and the broker's \
          access list
            a test message does not pass the local broker: it refuses: see above
          → Cho phép measure/# trong acl_file, bỏ max_qos 0; mẫu: \
          /usr/share/hatang/mosquitto/hatang-agent.conf
            allow measure/# in acl_file, drop max_qos 0; the sample is named above

          """), "\(text)")
    #expect(text.contains("số bản tin đã bỏ ($SYS đóng)"), "\(text)")
  }

  @Test func `a message that does not come back, or with QoS 0, is red`() {
    let remedy = """
      → Cho phép measure/# trong acl_file, bỏ max_qos 0; mẫu: \
      /usr/share/hatang/mosquitto/hatang-agent.conf
        allow measure/# in acl_file, drop max_qos 0; the sample is named above

      """
    #expect(
      findings { LocalBrokerCheck.examine(came: nil, refusal: nil, $0) } == """
        red local_message: Bản tin thử không qua được broker tại chỗ: không có bản tin nào trở lại
          a test message does not pass the local broker: it does not come back
        \(remedy)
        """)
    let unsafe = Message(topic: "measure/check/x", payload: [], qos: 0)
    #expect(
      findings { LocalBrokerCheck.examine(came: unsafe, refusal: nil, $0) } == """
        red local_message: Bản tin thử không qua được broker tại chỗ: nó trở lại với QoS 0
          a test message does not pass the local broker: it comes back with QoS 0, so it may be lost
        \(remedy)
        """)
  }
}
