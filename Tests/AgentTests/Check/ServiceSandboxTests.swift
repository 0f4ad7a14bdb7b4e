import Agent
import Daemon
import TestSupport
import Testing

/// Whether the unit lets the daemon write the buffer's folder, by what systemd answers.
@Suite struct ServiceSandboxTests {
  private let folder = TemporaryFolder()

  private static let shipped = """
    LoadState=loaded
    ProtectSystem=strict
    ProtectHome=yes
    PrivateTmp=yes
    StateDirectory=hatang-agent
    ReadWritePaths=-/var/lib/prometheus/node-exporter
    """

  private func sandbox(_ changes: [(String, String)] = []) throws -> ServiceSandbox {
    var text = Self.shipped
    for (old, new) in changes { text = text.replacing(old, with: new) }
    return try #require(ServiceSandbox(text))
  }

  @Test(arguments: [
    ("/var/lib/hatang-agent", ServiceSandbox.Access.writable),
    ("/var/lib/hatang-agent/more", .writable),
    ("/var/lib/prometheus/node-exporter", .writable),
    ("/var/lib/hatang-agent-old", .readOnly), ("/var/lib", .readOnly), ("/mnt/ssd", .readOnly),
    ("/home/kt/hatang", .hidden), ("/root", .hidden), ("/run/user/1000", .hidden),
    ("/tmp/hatang", .hidden), ("/homes/hatang", .readOnly),
  ])
  func `the shipped unit opens its own folders alone`(
    _ path: String, _ access: ServiceSandbox.Access
  ) throws {
    #expect(try sandbox().access(to: path) == access)
  }

  @Test func `a drop-in opens a folder, but none that the unit hides`() throws {
    let paths = "ReadWritePaths=-/var/lib/prometheus/node-exporter"
    let open = try sandbox([(paths, "\(paths) /mnt/ssd +/srv/ /home/kt")])
    #expect(open.access(to: "/mnt/ssd/hatang") == .writable)
    #expect(open.access(to: "/srv") == .writable && open.access(to: "/srv/hatang") == .writable)
    #expect(open.access(to: "/home/kt") == .hidden)
    #expect(try sandbox([("=strict", "=full")]).access(to: "/mnt/ssd") == .writable)
    let homes = try sandbox([("ProtectHome=yes", "ProtectHome=no"), (paths, "\(paths) /home/kt")])
    #expect(homes.access(to: "/home/kt") == .writable)
    #expect(homes.access(to: "/home/other") == .readOnly)
  }

  @Test func `a unit that is not installed says nothing`() {
    #expect(ServiceSandbox("LoadState=not-found\nProtectSystem=no\n") == nil)
    #expect(ServiceSandbox("") == nil)
  }

  /// The lines of `check` that are not green, for a buffer in the test's folder.
  private func faults(_ sandbox: ServiceSandbox?) throws -> String {
    let settings = try AgentConfiguration(
      node(
        """
        { agent: 'a', uplink: { host: 'h' },
          buffer: { path: '\(folder.file("buffer.db"))', min_free_bytes: 0 } }
        """)
    ).buffer
    let found = CheckFindings()
    DiskCheck.examine(settings, user: nil, sandbox: sandbox, found)
    let faults = CheckFindings()
    for line in found.lines where line.result != .passed {
      faults.add(line.part, line.result, line.text, remedy: line.remedy)
    }
    return faults.text.replacing(folder.path, with: "D")
  }

  @Test func `a folder that the unit closes is red, with the drop-in that opens it`() throws {
    #expect(try faults(nil) == "")
    #expect(
      try faults(sandbox([("PrivateTmp=yes", "PrivateTmp=no")])) == """
        red buffer: Dịch vụ không được ghi vào D: systemd đóng đĩa với nó (ProtectSystem)
          the unit closes the disk to the daemon, this folder too
        → sudo systemctl edit hatang-agent: [Service] ReadWritePaths=D; rồi: sudo systemctl \
        restart hatang-agent
          open it to the service as above, and restart it

        """)
    #expect(
      try faults(
        sandbox([("PrivateTmp=yes", "PrivateTmp=no"), ("Paths=", "Paths=\(folder.path) ")])) == "")
  }

  @Test func `a folder that the unit hides is red, and has to go elsewhere`() throws {
    #expect(
      try faults(sandbox()) == """
        red buffer: Dịch vụ không thấy D: systemd che /home, /root, /run/user và /tmp với nó
          the unit hides /home, /root, /run/user and /tmp from the daemon
        → Đặt buffer.path ở nơi khác, thường là /var/lib/hatang-agent/buffer.db
          set buffer.path elsewhere, usually as above

        """)
  }
}
