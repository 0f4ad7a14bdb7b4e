import Daemon
import Enrolment
import TestSupport
import Testing

/// The reader of certificates' heads against the openssl program, and against anything else.
@Suite struct CertificateTests {
  private let folder = TemporaryFolder()

  private func made(_ arguments: [String]) throws -> String {
    try OpenSSL.makeKey(folder.file("key"))
    try OpenSSL.run(
      "make a certificate",
      ["req", "-x509", "-key", folder.file("key"), "-out", folder.file("pem")] + arguments)
    return try folder.text(of: "pem")
  }

  @Test(arguments: [
    ("/CN=kcn-1", "kcn-1"), ("/C=VN/O=H\u{e0} Nam/CN=kcn-2/OU=x", "kcn-2"), ("/O=nobody", nil),
  ])
  func `dates and name are those that openssl wrote`(subject: String, name: String?) throws {
    // Beyond 2049 dates are written in another form.
    for days in [10, 40_000] {
      let pem = try made(["-utf8", "-subj", subject, "-days", "\(days)"])
      let certificate = try #require(Certificate(pem: "text before\n" + pem))
      #expect(certificate.commonName == name)
      #expect(
        certificate.notAfterMs - certificate.notBeforeMs == Int64(days) * 86_400_000)
      #expect(abs(certificate.notBeforeMs - wallClockMs()) < 3_600_000)
    }
  }

  @Test func `what is cut short or changed gives no certificate or another one, and no crash`()
    throws
  {
    let pem = try made(["-subj", "/CN=kcn-1", "-days", "2"])
    let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
    let der = try #require(Base64.decode(body))
    for count in 0..<der.count { #expect(Certificate(der: Array(der.prefix(count))) == nil) }
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<20_000 {
      var bytes = der
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<200, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      _ = Certificate(der: bytes)
    }
    #expect(Certificate(pem: "") == nil)
    #expect(Certificate(pem: "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----") == nil)
  }

  @Test(arguments: [
    ("", ""), ("TQ==", "M"), ("TWE=", "Ma"), ("TWFu", "Man"), ("TW\nFu", "Man"), ("TWE", nil),
    ("TQ=", nil), ("T", nil), ("TW=u", nil), ("====", nil), ("TW-u", nil),
  ])
  func `base 64 is read whole or not at all`(text: String, plain: String?) {
    #expect(Base64.decode(text) == plain.map { Array($0.utf8) })
  }

  @Test func `days left are whole days, and negative after the end`() throws {
    let certificate = try #require(
      Certificate(pem: try made(["-subj", "/CN=a", "-days", "40"])))
    let end = certificate.notAfterMs
    #expect(certificate.daysLeft(nowMs: end - 86_400_000) == 1)
    #expect(certificate.daysLeft(nowMs: end) == 0)
    #expect(certificate.daysLeft(nowMs: end + 1) == -1)
  }
}
