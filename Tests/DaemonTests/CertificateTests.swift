import Daemon
import TestSupport
import Testing

/// When a certificate expires, by the file alone.
@Suite struct CertificateTests {
  @Test func `a certificate says when it expires, and anything else says nothing`() throws {
    let folder = TemporaryFolder()
    let certificates = Certificates(in: folder)
    let expiryMs = try #require(Certificate.expiryMs(ofFile: certificates.client))
    // As openssl reads it.
    let text = try output(
      of: "/usr/bin/openssl",
      ["x509", "-enddate", "-noout", "-dateopt", "iso_8601", "-in", certificates.client],
      in: folder
    ).text
    let told = try #require(text.firstMatch(of: /notAfter=(\S+) (\S+)Z/))
    #expect(RFC3339.parse("\(told.1)T\(told.2)Z") == expiryMs)
    #expect(Certificate.expiryMs(ofFile: certificates.clientKey) == nil)
    #expect(Certificate.expiryMs(ofFile: folder.file("none")) == nil)
    let pem = try folder.text(of: "client.crt")
    for length in stride(from: 0, to: pem.count - 30, by: 7) {
      #expect(Certificate.expiryMs(ofPEM: String(pem.prefix(length))) == nil)
    }
  }

  @Test(arguments: [
    ("", []), ("aGE=", [0x68, 0x61]), ("aGF0", [0x68, 0x61, 0x74]),
    ("a\nGF0\r\n", [0x68, 0x61, 0x74]),
    ("aGE", nil), ("aG=E", nil), ("a!==", nil), ("====", nil),
  ])
  func `base64 gives bytes or nothing`(text: String, bytes: [UInt8]?) {
    #expect(Base64.decode(text) == bytes)
  }
}
