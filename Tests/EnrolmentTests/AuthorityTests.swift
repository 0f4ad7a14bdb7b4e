import Agent
import Aggregator
import Daemon
import Enrolment
import Glibc
import TestSupport
import Testing

/// The province's side: the authority, and what its commands say.
@Suite struct AuthorityTests {
  private let deployment: Deployment

  init() throws { deployment = try Deployment() }

  private func complaint(_ work: () throws -> Void) -> String {
    do {
      try work()
      return "none"
    } catch {
      return "\(error)".replacing(deployment.folder.path + "/", with: "")
    }
  }

  @Test func `only the keys are secret, and the broker's folder has all that it reads`() throws {
    let folder = deployment.folder
    #expect(Place.mode(of: folder.file("authority/ca.key")) == 0o600)
    for name in ["ca.pem", "index.txt"] {
      #expect(Place.mode(of: folder.file("authority/\(name)")) == 0o644)
    }
    let (names, _) = try output(of: "/bin/ls", [folder.file("broker")], in: folder)
    #expect(names == "broker.key\nbroker.pem\nca.pem\ncrl.pem\n")
    #expect([0o640, 0o600].contains(Place.mode(of: folder.file("broker/broker.key"))))
    #expect(!folder.contains("authority/workshop"))
    let verdict = try OpenSSL.attempt([
      "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "mqtt.example.vn",
      "-CAfile", folder.file("authority/ca.pem"), folder.file("broker/broker.pem"),
    ])
    #expect(verdict.isDone, "\(verdict.text)")
    _ = try deployment.bundle("kcn-1")
    #expect(Place.mode(of: folder.file("authority/index.txt")) == 0o644)
    #expect(!folder.contains("authority/workshop"))
  }

  @Test func `a second authority in the same place is refused, a new broker's certificate is not`()
    throws
  {
    let key = try deployment.folder.text(of: "broker/broker.key")
    let bundle = try deployment.bundle("kcn-1")
    #expect(
      complaint { try CertificateAuthority.make(deployment.authority) } == """
        authority/ca.pem: đã có CA; làm CA mới là khoá mọi trạm ra ngoài; giữ CA cũ; \
        --broker-only chỉ làm lại chứng thư của broker
          there is an authority already; a new one would shut every agent out; keep it; \
        --broker-only makes the broker's certificate anew
        """)
    try CertificateAuthority(deployment.authority).makeBrokerFiles()
    #expect(try deployment.folder.text(of: "broker/broker.key") != key)
    #expect(try deployment.folder.text(of: "broker/ca.pem") == bundle.ca)
  }

  @Test func `the authority's key works only while nobody else can read it`() throws {
    let key = deployment.folder.file("authority/ca.key")
    chmod(key, 0o640)
    #expect(
      complaint { _ = try deployment.bundle("kcn-1") } == """
        authority/ca.key: có quyền 640, người khác trên máy này ký chứng thư được; chạy: chmod 600 \
        authority/ca.key, và tạo CA mới nếu máy này có người lạ dùng
          has mode 640, so others on this host can sign with it; run: chmod 600 \
        authority/ca.key, and make a new authority if strangers use this host
        """)
    chmod(key, 0o600)
    _ = try deployment.bundle("kcn-1")
  }

  @Test func `nobody is enrolled twice, renewed or revoked who is not there`() throws {
    let bundle = try deployment.bundle("kcn-1")
    let end = RFC3339.format(ms: bundle.expiresMs)
    #expect(
      complaint { _ = try deployment.bundle("kcn-1") } == """
        kcn-1: đã đăng ký đến \(end); gia hạn bằng renew; nếu khoá đã mất hoặc bị lộ, thu hồi \
        bằng revoke trước
          is enrolled until \(end); renew it; or revoke it first if its key is lost, or is no \
        longer a secret
        """)
    let authority = deployment.authority
    #expect(
      complaint { _ = try CertificateAuthority(authority).renew("kcn-2") }
        == "kcn-2: chưa đăng ký; đã có kcn-1; đăng ký bằng enroll\n"
        + "  is not enrolled; enrolled are kcn-1; enroll it")
    #expect(
      complaint { _ = try CertificateAuthority(authority).revoke("kcn-2") }
        == "kcn-2: chưa đăng ký; đã có kcn-1; kiểm tra lại tên\n"
        + "  is not enrolled; enrolled are kcn-1; check the name")
    _ = try CertificateAuthority(authority).renew("kcn-1")
    #expect(try CertificateAuthority(authority).revoke("kcn-1") == 2)
    #expect(try CertificateAuthority(authority).revoke("kcn-1") == 0)
    #expect(
      complaint { _ = try CertificateAuthority(authority).renew("kcn-1") }
        == "kcn-1: chưa đăng ký; chưa có trạm nào; đăng ký bằng enroll\n"
        + "  is not enrolled; nobody is; enroll it")
    #expect(try deployment.bundle("kcn-1").key != bundle.key)
  }

  @Test func `a broker that does not restart is told, and the certificates are revoked`() throws {
    _ = try deployment.bundle("kcn-1")
    deployment.authority.restartBroker = ["sh", "-c", "exit 3"]
    #expect(
      complaint { _ = try CertificateAuthority(deployment.authority).revoke("kcn-1") } == """
        sh -c exit 3: kết thúc với mã 3; chứng thư đã bị thu hồi; hãy tự chạy lệnh đó: chưa chạy \
        thì kết nối đang mở của trạm vẫn sống
          ended with 3; the certificates are revoked; run it yourself: until then an open \
        connection of the agent lives on
        """)
    let index = try #require(AuthorityIndex(file: deployment.authority.indexFile))
    #expect(index.certificates.map(\.isRevoked) == [true])
  }

  @Test func `the index gives the newest end of each agent that is not revoked`() throws {
    let index = AuthorityIndex(
      """
      V\t281124082542Z\t\t3A\tunknown\t/CN=kcn-1
      V\t301124082542Z\t\t3B\tunknown\t/CN=kcn-1
      R\t311124082542Z\t261125082542Z\t3C\tunknown\t/CN=kcn-1
      R\t281124082542Z\t261125082542Z,keyCompromise\t3D\tunknown\t/CN=kcn-2
      E\t20551124082542Z\t\t3E\tunknown\t/CN=kcn-3
      V\t281124082542Z\t\t3F\tunknown\t/CN=Not An Agent
      nonsense
      """)
    #expect(
      index.expiries.map { "\($0.agent) \(RFC3339.format(ms: $0.expiresMs))" } == [
        "kcn-1 2030-11-24T08:25:42Z", "kcn-3 2055-11-24T08:25:42Z",
      ])
  }

  @Test
  func `the aggregator's check is yellow for who is to be renewed, and red for who has ended`()
    throws
  {
    let folder = deployment.folder
    let dayMs: Int64 = 86_400_000
    let nowMs = wallClockMs() / 1_000 * 1_000
    func line(_ name: String, days: Int64) -> String {
      "V\t\(CompactTime.format(ms: nowMs + days * dayMs))\t\t3A\tunknown\t/CN=\(name)\n"
    }
    func check(_ index: String) -> [String] {
      folder.write(index, to: "authority/index.txt")
      folder.write(
        """
        { broker: { host: "127.0.0.1", port: 1 }, indicators: "i", areas: "a",
          store: { path: "h.db" }, ca: { folder: "authority" } }
        """, to: "a.json5")
      let report = Aggregator.CheckCommand.examine(folder.file("a.json5")).0
      return report.lines.filter { $0.part == "certificates" }.map { line in
        "\(line.result.rawValue): \(line.text.vi)\n\(line.text.en)\n\(line.remedy?.vi ?? "-")"
      }
    }
    let renewal = "hatang-aggregator renew TRẠM rồi giao gói, hoặc revoke"
    #expect(
      check(line("kcn-1", days: 31)) == [
        """
        passed: 1 trạm đã đăng ký, chứng thư đều còn hạn
        1 agents enrolled, no certificate near its end
        -
        """
      ])
    let due = "kcn-2 \(RFC3339.format(ms: nowMs + 29 * dayMs))"
    #expect(
      check(line("kcn-1", days: 31) + line("kcn-2", days: 29)) == [
        """
        warning: Chứng thư hết hạn trong 30 ngày: \(due)
        to be renewed within 30 days: \(due)
        \(renewal)
        """
      ])
    let ended = "kcn-3 \(RFC3339.format(ms: nowMs - dayMs))"
    #expect(
      check(line("kcn-2", days: 29) + line("kcn-3", days: -1)) == [
        """
        failed: Chứng thư đã hết hạn: \(ended)
        ended: \(ended)
        \(renewal)
        """,
        """
        warning: Chứng thư hết hạn trong 30 ngày: \(due)
        to be renewed within 30 days: \(due)
        \(renewal)
        """,
      ])
  }
}
