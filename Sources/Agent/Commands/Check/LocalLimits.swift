import Daemon

/// Judges what shows of the local broker's bounds: the lines `local_limits` and `local_access` of
/// `check`. What each setting has to hold is told in config/mosquitto/local.conf.
package struct LocalLimits {
  /// Of the shipped configuration, and enough for a group of the intake.
  private static let receiveMaximumMin: Int64 = 1_000
  private static let inflightBytesMin: Int64 = 1_000_000
  private static let queuedMessagesMin: Int64 = 100_000
  private static let queuedBytesMin: Int64 = 10_000_000
  /// Changes between two writes of the broker's file. Fewer wear the flash out; more are lost with
  /// the power, and are more than the SUBSCRIBEs by which the agent has its session written.
  private static let autosaveChanges: ClosedRange<Int64> = 100...1_000
  private static let autosaveSecondsMax: Int64 = 60
  private static let queueSetting = "max_queued_messages 0, max_queued_bytes 100000000"
  private static let autosaveSetting = "autosave_on_changes true, autosave_interval 1000"

  private let payloadBytesMax: Int64
  private let findings: CheckFindings
  private var isRight = true

  /// - Parameter payloadBytesMax: what the agent takes from devices.
  package static func examine(
    _ seen: LocalBrokerCheck.Seen, payloadBytesMax: Int, _ findings: CheckFindings
  ) {
    var limits = LocalLimits(payloadBytesMax: Int64(payloadBytesMax), findings: findings)
    if let file = seen.file {
      limits.persistence(file)
      limits.queue(file)
      limits.sizes(file)
    }
    limits.flight(seen)
    if let dropped = seen.dropped, dropped > 0 {
      limits.warn(
        .warning, "đã bỏ \(dropped) bản tin từ khi khởi động",
        "it has dropped \(dropped) messages since it began", queueSetting)
    }
    limits.conclude(seen)
    if let file = seen.file { limits.access(file) }
  }

  private mutating func warn(
    _ result: CheckReport.Result, _ vi: String, _ en: String, _ setting: String,
    part: String = "local_limits"
  ) {
    isRight = false
    findings.add(
      part, result, Bilingual("Broker tại chỗ: \(vi)", "the local broker: \(en)"),
      remedy: Bilingual(
        "Đặt \(setting); mẫu: \(InstalledFile.localBroker)",
        "set it as above; a sample is in that file"))
  }

  // MARK: What it has acknowledged survives

  private mutating func persistence(_ file: MosquittoFile) {
    guard file.isPersistent else {
      return warn(
        .failed, "persistence tắt, khởi động lại là mất bản tin đã nhận",
        "persistence is off, a restart loses what it has acknowledged",
        "persistence true, \(Self.autosaveSetting)")
    }
    if file.persistenceFolder == nil {
      warn(
        .warning, "không có persistence_location, không chắc nó ghi được hàng đợi ra đĩa",
        "persistence_location is missing, so it may have nowhere to write its queue",
        "persistence_location /var/lib/mosquitto/")
    }
    let interval = file.autosaveInterval
    if interval <= 0 {
      warn(
        .failed, "chỉ ghi hàng đợi khi tắt, mất điện là mất bản tin đã nhận",
        "it writes its queue only when it ends, a power cut loses what it has acknowledged",
        Self.autosaveSetting)
    } else if !file.autosaveCountsChanges {
      guard interval > Self.autosaveSecondsMax else { return }
      warn(
        .warning,
        "ghi hàng đợi mỗi \(interval) giây, mất điện khi dịch vụ vắng là mất chừng ấy bản tin",
        "it writes its queue every \(interval) s, a power cut loses as much while the daemon is "
          + "away",
        Self.autosaveSetting)
    } else if interval > Self.autosaveChanges.upperBound {
      warn(
        .warning,
        "ghi hàng đợi sau mỗi \(interval) bản tin, mất điện khi dịch vụ vắng là mất chừng ấy",
        "it writes its queue every \(interval) messages, a power cut loses as many while the "
          + "daemon is away", Self.autosaveSetting)
    } else if interval < Self.autosaveChanges.lowerBound {
      warn(
        .warning, "ghi cả hàng đợi sau mỗi \(interval) bản tin, mòn flash khi dịch vụ vắng",
        "it writes its whole queue every \(interval) messages, which wears the flash out while the "
          + "daemon is away", Self.autosaveSetting)
    }
  }

  private mutating func queue(_ file: MosquittoFile) {
    if (1..<Self.queuedMessagesMin).contains(file.queuedMessagesMax) {
      warn(
        .warning, "chỉ giữ \(file.queuedMessagesMax) bản tin khi dịch vụ vắng, quá thì bỏ",
        "while the daemon is away it holds \(file.queuedMessagesMax) messages and no more",
        Self.queueSetting)
    }
    if (1..<Self.queuedBytesMin).contains(file.queuedBytesMax) {
      warn(
        .warning, "chỉ giữ \(file.queuedBytesMax) byte khi dịch vụ vắng, quá thì bỏ",
        "while the daemon is away it holds \(file.queuedBytesMax) bytes and no more",
        Self.queueSetting)
    }
    if file.queuedMessagesMax == 0, file.queuedBytesMax == 0 {
      warn(
        .warning, "hàng đợi không có giới hạn, dịch vụ vắng lâu thì hết bộ nhớ của máy",
        "its queue has no bound, it fills the memory while the daemon is away", Self.queueSetting)
    }
    if let expiry = file.sessionExpiry {
      warn(
        .warning, "bỏ hàng đợi của dịch vụ nếu vắng \(expiry)",
        "it drops the daemon's queue after \(expiry) without it",
        "persistent_client_expiration: xoá dòng này / remove that line")
    }
  }

  private mutating func sizes(_ file: MosquittoFile) {
    if file.messageBytesMax > 0 {
      // Larger ones the agent rejects by itself, and counts them; here nobody learns of them.
      warn(
        file.messageBytesMax < payloadBytesMax ? .failed : .warning,
        "nhận rồi vứt bản tin lớn hơn \(file.messageBytesMax) byte (message_size_limit)",
        "it acknowledges and throws away payloads above \(file.messageBytesMax) bytes "
          + "(message_size_limit)",
        "max_packet_size 1048576, xoá / remove message_size_limit")
    }
    if file.packetBytesMax > 0, file.packetBytesMax < payloadBytesMax {
      warn(
        .warning,
        "ngắt thiết bị gửi gói lớn hơn \(file.packetBytesMax) byte, dịch vụ nhận đến "
          + "\(payloadBytesMax)",
        "it cuts off devices that send more than \(file.packetBytesMax) bytes, the daemon takes "
          + "\(payloadBytesMax)", "max_packet_size 1048576")
    }
  }

  /// What the CONNACK says counts; where it does not, the file does.
  private mutating func flight(_ seen: LocalBrokerCheck.Seen) {
    let said = seen.receiveMaximum.map(Int64.init)
    if let maximum = said ?? seen.file?.inflightMessagesMax, maximum != 0 || said != nil,
      maximum < Self.receiveMaximumMin
    {
      warn(
        .warning, "chỉ cho \(maximum) bản tin cùng lúc",
        "it allows \(maximum) messages at a time", "max_inflight_messages 1000")
    }
    if let bytes = seen.file?.inflightBytesMax, (1..<Self.inflightBytesMin).contains(bytes) {
      warn(
        .warning, "chỉ cho \(bytes) byte cùng lúc", "it allows \(bytes) bytes at a time",
        "max_inflight_bytes 0")
    }
  }

  // MARK: Who gets in

  private mutating func access(_ file: MosquittoFile) {
    let ports = file.openPorts.map { "\($0)" }.joined(separator: ", ")
    guard !ports.isEmpty else { return }
    warn(
      .warning, "ai trong mạng cũng ghi được số đo dưới tên thiết bị khác, qua cổng \(ports)",
      "whoever is on the network may write in any device's name, at port \(ports)",
      "per_listener_settings true, allow_anonymous false", part: "local_access")
  }

  // MARK: What does not show

  private func conclude(_ seen: LocalBrokerCheck.Seen) {
    guard isRight else { return }
    let unseen = Self.unseen(seen)
    findings.add(
      "local_limits", .passed,
      Bilingual(
        "Giới hạn của broker tại chỗ đủ, theo những gì thấy được\(unseen.vi)",
        "the local broker's bounds suffice, as far as they show\(unseen.en)"))
  }

  private static func unseen(_ seen: LocalBrokerCheck.Seen) -> Bilingual {
    var vi: [String] = []
    var en: [String] = []
    if seen.file == nil {
      vi.append("persistence và hàng đợi (không đọc được \(MosquittoFile.usualPath))")
      en.append("persistence and queues (\(MosquittoFile.usualPath) does not tell)")
    }
    if seen.receiveMaximum == nil {
      vi.append("max_inflight_messages (CONNACK không nói)")
      en.append("max_inflight_messages (the CONNACK does not say)")
    }
    if seen.dropped == nil {
      vi.append("số bản tin đã bỏ ($SYS đóng)")
      en.append("messages dropped ($SYS is closed)")
    }
    guard !vi.isEmpty else { return Bilingual("", "") }
    return Bilingual(
      "; không thấy: \(vi.joined(separator: ", "))",
      "; not seen: \(en.joined(separator: ", "))")
  }
}
