import Glibc
import MQTT
import TestSupport
import Testing

/// Whole texts, as a technician reads them.
@Suite struct MQTTErrorTests {
  let folder = TemporaryFolder()

  @Test func `a port where nobody listens`() throws {
    let port = Broker.freePort()
    let client = try Client(ConnectionOptions(host: "127.0.0.1", port: port, clientID: "a"))
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(
      client.failures == [
        """
        connect 127.0.0.1:\(port): Connection refused; see that the broker runs and that host and \
        port are right
        """
      ])
    #expect(client.connection.fileDescriptor == nil)
  }

  @Test func `a name with several address families tries each of them`() throws {
    let broker = Broker(in: folder)  // IPv4 only.
    let client = try Client(ConnectionOptions(host: "localhost", port: broker.port, clientID: "a"))
    try client.connect()
    #expect(client.failures.isEmpty)
  }

  @Test func `a name that does not exist`() throws {
    let client = try Client(ConnectionOptions(host: "broker.invalid", port: 1883, clientID: "a"))
    try client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    let ends = client.events.compactMap { if case .disconnected(let end) = $0 { end } else { nil } }
    let error = try #require(ends.first)
    #expect(error.description.hasPrefix("connect broker.invalid:1883: name not found ("))
    #expect(error.hint == "check the host's name and this machine's name server")
    #expect(error.isRetryable)
  }

  @Test func `a broker that does not answer`() throws {
    let broker = Broker(in: folder)
    broker.pause()
    defer { broker.resume() }
    var options = ConnectionOptions.to(broker, "a")
    options.connectTimeout = .zero
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(
      client.failures == [
        """
        connect 127.0.0.1:\(broker.port): no answer within 0 s; check host, port and firewall
        """
      ])
  }

  @Test func `a password that is wrong`() throws {
    folder.write("", to: "passwords")
    #expect(
      run("/usr/bin/mosquitto_passwd", ["-b", folder.file("passwords"), "agent", "right"]) == 0)
    let broker = Broker(
      in: folder, settings: ["password_file \(folder.file("passwords"))", "allow_anonymous false"])
    var options = ConnectionOptions.to(broker, "a")
    options.username = "agent"
    options.password = "wrong"
    let client = try Client(options)
    try? client.connection.connect()
    #expect(client.until { $0.failures.count == 2 })
    let text = """
      connect 127.0.0.1:\(broker.port): refused: Not authorized; check username, password or \
      certificate, and the broker's access list
      """
    #expect(client.failures == ["refused: " + text, text])
    options.password = "right"
    #expect(try Client(options).connect().connection.isConnected)
  }

  @Test func `a subscription that the access list forbids`() throws {
    folder.write("topic write #\n", to: "acl")
    let broker = Broker(in: folder, settings: ["acl_file \(folder.file("acl"))"])
    let client = try Client(.to(broker, "a")).connect()
    _ = try client.connection.subscribe(to: "$share/x/y/#")
    #expect(client.until { !$0.events.isEmpty })
    #expect(client.connection.isConnected)
  }

  @Test func `another program with the same client id`() throws {
    let broker = Broker(in: folder)
    let first = try Client(.to(broker, "twin")).connect()
    let second = try Client(.to(broker, "twin")).connect()
    #expect(first.until { !$0.failures.isEmpty })
    #expect(second.connection.isConnected)
    // mosquitto 2.0.11 does not say why.
    #expect(first.failures == ["read 127.0.0.1:\(broker.port): the broker closed the connection"])
  }

  @Test func `settings out of range are refused before anything is sent`() {
    var options = ConnectionOptions(host: "h", port: 70_000, clientID: "a")
    #expect(text(options) == "configure h:70000: port is 70000, allowed 1…65535")
    options.port = 1
    options.keepAliveSeconds = 3
    #expect(text(options) == "configure h:1: keepAliveSeconds is 3, allowed 5…65535")
    options.keepAliveSeconds = 60
    options.receiveMaximum = 0
    #expect(text(options) == "configure h:1: receiveMaximum is 0, allowed 1…65535")
    options.receiveMaximum = 20
    options.clientID = ""
    #expect(text(options) == "configure h:1: client id \"\" is empty or no UTF-8")
    options.clientID = "a"
    options.tls = TLSOptions(caFile: "/nowhere/ca.crt")
    #expect(
      text(options) == """
        configure h:1: ca_file /nowhere/ca.crt: No such file or directory; check the path and its \
        owner
        """)
  }

  @Test func `publishing without a connection`() throws {
    let client = try Client(ConnectionOptions(host: "h", port: 1, clientID: "a"))
    let error = try #require(throws: MQTTError.self) {
      try client.connection.publish(Publication(topic: "a", payload: []))
    }
    #expect(error.description == "publish h:1: The client is not currently connected.")
  }

  private func text(_ options: ConnectionOptions) -> String {
    do {
      _ = try Connection(options)
      return "accepted"
    } catch { return error.description }
  }
}
