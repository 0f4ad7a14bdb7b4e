import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// What `check` says of the host itself; each yellow and each red line is provoked.
@Suite struct HostCheckTests {
  private let folder = TemporaryFolder()
  private let user = SystemUser(name: "hatang-agent", id: 54_321, groups: [54_321])

  // MARK: Files

  private func configuration() throws -> AgentConfiguration {
    folder.write("-----BEGIN CERTIFICATE-----\n", to: "ca.pem")
    folder.write("-----BEGIN CERTIFICATE-----\n", to: "agent.pem")
    folder.write("-----BEGIN PRIVATE KEY-----\n", to: "agent.key")
    folder.write("secret\n", to: "password")
    folder.write(
      """
      { agent: "kcn-1", local: { username: "u", password_file: "password" },
        uplink: { host: "h", ca_file: "ca.pem", cert_file: "agent.pem", key_file: "agent.key" } }
      """, to: "agent.json5")
    chmod(folder.path, 0o755)
    for name in ["agent.key", "password"] { chmod(folder.file(name), 0o600) }
    return try AgentConfiguration(file: folder.file("agent.json5"))
  }

  private func files(_ user: SystemUser?) throws -> String {
    let configuration = try AgentConfiguration(file: folder.file("agent.json5"))
    return findings { FileCheck.examine(configuration, user: user, $0) }
      .replacing(folder.path, with: "D")
  }

  @Test func `files whose modes are right get one line, which says where nobody can know`() throws {
    _ = try configuration()
    #expect(
      try files(nil) == """
        green files: Chủ và quyền của 5 tệp đúng; chưa có người dùng hatang-agent nên chưa biết \
        dịch vụ đọc được không
          owners and modes of 5 files are right; there is no user hatang-agent yet, so whether the \
        daemon can read them is not known

        """)
    for name in ["agent.key", "password"] {
      chown(folder.file(name), 0, user.id)
      chmod(folder.file(name), 0o640)
    }
    #expect(
      try files(user) == """
        green files: Chủ và quyền của 5 tệp đúng
          owners and modes of 5 files are right

        """)
  }

  @Test func `a password that everybody reads is red`() throws {
    _ = try configuration()
    chmod(folder.file("password"), 0o644)
    #expect(
      try files(nil) == """
        red files: D/password là bí mật nhưng có quyền 0644: mọi người đọc được
          a secret with mode 0644: everybody on this host can use it
        → sudo chmod 0640 D/password; nếu máy có người lạ, xin cấp khoá mới
          as above; if strangers use this host, ask for a new key

        """)
  }

  @Test func `a configuration that everybody can change is red`() throws {
    _ = try configuration()
    chmod(folder.file("agent.json5"), 0o666)
    #expect(
      try files(nil) == """
        red files: D/agent.json5 có quyền 0666: mọi người sửa được
          mode 0666: everybody on this host can change it
        → sudo chmod 0644 D/agent.json5
          as above

        """)
  }

  @Test func `what the daemon's user cannot read is red, with the folder at fault`() throws {
    _ = try configuration()
    chown(folder.file("password"), 0, user.id)
    chmod(folder.file("password"), 0o640)
    #expect(
      try files(user) == """
        red files: Dịch vụ (người dùng hatang-agent) không đọc được D/agent.key
          the daemon (user hatang-agent) cannot read it
        → sudo chgrp hatang-agent D/agent.key && sudo chmod 0640 D/agent.key
          as above

        """)
    chmod(folder.path, 0o700)
    let text = try files(user)
    #expect(
      text.hasPrefix(
        """
        red files: Dịch vụ (người dùng hatang-agent) không đọc được D/agent.json5 (vì thư mục D)
          the daemon (user hatang-agent) cannot read it (because of D)
        → sudo chmod o+x D
          as above

        """))
  }

  @Test func `a secret that the service manager hands over may stay root's alone`() throws {
    let configuration = try configuration()
    let secrets = Set(["agent.key", "password"].map(folder.file))
    let found = findings {
      FileCheck.examine(configuration, user: user, credentials: secrets, $0)
    }
    #expect(
      found == """
        green files: Chủ và quyền của 5 tệp đúng
          owners and modes of 5 files are right

        """)
  }

  @Test func `the secrets that need no rights are those that the unit loads`() throws {
    let loaded = try Repository.text("systemd/hatang-agent.service")
      .matches(of: /LoadCredential=[^:]*:(\S+)/).map { String($0.1) }
    #expect(Set(loaded) == FileCheck.credentials)
  }

  // MARK: Disk

  private func buffer(_ keys: String) throws -> BufferSettings {
    try AgentConfiguration(
      node("{ agent: 'a', uplink: { host: 'h' }, buffer: { \(keys) } }")
    ).buffer
  }

  @Test func `a disk with room is green, one without and a missing folder are red`() throws {
    let path = folder.file("buffer.db")
    func disk(_ keys: String) throws -> String {
      let settings = try buffer(keys)
      return findings { DiskCheck.examine(settings, user: nil, $0) }.replacing(
        folder.path, with: "D"
      )
      .replacing(/\d+ MB (free,|ở)/) { "N MB \($0.output.1)" }
      .replacing(/còn \d+ MB/, with: "còn N MB").replacing(
        /\d+ MB free for/, with: "N MB free for")
    }
    #expect(
      try disk("path: '\(path)', min_free_bytes: 0") == """
        green disk: Đĩa còn N MB ở D
          N MB free for the buffer

        """)
    #expect(
      try disk("path: '\(path)', min_free_bytes: 1e12") == """
        red disk: Đĩa còn N MB ở D, cần ít nhất 1000000 MB
          N MB free, buffer.min_free_bytes asks for 1000000 MB
        → Giải phóng đĩa, hoặc giảm buffer.min_free_bytes
          free space, or lower buffer.min_free_bytes

        """)
    #expect(
      try disk("path: '\(folder.path)/no/buffer.db'") == """
        red disk: Thư mục bộ đệm D/no: cannot find D/no: No such file or directory
          the buffer's folder cannot be used
        → Tạo: sudo install -d -o hatang-agent -g hatang-agent -m 0750 D/no; rồi sudo systemctl \
        edit hatang-agent: [Service] ReadWritePaths=D/no
          make it as above, and open it to the service, whose disk is closed otherwise

        """)
  }

  @Test(.disabled(if: Files.exists("/var/lib/hatang-agent"), "this host has the agent's package"))
  func `a host that the service never ran on is told to start it, which makes the folder`() throws {
    let settings = try buffer("")
    #expect(
      findings { DiskCheck.examine(settings, user: nil, $0) } == """
        red disk: Thư mục bộ đệm /var/lib/hatang-agent: cannot find /var/lib/hatang-agent: No such \
        file or directory
          the buffer's folder cannot be used
        → Khởi động, dịch vụ tự tạo thư mục: sudo systemctl start hatang-agent
          start the service as above, it makes the folder

        """)
  }

  private func room(_ bytesMax: Int, _ status: String) throws -> String {
    let settings = try buffer("max_bytes: \(bytesMax), min_free_bytes: 0")
    let estimate = RoomEstimate(
      settings, freeBytes: 1_000_000_000_000, status: try node(status))
    return findings { DiskCheck.examineRoom(estimate, $0) }
  }

  /// 155 MB a day.
  private func status(seconds: Int = 86_400) -> String {
    """
    { backlog: 0, buffer: { bytes: 0 }, last_24_hours: { seconds: \(seconds),
      accepted: \(180 * seconds), bytes: \(1_792 * seconds) } }
    """
  }

  @Test func `the buffer's room is told as time: 200 MB hold 31 h`() throws {
    #expect(
      try room(200_000_000, status()) == """
        green buffer_room: Bộ đệm còn chỗ 200 MB, giữ được 31 giờ khi mất đường lên \
        (154.8 MB mỗi ngày)
          room for 200 MB lasts 31 h without an uplink (154.8 MB a day)

        """)
    let remedy = """
      → Tăng buffer.max_bytes hoặc giải phóng đĩa, để qua được ít nhất một ngày mất mạng
        raise buffer.max_bytes or free space, so that a day without network is survived

      """
    #expect(
      try room(100_000_000, status()) == """
        yellow buffer_room: Bộ đệm còn chỗ 100 MB, giữ được 15 giờ khi mất đường lên \
        (154.8 MB mỗi ngày)
          room for 100 MB lasts 15 h without an uplink (154.8 MB a day)
        \(remedy)
        """)
    #expect(
      try room(5_000_000, status()) == """
        red buffer_room: Bộ đệm còn chỗ 5 MB, giữ được 46 phút khi mất đường lên \
        (154.8 MB mỗi ngày)
          room for 5 MB lasts 46 min without an uplink (154.8 MB a day)
        \(remedy)
        """)
  }

  @Test func `after too short a time nobody says how long the room lasts`() throws {
    #expect(
      try room(200_000_000, status(seconds: 599)) == """
        green buffer_room: Bộ đệm còn chỗ 200 MB; chưa đủ dữ liệu để biết giữ được bao lâu
          room for 200 MB; too little is known to say how long it lasts

        """)
  }

  @Test func `what waits already is no room, what is receipted is`() throws {
    let settings = try buffer("max_bytes: 2e8, min_free_bytes: 1000")
    let waiting = try node(
      """
      { backlog: 1000, buffer: { bytes: 90000 }, last_24_hours: { seconds: 86400,
        accepted: 2000, bytes: 20000 } }
      """)
    let estimate = RoomEstimate(settings, freeBytes: 101_000, status: waiting)
    #expect(estimate.bytes == 90_000 + 100_000 - 10_000)
    #expect(estimate.lastsSeconds == 777_600)
  }

  // MARK: Flash

  /// - Parameter configuredHours: since the configuration was taken, by the time of day.
  private func flash(hours: Int, bytes: Int, configuredHours: Int? = nil) throws -> String {
    let age = Int64(configuredHours ?? hours) * 3_600_000
    let status = try node(
      """
      { started_at: "\(RFC3339.format(ms: dayMs - age))",
        written_at: "\(RFC3339.format(ms: dayMs))",
        written_bytes: \(bytes), written_seconds: \(hours * 3_600) }
      """)
    return findings { FlashCheck.examine(status, bytesPerDayMax: 1_000_000_000, $0) }
  }

  private let dayMs: Int64 = 1_795_486_650_000

  @Test func `flash wear is told a day and a year, and is yellow beyond the budget`() throws {
    #expect(
      try flash(hours: 12, bytes: 100_000_000) == """
        green flash: Ghi flash 200 MB mỗi ngày, 73 GB mỗi năm; mức cho phép 1000 MB mỗi ngày
          flash wear: 200 MB a day, 73 GB a year; allowed are 1000 MB a day

        """)
    #expect(
      try flash(hours: 2, bytes: 100_000_000) == """
        yellow flash: Ghi flash 1200 MB mỗi ngày, 438 GB mỗi năm; mức cho phép 1000 MB mỗi ngày
          flash wear: 1200 MB a day, 438 GB a year; allowed are 1000 MB a day
        → Tăng buffer.linger_ms (ví dụ 2000): nhiều số đo chung một lần ghi
          raise buffer.linger_ms (to 2000, say): more measurements share one write

        """)
  }

  /// An hour after a reload; after the network's time came to a clock of 1970; and with a start in
  /// the future.
  @Test(arguments: [1, 500_000, -24])
  func `flash wear goes by the process's own time, whatever reloads and clocks do`(
    configuredHours: Int
  ) throws {
    #expect(
      try flash(hours: 7_200, bytes: 30_000_000_000, configuredHours: configuredHours) == """
        green flash: Ghi flash 100 MB mỗi ngày, 36.5 GB mỗi năm; mức cho phép 1000 MB mỗi ngày
          flash wear: 100 MB a day, 36.5 GB a year; allowed are 1000 MB a day

        """)
  }

  @Test func `flash wear of a daemon that has just begun or never ran is not known`() throws {
    #expect(
      try flash(hours: 0, bytes: 1_000_000) == """
        green flash: Mức ghi flash: chưa đủ dữ liệu, dịch vụ mới chạy 0 giây
          flash wear: too little is known, the daemon has run for 0 s

        """)
    #expect(
      findings { FlashCheck.examine(nil, bytesPerDayMax: 1, $0) } == """
        green flash: Mức ghi flash: chưa biết, dịch vụ chưa từng chạy
          flash wear: not known, the daemon has not run yet

        """)
  }

  // MARK: Clock

  @Test func `a clock is red before this was written, yellow unsynchronised, else green`() {
    let remedy = """
      → Bật đồng bộ: sudo timedatectl set-ntp true
        switch synchronisation on as above

      """
    #expect(
      findings { ClockCheck.examine(86_400_000, isSynchronised: true, $0) } == """
        red clock: Đồng hồ chạy sai: 1970-01-02T00:00:00Z
          the clock cannot be right
        \(remedy)
        """)
    #expect(
      findings { ClockCheck.examine(dayMs, isSynchronised: false, $0) } == """
        yellow clock: Đồng hồ 2026-11-24T02:17:30Z chưa đồng bộ
          the clock is not synchronised
        \(remedy)
        """)
    #expect(
      findings { ClockCheck.examine(dayMs, isSynchronised: nil, $0) } == """
        green clock: Đồng hồ đúng: 2026-11-24T02:17:30Z
          the clock is plausible

        """)
  }

  @Test(arguments: [
    (
      2_040, 50,
      "green clock_offset: Đồng hồ chậm hơn của tỉnh 2040 ms (± 50 ms)\n"
        + "  our clock is 2040 ms behind the province's (± 50 ms)\n"
    ),
    (
      -2_060, 50,
      "yellow clock_offset: Đồng hồ nhanh hơn của tỉnh 2060 ms (± 50 ms)\n"
        + "  our clock is 2060 ms ahead of the province's (± 50 ms)\n"
        + "→ Bật đồng bộ: sudo timedatectl set-ntp true\n  switch synchronisation on as above\n"
    ),
    (
      400_000, 50,
      "red clock_offset: Đồng hồ chậm hơn của tỉnh 400000 ms (± 50 ms)\n"
        + "  our clock is 400000 ms behind the province's (± 50 ms)\n"
        + "→ Bật đồng bộ: sudo timedatectl set-ntp true\n  switch synchronisation on as above\n"
    ),
  ])
  func `the clock against the province's, less what the round trip leaves open`(
    offset: Int, accuracy: Int, text: String
  ) throws {
    let status = try node(
      "{ uplink: { clock_offset_ms: \(offset), clock_accuracy_ms: \(accuracy) } }")
    #expect(findings { ClockCheck.examineOffset(status, $0) } == text)
  }

  @Test func `without a receipt the clock cannot be compared`() {
    #expect(
      findings { ClockCheck.examineOffset(nil, $0) } == """
        yellow clock_offset: Chưa so được đồng hồ với tỉnh: chưa có biên nhận nào
          the clock could not be compared with the province's: no receipt has come yet
        → Xem các dòng về đường lên và dịch vụ, rồi kiểm tra lại
          see the lines on uplink and daemon, then check again

        """)
  }

  // MARK: Daemon

  @Test func `a daemon that runs is green, paused red, away yellow`() throws {
    #expect(
      findings { DaemonCheck.examine(.running(try! node("{}")), $0) } == """
        green daemon: Dịch vụ đang chạy
          the daemon runs

        """)
    let paused = try running("{ paused_reason: 'no room' }")
    #expect(
      findings { DaemonCheck.examine(paused, $0) } == """
        red daemon: Dịch vụ đang chạy nhưng tạm dừng thu thập: no room
          the daemon runs, but has paused: it takes nothing in
        → Xem dòng về đĩa; khi có chỗ, dịch vụ tự chạy tiếp
          see the lines on disk; it goes on by itself once there is room

        """)
    let dead = AgentStatusFile.dead(try node("{}"), ageSeconds: 61)
    #expect(
      findings { DaemonCheck.examine(dead, $0) } == """
        yellow daemon: Dịch vụ không chạy: không còn trả lời, lần cuối 61 s trước
          dead: it wrote last 61 s ago
        → Khởi động: sudo systemctl start hatang-agent
          start it as above

        """)
  }

  @Test func `a part that hangs is red after the bound, and its lane's rest is passed over`() throws
  {
    let hold = try StopSignal()
    let parts = [
      CheckPart("slow", .uplink) { _, findings in
        findings.add("slow", .passed, Bilingual("a", "b"))
        var poller = Poller()
        poller.add(hold.fileDescriptor, .readable)
        _ = try? poller.wait(timeout: .seconds(120))
      },
      CheckPart("after", .uplink) { _, _ in },
      CheckPart("fast", .host) { _, findings in
        findings.add("fast", .passed, Bilingual("c", "d"))
      },
    ]
    let site = CheckSite(try AgentConfiguration(node("{ agent: 'a', uplink: { host: 'h' } }")))
    let began = monotonicNow()
    let report = try CheckRun(parts, site).run(within: .seconds(1))
    hold.set()
    #expect(monotonicNow() - began < .seconds(30))
    #expect(
      report.text(hasColours: false) == """
        ✓ a
          b
        ✗ slow: không xong trong 1 giây
          not finished within 1 s
          → Chạy lại; nếu vẫn treo, kiểm tra máy chủ tên miền và mạng
            run it again; if it hangs again, check the name server and the network
        ✓ c
          d
        1 lỗi phải sửa. / 1 to be mended.

        """)
  }

  @Test func `a probe that hangs is to be tried by itself`() throws {
    let configuration = try AgentConfiguration(
      node(
        """
        { agent: 'a', uplink: { host: 'h' }, probes: { service: { s: { command: ['sleep', '10'],
          counters: [{ counter: 'c', from: 'x' }] } } } }
        """))
    let parts = try ProbeCheck.parts(configuration)
    let report = try CheckRun(parts, CheckSite(configuration)).run(within: .seconds(1))
    #expect(
      report.text(hasColours: false) == """
        ✗ probe_service_s: không xong trong 1 giây
          not finished within 1 s
          → Thử lại: sudo hatang-agent probe service s --print; mã kết quả: zless \
        /usr/share/doc/hatang-agent/probes.md.gz
            try again as above; that document says what each outcome asks for
        1 lỗi phải sửa. / 1 to be mended.

        """)
  }
}
