import Agent
import Daemon
import Enrolment
import Glibc
import TestSupport
import Testing

/// The line `certificate` of `check`, with certificates that a real authority issued at other
/// times.
@Suite struct CertificateCheckTests {
  private let deployment: Deployment
  private let dayMs: Int64 = 86_400_000

  init() throws { deployment = try Deployment() }

  private func check(_ certificate: String) throws -> String {
    let folder = deployment.folder
    folder.write(certificate, to: "agent.pem")
    folder.write(try folder.text(of: "authority/ca.pem"), to: "ca.pem")
    folder.write(try folder.text(of: "authority/ca.key"), to: "agent.key")
    chmod(folder.file("agent.key"), 0o600)
    folder.write(
      """
      { agent: "kcn-1", uplink: { host: "h", ca_file: "ca.pem", cert_file: "agent.pem",
        key_file: "agent.key" } }
      """, to: "agent.json5")
    let configuration = try AgentConfiguration(file: folder.file("agent.json5"))
    var report = CheckReport()
    CertificateCheck.add(configuration, nowMs: wallClockMs(), to: &report)
    return report.lines.map { line in
      "\(line.result.rawValue): \(line.text.vi)\n  \(line.text.en)\n"
        + (line.remedy.map { "→ \($0.vi)\n  \($0.en)\n" } ?? "")
    }.joined().replacing(folder.path, with: "D")
      .replacing(/\d{4}-\d\d-\d\dT[0-9:]+Z/, with: "DATE")
  }

  @Test func `an agent's certificate that has ended, nearly ended, or not begun`() throws {
    func issued(daysAgo: Int64, to agent: String = "kcn-1") throws -> String {
      let bundle = try deployment.bundle(agent, nowMs: wallClockMs() - daysAgo * dayMs)
      // So that the next can be issued whenever it is.
      _ = try deployment.revoke(agent)
      return bundle.certificate
    }
    let renewal = """
      → Ở tỉnh: hatang-aggregator renew kcn-1; tại đây: sudo hatang-agent enroll GÓI
        make a renewal in the province and enrol it here, as above

      """
    #expect(
      try check(issued(daysAgo: 731)) == """
        failed: Chứng thư đã hết hạn: DATE
          the certificate has expired
        \(renewal)
        """)
    #expect(
      try check(issued(daysAgo: 701)) == """
        warning: Chứng thư chỉ còn 28 ngày, đến DATE
          the certificate ends in 28 days
        \(renewal)
        """)
    #expect(
      try check(issued(daysAgo: -10)) == """
        failed: Chứng thư chỉ có hiệu lực từ DATE
          the certificate is not valid yet: is the clock right?
        → Chỉnh đồng hồ: sudo timedatectl set-ntp true
          set the clock as above

        """)
    #expect(
      try check(issued(daysAgo: 0, to: "kcn-2")) == """
        failed: Chứng thư D/agent.pem là của "kcn-2", cấu hình là của "kcn-1"
          the certificate is another agent's
        → Đăng ký bằng gói của kcn-1: sudo hatang-agent enroll GÓI
          enrol with this agent's own bundle

        """)
  }

  @Test func `a certificate's file that only looks like one`() throws {
    #expect(
      try check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == """
        failed: Chứng thư D/agent.pem: tệp không chứa chứng thư nào
          the file holds no certificate
        → đăng ký lại: sudo hatang-agent enroll GÓI
          enrol again: sudo hatang-agent enroll BUNDLE

        """)
  }

  @Test(arguments: [
    (40, "passed", "the certificate has 39 days left"),
    (20, "warning", "the certificate ends in 19 days"),
    (0, "failed", "the certificate has expired"),
  ])
  func `check warns 30 days ahead, and fails after the end`(
    days: Int64, result: String, text: String
  ) throws {
    let bundle = try deployment.bundle("kcn-1")
    try deployment.enroll(bundle)
    let path = deployment.folder.file("host/agent.pem")
    var report = CheckReport()
    let nowMs = bundle.expiresMs - days * 86_400_000 + 1
    CertificateCheck.judge(
      try CertificateFile(path: path), agent: "kcn-1", nowMs: nowMs, &report)
    CertificateCheck.judge(
      try CertificateFile(path: path), agent: "kcn-2", nowMs: nowMs, &report)
    #expect(report.lines.map(\.result.rawValue) == [result, "failed"])
    #expect(report.lines.map(\.text.en) == [text, "the certificate is another agent's"])
  }
}
