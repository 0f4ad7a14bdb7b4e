import Agent
import Daemon
import TestSupport
import Testing

/// How far the test record came, by what the daemon's status file says.
@Suite struct RecordCheckTests {
  private func conclude(_ status: AgentStatusFile, isPublished: Bool = true) -> String {
    findings { RecordCheck.conclude("check-1", isPublished: isPublished, status, $0) }
  }

  @Test func `a record that is receipted is green, with its time`() throws {
    let status = try running(
      """
      { check: { source: "check-1", state: "receipted", taken_at: "2026-11-25T08:28:33.861Z",
        receipted_at: "2026-11-25T08:28:33.925Z" } }
      """)
    #expect(
      conclude(status) == """
        green record: Bản ghi thử đã tới tỉnh và có biên nhận sau 64 ms
          the test record reached the province, receipted after 64 ms

        """)
  }

  @Test func `another check's record is not ours`() throws {
    let status = try running(
      """
      { check: { source: "check-2", state: "receipted", taken_at: "2026-11-25T08:28:33.861Z",
        receipted_at: "2026-11-25T08:28:33.925Z" }, local: { trouble: "no broker" } }
      """)
    #expect(
      conclude(status) == """
        red record: Bản ghi thử không đi hết đường: dịch vụ không thu nhận nó (no broker)
          the test record did not come all the way: the daemon did not take it in
        → Xem dòng về broker tại chỗ
          see the lines on the local broker

        """)
  }

  @Test func `a record that is not taken in blames what stands in its way, and nothing else`()
    throws
  {
    let head = "red record: Bản ghi thử không đi hết đường: dịch vụ không thu nhận nó"
    let tail = "\n  the test record did not come all the way: the daemon did not take it in\n"
    #expect(
      conclude(try running("{ paused_reason: 'no room', local: { trouble: null } }"))
        == head + " (no room)" + tail + """
          → Xem các dòng về đĩa, bộ đệm và đường lên
            see the lines on disk, buffer and uplink

          """)
    #expect(
      conclude(try running("{ local: { trouble: null } }")) == head + tail + """
        → Kiểm tra lại sau một phút; nếu vẫn vậy, xem local trong cấu hình: dịch vụ và lệnh này có \
        dùng chung broker không?
          check again in a minute; if it stays so, see local in the configuration: do the daemon \
        and this command use one broker?

        """)
  }

  @Test func `a record that is only taken is red, or yellow behind a backlog that moves`() throws {
    let taken = #"check: { source: "check-1", taken_at: "2026-11-25T08:28:33Z" }"#
    #expect(
      conclude(
        try running("{ \(taken), backlog: 1, uplink: { answered: false, trouble: 'gone' } }"))
          == """
          red record: Bản ghi thử không đi hết đường: đã được giữ, nhưng chưa có biên nhận của \
          tỉnh (gone)
            the test record did not come all the way: it is kept here, but no receipt has come \
          from the province
          → Xem các dòng về đường lên; nếu đều đạt, báo cho tỉnh: hatang-aggregator có chạy không?
            see the lines on the uplink; if all are right, ask the province whether \
          hatang-aggregator runs

          """)
    let receipt = #"answered: true, last_receipt_at: "2026-11-25T08:28:32Z""#
    #expect(
      conclude(try running("{ \(taken), backlog: 5000, uplink: { \(receipt) } }"))
        .hasPrefix("red record: "), "a receipt of before is none for what came since")
    let later = receipt.replacing("08:28:32", with: "08:28:34")
    #expect(
      conclude(try running("{ \(taken), backlog: 5000, uplink: { \(later) } }"))
        == """
        yellow record: Bản ghi thử đã được giữ, đang chờ sau 5000 số đo khác
          the test record is kept, and waits behind 5000 measurements
        → Chờ gửi hết rồi kiểm tra lại: hatang-agent status
          wait until all is delivered, then check again: hatang-agent status

        """)
  }

  @Test func `without local broker or daemon the record is red, with that remedy`() throws {
    #expect(
      conclude(try running("{}"), isPublished: false) == """
        red record: Bản ghi thử không đi hết đường: broker tại chỗ không nhận nó
          the test record did not come all the way: the local broker did not take it
        → Xem dòng về broker tại chỗ
          see the lines on the local broker

        """)
    #expect(
      conclude(.stopped(try node("{}"))) == """
        red record: Bản ghi thử không đi hết đường: dịch vụ không chạy
          the test record did not come all the way: the daemon does not run
        → Khởi động: sudo systemctl start hatang-agent
          start it as above

        """)
  }
}
