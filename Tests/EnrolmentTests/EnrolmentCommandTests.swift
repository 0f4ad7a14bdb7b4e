import Daemon
import Enrolment
import TestSupport
import Testing

/// What `init-ca`, `enroll`, `renew` and `revoke` say and leave behind, with the real program.
@Suite struct EnrolmentCommandTests {
  private let deployment: Deployment

  init() throws {
    deployment = try Deployment()
    let seeds = Repository.path("seeds")
    deployment.folder.write(
      """
      { broker: { host: "127.0.0.1" }, indicators: "\(seeds)/indicators.json",
        areas: "\(seeds)/areas.json",
        ca: { folder: "authority", broker_folder: "broker", restart_broker: ["true"],
          public_broker: { host: "mqtt.example.vn" } } }
      """, to: "a.json5")
  }

  /// Exit code, then output, without this test's folder and days.
  private func run(_ words: String...) throws -> String {
    let folder = deployment.folder
    let (text, code) = try output(
      of: Repository.program("hatang-aggregator"), words + ["--config", folder.file("a.json5")],
      in: folder)
    return "\(code) " + text.replacing(folder.path + "/", with: "")
  }

  @Test func `the commands make a bundle that only its owner reads, and never over another`() throws
  {
    let folder = deployment.folder
    let file = folder.file("kcn-1.hatang")
    let made = try run("enroll", "kcn-1", "--area", "phu-ly", "--output", file)
    #expect(
      made.replacing(/\d{4}-[0-9T:-]+Z/, with: "DATE") == """
        0 ✓ kcn-1.hatang: gói của kcn-1, chứng thư đến DATE
          kcn-1's bundle, its certificate ends then
        ✓ Trang vận hành ghi trạm ở: địa bàn phu-ly
          the operations pages say that it stands there: area phu-ly
        → Trên máy trạm: sudo hatang-agent enroll kcn-1.hatang
          on the edge host, as above
          Gói chứa khoá riêng: tự cầm theo, dùng xong thì xoá.
          It holds a private key: carry it yourself, remove it afterwards.

        """)
    #expect(Place.mode(of: file) == 0o600)
    #expect(
      try run("enroll", "kcn-2", "--output", file) == """
        1 hatang-aggregator enroll: kcn-1.hatang: tệp đã có; xoá nó, hoặc chọn --output khác
          is there already; remove it, or choose another --output

        """)
    #expect(
      try run("enroll", "kcn-2", "--area", "ha-noi") == """
        64 hatang-aggregator enroll: --area is ha-noi, allowed phu-ly, duy-tien, kim-bang, \
        thanh-liem, binh-luc, ly-nhan; change it

        """)
    #expect(
      try run("enroll", "KCN 1") == """
        64 hatang-aggregator enroll: AGENT is KCN 1, allowed a-z 0-9 -, 1…64 characters; not \
        "indicators"; change it

        """)
    // What fails leaves no empty file behind.
    #expect(try run("renew", "kcn-9", "--output", folder.file("9")).hasPrefix("1 "))
    #expect(!folder.contains("9"))
    #expect(
      try run("revoke", "kcn-1") == """
        0 ✓ Đã thu hồi kcn-1: 1 chứng thư
          revoked: certificates 1
        ✓ Danh sách thu hồi đã công bố, broker đã khởi động lại: true
          the list is published, and the broker was restarted

        """)
    // The agent's program takes what the aggregator's made.
    _ = try run("enroll", "kcn-1", "--output", folder.file("again"))
    let (text, code) = try output(
      of: Repository.program("hatang-agent"),
      [
        "enroll", folder.file("again"), "--no-check", "--config", folder.file("host/agent.json5"),
      ], in: folder)
    #expect(code == 0 && text.hasPrefix("✓ Đã đăng ký kcn-1 với mqtt.example.vn:8883, đến "))
  }

  @Test func `a new authority says what to do next, Vietnamese first`() throws {
    let folder = deployment.folder
    try Files.move(folder.file("authority"), to: folder.file("former"))
    let text = try run("init-ca")
    #expect(
      text.hasPrefix(
        """
        0 ✓ CA của tỉnh: authority
          the authority is there
        → Chép ca.key vào một nơi an toàn, không để ở đâu khác
          copy its ca.key to a safe place, and nowhere else
        ✓ Cho broker: broker
          what the broker reads
        → Cài central-agents.conf và central.acl như đầu tệp nói, rồi khởi động lại mosquitto:
          /usr/share/doc/hatang-aggregator/examples
          install the two as their heads say, and restart mosquitto

        """), "\(text)")
    #expect(
      try run("renew", "kcn-1") == """
        1 hatang-aggregator renew: kcn-1: chưa đăng ký; chưa có trạm nào; đăng ký bằng enroll
          is not enrolled; nobody is; enroll it

        """)
  }

  @Test func `a renewal says that it holds no secret, and its help is in both languages`() throws {
    _ = try deployment.bundle("kcn-1")
    #expect(
      try run("renew", "kcn-1", "--output", deployment.folder.file("kcn-1.hatang"))
        .replacing(/\d{4}-[0-9T:-]+Z/, with: "DATE") == """
          0 ✓ kcn-1.hatang: gói của kcn-1, chứng thư đến DATE
            kcn-1's bundle, its certificate ends then
          → Trên máy trạm: sudo hatang-agent enroll kcn-1.hatang
            on the edge host, as above
            Gói không có bí mật, chỉ dùng được trên máy đang giữ khoá.
            It holds no secret, and serves only the host that has the key.

          """)
    #expect(
      try run("renew", "--help").hasPrefix(
        """
        0 Làm chứng thư tiếp theo cho khoá mà trạm đang có.
        Makes an agent's next certificate, for the key that it has.

        Usage: hatang-aggregator renew [OPTION…] AGENT

          --area A       mã trong bảng địa bàn
                         id of the area table
          --site TEXT    trạm đặt ở đâu, bằng lời
                         where the host stands, in people's words
          --output FILE  tệp gói, mặc định AGENT.hatang
                         the bundle, AGENT.hatang unless given
          --config FILE  cấu hình, mặc định /etc/hatang/aggregator.json5
        """))
  }
}
