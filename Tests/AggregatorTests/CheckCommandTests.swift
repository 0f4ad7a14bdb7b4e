import Aggregator
import Daemon
import SQLite
import TestSupport
import Testing

/// What `check` and `backup` say to whoever sets up the host.
@Suite struct CheckCommandTests {
  private let folder = TemporaryFolder()

  private func configure(port: Int, store: String = "hatang.db") {
    let seeds = Repository.path("seeds")
    folder.write(
      """
      { broker: { host: "127.0.0.1", port: \(port) }, store: { path: "\(store)" },
        indicators: "\(seeds)/indicators.json", areas: "\(seeds)/areas.json",
        population: "\(seeds)/population.csv", outlines: "\(seeds)/areas.geojson" }
      """, to: "a.json5")
  }

  /// Without what differs from run to run.
  private func check() -> (text: String, code: ExitCode) {
    let (report, code) = CheckCommand.examine(folder.file("a.json5"))
    let text = report.text(hasColours: false).replacing(folder.path, with: "D")
      .replacing(Repository.path("seeds"), with: "S").replacing(/\d+ MB/, with: "N MB")
      .replacing(/\d+ ms/, with: "N ms")
      .replacing(/sha256:[0-9a-f]{64}/, with: "sha256:S")
    return (text, code)
  }

  @Test func `a site where everything is right gets a line for each part`() {
    let broker = Broker(in: folder)
    configure(port: broker.port)
    let (text, code) = check()
    #expect(
      text == """
        ✓ Cấu hình đúng: D/a.json5
          configuration: D/a.json5
        ✓ 6 địa bàn, 852800 người
          6 areas, 852800 people
        ✓ Bảng dân số: 2814 ô, 852800 người
          2814 tiles, 852800 people, sha256:S
        ✓ Ranh giới địa bàn đúng: S/areas.geojson
          S/areas.geojson
        ✓ Bảng chỉ tiêu: 44 dòng, 5 dòng tự điền
          44 rows, 5 filled by us
        ✓ Kho D/hatang.db sẽ được tạo khi dịch vụ khởi động lần đầu
          D/hatang.db will be made at the first start
        ✓ Đĩa còn N MB ở D
          N MB free in D
        ✓ Broker 127.0.0.1:\(broker.port) nhận đăng ký của chúng ta sau N ms
          127.0.0.1:\(broker.port) accepts our subscriptions, N ms
        Đạt. / Passed.

        """)
    #expect(code == .done)
  }

  @Test func `a broker that is not there is unreachable, and nothing else is wrong`() {
    let port = Broker.freePort()
    configure(port: port)
    let (text, code) = check()
    #expect(
      text.hasSuffix(
        """
        ✗ Broker 127.0.0.1:\(port): connect 127.0.0.1:\(port): Connection refused; see that the \
        broker runs and that host and port are right
          connect 127.0.0.1:\(port): Connection refused; see that the broker runs and that host \
        and port are right
          → Khởi động lại: sudo systemctl restart mosquitto; xem broker trong cấu hình
            restart it as above; see broker in the configuration
        1 lỗi phải sửa. / 1 to be mended.

        """))
    #expect(code == .unreachable)
  }

  @Test func `a wrong configuration ends the check there`() {
    configure(port: 0)
    let (text, code) = check()
    #expect(
      text == """
        ✗ Cấu hình sai: D/a.json5:1: broker.port is 0, allowed 1…65535; raise it
          D/a.json5:1: broker.port is 0, allowed 1…65535; raise it
          → Sửa D/a.json5 tại dòng đã nêu
            mend the line that is named; the text says how
        1 lỗi phải sửa. / 1 to be mended.

        """)
    #expect(code == .configuration)
  }

  @Test func `a missing folder, a bad table and a foreign store are each named`() throws {
    let broker = Broker(in: folder)
    folder.write("quadkey,area,population\n13,phu-ly,1\n", to: "p.csv")
    configure(port: broker.port, store: "no/where.db")
    folder.write(
      try folder.text(of: "a.json5").replacing(
        Repository.path("seeds/population.csv"), with: "p.csv"), to: "a.json5")
    let (text, code) = check()
    #expect(
      text.contains(
        "✗ Bảng sai: D/p.csv:2: quadkey is \"13\", allowed 16 digits 0…3; correct it\n"))
    #expect(
      text.contains(
        """
        ✗ Không có thư mục D/no cho kho
          folder D/no is missing
          → mkdir -p D/no
            make it as above, for the user of the service

        """))
    #expect(code == .failed)
    try Database(path: folder.file("other.db")).execute("CREATE TABLE t(a)")
    configure(port: broker.port, store: "other.db")
    #expect(
      check().text.contains(
        "✗ Kho không đọc được: read D/other.db: is no store of this program; start the daemon "
          + "once, or check store.path\n"))
  }

  @Test func `check as JSON names the remedy apart`() {
    configure(port: 0)
    let (report, _) = CheckCommand.examine(folder.file("a.json5"))
    #expect(
      report.json.replacing(folder.path, with: "D") == """
        {"ok":false,"checks":[{"part":"configuration","ok":false,"result":"failed",\
        "text":"D/a.json5:1: broker.port is 0, allowed 1…65535; raise it",\
        "text_vi":"Cấu hình sai: D/a.json5:1: broker.port is 0, allowed 1…65535; raise it",\
        "remedy":"mend the line that is named; the text says how",\
        "remedy_vi":"Sửa D/a.json5 tại dòng đã nêu"}]}

        """)
  }
}
