import Enrolment
import Glibc
import MQTT
import TestSupport
import Testing

/// TLS 1.2 or newer, and the right name, whoever asks.
@Suite struct TLSVersionTests {
  /// A client of OpenSSL that offers one version alone, and is willing to take the weakest.
  private func shake(_ version: String, port: Int, in folder: TemporaryFolder) throws -> String {
    try output(
      of: "/bin/sh",
      [
        "-c",
        """
        openssl s_client -connect 127.0.0.1:\(port) -\(version) -cipher DEFAULT@SECLEVEL=0 \
        </dev/null
        """,
      ], in: folder
    ).text
  }

  @Test func `the province's broker as shipped refuses TLS 1_0 and 1_1, and takes 1_2 and 1_3`()
    throws
  {
    let province = try EnrolledProvince()
    for (version, name) in [("tls1_2", "TLSv1.2"), ("tls1_3", "TLSv1.3")] {
      let said = try shake(version, port: province.agentsPort, in: province.folder)
      #expect(said.contains("New, \(name), Cipher is "), "\(said)")
    }
    for version in ["tls1", "tls1_1"] {
      let said = try shake(version, port: province.agentsPort, in: province.folder)
      #expect(said.contains("alert protocol version"), "\(said)")
      #expect(said.contains("New, (NONE), Cipher is (NONE)"), "\(said)")
    }
  }

  @Test(arguments: ["tls1", "tls1_1"])
  func `we refuse a broker that offers nothing newer than TLS 1_1`(version: String) throws {
    let folder = TemporaryFolder()
    let certificates = Certificates(in: folder)
    let port = Broker.freePort()
    let server = Program(
      "/usr/bin/openssl",
      [
        "s_server", "-accept", "127.0.0.1:\(port)", "-\(version)", "-cert", certificates.server,
        "-key", certificates.serverKey, "-cipher", "DEFAULT@SECLEVEL=0", "-www",
      ], log: folder.file("server.log"))
    defer { server.kill() }
    // Somebody who is willing gets through: it is not the server that fails.
    try waitUntil("the server answers") {
      try shake(version, port: port, in: folder).contains("Cipher is ECDHE-ECDSA-AES256-SHA")
    }
    var options = ConnectionOptions(host: "127.0.0.1", port: port, clientID: "kcn-1")
    options.tls = TLSOptions(caFile: certificates.ca)
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(!client.connection.isConnected)
    let text = try #require(client.failures.first)
    #expect(text.hasPrefix("connect 127.0.0.1:\(port): TLS failed: "), "\(text)")
    #expect(text.contains("protocol"), "\(text)")
  }

  @Test(arguments: ["DNS:mqtt.example.vn", "IP:127.0.0.2"])
  func `a broker whose certificate is for another name is refused`(hosts: String) throws {
    let folder = TemporaryFolder()
    let certificates = Certificates(in: folder, hosts: hosts)
    let broker = Broker(in: folder, certificates: certificates)
    var options = ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: "kcn-1")
    options.tls = TLSOptions(
      caFile: certificates.ca, certificateFile: certificates.client,
      keyFile: certificates.clientKey)
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(!client.connection.isConnected)
    let text = try #require(client.failures.first)
    #expect(text.hasPrefix("connect 127.0.0.1:\(broker.port): TLS failed: "), "\(text)")
  }
}
