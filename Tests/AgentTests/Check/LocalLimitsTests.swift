import Agent
import Daemon
import TestSupport
import Testing

/// What `check` says of a mosquitto's own configuration: the shipped one is right, and each setting
/// that our promises cannot live with is told.
@Suite struct LocalLimitsTests {
  private let folder = TemporaryFolder()

  private func limits(_ text: String, dropped: Int64 = 0) throws -> String {
    folder.write(text, to: "mosquitto.conf")
    let file = try #require(MosquittoFile(folder.file("mosquitto.conf"), port: 1_883))
    var seen = LocalBrokerCheck.Seen()
    seen.file = file
    seen.receiveMaximum = 1_000
    seen.dropped = dropped
    return findings { LocalLimits.examine(seen, payloadBytesMax: 262_144, $0) }
  }

  private static func shipped() throws -> String {
    try Repository.text("config/mosquitto/local.conf")
  }

  private static let right = """
    green local_limits: Giới hạn của broker tại chỗ đủ, theo những gì thấy được
      the local broker's bounds suffice, as far as they show

    """

  @Test func `persistence off is red, a short queue yellow, as mosquitto's defaults are`() throws {
    #expect(
      try limits("# nothing\n") == """
        red local_limits: Broker tại chỗ: persistence tắt, khởi động lại là mất bản tin đã nhận
          the local broker: persistence is off, a restart loses what it has acknowledged
        → Đặt persistence true, autosave_on_changes true, autosave_interval 1000; mẫu: \
        /usr/share/hatang/mosquitto/hatang-agent.conf
          set it as above; a sample is in that file
        yellow local_limits: Broker tại chỗ: chỉ giữ 1000 bản tin khi dịch vụ vắng, quá thì bỏ
          the local broker: while the daemon is away it holds 1000 messages and no more
        → Đặt max_queued_messages 0, max_queued_bytes 100000000; mẫu: \
        /usr/share/hatang/mosquitto/hatang-agent.conf
          set it as above; a sample is in that file

        """)
  }

  @Test func `the shipped file is green, what the broker has dropped is yellow`() throws {
    #expect(try limits(Self.shipped()) == Self.right)
    #expect(
      try limits(Self.shipped(), dropped: 7) == """
        yellow local_limits: Broker tại chỗ: đã bỏ 7 bản tin từ khi khởi động
          the local broker: it has dropped 7 messages since it began
        → Đặt max_queued_messages 0, max_queued_bytes 100000000; mẫu: \
        /usr/share/hatang/mosquitto/hatang-agent.conf
          set it as above; a sample is in that file

        """)
  }

  @Test(arguments: [
    (
      "autosave_interval 0", "red",
      "chỉ ghi hàng đợi khi tắt, mất điện là mất bản tin đã nhận",
      "it writes its queue only when it ends, a power cut loses what it has acknowledged"
    ),
    (
      "autosave_on_changes false\nautosave_interval 1800", "yellow",
      "ghi hàng đợi mỗi 1800 giây, mất điện khi dịch vụ vắng là mất chừng ấy bản tin",
      "it writes its queue every 1800 s, a power cut loses as much while the daemon is away"
    ),
    (
      "autosave_interval 50000", "yellow",
      "ghi hàng đợi sau mỗi 50000 bản tin, mất điện khi dịch vụ vắng là mất chừng ấy",
      "it writes its queue every 50000 messages, a power cut loses as many while the daemon is away"
    ),
    (
      "autosave_interval 1", "yellow",
      "ghi cả hàng đợi sau mỗi 1 bản tin, mòn flash khi dịch vụ vắng",
      "it writes its whole queue every 1 messages, which wears the flash out while the daemon is "
        + "away"
    ),
    (
      "max_queued_bytes 1000000", "yellow", "chỉ giữ 1000000 byte khi dịch vụ vắng, quá thì bỏ",
      "while the daemon is away it holds 1000000 bytes and no more"
    ),
    (
      "max_queued_bytes 0", "yellow",
      "hàng đợi không có giới hạn, dịch vụ vắng lâu thì hết bộ nhớ của máy",
      "its queue has no bound, it fills the memory while the daemon is away"
    ),
    (
      "persistent_client_expiration 1d", "yellow", "bỏ hàng đợi của dịch vụ nếu vắng 1d",
      "it drops the daemon's queue after 1d without it"
    ),
    (
      "message_size_limit 1000", "red",
      "nhận rồi vứt bản tin lớn hơn 1000 byte (message_size_limit)",
      "it acknowledges and throws away payloads above 1000 bytes (message_size_limit)"
    ),
    (
      "message_size_limit 1000000", "yellow",
      "nhận rồi vứt bản tin lớn hơn 1000000 byte (message_size_limit)",
      "it acknowledges and throws away payloads above 1000000 bytes (message_size_limit)"
    ),
    (
      "max_packet_size 1000", "yellow",
      "ngắt thiết bị gửi gói lớn hơn 1000 byte, dịch vụ nhận đến 262144",
      "it cuts off devices that send more than 1000 bytes, the daemon takes 262144"
    ),
    (
      "max_inflight_bytes 4096", "yellow", "chỉ cho 4096 byte cùng lúc",
      "it allows 4096 bytes at a time"
    ),
  ])
  func `a setting that our promises cannot live with is told, and nothing else is`(
    _ setting: String, _ mark: String, _ vi: String, _ en: String
  ) throws {
    let text = try limits(Self.shipped() + setting + "\n")
    #expect(
      text.hasPrefix(
        "\(mark) local_limits: Broker tại chỗ: \(vi)\n  the local broker: \(en)\n→ Đặt "),
      "\(text)")
    #expect(text.split(separator: "\n").count == 4, "\(text)")
  }

  @Test func `without its folder the queue may not be written`() throws {
    let text = try Self.shipped().replacing("persistence_location", with: "#")
    #expect(
      try limits(text).hasPrefix(
        "yellow local_limits: Broker tại chỗ: không có persistence_location, không chắc nó ghi "
          + "được hàng đợi ra đĩa\n"))
  }

  @Test func `what the CONNACK does not say is taken from the file`() throws {
    folder.write(try Self.shipped() + "max_inflight_messages 20\n", to: "few")
    var seen = LocalBrokerCheck.Seen()
    seen.file = MosquittoFile(folder.file("few"), port: 1_883)
    seen.dropped = 0
    let text = findings { LocalLimits.examine(seen, payloadBytesMax: 262_144, $0) }
    #expect(
      text.hasPrefix("yellow local_limits: Broker tại chỗ: chỉ cho 20 bản tin cùng lúc\n"),
      "\(text)")
  }

  @Test(arguments: [
    ("", nil), ("listener 1884\nallow_anonymous false", nil),
    ("listener 1884 127.0.0.1\nallow_anonymous true", nil),
    ("listener 0 /run/mosquitto.sock\nallow_anonymous true", nil),
    ("listener 1884\nallow_anonymous true", "1884"),
    ("listener 1884\nbind_interface eth0\nallow_anonymous true", "1884"),
    // Without rules of its own a listener inherits those of all.
    (
      "per_listener_settings false\nallow_anonymous true\nlistener 1884\nlistener 1885 10.0.0.1",
      "1884, 1885"
    ),
  ])
  func `a listener where everybody on the network may write is yellow`(
    _ more: String, _ ports: String?
  ) throws {
    let text = try limits(Self.shipped() + more + "\n")
    let told = ports.map {
      """
      yellow local_access: Broker tại chỗ: ai trong mạng cũng ghi được số đo dưới tên thiết bị \
      khác, qua cổng \($0)
        the local broker: whoever is on the network may write in any device's name, at port \($0)
      → Đặt per_listener_settings true, allow_anonymous false; mẫu: \
      /usr/share/hatang/mosquitto/hatang-agent.conf
        set it as above; a sample is in that file

      """
    }
    #expect(text == Self.right + (told ?? ""))
  }

  @Test func `mosquitto's folder of settings is read, and another broker's file is not ours`()
    throws
  {
    folder.write("include_dir \(folder.path)\n", to: "main")
    folder.write("listener 1899\npersistence true\n", to: "a.conf")
    // Only the main file may include others.
    folder.write("max_queued_messages 5\n", to: "b.conf")
    let file = try #require(MosquittoFile(folder.file("main"), port: 1_899))
    #expect(file.isPersistent && file.queuedMessagesMax == 5 && file.queuedBytesMax == 0)
    #expect(MosquittoFile(folder.file("main"), port: 1_883) == nil)
    #expect(MosquittoFile(folder.file("nowhere"), port: 1_883) == nil)
    folder.write("include_dir \(folder.path)/no\n", to: "main")
    #expect(MosquittoFile(folder.file("main"), port: 1_899) == nil)
    folder.write("include_dir \(folder.path)\n", to: "main")
    folder.write("include_dir \(folder.path)\n", to: "c.conf")
    #expect(MosquittoFile(folder.file("main"), port: 1_899) == nil)
  }

  /// Where mosquitto's files stand, each with its name.
  private func openPorts(_ files: [(name: String, text: String)]) throws -> [Int64] {
    for (name, text) in files { folder.write(text, to: name) }
    let name = try #require(files.first).name
    return try #require(MosquittoFile(folder.file(name), port: 1_883)).openPorts
  }

  /// Each was tried with Debian 12's mosquitto 2.0.11 and a client on another address.
  @Test(arguments: [
    ("bind_address 127.0.0.1\nport 1883\nallow_anonymous true", []),
    ("port 1883\nbind_address 127.0.0.1\nallow_anonymous true", []),
    ("bind_address 10.0.0.1\nallow_anonymous true", [1_883]),
    ("bind_interface lo\nport 1883\nallow_anonymous true", []),
    // The default listener's, though another was named before it.
    ("port 1883\nlistener 8884\nbind_address 127.0.0.1\nallow_anonymous true", [8_884]),
    ("per_listener_settings true\nallow_anonymous true\nport 1883", [1_883]),
    (
      "per_listener_settings true\nport 1883\nlistener 8884 127.0.0.1\nallow_anonymous true",
      [1_883]
    ),
    ("port 1883", []), ("per_listener_settings true\nlistener 1883", []),
    // The only one that is open without a word.
    ("per_listener_settings true\nport 1883", [1_883]),
    ("per_listener_settings true\nport 1883\nallow_anonymous false", []),
    // Nobody else reaches a broker that is told of no listener at all.
    ("allow_anonymous true", []), ("allow_anonymous true\nmax_connections -1", []),
    ("allow_anonymous true\nmax_connections 100", [1_883]),
    ("allow_anonymous true\nmax_connections 100\nlistener 8884 127.0.0.1", [1_883]),
    ("port 1883\nallow_anonymous true\ncertfile c\nrequire_certificate true", []),
    ("port 1883\nallow_anonymous true\ncertfile c\nrequire_certificate false", [1_883]),
    // It speaks no TLS, so it asks for nothing.
    ("port 1883\nallow_anonymous true\nrequire_certificate true", [1_883]),
    ("port 1883\nallow_anonymous true\nlistener 8884 # all\ncertfile c", [8_884, 1_883]),
  ])
  func `the default listener is read as mosquitto reads it`(_ text: String, _ ports: [Int64])
    throws
  {
    #expect(try openPorts([("one.conf", text + "\n")]) == ports)
  }

  @Test func `each file of a folder begins with the default listener`() throws {
    let main = "per_listener_settings true\nport 1883\ninclude_dir \(folder.path)/conf.d\n"
    run("/bin/mkdir", ["-p", folder.file("conf.d")])
    let closed = ("conf.d/a.conf", "listener 8884\nallow_anonymous false\n")
    let open = ("conf.d/b.conf", "allow_anonymous true\n")
    #expect(try openPorts([("main", main), closed, open]) == [1_883])
    let other = ("conf.d/a.conf", "listener 8884\nallow_anonymous true\n")
    #expect(
      try openPorts([("main", main), other, ("conf.d/b.conf", "allow_anonymous false\n")])
        == [8_884])
    // After the folder the main file goes on where it was.
    let later = "per_listener_settings true\nlistener 1883\ninclude_dir \(folder.path)/conf.d\n"
    #expect(
      try openPorts([
        ("main", later + "allow_anonymous true\n"), ("conf.d/a.conf", "# nothing\n"),
        ("conf.d/b.conf", "# nothing\n"),
      ]) == [1_883])
  }
}
