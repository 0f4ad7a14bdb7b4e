import Daemon

/// What comes in: rate now and over the week, time of commits, what was refused, disk.
struct IngestSection {
  let facts: OperationsFacts
  let language: Language
  let times: DateText
  let hours: [Int64]

  func write(to html: inout HTML) {
    html.element("section", "card", [("id", "ingest")]) { html in
      html.element("h2", nil, language.pick("Tiếp nhận", "Ingest"))
      HourChart(counts: hours, language: language, times: times).write(to: &html)
      html.element("dl") { html in
        if let ingest = facts.ingest { write(ingest, to: &html) }
        disk(to: &html)
      }
      refused(to: &html)
      aside(to: &html)
    }
  }

  private func write(_ ingest: IngestReport.Facts, to html: inout HTML) {
    let rate = ingest.recent.perSecond(now: monotonicNow())
    html.term(
      language.pick("Tốc độ, phút vừa qua", "Rate, last minute"),
      language.number(rate, decimals: 1) + language.pick(" phép đo/giây", " measurements/s"))
    html.term(
      language.pick("Thời gian ghi", "Commit time"),
      ingest.commitSeconds.count == 0
        ? language.pick("chưa ghi lần nào", "none yet")
        : language.pick("một nửa ", "half ") + within(0.5, ingest.commitSeconds)
          + language.pick(", 99 % ", ", 99% ") + within(0.99, ingest.commitSeconds))
    let (count, most) = (ingest.lastGroupCount, IngestLoop.messagesMax)
    let queue =
      count >= most
      ? language.pick(
        "\(count) bản tin mỗi lần ghi, mức tối đa: còn bản tin chờ ở máy chủ MQTT",
        "\(count) messages a commit, the most there can be: more wait in the broker")
      : language.pick(
        "không; lần ghi cuối có \(count) bản tin (tối đa \(most))",
        "none; the last commit had \(count) messages (at most \(most))")
    html.term(language.pick("Hàng đợi", "Queue"), queue)
    html.term(
      language.pick("Trùng, từ khi khởi động", "Duplicates since the start"),
      language.whole(Int64(clamping: ingest.duplicates)))
  }

  /// The bound that a share of the values keep.
  private func within(_ share: Double, _ histogram: Histogram) -> String {
    var sum: UInt64 = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      sum += count
      if Double(sum) >= share * Double(histogram.count) {
        return "≤ \(language.number(bound * 1_000, decimals: bound < 0.01 ? 1 : 0)) ms"
      }
    }
    let last = histogram.bounds.last ?? 0
    return "> \(language.number(last, decimals: 0)) s"
  }

  private func disk(to html: inout HTML) {
    let store = facts.store
    let growth =
      store.growthPerDay.map {
        language.pick(", mỗi ngày thêm ", ", a day ") + language.bytes(Int64(max(0, $0)))
      } ?? language.pick(", đà tăng: chưa đủ sáu giờ theo dõi", ", growth: watched too briefly")
    html.term(language.pick("Kho dữ liệu", "Store"), language.bytes(store.bytes) + growth)
    var free = language.bytes(store.freeBytes)
    if let fullMs = store.fullAtMs(facts.nowMs) {
      free +=
        language.pick("; với đà này đầy sau ", "; full in ")
        + language.duration((fullMs - facts.nowMs) / 1_000)
    }
    html.term(language.pick("Ổ đĩa còn trống", "Disk free"), free)
  }

  private func refused(to html: inout HTML) {
    guard !facts.ledger.refusals.isEmpty else { return }
    html.element("h3", nil, language.pick("Bản tin bị từ chối", "Refused messages"))
    html.table(
      language.pick("Bản tin bị từ chối", "Refused messages"),
      head: [
        language.pick("Trạm", "Agent"), language.pick("Lý do", "Reason"),
        language.pick("Số lần", "Count"), language.pick("Lần cuối", "Last"),
      ],
      facts.ledger.refusals.sorted { $0.lastMs > $1.lastMs }.prefix(IngestSection.rowsMax).map {
        [
          $0.agent.isEmpty ? "–" : $0.agent, $0.reason, language.whole($0.count),
          "\(times.moment($0.lastMs)): \($0.lastText)",
        ]
      })
  }

  private func aside(to html: inout HTML) {
    guard !facts.ledger.setAside.isEmpty else { return }
    html.element("h3", nil, language.pick("Phép đo để riêng, không dùng", "Set aside, not used"))
    html.table(
      language.pick("Phép đo để riêng", "Set aside"),
      head: [
        language.pick("Trạm", "Agent"), language.pick("Loại", "Kind"),
        language.pick("Lý do", "Reason"), language.pick("Số phép đo", "Count"),
        language.pick("Cái cuối", "Last"),
      ],
      facts.ledger.setAside.sorted { $0.lastMs > $1.lastMs }.prefix(IngestSection.rowsMax).map {
        [
          $0.agent, $0.kind.isEmpty ? "–" : language.kind($0.kind), $0.reason,
          language.whole($0.count), "\(times.moment($0.lastMs)): \($0.last)",
        ]
      })
  }

  private static let rowsMax = 50
}

/// Measurements by hour, over a week, as bars.
struct HourChart {
  /// The oldest first, the current hour last.
  let counts: [Int64]
  let language: Language
  let times: DateText

  private static let height = 60.0

  func write(to html: inout HTML) {
    let most = counts.max() ?? 0
    let total = counts.reduce(0, +)
    let label = language.pick(
      "Phép đo mỗi giờ trong 7 ngày: tổng \(language.whole(total)), nhiều nhất "
        + "\(language.whole(most)) một giờ",
      "Measurements by hour over 7 days: \(language.whole(total)) in all, at most "
        + "\(language.whole(most)) an hour")
    html.element("figure", "hours") { html in
      html.element(
        "svg", nil,
        [
          ("viewBox", "0 0 \(counts.count) 60"), ("preserveAspectRatio", "none"),
          ("role", "img"), ("aria-label", label),
        ]
      ) { html in
        for (hour, count) in counts.enumerated() where count > 0 {
          let height = max(1, HourChart.height * Double(count) / Double(max(most, 1)))
          html.element(
            "rect", nil,
            [
              ("x", "\(hour)"), ("y", "\(rounded(HourChart.height - height, 100))"),
              ("width", "0.9"), ("height", "\(rounded(height, 100))"),
            ]
          ) { _ in }
        }
      }
      html.element("figcaption") { html in
        let first = times.nowMs - Int64(counts.count - 1) * 3_600_000
        html.element("span", nil, times.moment(first / 3_600_000 * 3_600_000))
        html.element("span", nil, label)
        html.element("span", nil, language.pick("bây giờ", "now"))
      }
    }
  }
}
