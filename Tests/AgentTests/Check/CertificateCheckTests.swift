import Agent
import Daemon
import TestSupport
import Testing

/// Certificates: the agent's own, and what the province's broker shows.
@Suite struct CertificateCheckTests {
  private let folder = TemporaryFolder()
  private let nowMs: Int64 = 1_795_486_650_000
  private let dayMs: Int64 = 86_400_000

  private func facts(name: String = "kcn-1", from: Int64, until: Int64) throws -> CertificateFacts {
    func date(_ days: Int64) -> String {
      RFC3339.format(ms: nowMs + days * dayMs).replacing("T", with: " ")
    }
    return try CertificateFacts(
      text: "subject=CN=\(name),O=x\nnotBefore=\(date(from))\nnotAfter=\(date(until))\n")
  }

  private func own(_ facts: CertificateFacts) -> String {
    findings { CertificateCheck.examine(facts, agent: "kcn-1", nowMs: nowMs, $0) }
  }

  @Test func `the agent's certificate is green, yellow 30 days ahead, red outside its dates`()
    throws
  {
    let remedy = """
      → Xin tỉnh chứng thư mới cho kcn-1
        ask the province for a new certificate

      """
    #expect(
      own(try facts(from: -1, until: 30)) == """
        green certificate: Chứng thư của trạm có hiệu lực đến 2026-12-24
          the agent's certificate is valid until then

        """)
    #expect(
      own(try facts(from: -1, until: 29)) == """
        yellow certificate: Chứng thư của trạm sẽ hết hạn sau 29 ngày (2026-12-23)
          the agent's certificate expires in 29 days
        \(remedy)
        """)
    #expect(
      own(try facts(from: -9, until: -1)) == """
        red certificate: Chứng thư của trạm đã hết hạn ngày 2026-11-23
          the agent's certificate has expired
        \(remedy)
        """)
    #expect(
      own(try facts(from: 1, until: 90)) == """
        red certificate: Chứng thư của trạm chưa có hiệu lực, chỉ từ 2026-11-25T02:17:30Z
          the agent's certificate is not valid yet; or is our clock wrong?
        \(remedy)
        """)
  }

  @Test func `a certificate in another name is yellow`() throws {
    #expect(
      own(try facts(name: "kcn-2", from: -1, until: 90)).hasSuffix(
        """
        yellow certificate_name: Chứng thư mang tên "kcn-2", không phải "kcn-1"
          the certificate carries another name than the agent's
        → Sửa agent trong cấu hình, hoặc xin chứng thư mang tên kcn-1
          correct agent in the configuration, or ask for a certificate in its name

        """))
  }

  @Test func `a file that is no certificate is yellow`() throws {
    folder.write("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", to: "c.pem")
    folder.write("-----BEGIN PRIVATE KEY-----\n", to: "k.pem")
    let path = folder.file("c.pem")
    let site = CheckSite(
      try AgentConfiguration(
        node(
          """
          { agent: 'kcn-1', uplink: { host: 'h', ca_file: '\(path)', cert_file: '\(path)',
            key_file: '\(folder.file("k.pem"))' } }
          """)))
    #expect(
      findings { CertificateCheck.run(site, $0) } == """
        yellow certificate: Không đọc được chứng thư \(path): cannot read the certificate; is it \
        one, in PEM form?
          the certificate cannot be read
        → Cài openssl: sudo apt install openssl; hoặc xin lại chứng thư
          install openssl as above, or ask for the certificate again

        """)
  }

  private func broker(_ facts: CertificateFacts?, _ code: Int, _ words: String) -> String {
    findings {
      UplinkTLSCheck.examine("mqtt.vn:8883", facts, (code, words), nowMs: nowMs, $0)
    }
  }

  @Test func `an expired certificate of the broker is red`() throws {
    #expect(
      broker(try facts(name: "mqtt.vn", from: -9, until: -1), 10, "certificate has expired") == """
        red uplink_tls: Chứng thư của broker tỉnh (mqtt.vn) đã hết hạn ngày 2026-11-23
          the certificate of the province's broker has expired
        → Xem đồng hồ của máy này; nếu đúng, báo tỉnh thay chứng thư của broker
          see this host's clock; if it is right, tell the province to renew the certificate

        """)
  }

  @Test func `openssl's words are found in its output`() {
    let text = """
      CONNECTED(00000003)
      -----BEGIN CERTIFICATE-----
      AA
      -----END CERTIFICATE-----
      -----BEGIN CERTIFICATE-----
      BB
      -----END CERTIFICATE-----
          Verify return code: 20 (unable to get local issuer certificate)
      """
    #expect(
      UplinkTLSCheck.pem(in: text)
        == "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n")
    #expect(UplinkTLSCheck.verification(in: text)?.code == 20)
    #expect(
      UplinkTLSCheck.verification(in: text)?.words == "unable to get local issuer certificate")
    #expect(UplinkTLSCheck.pem(in: "connect:errno=111") == nil)
  }
}
