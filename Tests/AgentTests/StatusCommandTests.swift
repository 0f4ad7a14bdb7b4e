import Agent
import Daemon
import TestSupport
import Testing

/// What `status` says, whole: sentences first, then the table.
@Suite struct StatusCommandTests {
  private let nowMs = RFC3339.parse("2026-11-24T12:00:00Z") ?? 0

  private func sentences(_ status: AgentStatusFile) -> String {
    StatusSentences(status, nowMs: nowMs).all.map { "\($0.vi)\n  \($0.en)\n" }.joined()
  }

  private let up = """
    local: { broker: "127.0.0.1:1883", connected: true, since: "2026-11-24T09:00:00Z" },
    uplink: { broker: "mqtt.vn:8883", connected: true, since: "2026-11-24T11:00:00Z",
      answered: true, last_receipt_at: "2026-11-24T11:59:59Z" },
    last_commit_at: "2026-11-24T11:59:58Z"
    """

  @Test func `a daemon that works, whole`() throws {
    let status = try running(
      """
      { agent: "kcn-1", state: "running", written_at: "2026-11-24T12:00:00Z", \(up), backlog: 0,
        oldest_unsent_seconds: 0, accepted: 120, rejected: 3, written_bytes: 4096,
        unknown_fields: 4, last_unknown_field: { field: "ss_rsrpp",
          topic: "measure/coverage/xe-01", at: "2026-11-24T11:40:00Z" },
        buffer: { bytes: 8192, max_bytes: 2000000000 },
        rejections: [
          { kind: "coverage", field: "lat", count: 1, last_at: "2026-11-24T10:00:00Z",
            reason: "lat is 91, allowed -90…90 °" },
          { kind: "broadband", field: "down_bps", count: 2, last_at: "2026-11-24T11:50:00Z",
            reason: "down_bps is -1, allowed 0…1000000000000 bit/s" } ] }
      """)
    #expect(
      StatusCommand.text(status, nowMs: nowMs) == """
        Đang thu thập và đang gửi về tỉnh.
          It collects, and delivers to the province.
        Nối với broker tại chỗ 127.0.0.1:1883 3 giờ trước; số đo gần nhất 2 giây trước.
          Connected to the local broker 3 h ago; the last measurement came 2 s ago.
        Nối với broker của tỉnh mqtt.vn:8883 60 phút trước; biên nhận gần nhất 1 giây trước.
          Connected to the province's broker 60 min ago; the last receipt 1 s ago.
        Không còn gì chờ gửi.
          Nothing waits to be delivered.
        Đã từ chối 3, lần cuối 10 phút trước (broadband): down_bps is -1, allowed \
        0…1000000000000 bit/s
          3 rejected, the last 10 min ago; field and legal range are above.

          tên / agent                       kcn-1
          dịch vụ / daemon                  đang chạy / running
          trạng thái / state                running (2026-11-24T12:00:00Z)
          broker tại chỗ / local broker     ✓ 127.0.0.1:1883
          đường lên / uplink                ✓ mqtt.vn:8883
          chờ gửi / waiting                 0, 0 s
          biên nhận cuối / last receipt     2026-11-24T11:59:59Z
          đã nhận / accepted                120
          từ chối / rejected                3
          trường lạ / unknown fields        4: "ss_rsrpp" (measure/coverage/xe-01, \
        2026-11-24T11:40:00Z)
          bộ đệm / buffer                   8192 B of 2000000000
          ghi ra đĩa / written              4096 B
          ✗ coverage lat: 1                 2026-11-24T10:00:00Z lat is 91, allowed -90…90 °
          ✗ broadband down_bps: 2           2026-11-24T11:50:00Z down_bps is -1, allowed \
        0…1000000000000 bit/s

        """)
  }

  @Test(arguments: [
    (
      "12.5", "; gửi hết sau khoảng 6 phút", "; all is delivered in about 6 min"
    ),
    ("-3", "; không giảm đi", "; it does not get less"),
    ("null", "; chưa rõ bao lâu nữa", "; how long it takes is not known yet"),
  ])
  func `a backlog is told with the time it takes`(rate: String, vi: String, en: String) throws {
    let status = try running(
      """
      { \(up), backlog: 5000, oldest_unsent_seconds: 7300, backlog_shrinks_per_second: \(rate) }
      """)
    #expect(
      sentences(status).contains(
        """
        Còn 5000 số đo chờ gửi, cũ nhất từ 2 giờ trước\(vi).
          5000 measurements wait to be delivered, the oldest for 2 h\(en).
        Chưa từ chối số đo nào.
          No measurement has been rejected.

        """))
  }

  @Test func `a dead uplink is told with since when and why`() throws {
    let status = try running(
      """
      { local: { broker: "b:1", connected: true, since: "2026-11-24T09:00:00Z" },
        uplink: { broker: "mqtt.vn:8883", connected: false, since: "2026-11-24T11:30:00Z",
          trouble: "connect mqtt.vn:8883: name not found" }, backlog: 7,
        oldest_unsent_seconds: 1800 }
      """)
    #expect(
      sentences(status) == """
        Đang thu thập, nhưng chưa gửi về tỉnh được; số đo được giữ ở đây.
          It collects, but cannot deliver to the province; measurements are kept here.
        Nối với broker tại chỗ b:1 3 giờ trước; chưa có số đo nào từ khi khởi động.
          Connected to the local broker 3 h ago; no measurement has come since the start.
        Mất broker của tỉnh mqtt.vn:8883 30 phút trước: connect mqtt.vn:8883: name not found
          The province's broker was lost 30 min ago.
        Còn 7 số đo chờ gửi, cũ nhất từ 30 phút trước; gửi tiếp khi có lại đường lên.
          7 measurements wait to be delivered, the oldest for 30 min; it goes on once the uplink \
        is back.
        Chưa từ chối số đo nào.
          No measurement has been rejected.

        """)
  }

  @Test(arguments: [
    (16, 16, true), (17, 17, false), (300, 3, true), (2, 7_200, true), (100, 90, false),
  ])
  func `a line that is cut without a word is told by receipts that stay out`(
    sinceReceipt: Int64, oldest: Int64, isDelivering: Bool
  ) throws {
    let receipt = RFC3339.format(ms: nowMs - sinceReceipt * 1_000)
    let text = sentences(
      try running(
        """
        { local: { broker: "b:1", connected: true, since: "2026-11-24T09:00:00Z" },
          uplink: { broker: "mqtt.vn:8883", connected: true, since: "2026-11-24T11:00:00Z",
            answered: true, last_receipt_at: "\(receipt)" },
          backlog: 7, oldest_unsent_seconds: \(oldest) }
        """))
    #expect(text.hasPrefix("Đang thu thập và đang gửi về tỉnh.\n") == isDelivering)
    guard !isDelivering else { return }
    #expect(
      text.contains(
        """
        Vẫn nối với broker của tỉnh mqtt.vn:8883, nhưng biên nhận gần nhất \(sinceReceipt) giây \
        trước: đường truyền có lẽ đã đứt.
          Still connected to the province's broker, but the last receipt came \(sinceReceipt) s \
        ago: the line is probably cut.
        Còn 7 số đo chờ gửi, cũ nhất từ \(oldest) giây trước; gửi tiếp khi có lại đường lên.

        """), "\(text)")
  }

  @Test func `a full buffer and a lost local broker are told apart`() throws {
    let paused = try running("{ \(up), paused_reason: 'no room on the disk' }")
    #expect(
      sentences(paused).hasPrefix(
        """
        Không thu thập được; những gì đã có vẫn được gửi về tỉnh.
          It cannot collect; what it has is delivered to the province.
        Thu thập tạm dừng, broker tại chỗ 127.0.0.1:1883 giữ số đo: no room on the disk
          Collecting has paused, the local broker holds what comes; the reason is above.

        """))
    let lost = try running(
      """
      { local: { broker: "b:1", connected: false, since: "2026-11-24T11:59:00Z", trouble: "gone" },
        uplink: { broker: "c:1", connected: false } }
      """)
    #expect(
      sentences(lost).hasPrefix(
        """
        Không thu thập được, cũng không gửi được.
          It can neither collect nor deliver.
        Mất broker tại chỗ b:1 60 giây trước: gone
          The local broker was lost 60 s ago.
        Chưa nối được với broker của tỉnh c:1 lần nào từ khi khởi động
          The province's broker has not been reached since the start.

        """))
  }

  @Test func `a daemon that is down is told with since when and the last that is known`() throws {
    let root = try node(
      """
      { agent: "kcn-1", state: "stopped", written_at: "2026-11-24T11:00:00Z", backlog: 4,
        oldest_unsent_seconds: 90 }
      """)
    let known = """
      Lần cuối được biết: còn 4 số đo chờ gửi, cũ nhất từ 90 giây trước.
        When last known: 4 measurements wait to be delivered, the oldest for 90 s.
      Chưa từ chối số đo nào.
        No measurement has been rejected.

      """
    #expect(
      sentences(.stopped(root)) == """
        Dịch vụ đã dừng 60 phút trước: không thu thập, không gửi.
          The daemon was stopped 60 min ago: it collects and delivers nothing.
        \(known)
        """)
    #expect(
      sentences(.dead(root, ageSeconds: 7_200)) == """
        Dịch vụ không còn trả lời từ 2 giờ trước: không thu thập, không gửi.
          The daemon has not answered for 2 h: it collects and delivers nothing.
        \(known)
        """)
    let never = AgentStatusFile.read("/nowhere/status.json", nowMs: nowMs)
    #expect(
      StatusCommand.text(never, nowMs: nowMs) == """
        Dịch vụ chưa từng chạy ở đây, hoặc trạng thái không đọc được.
          The daemon has not run here yet, or its status cannot be read: /nowhere/status.json: \
        cannot be read: No such file or directory; create it, or name another file
        → sudo systemctl start hatang-agent

        """)
  }
}
