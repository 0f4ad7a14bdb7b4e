import Daemon
import Glibc
import TestSupport
import Testing

/// A technician without `sudo` on an enrolled host, where key and password are root's and the
/// buffer's folder is the service's.
@Suite(.enabled(if: getuid() == 0, "only root can become nobody"))
struct OrdinaryUserTests {
  private let folder = TemporaryFolder()

  init() {
    chmod(folder.path, 0o755)
    run("/bin/mkdir", ["-m", "0750", folder.file("state")])
    for name in ["ca.pem", "agent.pem"] { folder.write("-----BEGIN CERTIFICATE-----\n", to: name) }
    folder.write("-----BEGIN PRIVATE KEY-----\n", to: "agent.key")
    chmod(folder.file("agent.key"), 0o640)
    folder.write("secret\n", to: "password")
    chmod(folder.file("password"), 0o600)
    folder.write(
      """
      { "agent": "kcn-1", "state": "running", "pid": \(getpid()),
        "written_at": "\(RFC3339.format(ms: wallClockMs()))", "backlog": 0,
        "local": { "broker": "127.0.0.1:1883", "connected": true },
        "uplink": { "broker": "mqtt.vn:8883", "connected": true, "answered": true,
          "last_receipt_at": "\(RFC3339.format(ms: wallClockMs()))" } }
      """, to: "status.json")
    configure()
  }

  /// - Parameter local: further keys of `local`. Nobody listens on port 1.
  private func configure(local: String = "") {
    folder.write(
      """
      { agent: "kcn-1", local: { port: 1\(local) }, uplink: { host: "127.0.0.1",
          ca_file: "ca.pem", cert_file: "agent.pem", key_file: "agent.key" },
        status_file: "status.json", buffer: { path: "state/buffer.db" },
        mappings: ["\(Repository.path("config/mappings/tasmota-counter.json5"))"],
        probes: { service: { dvc: { command: ["true"],
          counters: [{ counter: "payments", from: "x" }] } } } }
      """, to: "agent.json5")
  }

  private func agent(_ words: String...) throws -> (text: String, exitCode: Int32) {
    let found = try output(
      of: "/usr/bin/setpriv",
      [
        "--reuid=65534", "--regid=65534", "--clear-groups", Repository.program("hatang-agent"),
      ] + words + ["--config", folder.file("agent.json5")], in: folder)
    return (found.text.replacing(folder.path, with: "D"), found.exitCode)
  }

  @Test func `status tells how the daemon is, and of the probes that only sudo can`() throws {
    let (text, code) = try agent("status")
    #expect(code == 0, "\(text)")
    #expect(text.hasPrefix("Đang thu thập và đang gửi về tỉnh.\n"), "\(text)")
    #expect(
      text.hasSuffix(
        """
        đo tự động / probes
          service dvc: không đọc được, chạy bằng sudo / cannot be read, run this with sudo

        """), "\(text)")
  }

  @Test func `import gets as far as the local broker, whose own password alone may stop it`() throws
  {
    let log = Repository.path("Tests/Resources/drive-ha-nam.csv")
    let (away, code) = try agent("import", "gnettrack", log)
    #expect(code == 69 && away.contains("127.0.0.1:1"), "\(code): \(away)")
    configure(local: #", username: "u", password_file: "password""#)
    let (refused, wrong) = try agent("import", "gnettrack", log)
    #expect(
      wrong == 78
        && refused.contains(
          "D/agent.json5:1: local.password_file names D/password, which cannot be read: "
            + "Permission denied; it is a secret: run this with sudo; only a service's group may "
            + "read it besides (0640)"),
      "\(wrong): \(refused)")
  }

  @Test func `mapping test needs no secret`() throws {
    let (text, code) = try agent(
      "mapping", "test", Repository.path("config/mappings/tasmota-counter.sample.json"),
      "--topic", "tele/queue-phu-ly/SENSOR")
    #expect(code == 0 && text.contains("nhận / taken 1, từ chối / rejected 0"), "\(text)")
  }

  @Test func `check needs the key, and asks for sudo instead of an open key`() throws {
    let (text, code) = try agent("check")
    #expect(
      code == 78
        && text.contains(
          "uplink.key_file names D/agent.key, which cannot be read: Permission denied; it is a "
            + "secret: run this with sudo; only a service's group may read it besides (0640)"),
      "\(text)")
  }
}
