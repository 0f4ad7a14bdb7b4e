package import Daemon
import Synchronization

/// The test record all the way: taken in by the daemon, sent, committed by the aggregator, and its
/// receipt back. The daemon's status file tells how far it is.
package enum RecordCheck {
  private static let patience: Duration = .seconds(15)
  /// For a daemon that is just being started or reloaded.
  private static let grace: Duration = .seconds(5)
  private static let interval: Duration = .milliseconds(200)

  package enum Stage: Equatable {
    case absent
    case taken
    /// ms from the daemon's commit to the receipt.
    case receipted(ms: Int64)
  }

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    let isPublished = site.isRecordPublished.load(ordering: .acquiring)
    var status = site.status
    if isPublished {
      let began = monotonicNow()
      var poller = Poller()
      while monotonicNow() - began < patience {
        if case .running(let root) = status {
          if case .receipted = stage(of: site.recordSource, root) { break }
        } else if monotonicNow() - began >= grace {
          break
        }
        guard (try? poller.wait(timeout: interval)) != nil else { break }
        status = site.status
      }
    }
    conclude(site.recordSource, isPublished: isPublished, status, findings)
    ClockCheck.examineOffset(status.root, findings)
  }

  package static func stage(of source: String, _ status: ConfigNode) -> Stage {
    guard let record = status["check"], !record.isNull,
      (try? record["source"]?.string()) == source
    else { return .absent }
    guard let taken = ms(record, "taken_at"), let receipted = ms(record, "receipted_at") else {
      return .taken
    }
    return .receipted(ms: max(0, receipted - taken))
  }

  package static func conclude(
    _ source: String, isPublished: Bool, _ status: AgentStatusFile, _ findings: CheckFindings
  ) {
    guard isPublished else {
      return fail(
        Bilingual("broker tại chỗ không nhận nó", "the local broker did not take it"),
        Bilingual("Xem dòng về broker tại chỗ", "see the lines on the local broker"), findings)
    }
    guard case .running(let root) = status else {
      return fail(
        Bilingual("dịch vụ không chạy", "the daemon does not run"), DaemonCheck.start, findings)
    }
    switch stage(of: source, root) {
    case .receipted(let ms):
      findings.add(
        "record", .passed,
        Bilingual(
          "Bản ghi thử đã tới tỉnh và có biên nhận sau \(ms) ms",
          "the test record reached the province, receipted after \(ms) ms"))
    case .absent: concludeAbsent(root, findings)
    case .taken: concludeTaken(root, findings)
    }
  }

  private static func concludeAbsent(_ root: ConfigNode, _ findings: CheckFindings) {
    let (cause, remedy): (String, Bilingual)
    // The local broker is not at fault where the buffer has no room, as after a long outage.
    if let paused = root["paused_reason"].flatMap(text) {
      cause = " (\(paused))"
      remedy = Bilingual(
        "Xem các dòng về đĩa, bộ đệm và đường lên", "see the lines on disk, buffer and uplink")
    } else if let trouble = trouble(root["local"]) {
      cause = " (\(trouble))"
      remedy = Bilingual("Xem dòng về broker tại chỗ", "see the lines on the local broker")
    } else {
      cause = ""
      remedy = Bilingual(
        "Kiểm tra lại sau một phút; nếu vẫn vậy, xem local trong cấu hình: dịch vụ và lệnh này có "
          + "dùng chung broker không?",
        "check again in a minute; if it stays so, see local in the configuration: do the daemon "
          + "and this command use one broker?")
    }
    fail(
      Bilingual("dịch vụ không thu nhận nó\(cause)", "the daemon did not take it in"), remedy,
      findings)
  }

  private static func concludeTaken(_ root: ConfigNode, _ findings: CheckFindings) {
    let backlog = (try? root["backlog"]?.integer(in: 0...Int64.max)) ?? 0
    // Others are delivered while it waits; an uplink that died a moment ago looks connected, too.
    if let taken = ms(root["check"], "taken_at"), backlog > 1,
      let receipt = ms(root["uplink"], "last_receipt_at"), receipt > taken
    {
      findings.add(
        "record", .warning,
        Bilingual(
          "Bản ghi thử đã được giữ, đang chờ sau \(backlog) số đo khác",
          "the test record is kept, and waits behind \(backlog) measurements"),
        remedy: Bilingual(
          "Chờ gửi hết rồi kiểm tra lại: hatang-agent status",
          "wait until all is delivered, then check again: hatang-agent status"))
      return
    }
    let trouble = trouble(root["uplink"])
    fail(
      Bilingual(
        "đã được giữ, nhưng chưa có biên nhận của tỉnh" + (trouble.map { " (\($0))" } ?? ""),
        "it is kept here, but no receipt has come from the province"),
      Bilingual(
        "Xem các dòng về đường lên; nếu đều đạt, báo cho tỉnh: hatang-aggregator có chạy không?",
        "see the lines on the uplink; if all are right, ask the province whether "
          + "hatang-aggregator runs"), findings)
  }

  private static func fail(_ cause: Bilingual, _ remedy: Bilingual, _ findings: CheckFindings) {
    findings.add(
      "record", .failed,
      Bilingual(
        "Bản ghi thử không đi hết đường: \(cause.vi)",
        "the test record did not come all the way: \(cause.en)"), remedy: remedy)
  }

  private static func ms(_ node: ConfigNode?, _ key: String) -> Int64? {
    (try? node?[key]?.string()).flatMap { RFC3339.parse($0) }
  }

  private static func trouble(_ connection: ConfigNode?) -> String? {
    connection?["trouble"].flatMap(text)
  }

  private static func text(_ node: ConfigNode) -> String? { node.isNull ? nil : node.plain }
}
