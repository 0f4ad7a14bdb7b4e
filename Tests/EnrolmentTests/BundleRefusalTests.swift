import Agent
import Aggregator
import Daemon
import Enrolment
import Glibc
import TestSupport
import Testing

/// A bundle that is wrong is refused whole: it says why, and the host is as it was.
@Suite struct BundleRefusalTests {
  private let deployment: Deployment
  private let good: Bundle

  init() throws {
    deployment = try Deployment()
    good = try deployment.bundle("kcn-1")
  }

  private let again = """
    xin gói khác từ tỉnh: hatang-aggregator enroll, hoặc renew
    """
  private let againEN = """
    ask the province for another one: hatang-aggregator enroll, or renew
    """

  private func expectUntouched(_ text: String?, _ expected: String) throws {
    #expect(text == expected)
    #expect(try deployment.host().isEmpty)
  }

  @Test func `cut short at any place, or changed in one letter`() throws {
    let text = good.text
    let changed = """
      b.hatang: gói bị cắt ngắn hoặc bị sửa (sai mã kiểm tra); chép lại gói từ nơi cấp
        the bundle was cut short or changed: its digest does not fit; copy it again from where it \
      was made
      """
    let head = text.utf8.firstIndex(of: 10)!
    for count in [1, 100, 500, 1_500] {
      let end = text.utf8.index(head, offsetBy: count)
      try expectUntouched(deployment.enroll(text: String(text[..<end])), changed)
    }
    try expectUntouched(
      deployment.enroll(text: text.replacing("kcn-1", with: "kcn-2")), changed)
    for text in ["", "hatang", String(text[..<head]), "\u{7f}ELF\n"] {
      try expectUntouched(
        deployment.enroll(text: text),
        """
        b.hatang: đây không phải là gói của hatang-aggregator enroll, hoặc gói bị cắt ngắn; chép \
        lại gói từ nơi cấp
          this is no bundle of hatang-aggregator enroll, or only its beginning; copy it again from \
        where it was made
        """)
    }
    try expectUntouched(
      deployment.enroll(text: text.replacing("hatang-bundle 1", with: "hatang-bundle 9")),
      """
      b.hatang: gói phiên bản 9, chương trình này chỉ biết phiên bản 1; cập nhật hatang-agent
        the bundle is of version 9, this program knows 1; update hatang-agent
      """)
  }

  @Test(arguments: [0o644, 0o640, 0o604, 0o660] as [UInt32])
  func `readable by others`(mode: UInt32) throws {
    let octal = String(mode, radix: 8)
    let path = deployment.folder.path + "/"
    let found = try deployment.enroll(text: good.text, mode: mode)
    try expectUntouched(
      found?.replacing(path, with: ""),
      """
      b.hatang: gói chứa khoá riêng, nhưng người khác cũng đọc được (quyền \(octal)); chmod 600 \
      b.hatang
        the bundle holds a private key, but others may read it (mode \(octal)); chmod 600 b.hatang
      """)
  }

  @Test func `expired, or from a future that the host's clock has not reached`() throws {
    deployment.authority.agentDays = 1
    let dayMs: Int64 = 86_400_000
    let nowMs = wallClockMs() / 1_000 * 1_000
    let end = RFC3339.format(ms: nowMs - dayMs)
    try expectUntouched(
      deployment.enroll(deployment.bundle("kcn-2", nowMs: nowMs - 2 * dayMs)),
      """
      b.hatang: gói đã hết hạn từ \(end); \(again)
        the bundle expired at \(end); \(againEN)
      """)
    let begin = RFC3339.format(ms: nowMs + 9 * dayMs)
    let found = try deployment.enroll(deployment.bundle("kcn-3", nowMs: nowMs + 10 * dayMs))
    #expect(
      found?.hasPrefix("b.hatang: gói có hiệu lực từ \(begin), đồng hồ máy này là ") == true)
    #expect(try deployment.host().isEmpty)
  }

  @Test func `of parts that do not belong together`() throws {
    let other = try deployment.bundle("kcn-2")
    var mixed = good
    mixed.certificate = other.certificate
    try expectUntouched(
      deployment.enroll(mixed),
      """
      b.hatang: gói là của kcn-1, nhưng chứng thư là của "kcn-2"; \(again)
        the bundle is kcn-1's, but the certificate is "kcn-2"'s; \(againEN)
      """)
    mixed = good
    mixed.key = other.key
    try expectUntouched(
      deployment.enroll(mixed),
      """
      b.hatang: khoá trong gói không phải của chứng thư; \(again)
        the bundle's key is not its certificate's; \(againEN)
      """)
    mixed = good
    mixed.configuration = other.configuration
    try expectUntouched(
      deployment.enroll(mixed),
      """
      b.hatang: cấu hình trong gói là của máy khác; \(again)
        its configuration is not that of the bundle's agent and broker; \(againEN)
      """)
    mixed = good
    mixed.ca = try Deployment().bundle("kcn-1").ca
    let found = try deployment.enroll(mixed)
    #expect(
      found?.hasPrefix("b.hatang: chứng thư trong gói không do CA của gói ký (error ") == true)
    #expect(try deployment.host().isEmpty)
    mixed = good
    mixed.certificate = ""
    try expectUntouched(
      deployment.enroll(mixed),
      """
      b.hatang: gói không có chứng thư; \(again)
        the bundle holds no certificate; \(againEN)
      """)
    mixed = good
    mixed.agent = "../x"
    try expectUntouched(
      deployment.enroll(mixed),
      """
      b.hatang: gói không dùng được (agent is "../x", allowed a-z 0-9 -, 1…64 characters; not \
      "indicators"; change it); chép lại gói từ nơi cấp
        the bundle makes no sense: b.hatang:2: agent is "../x", allowed a-z 0-9 -, 1…64 \
      characters; not "indicators"; change it; copy it again from where it was made
      """)
  }

  @Test(arguments: ["textfile: '/etc/cron.d/x'", "probes: {}", "buffer: { path: '/etc/x' }"])
  func `whose configuration says where the agent writes, or what it starts`(extra: String) throws {
    var hostile = good
    let line = hostile.configuration.split(separator: "\n").count
    hostile.configuration = hostile.configuration.replacing("\n}\n", with: "\n\(extra) }\n")
    let key = extra.prefix { $0 != ":" }
    let why = "b.hatang:\(line): unknown key \(key); known here: agent, local, uplink"
    try expectUntouched(
      deployment.enroll(hostile),
      """
      b.hatang: cấu hình trong gói sai: \(why); \(again)
        its configuration is wrong: \(why); \(againEN)
      """)
  }

  @Test func `a link in the place of a file is replaced, and what it leads to is left alone`()
    throws
  {
    let folder = deployment.folder
    let names = ["ca.pem", "agent.pem", "agent.json5"]
    for name in names {
      folder.write("mine", to: "of-another-\(name)")
      symlink(folder.file("of-another-\(name)"), folder.file("host/\(name)"))
    }
    _ = try deployment.enroll(text: good.text, isReplacing: true)
    for name in names { #expect(try folder.text(of: "of-another-\(name)") == "mine") }
  }

  @Test func `a renewal on a host that has not the key`() throws {
    let renewal = try CertificateAuthority(deployment.authority).renew("kcn-1")
    let text = """
      b.hatang: gói này chỉ gia hạn, mà máy chưa đăng ký với broker này bằng khoá nào; xin gói \
      mới: hatang-aggregator revoke rồi enroll kcn-1
        this bundle only renews, but the host has no key enrolled with this broker; ask for a new \
      one: hatang-aggregator revoke, then enroll kcn-1
      """
    try expectUntouched(deployment.enroll(renewal), text)
    #expect(try deployment.enroll(good) == nil)
    try OpenSSL.makeKey(deployment.folder.file("host/agent.key"))
    let before = try deployment.host()
    #expect(
      try deployment.enroll(renewal) == """
        b.hatang: gói gia hạn này thuộc về một khoá khác với host/agent.key; xin gói mới có khoá: \
        hatang-aggregator revoke rồi enroll kcn-1
          this renewal is for another key than host/agent.key; ask for one with a key: \
        hatang-aggregator revoke, then enroll kcn-1
        """)
    #expect(try deployment.host() == before)
  }

  private func begin(of bundle: Bundle) throws -> String {
    RFC3339.format(ms: try #require(Certificate(pem: bundle.certificate)).notBeforeMs)
  }

  @Test func `for another host, of another authority, or older than what is there`() throws {
    #expect(try deployment.enroll(good) == nil)
    let before = try deployment.host()
    #expect(
      try deployment.enroll(deployment.bundle("kcn-2")) == """
        b.hatang: gói là của kcn-2, nhưng máy này đã đăng ký là kcn-1; dùng gói của kcn-1, hoặc \
        thêm --replace để đổi tên máy
          the bundle is kcn-2's, but this host is enrolled as kcn-1; use the bundle of kcn-1, or \
        add --replace to rename this host
        """)
    #expect(
      try deployment.enroll(Deployment().bundle("kcn-1")) == """
        b.hatang: gói do một CA khác với CA mà máy này đang tin; hỏi lại tỉnh, hoặc thêm --replace
          the bundle comes from another authority than the one that this host trusts; ask the \
        province, or add --replace
        """)
    // Newer, though it ends before: the province may shorten its certificates.
    deployment.authority.agentDays = 20
    let renewal = try CertificateAuthority(
      deployment.authority, nowMs: wallClockMs() + 60_000
    ).renew("kcn-1")
    #expect(try deployment.host() == before)
    #expect(try deployment.enroll(renewal) == nil)
    let renewed = try deployment.host()
    let mine = try begin(of: renewal)
    let its = try begin(of: good)
    #expect(
      try deployment.enroll(good) == """
        b.hatang: gói có hiệu lực từ \(its), cũ hơn chứng thư đang có (từ \(mine)); dùng gói mới \
        nhất, hoặc thêm --replace
          the bundle is valid from \(its), the present certificate from \(mine); use the newest, \
        or --replace
        """)
    #expect(try deployment.host() == renewed)
  }
}
