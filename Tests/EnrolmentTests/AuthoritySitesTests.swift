import Aggregator
import Daemon
import Enrolment
import TestSupport
import Testing

/// Where an agent stands: said at its enrolment, kept beside the authority's index.
@Suite struct AuthoritySitesTests {
  private let deployment: Deployment

  init() throws { deployment = try Deployment() }

  private func index() throws -> AuthorityIndex {
    try #require(AuthorityIndex(file: deployment.authority.indexFile))
  }

  @Test func `what an enrolment says is kept, and stays where the next one is silent`() throws {
    let authority = deployment.authority
    let first = try CertificateAuthority(authority).enroll(
      "kcn-1", site: "Tủ Đồng Văn", area: "phu-ly")
    _ = try deployment.bundle("kcn-2")
    #expect(try deployment.folder.text(of: "authority/sites.txt") == "kcn-1\tphu-ly\tTủ Đồng Văn\n")
    #expect(try index().sites["kcn-1"] == .init(area: "phu-ly", name: "Tủ Đồng Văn"))
    #expect(try index().sites["kcn-2"] == nil)
    _ = try deployment.revoke("kcn-1")
    let again = try CertificateAuthority(authority).enroll("kcn-1", site: "", area: "")
    #expect([first.site, again.site] == ["Tủ Đồng Văn", "Tủ Đồng Văn"])
    #expect(again.area == "phu-ly")
    let moved = try CertificateAuthority(authority).renew("kcn-1", area: "duy-tien")
    #expect(moved.site == "Tủ Đồng Văn" && moved.area == "duy-tien")
    #expect(try index().sites["kcn-1"] == .init(area: "duy-tien", name: "Tủ Đồng Văn"))
  }

  @Test func `a file of sites gives only the lines that enroll would have written`() {
    let long = String(repeating: "x", count: 10_000)
    let sites = AuthoritySites(
      """
      kcn-1\tphu-ly\tTủ <script>alert(1)</script> & "co"
      KCN 2\tphu-ly\tTủ
      kcn-3\tphu-ly
      kcn-4\tphu-ly\tTủ\tTủ
      kcn-5\tphu-ly\t\u{1b}[31mTủ
      kcn-6\tphu-ly\tTủ\u{202e}ủT
      kcn-7\tphu-ly\t\(long)
      kcn-8\t\(long)\tTủ
      kcn-9\t\tTủ
      """)
    #expect(
      sites.text == """
        kcn-1\tphu-ly\tTủ <script>alert(1)</script> & "co"
        kcn-9\t\tTủ

        """)
  }

  @Test func `enroll says where the pages will show the agent, and refuses a hostile site's name`()
    throws
  {
    let folder = deployment.folder
    let seeds = Repository.path("seeds")
    folder.write(
      """
      { broker: { host: "127.0.0.1" }, indicators: "\(seeds)/indicators.json",
        areas: "\(seeds)/areas.json", agent_areas: { "kcn-2": "duy-tien" },
        ca: { folder: "authority", broker_folder: "broker", restart_broker: ["true"],
          public_broker: { host: "mqtt.example.vn" } } }
      """, to: "a.json5")
    func run(_ words: String...) throws -> String {
      let (text, code) = try output(
        of: Repository.program("hatang-aggregator"),
        words + [
          "--config", folder.file("a.json5"), "--output", folder.file("\(words[1]).hatang"),
        ],
        in: folder)
      return "\(code) " + text
    }
    #expect(
      try run("enroll", "kcn-1", "--area", "phu-ly", "--site", "Tủ Đồng Văn").contains(
        """
        ✓ Trang vận hành ghi trạm ở: Tủ Đồng Văn, địa bàn phu-ly
          the operations pages say that it stands there: Tủ Đồng Văn, area phu-ly
        →
        """))
    #expect(
      try run("enroll", "kcn-2", "--area", "phu-ly").contains(
        """
        ✓ Trang vận hành ghi trạm ở: địa bàn duy-tien
          the operations pages say that it stands there: area duy-tien
        ! agent_areas của cấu hình ghi duy-tien, nên phu-ly không được dùng
          agent_areas of the configuration says duy-tien, so phu-ly is not used
        →
        """))
    for site in [
      "", "hai\ndòng", "tab\tở giữa", "\u{1b}[31mđỏ", "\u{7f}", "C1 \u{85}", "ngược \u{202e}",
      "dòng \u{2028}", String(repeating: "x", count: 10_000), String(repeating: "ủ", count: 67),
    ] {
      let said = try run("enroll", "kcn-3", "--site", site)
      #expect(said.hasPrefix("64 hatang-aggregator enroll: --site "), "\(said)")
      #expect(said.contains(", allowed 1…200 bytes in one line, of letters, digits, signs and "))
      #expect(!folder.contains("kcn-3.hatang"))
    }
    // Legal, and shown as what it is.
    let said = try run("enroll", "kcn-3", "--site", "<script>alert(1)</script>")
    #expect(said.contains("ghi trạm ở: <script>alert(1)</script>\n"), "\(said)")
  }
}
