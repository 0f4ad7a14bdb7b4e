extension Condition {
  /// What Prometheus' annotations say; the page's sentences have more to tell.
  package var summary: LocalText {
    let (vi, en) =
      switch self {
      case .ledgerUnbalanced: ("Sổ nhận không khớp", "The ledger does not add up")
      case .ingestDisconnected: ("Không nhận được dữ liệu", "Nothing can be received")
      case .diskAlmostFull: ("Ổ đĩa sắp đầy", "The disk is almost full")
      case .diskFillsUp: ("Ổ đĩa sẽ đầy trong hai tuần", "The disk fills up within two weeks")
      case .stateRebuilding: ("Đang tính lại từ dữ liệu gốc", "Everything is made again")
      case .clockJumped: ("Đồng hồ máy chủ nhảy", "The server's clock jumped")
      case .measurementsLost: ("Có phép đo bị mất", "Measurements were lost")
      case .batchesRefused: ("Có bản tin bị từ chối", "Messages were refused")
      case .measurementsSetAside: ("Có phép đo không dùng được", "Measurements were set aside")
      case .agentSilent: ("Trạm im lặng", "An agent is silent")
      case .agentBehind: ("Trạm gửi chậm", "An agent is behind")
      case .agentClockWrong: ("Đồng hồ trạm sai", "An agent's clock is wrong")
      case .agentRejecting: ("Trạm loại nhiều phép đo", "An agent rejects measurements")
      case .agentOverQuota: ("Trạm gửi quá hạn mức", "An agent sends more than its quotas")
      case .agentCertificateExpires: ("Chứng thư sắp hết hạn", "A certificate expires soon")
      case .agentFlashWear: ("Trạm ghi quá nhiều vào bộ nhớ flash", "Much flash wear")
      case .indicatorStale: ("Chỉ tiêu không có số đo mới", "An indicator has no new data")
      }
    return LocalText(vi: vi, en: en)
  }

  /// What to do.
  package var remedy: LocalText {
    let (vi, en) =
      switch self {
      case .ledgerUnbalanced:
        (
          "Kho dữ liệu bị sửa từ ngoài hoặc hỏng: khôi phục bản sao lưu cuối, các trạm sẽ gửi lại.",
          "The store was changed from outside or is damaged: restore the last backup, the agents "
            + "send again."
        )
      case .ingestDisconnected:
        (
          "Chạy hatang-aggregator check; xem nhật ký của mosquitto. Các trạm giữ dữ liệu trong lúc "
            + "chờ.",
          "Run hatang-aggregator check; see mosquitto's journal. The agents keep their data "
            + "meanwhile."
        )
      case .diskAlmostFull, .diskFillsUp:
        (
          "Giải phóng chỗ, thêm ổ đĩa, hoặc giảm store.keep_raw_days.",
          "Free space, add a disk, or lower store.keep_raw_days."
        )
      case .stateRebuilding:
        (
          "Chờ: giá trị đang hiện là của lần tính trước.",
          "Wait: the values shown are those of before."
        )
      case .clockJumped:
        (
          "Đặt đúng giờ máy chủ và bật đồng bộ: timedatectl set-ntp true.",
          "Set the server's clock right and synchronise it: timedatectl set-ntp true."
        )
      case .measurementsLost:
        (
          "Xem lý do ở trang của trạm; tăng buffer.max_bytes hoặc sửa đường truyền.",
          "See the reason on the agent's page; raise buffer.max_bytes or mend the line."
        )
      case .batchesRefused:
        (
          "Xem lý do trong bảng bản tin bị từ chối ở /operations.",
          "See the reason in the table of refused messages at /operations."
        )
      case .measurementsSetAside:
        (
          "Thường do đồng hồ thiết bị đo sai: đặt lại giờ cho thiết bị.",
          "Mostly a device with a wrong clock: set it right."
        )
      case .agentSilent:
        (
          "Kiểm tra nguồn điện, SIM và đường truyền; tại chỗ chạy hatang-agent check.",
          "Check power, SIM and line; on site run hatang-agent check."
        )
      case .agentBehind:
        (
          "Đường truyền yếu: kiểm tra tín hiệu; dữ liệu vẫn được giữ ở trạm.",
          "A weak line: check the signal; the data is kept by the agent."
        )
      case .agentClockWrong:
        ("Bật NTP trên trạm (timedatectl set-ntp true).", "Turn NTP on (timedatectl set-ntp true).")
      case .agentRejecting:
        (
          "Xem mẫu bị loại ở trang của trạm; sửa thiết bị gửi sai.",
          "See the samples on the agent's page; mend the device that sends them."
        )
      case .agentOverQuota:
        (
          "Xem vì sao ở bảng bản tin bị từ chối; trạm lạ thì hatang-aggregator revoke, "
            + "trạm thật thì tăng quotas.",
          "See why in the table of refused messages; revoke an agent that is not yours, "
            + "raise quotas for one that is."
        )
      case .agentCertificateExpires:
        ("Cấp chứng thư mới cho trạm trước ngày đó.", "Give the agent a new certificate before.")
      case .agentFlashWear:
        ("Tăng buffer.linger_ms trên trạm.", "Raise buffer.linger_ms of the agent.")
      case .indicatorStale:
        (
          "Hỏi đơn vị đo: thiết bị hay nguồn số liệu còn gửi không?",
          "Ask who measures: do devices or sources still send?"
        )
      }
    return LocalText(vi: vi, en: en)
  }
}
