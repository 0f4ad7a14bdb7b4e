import Agent
import Daemon
import Glibc
import MQTT
import TestSupport
import Testing

@Suite struct AgentConfigurationTests {
  private static let least = #"agent: "kcn-1", uplink: { host: "mqtt.example.vn" }"#

  private func configuration(_ text: String) throws -> AgentConfiguration {
    try AgentConfiguration(ConfigNode.parse(text: text, name: "agent.json5"))
  }

  private func message(_ text: String) -> String {
    do {
      _ = try configuration(text)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func `two keys are enough, the rest has its default`() throws {
    let found = try configuration("{ \(Self.least) }")
    #expect(found.agent == "kcn-1")
    #expect(found.local.name == "127.0.0.1:1883")
    #expect(found.uplink.name == "mqtt.example.vn:1883" && found.uplink.tls == nil)
    #expect(found.buffer.path == "/var/lib/hatang-agent/buffer.db")
    #expect(found.buffer.bytesMax == 2_000_000_000)
    #expect(found.buffer.freeBytesMin == 200_000_000)
    #expect(found.buffer.whenFull == .pause)
    #expect(found.buffer.linger == .milliseconds(200))
    #expect(found.buffer.keepAcknowledgedMs == 72 * 3_600_000)
    #expect(found.maxPayloadBytes == 262_144)
    #expect(found.statusFile == "/run/hatang-agent/status.json")
    #expect(found.textfile == nil)
  }

  @Test func `every key is read`() throws {
    try withFiles { folder in
      let found = try configuration(
        """
        { agent: "kcn-dong-van-1", local: { host: "::1", port: 1884 },
          uplink: { host: "mqtt.example.vn", ca_file: "\(folder)/ca.pem",
            cert_file: "\(folder)/cert.pem", key_file: "\(folder)/key.pem",
            username: "u", password_file: "\(folder)/password" },
          buffer: { path: "/x/b.db", max_bytes: 5e9, min_free_bytes: 0, when_full: "drop_oldest",
            linger_ms: 5000, keep_acknowledged_hours: 1 },
          max_payload_bytes: 65536, status_file: "/x/s.json", textfile: "/x/hatang.prom",
          mappings: [], probes: {} }
        """)
      #expect(found.local.name == "::1:1884")
      #expect(found.uplink.port == 8_883)
      #expect(found.uplink.tls?.caFile == "\(folder)/ca.pem")
      #expect(found.uplink.tls?.certificateFile == "\(folder)/cert.pem")
      #expect(found.uplink.tls?.keyFile == "\(folder)/key.pem")
      #expect(found.uplink.username == "u" && found.uplink.password == "geheim ")
      #expect(found.buffer.path == "/x/b.db" && found.buffer.whenFull == .dropOldest)
      #expect(found.buffer.bytesMax == 5_000_000_000 && found.buffer.freeBytesMin == 0)
      #expect(found.buffer.linger == .seconds(5) && found.buffer.keepAcknowledgedMs == 3_600_000)
      #expect(found.maxPayloadBytes == 65_536 && found.textfile == "/x/hatang.prom")
    }
  }

  @Test func `the example that is shipped is right but for the files it names`() throws {
    let path = Repository.path("config/agent.json5")
    let lines = try Files.text(path).split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("ca_file:") }) + 1
    #expect {
      _ = try AgentConfiguration(file: path)
    } throws: {
      "\($0)"
        == "\(path):\(line): uplink.ca_file names /etc/hatang/ca.pem, which cannot be read: No "
        + "such file or directory; put the file there, or correct the path"
    }
  }

  @Test(arguments: [
    (
      "{ uplink: { host: 'h' } }", "1: agent is missing; add it to the object, which begins here"
    ),
    (
      "{ agent: 'KCN 1', uplink: { host: 'h' } }",
      "1: agent is \"KCN 1\", allowed a-z 0-9 -, 1…64 characters; not \"indicators\"; change it"
    ),
    ("{ agent: 'a' }", "1: uplink is missing; add it to the object, which begins here"),
    (
      "{ agent: 'a',\n uplink: { port: 1 } }",
      "2: uplink.host is missing; add it to uplink, which begins here"
    ),
    (
      "{ agent: 'a', uplink: { host: 'a b' } }",
      "1: uplink.host is \"a b\", allowed a host name or an address; change it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h', port: 65536 } }",
      "1: uplink.port is 65536, allowed 1…65535; lower it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h', cert_file: '/x' } }",
      "1: uplink.cert_file is of no use without ca_file; add ca_file"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h', ca_file: '/x', key_file: '/x' } }",
      "1: uplink.key_file is of no use without cert_file; add cert_file"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h', password_file: '/x' } }",
      "1: uplink.password_file is of no use without username; add username"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h', username: 'u', password_file: '/nowhere/p' } }",
      "1: uplink.password_file names /nowhere/p, which cannot be read: No such file or directory; "
        + "put the file there, or correct the path"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' },\n bufer: {} }",
      "2: unknown key bufer; did you mean buffer?"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, buffer: { linger: 1 } }",
      "1: unknown key buffer.linger; did you mean linger_ms?"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' },\n\n buffer: {\n linger_ms: 90000 } }",
      "4: buffer.linger_ms is 90000, allowed 0…60000; lower it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, buffer: { max_bytes: 999999 } }",
      "1: buffer.max_bytes is 999999, allowed 1000000…1000000000000; raise it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, buffer: { when_full: 'drop' } }",
      "1: buffer.when_full is \"drop\", allowed \"pause\", \"drop_oldest\"; choose one of them"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, buffer: [] }",
      "1: buffer is a list of 0, but must be an object in { }; change it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, textfile: '/x/y.txt' }",
      "1: textfile is \"/x/y.txt\", but node_exporter reads only files that end in .prom; rename it"
    ),
    (
      "{ agent: 'a', uplink: { host: 'h' }, probes: {\n radio: {} } }",
      "2: unknown key probes.radio; known here: folder, coverage, broadband, service"
    ),
  ])
  func `what is wrong is said with line, key, value, what is legal and what to do`(
    _ text: String, _ expected: String
  ) {
    #expect(message(text) == "agent.json5:\(expected)")
  }

  @Test func `a file that is no certificate or key is refused by name`() throws {
    try withFiles { folder in
      #expect(
        message("{ agent: 'a', uplink: { host: 'h', ca_file: '\(folder)/password' } }")
          == "agent.json5:1: uplink.ca_file names \(folder)/password, which holds no certificate "
          + "in PEM form; name the right file")
      #expect(
        message(
          """
          { agent: 'a', uplink: { host: 'h', ca_file: '\(folder)/ca.pem',
            cert_file: '\(folder)/cert.pem', key_file: '\(folder)/cert.pem' } }
          """)
          == "agent.json5:2: uplink.key_file names \(folder)/cert.pem, which holds no private key "
          + "in PEM form; name the right file")
    }
  }

  @Test(arguments: [(0o644, "0644"), (0o646, "0646"), (0o602, "0602")] as [(mode_t, String)])
  func `a key that everybody can use is refused, one of a group is not`(
    mode: mode_t, shown: String
  ) throws {
    try withFiles { folder in
      let text = """
        { agent: 'a', uplink: { host: 'h', ca_file: '\(folder)/ca.pem',
          cert_file: '\(folder)/cert.pem', key_file: '\(folder)/key.pem' } }
        """
      let found = try configuration(text)
      #expect(found.uplink.tls?.keyFile == "\(folder)/key.pem")
      chmod("\(folder)/key.pem", mode)
      #expect(
        message(text)
          == "agent.json5:2: uplink.key_file names \(folder)/key.pem with mode \(shown), so "
          + "everybody on this host can use the key; chmod 0640 \(folder)/key.pem, and ask for a "
          + "new key if strangers use this host")
    }
  }

  @Test func `a missing file is named with the remedy`() {
    #expect {
      _ = try AgentConfiguration(file: "/nowhere/agent.json5")
    } throws: {
      "\($0)"
        == "/nowhere/agent.json5: cannot be read: No such file or directory; create it, or name "
        + "another file"
    }
  }

  /// A folder with a certificate, a key and a password, as far as their form goes.
  private func withFiles(_ body: (String) throws -> Void) throws {
    let folder = TemporaryFolder()
    let certificate = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    folder.write(certificate, to: "ca.pem")
    folder.write(certificate, to: "cert.pem")
    folder.write("-----BEGIN PRIVATE KEY-----\nx\n", to: "key.pem")
    folder.write("geheim \n", to: "password")
    chmod(folder.file("key.pem"), 0o640)
    try body(folder.path)
  }
}
