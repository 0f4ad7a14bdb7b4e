/// A condition that holds now, of one subject, in words.
package struct Problem {
  package let condition: Condition
  /// As the metric's label has it: an agent, a reason, a code; `nil`: there is but one.
  package let subject: String?
  package let sentence: LocalText

  /// The most urgent first, then in the order of `Condition`.
  package static func all(_ facts: OperationsFacts) -> [Problem] {
    let found =
      common(facts) + facts.standing.flatMap { own($0, facts) } + expiring(facts) + stale(facts)
    let order = Dictionary(
      uniqueKeysWithValues: Condition.allCases.enumerated().map { ($0.element, $0.offset) })
    return found.enumerated().sorted { a, b in
      let (first, second) = (a.element.condition, b.element.condition)
      if first.severity != second.severity { return first.severity == .critical }
      let (left, right) = (order[first] ?? 0, order[second] ?? 0)
      return (left, a.offset) < (right, b.offset)
    }.map(\.element)
  }

  private init(_ condition: Condition, of subject: String? = nil, _ vi: String, _ en: String) {
    self.condition = condition
    self.subject = subject
    sentence = LocalText(vi: vi, en: en)
  }

  private typealias Bound = Condition.Bound

  // MARK: Of the aggregator

  private static func common(_ facts: OperationsFacts) -> [Problem] {
    var found: [Problem] = []
    let unbalanced = facts.ledger.streams.filter { !$0.isBalanced }
    if let first = unbalanced.first {
      let count = unbalanced.count
      found.append(
        Problem(
          .ledgerUnbalanced,
          "Sổ nhận không khớp ở \(Language.vi.whole(count)) luồng, như \(first.agent): nhận "
            + "\(Language.vi.whole(first.received)) + mất \(Language.vi.whole(first.lost)) ≠ gửi "
            + "\(Language.vi.whole(first.next))",
          "The ledger does not add up for \(Language.en.whole(count)) streams, "
            + "such as \(first.agent): received \(Language.en.whole(first.received)) + lost "
            + "\(Language.en.whole(first.lost)) ≠ sent \(Language.en.whole(first.next))"))
    }
    if let ingest = facts.ingest {
      if !ingest.isConnected {
        let why = ingest.trouble.map { ": \($0)" } ?? ""
        found.append(
          Problem(
            .ingestDisconnected, "Không kết nối được với máy chủ MQTT, chưa nhận dữ liệu\(why)",
            "Not connected to the broker, nothing is received\(why)"))
      }
      if !ingest.isStateWhole {
        let way = ingest.rebuilding.isEmpty ? "" : " (\(ingest.rebuilding))"
        found.append(
          Problem(
            .stateRebuilding, "Đang tính lại mọi thứ từ dữ liệu gốc\(way)",
            "Everything is being made again from the raw data\(way)"))
      }
      if ingest.clockLagSeconds > 0 {
        let lead = ingest.clockLagSeconds
        found.append(
          Problem(
            .clockJumped,
            "Đồng hồ của máy chủ này nhảy vượt \(Language.vi.duration(lead)) và chưa đồng bộ; "
              + "dữ liệu gốc không bị xóa theo giờ đó",
            "This server's clock jumped ahead by \(Language.en.duration(lead)) and is not "
              + "synchronised; no raw data is deleted by it"))
      }
    }
    return found + disk(facts) + counted(facts)
  }

  private static func disk(_ facts: OperationsFacts) -> [Problem] {
    var found: [Problem] = []
    let free = facts.store.freeBytes
    if free < Bound.freeBytes {
      found.append(
        Problem(
          .diskAlmostFull, "Ổ đĩa chỉ còn trống \(Language.vi.bytes(free))",
          "The disk has only \(Language.en.bytes(free)) left"))
    }
    if let fullMs = facts.store.fullAtMs(facts.nowMs),
      fullMs - facts.nowMs < Bound.fullSeconds * 1_000
    {
      let left = (fullMs - facts.nowMs) / 1_000
      found.append(
        Problem(
          .diskFillsUp, "Với đà này ổ đĩa đầy sau \(Language.vi.duration(left))",
          "At this pace the disk is full in \(Language.en.duration(left))"))
    }
    return found
  }

  /// What is counted by reason, where the last is recent.
  private static func counted(_ facts: OperationsFacts) -> [Problem] {
    var found: [Problem] = []
    for lost in facts.lost {
      guard let lastMs = lost.lastMs, facts.age(lastMs) < Bound.lostSeconds else { continue }
      found.append(
        Problem(
          .measurementsLost, of: lost.reason,
          "\(Language.vi.whole(lost.count)) phép đo bị mất (\(lost.reason)), lần cuối cách đây "
            + Language.vi.duration(facts.age(lastMs)),
          "\(Language.en.whole(lost.count)) measurements lost (\(lost.reason)), last "
            + "\(Language.en.duration(facts.age(lastMs))) ago"))
    }
    for (reason, all) in grouped(
      facts.ledger.refusals.filter { !$0.isOfQuotas }, by: \.reason)
    {
      guard let last = all.max(by: { $0.lastMs < $1.lastMs }),
        facts.age(last.lastMs) < Bound.refusedSeconds
      else { continue }
      let agent = last.agent.isEmpty ? "?" : last.agent
      let count = all.reduce(0) { $0 &+ $1.count }
      found.append(
        Problem(
          .batchesRefused, of: reason,
          "\(Language.vi.whole(count)) bản tin bị từ chối (\(reason)), gần nhất từ \(agent)",
          "\(Language.en.whole(count)) messages refused (\(reason)), the last from \(agent)"))
    }
    for (reason, all) in grouped(facts.ledger.setAside, by: \.reason) {
      guard let last = all.max(by: { $0.lastMs < $1.lastMs }),
        facts.age(last.lastMs) < Bound.asideSeconds
      else { continue }
      let count = all.reduce(0) { $0 &+ $1.count }
      found.append(
        Problem(
          .measurementsSetAside, of: reason,
          "\(Language.vi.whole(count)) phép đo để riêng, không dùng (\(reason)), gần nhất từ "
            + last.agent,
          "\(Language.en.whole(count)) measurements set aside (\(reason)), the last from "
            + last.agent))
    }
    return found
  }

  private static func grouped<Item>(
    _ items: [Item], by key: (Item) -> String
  ) -> [(String, [Item])] {
    Dictionary(grouping: items, by: key).sorted { $0.key < $1.key }
  }

  private static func stale(_ facts: OperationsFacts) -> [Problem] {
    facts.newest.compactMap { code, atMs in
      guard facts.age(atMs) > Bound.staleSeconds else { return nil }
      return Problem(
        .indicatorStale, of: code,
        "Chỉ tiêu \(code) không có số đo mới từ \(Language.vi.duration(facts.age(atMs)))",
        "Indicator \(code) has had no new data for \(Language.en.duration(facts.age(atMs)))")
    }
  }

  /// Also of agents that were enrolled and have not been heard yet.
  private static func expiring(_ facts: OperationsFacts, of agent: String? = nil) -> [Problem] {
    facts.certificates.compactMap { name, expiresMs in
      guard agent == nil || agent == name,
        expiresMs / 1_000 - facts.nowMs / 1_000 < Bound.certificateSeconds
      else { return nil }
      let left = (expiresMs - facts.nowMs) / 1_000
      return Problem(
        .agentCertificateExpires, of: name,
        left > 0
          ? "Chứng thư của \(name) hết hạn sau \(Language.vi.duration(left))"
          : "Chứng thư của \(name) đã hết hạn",
        left > 0
          ? "The certificate of \(name) expires in \(Language.en.duration(left))"
          : "The certificate of \(name) has expired")
    }
  }

  // MARK: Of an agent

  package static func of(_ agent: AgentsReport.Agent, _ facts: OperationsFacts) -> [Problem] {
    agent.isRevoked ? [] : own(agent, facts) + expiring(facts, of: agent.name)
  }

  private static func own(_ agent: AgentsReport.Agent, _ facts: OperationsFacts) -> [Problem] {
    var found: [Problem] = []
    let name = agent.name
    let silence = agent.lastSeenMs.map(facts.age) ?? 0
    let (waitsVi, waitsEn) =
      agent.backlog > 0
      ? (
        "; \(Language.vi.whole(agent.backlog)) phép đo đang chờ",
        "; \(Language.en.whole(agent.backlog)) measurements wait"
      ) : ("", "")
    if silence > Bound.silentSeconds {
      found.append(
        Problem(
          .agentSilent, of: name,
          "\(name) im lặng \(Language.vi.duration(silence))\(waitsVi); nguồn điện/đường truyền?",
          "\(name) silent for \(Language.en.duration(silence))\(waitsEn); power or line?"))
    } else if agent.oldestUnsentSeconds > Bound.behindSeconds, agent.lastSeenMs != nil {
      let age = agent.oldestUnsentSeconds
      let (restVi, restEn) =
        agent.backlogSeconds.map {
          (
            ", cần khoảng \(Language.vi.duration($0)) nữa",
            ", about \(Language.en.duration($0)) more"
          )
        } ?? ("", "")
      found.append(
        Problem(
          .agentBehind, of: name,
          "\(name) gửi chậm: phép đo cũ nhất chờ \(Language.vi.duration(age))\(waitsVi)\(restVi)",
          "\(name) is behind: the oldest measurement waits \(Language.en.duration(age))"
            + "\(waitsEn)\(restEn)"))
    }
    if let offset = agent.clockOffsetMs, abs(offset) > Bound.clockSeconds * 1_000 {
      let seconds = abs(offset) / 1_000
      found.append(
        Problem(
          .agentClockWrong, of: name,
          "Đồng hồ của \(name) \(offset > 0 ? "nhanh" : "chậm") \(Language.vi.duration(seconds))",
          "The clock of \(name) is \(Language.en.duration(seconds)) "
            + (offset > 0 ? "ahead" : "behind")))
    }
    return found + quality(agent, facts)
  }

  private static func quality(
    _ agent: AgentsReport.Agent, _ facts: OperationsFacts
  ) -> [Problem] {
    var found: [Problem] = []
    let name = agent.name
    let share = Double(agent.rejected) / (Double(agent.accepted) + Double(agent.rejected))
    if share > Bound.rejectedShare, let lastMs = agent.lastRejectMs,
      facts.age(lastMs) < Bound.rejectedSeconds
    {
      found.append(
        Problem(
          .agentRejecting, of: name,
          "\(name) loại \(Language.vi.percent(share: share)) phép đo của thiết bị "
            + "(\(Language.vi.whole(agent.rejected)))",
          "\(name) rejects \(Language.en.percent(share: share)) of what devices send "
            + "(\(Language.en.whole(agent.rejected)))"))
    }
    if let lastMs = agent.overQuotaMs, facts.age(lastMs) < Bound.refusedSeconds {
      found.append(
        Problem(
          .agentOverQuota, of: name,
          "\(name) gửi quá hạn mức: \(Language.vi.whole(agent.overQuota)) bản tin bị bỏ qua",
          "\(name) sends more than its quotas: \(Language.en.whole(agent.overQuota)) messages "
            + "were dropped"))
    }
    if let written = agent.writtenPerDay, written > Double(Bound.writtenPerDay) {
      let bytes = Int64(min(written, 1e18))
      found.append(
        Problem(
          .agentFlashWear, of: name,
          "\(name) ghi \(Language.vi.bytes(bytes)) mỗi ngày vào bộ nhớ flash",
          "\(name) writes \(Language.en.bytes(bytes)) a day to its flash"))
    }
    return found
  }
}

extension OperationsFacts {
  /// Seconds; below 0 where a clock is ahead.
  func age(_ timeMs: Int64) -> Int64 { (nowMs &- timeMs) / 1_000 }
}
