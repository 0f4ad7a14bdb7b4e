import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// Whether the daemon's user may write the buffer, asked by root, who may write anywhere.
@Suite struct DiskRightsTests {
  private let folder = TemporaryFolder()
  private let user = SystemUser(name: "hatang-agent", id: 54_321, groups: [54_321])

  /// The lines that are not green.
  private func faults(_ user: SystemUser?) throws -> String {
    let settings = try AgentConfiguration(
      node(
        """
        { agent: 'a', uplink: { host: 'h' },
          buffer: { path: '\(folder.file("state/buffer.db"))', min_free_bytes: 0 } }
        """)
    ).buffer
    let found = CheckFindings()
    DiskCheck.examine(settings, user: user, found)
    let faults = CheckFindings()
    for line in found.lines where line.result != .passed {
      faults.add(line.part, line.result, line.text, remedy: line.remedy)
    }
    return faults.text.replacing(folder.path, with: "D")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `a folder that is root's, or behind root's, is red for the daemon's user`() throws {
    let state = folder.file("state")
    chmod(folder.path, 0o755)
    mkdir(state, 0o755)
    #expect(try faults(nil) == "")
    #expect(
      try faults(user) == """
        red buffer: Dịch vụ (người dùng hatang-agent) không ghi được vào D/state
          the daemon (user hatang-agent) cannot write there
        → sudo chown hatang-agent:hatang-agent D/state && sudo chmod 0750 D/state
          as above

        """)
    chown(state, user.id, 54_321)
    #expect(try faults(user) == "")
    chmod(folder.path, 0o700)
    #expect(
      try faults(user) == """
        red buffer: Dịch vụ (người dùng hatang-agent) không ghi được vào D/state (vì thư mục D)
          the daemon (user hatang-agent) cannot write there (because of D)
        → sudo chmod o+x D
          as above

        """)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func `a buffer that root left behind is red for the daemon's user`() throws {
    let state = folder.file("state")
    chmod(folder.path, 0o755)
    mkdir(state, 0o750)
    chown(state, user.id, 54_321)
    folder.write("", to: "state/buffer.db")
    chown(folder.file("state/buffer.db"), user.id, 54_321)
    folder.write("", to: "state/buffer.db-wal")
    #expect(
      try faults(user) == """
        red buffer: Dịch vụ (người dùng hatang-agent) không ghi được D/state/buffer.db-wal
          the daemon (user hatang-agent) cannot write it
        → sudo chown hatang-agent:hatang-agent D/state/buffer.db*
          as above

        """)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can mount a disk"))
  func `a disk that is mounted read-only is red for everybody`() throws {
    let state = folder.file("state")
    mkdir(state, 0o777)
    guard mount("tmpfs", state, "tmpfs", UInt(MS_RDONLY), "size=1m,mode=0777") == 0 else {
      throw TestFailure("mount tmpfs: \(String(cString: strerror(errno)))")
    }
    defer { umount(state) }
    let told = """
      red buffer: Không ghi được vào D/state: đĩa được gắn chỉ đọc
        the disk is mounted read-only
      → Xem lỗi đĩa: sudo dmesg | grep -i error; rồi: sudo mount -o remount,rw \
      "$(findmnt -no TARGET -T D/state)"
        see the disk's errors, then mount it for writing, as above

      """
    #expect(try faults(nil) == told)
    #expect(try faults(user) == told)
  }
}
