import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// What `check` says of the files of mappings and probes. Those of the brokers: HostCheckTests.
@Suite struct FileCheckTests {
  private let folder = TemporaryFolder()
  private let user = SystemUser(name: "hatang-agent", id: 54_321, groups: [54_321])

  init() {
    chmod(folder.path, 0o755)
    folder.write(
      """
      { name: "m", topic: "rut/{id}/data", kind: "service", source: "{id}", fields: {
          counter: { value: "payments" }, value: "$.v" } }
      """, to: "rut.json5")
    folder.write("secret\n", to: "token")
    chmod(folder.file("token"), 0o640)
    chown(folder.file("token"), 0, user.id)
    folder.write("-----BEGIN CERTIFICATE-----\n", to: "desk.pem")
    folder.write(
      """
      { agent: "kcn-1", uplink: { host: "h" }, mappings: ["rut.json5"], probes: { service: {
          dvc: { url: "https://dvc.vn/m", format: "json", token_file: "token",
            ca_file: "desk.pem", counters: [{ counter: "payments", from: "x" }] },
          same: { url: "https://dvc.vn/n", format: "json", token_file: "token",
            ca_file: "no.pem", counters: [{ counter: "payments", from: "x" }] },
          own: { command: ["/home/x/count.sh"],
            counters: [{ counter: "payments", from: "x" }] } } } }
      """, to: "agent.json5")
  }

  private func files(
    _ user: SystemUser? = nil, sandbox: ServiceSandbox? = nil, credentials: Set<String> = []
  ) throws -> String {
    let configuration = try AgentConfiguration(file: folder.file("agent.json5"))
    return findings {
      FileCheck.examine(
        configuration, user: user, sandbox: sandbox, credentials: credentials, $0)
    }.replacing(folder.path, with: "D")
  }

  @Test func `each file of mappings and probes counts once, where it is there`() throws {
    #expect(
      try files(user) == """
        green files: Chủ và quyền của 4 tệp đúng
          owners and modes of 4 files are right

        """)
  }

  @Test func `a token that everybody reads is red, and so is one that the probe cannot read`()
    throws
  {
    chmod(folder.file("token"), 0o644)
    #expect(
      try files(user) == """
        red files: D/token là bí mật nhưng có quyền 0644: mọi người đọc được
          a secret with mode 0644: everybody on this host can use it
        → sudo chmod 0640 D/token; nếu máy có người lạ, xin cấp khoá mới
          as above; if strangers use this host, ask for a new key

        """)
    chmod(folder.file("token"), 0o600)
    // Nobody hands a token over, whatever its name is.
    #expect(
      try files(user, credentials: [folder.file("token")]) == """
        red files: Dịch vụ (người dùng hatang-agent) không đọc được D/token
          the daemon (user hatang-agent) cannot read it
        → sudo chgrp hatang-agent D/token && sudo chmod 0640 D/token
          as above

        """)
  }

  @Test func `a mapping that the daemon cannot read, or everybody can change, is red`() throws {
    chmod(folder.file("rut.json5"), 0o600)
    #expect(
      try files(user) == """
        red files: Dịch vụ (người dùng hatang-agent) không đọc được D/rut.json5
          the daemon (user hatang-agent) cannot read it
        → sudo chgrp hatang-agent D/rut.json5 && sudo chmod 0640 D/rut.json5
          as above

        """)
    chmod(folder.file("rut.json5"), 0o646)
    #expect(
      try files(user) == """
        red files: D/rut.json5 có quyền 0646: mọi người sửa được
          mode 0646: everybody on this host can change it
        → sudo chmod 0644 D/rut.json5
          as above

        """)
  }

  @Test func `a certificate of a probe that the daemon cannot read is red`() throws {
    chmod(folder.file("desk.pem"), 0o600)
    #expect(
      try files(user).hasPrefix(
        "red files: Dịch vụ (người dùng hatang-agent) không đọc được D/desk.pem\n"))
  }

  @Test func `a command in a home, which the unit hides, is red`() throws {
    let sandbox = try #require(
      ServiceSandbox("LoadState=loaded\nProtectSystem=strict\nProtectHome=yes\n"))
    #expect(
      try files(user, sandbox: sandbox) == """
        red files: Dịch vụ không thấy /home/x/count.sh: systemd che /home, /root, /run/user và \
        /tmp với nó
          the unit hides /home, /root, /run/user and /tmp from the daemon and its probes
        → Chuyển nó sang chỗ khác, như /etc/hatang hay /opt, và sửa cấu hình
          move it elsewhere, such as there, and correct the configuration

        """)
  }

  @Test(arguments: ["probe-service@", "probe-coverage@", "probe-broadband@", "agent"])
  func `the probes' units hide what the daemon's hides`(unit: String) throws {
    let lines = try Repository.text("systemd/hatang-\(unit).service").split(separator: "\n")
    #expect(lines.contains("ProtectHome=yes") && lines.contains("PrivateTmp=yes"))
  }
}
