package import Daemon

/// What a person wants to know first, in sentences: is it collecting, is it delivering, since when,
/// how far behind, what was rejected last and why.
package struct StatusSentences {
  private let status: AgentStatusFile
  private let nowMs: Int64

  package init(_ status: AgentStatusFile, nowMs: Int64) {
    self.status = status
    self.nowMs = nowMs
  }

  package var all: [Bilingual] {
    switch status {
    case .running(let root):
      [headline(root), intake(root), uplink(root), backlog(root), rejection(root)]
        + clock(root)
    case .stopped(let root):
      [
        Bilingual(
          "Dịch vụ đã dừng \(ago(root["written_at"]).vi): không thu thập, không gửi.",
          "The daemon was stopped \(ago(root["written_at"]).en): it collects and delivers "
            + "nothing."),
        backlog(root), rejection(root),
      ]
    case .dead(let root, let age):
      [
        Bilingual(
          "Dịch vụ không còn trả lời từ \(DurationText.vi(age)) trước: không thu thập, không gửi.",
          "The daemon has not answered for \(DurationText.en(age)): it collects and "
            + "delivers nothing."),
        backlog(root), rejection(root),
      ]
    case .unreadable(let error):
      [
        Bilingual(
          "Dịch vụ chưa từng chạy ở đây, hoặc trạng thái không đọc được.",
          "The daemon has not run here yet, or its status cannot be read: \(error)")
      ]
    }
  }

  private var isRunning: Bool {
    if case .running = status { true } else { false }
  }

  // MARK: Sentences

  private func headline(_ root: ConfigNode) -> Bilingual {
    let isCollecting = flag(root["local"]?["connected"]) && isNull(root["paused_reason"])
    let isDelivering = isDelivering(root)
    return switch (isCollecting, isDelivering) {
    case (true, true):
      Bilingual(
        "Đang thu thập và đang gửi về tỉnh.", "It collects, and delivers to the province.")
    case (true, false):
      Bilingual(
        "Đang thu thập, nhưng chưa gửi về tỉnh được; số đo được giữ ở đây.",
        "It collects, but cannot deliver to the province; measurements are kept here.")
    case (false, true):
      Bilingual(
        "Không thu thập được; những gì đã có vẫn được gửi về tỉnh.",
        "It cannot collect; what it has is delivered to the province.")
    case (false, false):
      Bilingual(
        "Không thu thập được, cũng không gửi được.", "It can neither collect nor deliver.")
    }
  }

  /// A clock that is right is not worth a sentence.
  private func clock(_ root: ConfigNode) -> [Bilingual] {
    guard let clock = root["clock"] else { return [] }
    guard flag(clock["known"]) else {
      return [
        Bilingual(
          "Chưa biết giờ đúng; số đo giữ ở đây, gửi khi biết.",
          "The right time is not known yet; measurements are kept here until it is.")
      ]
    }
    let legal = Int64(-1) << 62...Int64(1) << 62
    guard let wrongMs = try? clock["wrong_by_ms"]?.integer(in: legal),
      abs(wrongMs) > BootOffset.toleranceMs
    else { return [] }
    let seconds = abs(wrongMs) / 1_000
    let (vi, en) = wrongMs > 0 ? ("nhanh", "ahead") : ("chậm", "behind")
    return [
      Bilingual(
        "Đồng hồ máy này \(vi) \(DurationText.vi(seconds)); giờ của số đo được sửa khi gửi.",
        "This machine's clock is \(DurationText.en(seconds)) \(en); the times of measurements are "
          + "corrected when they are sent.")
    ]
  }

  private func intake(_ root: ConfigNode) -> Bilingual {
    let local = root["local"]
    let (broker, since) = (word(local?["broker"]), ago(local?["since"]))
    if !isNull(root["paused_reason"]) {
      let reason = word(root["paused_reason"])
      return Bilingual(
        "Thu thập tạm dừng, broker tại chỗ \(broker) giữ số đo: \(reason)",
        "Collecting has paused, the local broker holds what comes; the reason is above.")
    }
    guard flag(local?["connected"]) else {
      return Bilingual(
        "Mất broker tại chỗ \(broker) \(since.vi): \(word(local?["trouble"]))",
        "The local broker was lost \(since.en).")
    }
    guard !isNull(root["last_commit_at"]) else {
      return Bilingual(
        "Nối với broker tại chỗ \(broker) \(since.vi); chưa có số đo nào từ khi khởi động.",
        "Connected to the local broker \(since.en); no measurement has come since the start.")
    }
    let last = ago(root["last_commit_at"])
    return Bilingual(
      "Nối với broker tại chỗ \(broker) \(since.vi); số đo gần nhất \(last.vi).",
      "Connected to the local broker \(since.en); the last measurement came \(last.en).")
  }

  private func uplink(_ root: ConfigNode) -> Bilingual {
    let uplink = root["uplink"]
    let (broker, since) = (word(uplink?["broker"]), ago(uplink?["since"]))
    guard flag(uplink?["connected"]) else {
      let cause = isNull(uplink?["trouble"]) ? "" : ": \(word(uplink?["trouble"]))"
      guard !isNull(uplink?["since"]) else {
        return Bilingual(
          "Chưa nối được với broker của tỉnh \(broker) lần nào từ khi khởi động\(cause)",
          "The province's broker has not been reached since the start.")
      }
      return Bilingual(
        "Mất broker của tỉnh \(broker) \(since.vi)\(cause)",
        "The province's broker was lost \(since.en).")
    }
    let receipt = uplink?["last_receipt_at"]
    switch DeliveryStanding(root, nowMs: nowMs) {
    case .delivering, .disconnected: break
    case .unanswered:
      return Bilingual(
        "Đã nối với broker của tỉnh \(broker) \(since.vi), nhưng tỉnh chưa gửi biên nhận nào.",
        "Connected to the province's broker \(since.en), but no receipt has come.")
    case .silent:
      return Bilingual(
        "Vẫn nối với broker của tỉnh \(broker), nhưng biên nhận gần nhất \(ago(receipt).vi): "
          + "đường truyền có lẽ đã đứt.",
        "Still connected to the province's broker, but the last receipt came \(ago(receipt).en): "
          + "the line is probably cut.")
    }
    let last =
      isNull(receipt)
      ? Bilingual("chưa có biên nhận nào", "no receipt yet")
      : Bilingual("biên nhận gần nhất \(ago(receipt).vi)", "the last receipt \(ago(receipt).en)")
    return Bilingual(
      "Nối với broker của tỉnh \(broker) \(since.vi); \(last.vi).",
      "Connected to the province's broker \(since.en); \(last.en).")
  }

  private func backlog(_ root: ConfigNode) -> Bilingual {
    let waiting = number(root["backlog"])
    guard waiting > 0 else {
      return Bilingual(
        "\(isRunning ? "" : "Lần cuối được biết: ")không còn gì chờ gửi.".capitalizedFirst,
        "\(isRunning ? "" : "When last known: ")nothing waits to be delivered.".capitalizedFirst)
    }
    let age = number(root["oldest_unsent_seconds"])
    let wait = waitingTime(root, waiting)
    return Bilingual(
      "\(isRunning ? "Còn" : "Lần cuối được biết: còn") \(waiting) số đo chờ gửi, cũ nhất từ "
        + "\(DurationText.vi(age)) trước\(wait.vi).",
      "\(isRunning ? "" : "When last known: ")\(waiting) measurements wait to be delivered, the "
        + "oldest for \(DurationText.en(age))\(wait.en).")
  }

  /// How long until nothing waits any more.
  private func waitingTime(_ root: ConfigNode, _ waiting: Int64) -> Bilingual {
    guard isRunning else { return Bilingual("", "") }
    guard isDelivering(root) else {
      return Bilingual("; gửi tiếp khi có lại đường lên", "; it goes on once the uplink is back")
    }
    let node = root["backlog_shrinks_per_second"]
    guard let node, !node.isNull, let rate = try? node.number(in: -1e12...1e12) else {
      return Bilingual("; chưa rõ bao lâu nữa", "; how long it takes is not known yet")
    }
    guard rate > 0 else {
      return Bilingual("; không giảm đi", "; it does not get less")
    }
    let seconds = Int64((Double(waiting) / rate).rounded(.up))
    return Bilingual(
      "; gửi hết sau khoảng \(DurationText.vi(seconds))",
      "; all is delivered in about \(DurationText.en(seconds))")
  }

  private func rejection(_ root: ConfigNode) -> Bilingual {
    let rejections = (try? root["rejections"]?.array()) ?? []
    let last = rejections.max { (ms($0["last_at"]) ?? 0) < (ms($1["last_at"]) ?? 0) }
    guard let last else {
      return Bilingual("Chưa từ chối số đo nào.", "No measurement has been rejected.")
    }
    let count = number(root["rejected"])
    let when = ago(last["last_at"])
    return Bilingual(
      "Đã từ chối \(count), lần cuối \(when.vi) (\(word(last["kind"]))): \(word(last["reason"]))",
      "\(count) rejected, the last \(when.en); field and legal range are above.")
  }

  // MARK: Values

  private func isDelivering(_ root: ConfigNode) -> Bool {
    DeliveryStanding(root, nowMs: nowMs) == .delivering
  }

  private func isNull(_ node: ConfigNode?) -> Bool { node?.isNull ?? true }
  private func word(_ node: ConfigNode?) -> String { isNull(node) ? "-" : node?.plain ?? "-" }
  private func flag(_ node: ConfigNode?) -> Bool { (try? node?.boolean()) ?? false }
  private func number(_ node: ConfigNode?) -> Int64 {
    (try? node?.integer(in: 0...Int64.max)) ?? 0
  }
  private func ms(_ node: ConfigNode?) -> Int64? {
    (try? node?.string()).flatMap { RFC3339.parse($0) }
  }

  /// `3 giờ trước`, `3 h ago`
  private func ago(_ node: ConfigNode?) -> Bilingual {
    guard let then = ms(node) else { return Bilingual("không rõ từ bao giờ", "at an unknown time") }
    let seconds = (nowMs - then) / 1_000
    return Bilingual("\(DurationText.vi(seconds)) trước", "\(DurationText.en(seconds)) ago")
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
