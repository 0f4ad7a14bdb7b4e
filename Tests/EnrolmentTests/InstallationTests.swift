import Agent
import Aggregator
import Daemon
import Enrolment
import Glibc
import MQTT
import TestSupport
import Testing

/// A good bundle on hosts of every sort.
@Suite struct InstallationTests {
  private let deployment: Deployment

  init() throws { deployment = try Deployment() }

  private func configure(_ text: String) {
    deployment.folder.write(text, to: "host/agent.json5")
  }

  @Test func `on a bare host everything is in place, with the right modes, and nothing else`()
    throws
  {
    let bundle = try CertificateAuthority(deployment.authority).enroll(
      "kcn-1", site: "Tủ Đồng Văn", area: "duy-tien")
    #expect(try deployment.enroll(bundle) == nil)
    let host = try deployment.host()
    #expect(host.keys.sorted() == ["agent.json5", "agent.key", "agent.pem", "ca.pem"])
    #expect(host["agent.key"] == bundle.key)
    #expect(host["agent.json5"]?.contains("// Tủ Đồng Văn, area duy-tien\n") == true)
    let hasGroup = geteuid() == 0 && getgrnam("hatang-agent") != nil
    #expect(
      Place.mode(of: deployment.folder.file("host/agent.key")) == (hasGroup ? 0o640 : 0o600))
    for name in ["agent.json5", "agent.pem", "ca.pem"] {
      #expect(Place.mode(of: deployment.folder.file("host/\(name)")) == 0o644)
    }
    let read = try AgentConfiguration(file: deployment.folder.file("host/agent.json5"))
    #expect(read.agent == "kcn-1" && read.uplink.name == "mqtt.example.vn:8883")
    let file = try #require(try CertificateFile(read.uplink))
    #expect(file.certificate.notAfterMs == bundle.expiresMs)
  }

  @Test func `the other settings of a configuration stay, and its former text is kept`() throws {
    let former = """
      // by hand
      { agent: "an-example", uplink: { host: "old.example.vn" }, local: { port: 1884 },
        buffer: { path: "b.db", max_bytes: 5000000 } }
      """
    configure(former)
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    let host = try deployment.host()
    #expect(host["agent.json5.previous"] == former)
    let read = try AgentConfiguration(file: deployment.folder.file("host/agent.json5"))
    #expect(read.agent == "kcn-1" && read.uplink.name == "mqtt.example.vn:8883")
    #expect(read.local.port == 1_884 && read.buffer.bytesMax == 5_000_000)
    #expect(read.buffer.path == deployment.folder.file("host/b.db"))
  }

  @Test func `a host that delivers without a certificate keeps its name`() throws {
    configure(#"{ agent: "kcn-9", uplink: { host: "h" }, buffer: { path: "b.db" } }"#)
    deployment.folder.write("", to: "host/b.db")
    let before = try deployment.host()
    let found = try deployment.enroll(deployment.bundle("kcn-1"))
    #expect(
      found?.hasPrefix("b.hatang: gói là của kcn-1, nhưng máy này đã đăng ký là kcn-9;") == true)
    #expect(try deployment.host() == before)
    #expect(try deployment.enroll(deployment.bundle("kcn-9")) == nil)
  }

  @Test func `a renewal changes the certificate, and no byte of anything else`() throws {
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    configure(
      try deployment.folder.text(of: "host/agent.json5")
        .replacing("local: {", with: "max_payload_bytes: 2048, local: {"))
    let before = try deployment.host()
    deployment.authority.agentDays = 900
    let renewal = try CertificateAuthority(deployment.authority).renew("kcn-1")
    #expect(renewal.key == nil)
    // It holds no secret, so it may lie open.
    #expect(try deployment.enroll(text: renewal.text, mode: 0o644) == nil)
    let after = try deployment.host()
    #expect(after["agent.pem"] == renewal.certificate)
    #expect(after.filter { $0.key != "agent.pem" } == before.filter { $0.key != "agent.pem" })
  }

  @Test func `a new key for the same name, and another name where it is asked for`() throws {
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    _ = try CertificateAuthority(deployment.authority).revoke("kcn-1")
    let anew = try deployment.bundle("kcn-1")
    #expect(try deployment.enroll(anew) == nil)
    #expect(try deployment.host()["agent.key"] == anew.key)
    let other = try deployment.bundle("kcn-2")
    #expect(try deployment.enroll(other, isReplacing: true) == nil)
    let host = try deployment.host()
    #expect(host["agent.key"] == other.key && host["agent.pem"] == other.certificate)
    #expect(host["agent.json5"]?.contains("\"agent\": \"kcn-2\"") == true)
  }

  @Test func `a configuration that cannot be read stops it, and with replace is set aside`() throws
  {
    configure("{ agent: ")
    let before = try deployment.host()
    let bundle = try deployment.bundle("kcn-1")
    let found = try deployment.enroll(bundle)
    #expect(
      found?.hasPrefix("host/agent.json5: cấu hình đang có sai (") == true
        && found?.hasSuffix("mend it, or add --replace to put it aside") == true)
    #expect(try deployment.host() == before)
    #expect(try deployment.enroll(bundle, isReplacing: true) == nil)
    #expect(try deployment.host()["agent.json5.previous"] == "{ agent: ")
  }

  /// As a power cut leaves it between the renames: the old configuration is away, some files are
  /// new. No daemon starts without a configuration, and the next run completes it.
  @Test(arguments: 0...3)
  func `an enrolment that was interrupted is completed by the next`(renames: Int) throws {
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    configure(
      try deployment.folder.text(of: "host/agent.json5")
        .replacing("local: {", with: "max_payload_bytes: 2048, local: {"))
    _ = try CertificateAuthority(deployment.authority).revoke("kcn-1")
    let anew = try deployment.bundle("kcn-1")
    let path = deployment.folder.file("host")
    try Place.makeFolder("\(path)/.enrolling", mode: 0o700)
    try Place.write("{", to: "\(path)/.enrolling/agent.json5", mode: 0o644)
    try Place.move("\(path)/agent.json5", to: "\(path)/agent.json5.replaced")
    let parts = [
      ("ca.pem", anew.ca), ("agent.key", anew.key ?? ""), ("agent.pem", anew.certificate),
    ]
    for (name, text) in parts.prefix(renames) {
      try Place.write(text, to: "\(path)/\(name)", mode: 0o600)
    }
    #expect(try deployment.enroll(anew) == nil)
    let host = try deployment.host()
    #expect(host["agent.key"] == anew.key && host["agent.pem"] == anew.certificate)
    #expect(host["agent.json5"]?.contains("max_payload_bytes: 2048") == true)
    #expect(host.keys.sorted() == ["agent.json5", "agent.key", "agent.pem", "ca.pem"])
  }

  @Test func `what the first enrolment kept stays through a second, with a shorter certificate`()
    throws
  {
    let former = "// by hand\n{ agent: 'an-example', uplink: { host: 'old.example.vn' } }\n"
    configure(former)
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    let merged = try deployment.folder.text(of: "host/agent.json5")
    _ = try CertificateAuthority(deployment.authority).revoke("kcn-1")
    deployment.authority.agentDays = 20
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    let host = try deployment.host()
    #expect(host["agent.json5"] == merged && host["agent.json5.previous"] == former)
    #expect(
      host.keys.sorted() == [
        "agent.json5", "agent.json5.previous", "agent.key", "agent.pem", "ca.pem",
      ])
  }

  @Test func `what an enrolment had replaced when it was cut off at its end is kept by the next`()
    throws
  {
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    let former = "// by hand\n{ agent: 'an-example', uplink: { host: 'old.example.vn' } }\n"
    deployment.folder.write(former, to: "host/agent.json5.replaced")
    let renewal = try CertificateAuthority(deployment.authority).renew("kcn-1")
    #expect(try deployment.enroll(renewal) == nil)
    let host = try deployment.host()
    #expect(host["agent.json5.previous"] == former && host["agent.json5.replaced"] == nil)
  }

  @Test func `a file that cannot be replaced leaves everything as it was`() throws {
    #expect(try deployment.enroll(deployment.bundle("kcn-1")) == nil)
    _ = try CertificateAuthority(deployment.authority).revoke("kcn-1")
    let anew = try deployment.bundle("kcn-1")
    let path = deployment.folder.file("host")
    let key = try deployment.folder.text(of: "host/agent.key")
    let configuration = try deployment.folder.text(of: "host/agent.json5")
    // A folder in the way of the certificate, the last of the three files.
    try Place.move("\(path)/agent.pem", to: deployment.folder.file("agent.pem"))
    try Place.makeFolder("\(path)/agent.pem", mode: 0o755)
    try Place.makeFolder("\(path)/agent.pem/x", mode: 0o755)
    try Place.makeFolder("\(path)/agent.json5.replaced", mode: 0o755)
    #expect(
      try deployment.enroll(anew) == """
        host/agent.json5.replaced: không làm được (read: Is a directory); chạy bằng sudo
          cannot read: Is a directory; run it as root
        """)
    #expect(try deployment.folder.text(of: "host/agent.key") == key)
    #expect(try deployment.folder.text(of: "host/agent.json5") == configuration)
  }
}
