import Agent
import Daemon
import MQTT
import TestSupport
import Testing

/// The way to the province's broker, with real ones: TLS and access lists as they are shipped, and
/// everything that can be wrong with them.
@Suite struct UplinkCheckTests {
  private let folder = TemporaryFolder()

  init() { mqttStart() }

  private static let shippedRights = """
    pattern write hatang/v1/%u/batch
    pattern write hatang/v1/%u/status
    pattern read hatang/v1/%u/receipt

    """

  private func site(
    _ port: Int, host: String = "127.0.0.1", _ certificates: Certificates? = nil,
    keys: String = ""
  ) throws -> CheckSite {
    let tls = certificates.map {
      ", ca_file: '\($0.ca)', cert_file: '\($0.client)', key_file: '\($0.clientKey)'"
    }
    return CheckSite(
      try AgentConfiguration(
        node(
          """
          { agent: 'kcn-1', uplink: { host: '\(host)', port: \(port)\(tls ?? "")\(keys) },
            status_file: '\(folder.file("status.json"))' }
          """)))
  }

  private func check(_ site: CheckSite) -> String {
    let port = site.configuration.uplink.port
    return findings {
      UplinkCheck.name(site, $0)
      UplinkCheck.tcp(site, $0)
      UplinkTLSCheck.run(site, $0)
      UplinkCheck.mqtt(site, $0)
    }
    .replacing(":\(port)", with: ":P").replacing(/\d+ ms/, with: "N ms")
    .replacing(/\d{4}-\d\d-\d\d/, with: "DATE").replacing(folder.path, with: "D")
  }

  private let reached = """
    green uplink_name: Tên 127.0.0.1 là 127.0.0.1 (N ms)
      the name is known, in N ms
    green uplink_tcp: Cổng 127.0.0.1:P mở (N ms)
      the port is open, in N ms

    """
  private let answers = """
    green uplink: Broker của tỉnh 127.0.0.1:P trả lời sau N ms
      the province's broker answers in N ms

    """
  private let rightsRemedy = """
    → Báo tỉnh: acl_file của broker phải theo mẫu \
    /usr/share/doc/hatang-aggregator/examples/central.acl ở máy chủ tỉnh, và chứng thư phải mang \
    tên kcn-1
      tell the province: the broker's acl_file must be as that sample on the province's host, and \
    the certificate's name must be the agent's

    """

  private func broker(_ certificates: Certificates, rights: String) -> Broker {
    folder.write(rights, to: "acl")
    return Broker(
      in: folder, settings: ["acl_file \(folder.file("acl"))"], certificates: certificates)
  }

  @Test func `with certificates and the shipped access list every step is green`() throws {
    let made = Certificates(in: folder, days: 90)
    let broker = broker(made, rights: Self.shippedRights)
    let text = check(try site(broker.port, made))
    #expect(
      text == reached + """
        green uplink_tls: Chứng thư của broker tỉnh (localhost) có hiệu lực đến DATE
          the certificate of the province's broker is valid until then

        """ + answers + """
          green uplink_acl: Quyền ở broker của tỉnh đúng: ghi được chủ đề của mình, chủ đề khác \
          thì bị từ chối
            the rights at the province's broker are right: may write its own topics, and no others

          """, "\(text)")
  }

  @Test func `a broker's certificate near its end is yellow`() throws {
    let made = Certificates(in: folder, days: 3)
    let broker = broker(made, rights: Self.shippedRights)
    #expect(
      check(try site(broker.port, made)).hasPrefix(
        reached + """
          yellow uplink_tls: Chứng thư của broker tỉnh (localhost) sẽ hết hạn sau 2 ngày (DATE)
            the certificate of the province's broker expires in 2 days
          → Xem đồng hồ của máy này; nếu đúng, báo tỉnh thay chứng thư của broker
            see this host's clock; if it is right, tell the province to renew the certificate

          """))
  }

  @Test func `a broker whose certificate another authority signed is red at TLS`() throws {
    let made = Certificates(in: folder, days: 90)
    let broker = broker(made, rights: Self.shippedRights)
    let strange = TemporaryFolder()
    let other = Certificates(in: strange)
    var text = check(try site(broker.port, other))
    text = text.replacing(strange.path, with: "S")
    #expect(
      text.hasPrefix(
        reached + """
          red uplink_tls: Chứng thư của broker tỉnh (localhost) không được tin: \
          self-signed certificate in certificate chain
            the certificate of the province's broker is not trusted
          → Đặt uplink.ca_file là chứng thư CA của tỉnh
            set uplink.ca_file to the province's CA
          red uplink: Broker của tỉnh 127.0.0.1:P: connect 127.0.0.1:P: TLS failed:
          """), "\(text)")
  }

  @Test func `a broker's certificate for another host is red at TLS`() throws {
    let made = Certificates(in: folder, days: 90, hosts: "DNS:mqtt.example.vn")
    let broker = broker(made, rights: Self.shippedRights)
    let text = check(try site(broker.port, made))
    #expect(
      text.hasPrefix(
        reached + """
          red uplink_tls: Chứng thư của broker tỉnh (localhost) không mang tên của 127.0.0.1:P
            the certificate of the province's broker carries another name
          → Sửa uplink.host đúng như tên trong chứng thư
            set uplink.host to that name

          """), "\(text)")
  }

  @Test func `a port that does not speak TLS is red at TLS`() throws {
    let made = Certificates(in: folder)
    let broker = Broker(in: folder)
    let text = check(try site(broker.port, made))
    #expect(
      text.hasPrefix(
        reached + """
          red uplink_tls: 127.0.0.1:P không nói TLS
            the port does not speak TLS
          → Kiểm tra uplink.port (thường là 8883) và tường lửa
            check uplink.port (usually 8883) and the firewall
          red uplink: Broker của tỉnh 127.0.0.1:P: connect 127.0.0.1:P:
          """), "\(text)")
  }

  @Test func `an unencrypted way over a network is yellow`() throws {
    let site = try site(1, host: "192.0.2.1")
    #expect(
      findings { UplinkTLSCheck.run(site, $0) } == """
        yellow uplink_tls: Đường lên 192.0.2.1:1 không mã hoá
          the uplink is not encrypted
        → Đặt uplink.ca_file, cert_file, key_file
          set uplink.ca_file, cert_file and key_file

        """)
  }

  @Test func `a host without a name is red, and no later step is tried`() throws {
    let text = check(try site(1, host: "a..b"))
    #expect(
      text == """
        red uplink_name: Không tìm được máy a..b: cannot find the host a..b: Name or service not \
        known
          the host's name is not known
        → Kiểm tra uplink.host, /etc/resolv.conf và mạng; số đo vẫn được giữ trong bộ đệm
          check uplink.host, /etc/resolv.conf and the network; measurements are kept meanwhile
        yellow uplink_tls: Đường lên a..b:P không mã hoá
          the uplink is not encrypted
        → Đặt uplink.ca_file, cert_file, key_file
          set uplink.ca_file, cert_file and key_file

        """)
  }

  @Test func `a closed port is red at TCP`() throws {
    let text = check(try site(Broker.freePort()))
    #expect(
      text == """
        green uplink_name: Tên 127.0.0.1 là 127.0.0.1 (N ms)
          the name is known, in N ms
        red uplink_tcp: Không nối được tới 127.0.0.1:P: cannot connect to 127.0.0.1: Connection \
        refused
          no TCP connection
        → Kiểm tra uplink.port, modem và tường lửa; hỏi tỉnh broker có chạy không
          check uplink.port, modem and firewall; ask the province whether its broker runs

        """)
  }

  @Test func `a broker that does not let us in is red at MQTT`() throws {
    folder.write("", to: "passwords")
    let broker = Broker(
      in: folder,
      settings: ["allow_anonymous false", "password_file \(folder.file("passwords"))"])
    let text = check(try site(broker.port))
    #expect(
      text == reached + """
        red uplink: Broker của tỉnh 127.0.0.1:P: connect 127.0.0.1:P: refused: Not authorized; \
        check username, password or certificate, and the broker's access list
          the uplink cannot be used
        → Kiểm tra chứng thư, tài khoản và tên kcn-1; số đo vẫn được giữ trong bộ đệm
          check certificate, account and the agent's name; measurements are kept meanwhile

        """, "\(text)")
  }

  @Test func `a broker that refuses our own topics is red`() throws {
    let made = Certificates(in: folder, days: 90)
    let broker = broker(made, rights: "pattern read hatang/v1/%u/receipt\n")
    let text = check(try site(broker.port, made))
    #expect(
      text.hasSuffix(
        answers + """
          red uplink_acl: Broker của tỉnh không cho dùng chủ đề của mình: \
          hatang/v1/kcn-1/status: refused: Not authorized
            the province's broker refuses this agent's own topics
          \(rightsRemedy)
          """), "\(text)")
  }

  @Test func `a broker that allows foreign topics is yellow, for writing and for reading`() throws {
    let broker = Broker(in: folder)
    let other = try BrokerPublisher(broker)
    try other.publish("hatang/v1/kcn-2/status", "x", isRetained: true)
    let text = check(try site(broker.port))
    #expect(
      text == reached + answers + """
        yellow uplink_acl: Broker của tỉnh không từ chối khi ghi vào chủ đề của trạm khác
          the province's broker does not refuse what is written in another agent's name
        \(rightsRemedy)yellow uplink_acl: Broker của tỉnh cho đọc trạng thái của trạm khác (kcn-2)
          the province's broker lets this agent read another one's status
        \(rightsRemedy)
        """, "\(text)")
  }
}

/// Publishes with mosquitto's own client.
private struct BrokerPublisher {
  let port: Int

  init(_ broker: Broker) throws { port = broker.port }

  func publish(_ topic: String, _ text: String, isRetained: Bool) throws {
    let words = ["-p", "\(port)", "-q", "1", "-t", topic, "-m", text] + (isRetained ? ["-r"] : [])
    guard run("/usr/bin/mosquitto_pub", words) == 0 else { throw TestFailure("mosquitto_pub") }
  }
}
