import Agent
import Daemon
import MQTT
import TestSupport
import Testing

/// What else can be in the way of the uplink: ports that swallow, brokers that hang up,
/// certificates of other days. All of it for real.
@Suite struct UplinkFaultTests {
  private let folder = TemporaryFolder()

  init() { mqttStart() }

  private func site(_ port: Int, _ certificates: Certificates? = nil) throws -> CheckSite {
    let tls = certificates.map {
      ", ca_file: '\($0.ca)', cert_file: '\($0.client)', key_file: '\($0.clientKey)'"
    }
    return CheckSite(
      try AgentConfiguration(
        node(
          """
          { agent: 'kcn-1', uplink: { host: '127.0.0.1', port: \(port)\(tls ?? "") },
            status_file: '\(folder.file("status.json"))' }
          """)))
  }

  /// The lines that are not green.
  private func check(_ site: CheckSite) -> String {
    let found = CheckFindings()
    UplinkCheck.name(site, found)
    UplinkCheck.tcp(site, found)
    UplinkTLSCheck.run(site, found)
    UplinkCheck.mqtt(site, found)
    let faults = CheckFindings()
    for line in found.lines where line.result != .passed {
      faults.add(line.part, line.result, line.text, remedy: line.remedy)
    }
    return faults.text.replacing(":\(site.configuration.uplink.port)", with: ":P")
      .replacing(/\d{4}-\d\d-\d\d(T[0-9:]+Z)?/, with: "DATE")
  }

  private let account = """
    → Kiểm tra chứng thư, tài khoản và tên kcn-1; số đo vẫn được giữ trong bộ đệm
      check certificate, account and the agent's name; measurements are kept meanwhile

    """

  @Test func `a port that drops whoever knocks is red at TCP`() throws {
    let listener = try Listener(.isFull)
    #expect(
      check(try site(listener.port)) == """
        red uplink_tcp: Không nối được tới 127.0.0.1:P: cannot connect to 127.0.0.1: Connection \
        timed out
          no TCP connection
        → Kiểm tra uplink.port, modem và tường lửa; hỏi tỉnh broker có chạy không
          check uplink.port, modem and firewall; ask the province whether its broker runs

        """)
  }

  @Test func `a port that swallows and never answers is red at MQTT`() throws {
    let listener = try Listener(.swallows)
    #expect(
      check(try site(listener.port)) == """
        red uplink: Broker của tỉnh 127.0.0.1:P: cannot reach 127.0.0.1:P; no answer within 6 s; \
        check host, port, firewall
          the uplink cannot be used
        \(account)
        """)
  }

  @Test func `a broker that hangs up while rights are tried is red`() throws {
    let listener = try Listener(.hangsUp)
    let text = check(try site(listener.port))
    #expect(
      text.hasPrefix("red uplink_acl: Broker của tỉnh ngắt khi thử quyền: ")
        && text.contains("\n  the province's broker hung up while rights were tried\n→ Báo tỉnh: "),
      "\(text)")
  }

  @Test(arguments: [
    (-20, -10, "đã hết hạn ngày DATE", "has expired"),
    (10, 20, "chưa có hiệu lực, chỉ từ DATE", "is not valid yet; or is our clock wrong?"),
  ])
  func `a broker whose certificate is of other days is red at TLS and at MQTT`(
    from: Int, until: Int, vi: String, en: String
  ) throws {
    let made = Certificates(in: folder, days: 90, server: from...until)
    let broker = Broker(in: folder, certificates: made)
    let text = check(try site(broker.port, made))
    #expect(
      text.hasPrefix(
        """
        red uplink_tls: Chứng thư của broker tỉnh (localhost) \(vi)
          the certificate of the province's broker \(en)
        → Xem đồng hồ của máy này; nếu đúng, báo tỉnh thay chứng thư của broker
          see this host's clock; if it is right, tell the province to renew the certificate
        red uplink: Broker của tỉnh 127.0.0.1:P: connect 127.0.0.1:P: TLS failed: \
        error:0A000086:SSL routines::certificate verify failed; check that ca_file signed the \
        broker's certificate, its host name, and the clock
        """) && text.hasSuffix(account), "\(text)")
  }
}
