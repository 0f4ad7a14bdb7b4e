import Agent
import Daemon
import Enrolment
import TestSupport
import Testing

/// The certificate that the province's broker shows, at other times than now. The agent's own is
/// tested with the enrolment.
@Suite struct UplinkTLSCheckTests {
  private let folder = TemporaryFolder()

  private let remedy = """
    → Xem đồng hồ của máy này; nếu đúng, báo tỉnh thay chứng thư của broker
      see this host's clock; if it is right, tell the province to renew the certificate

    """

  @Test func `outside its dates a broker's certificate is red`() throws {
    let made = Certificates(in: folder)
    let certificate = try #require(Certificate(pem: try Files.text(made.server)))
    func text(at nowMs: Int64, code: Int) -> String {
      findings {
        UplinkTLSCheck.examine("mqtt.vn:8883", certificate, (code, "x"), nowMs: nowMs, $0)
      }
      .replacing(/\d{4}-\d\d-\d\d(T[0-9:]+Z)?/, with: "DATE")
    }
    #expect(
      text(at: certificate.notAfterMs + 1, code: 10) == """
        red uplink_tls: Chứng thư của broker tỉnh (localhost) đã hết hạn ngày DATE
          the certificate of the province's broker has expired
        \(remedy)
        """)
    #expect(
      text(at: certificate.notBeforeMs - 1, code: 9) == """
        red uplink_tls: Chứng thư của broker tỉnh (localhost) chưa có hiệu lực, chỉ từ DATE
          the certificate of the province's broker is not valid yet; or is our clock wrong?
        \(remedy)
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
