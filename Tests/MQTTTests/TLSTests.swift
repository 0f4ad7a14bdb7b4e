import Glibc
import MQTT
import TestSupport
import Testing

@Suite struct TLSTests {
  let folder = TemporaryFolder()

  private func options(_ broker: Broker, _ certificates: Certificates, host: String = "127.0.0.1")
    -> ConnectionOptions
  {
    var options = ConnectionOptions(host: host, port: broker.port, clientID: "kcn-1")
    options.tls = TLSOptions(
      caFile: certificates.ca, certificateFile: certificates.client,
      keyFile: certificates.clientKey)
    return options
  }

  @Test(arguments: ["127.0.0.1", "localhost"])
  func `with certificates on both sides messages pass, also many at once`(host: String) throws {
    let certificates = Certificates(in: folder)
    let broker = Broker(in: folder, certificates: certificates)
    let client = try Client(options(broker, certificates, host: host)).connect()
    try client.subscribe("measure/#")
    // Several TLS records, and several messages in one of them: poll sees none of the bytes that
    // OpenSSL holds already.
    let count = 2_000
    for number in 0..<count {
      try client.connection.publish(
        Publication(topic: "measure/a", payload: Array("\(number)".utf8)))
    }
    #expect(client.until { $0.messages.count == count })
    #expect(client.texts == (0..<count).map { "\($0)" })
  }

  @Test func `a broker whose certificate another authority signed`() throws {
    let certificates = Certificates(in: folder)
    let broker = Broker(in: folder, certificates: certificates)
    let other = TemporaryFolder()
    var options = options(broker, certificates)
    options.tls?.caFile = Certificates(in: other).ca
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    let text = try #require(client.failures.first)
    #expect(text.hasPrefix("connect 127.0.0.1:\(broker.port): TLS failed: "))
    #expect(text.contains("certificate verify failed"))
    #expect(
      text.hasSuffix(
        "; check that ca_file signed the broker's certificate, its host name, and the clock"))
  }

  @Test func `a broker that wants a certificate and gets none`() throws {
    let certificates = Certificates(in: folder)
    let broker = Broker(in: folder, certificates: certificates)
    var options = options(broker, certificates)
    options.tls = TLSOptions(caFile: certificates.ca)
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(!client.connection.isConnected)
  }

  @Test func `a port that does not speak TLS`() throws {
    let certificates = Certificates(in: folder)
    let broker = Broker(in: folder)
    let client = try Client(options(broker, certificates))
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(!client.connection.isConnected)
  }
}
