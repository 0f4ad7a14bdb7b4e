import Daemon
package import MQTT
import Protocol
import Synchronization

/// The broker on this host: an answer, a message through it, and its bounds as far as they show.
package enum LocalBrokerCheck {
  private static let patience: Duration = .seconds(4)
  /// $SYS topics are retained, so they come at once or not at all.
  private static let systemPatience: Duration = .seconds(1)
  private static let dropped = "$SYS/broker/publish/messages/dropped"

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    let broker = site.configuration.local
    do {
      let session = try BrokerSession(
        broker, clientID: "hatang-\(site.recordSource)", patience: patience)
      let ms = try session.connect()
      findings.add(
        "local", .passed,
        Bilingual(
          "Broker tại chỗ \(broker.name) trả lời sau \(ms) ms",
          "the local broker answers in \(ms) ms"))
      try sendRecord(site, session, findings)
      let seen = try seen(session, broker)
      LocalLimits.examine(
        seen, payloadBytesMax: site.configuration.maxPayloadBytes, findings)
    } catch {
      findings.add(
        "local", .failed,
        Bilingual("Broker tại chỗ \(broker.name): \(error)", "the local broker cannot be used"),
        remedy: Bilingual(
          "Khởi động lại: sudo systemctl restart mosquitto; xem local.host, local.port",
          "restart it as above; see local.host and local.port"))
    }
  }

  // MARK: A message through

  /// The record that `RecordCheck` follows to the province; here it has to come back with QoS 1.
  private static func sendRecord(
    _ site: CheckSite, _ session: BrokerSession, _ findings: CheckFindings
  ) throws {
    let topic = Topic.measurement(.check, source: site.recordSource)
    let payload = Array("{\"time\":\"\(RFC3339.format(ms: wallClockMs()))\"}".utf8)
    var refusal = try session.subscribe(to: topic, retained: .never)
    if refusal == nil { refusal = try session.publish(topic, payload) }
    if refusal == nil { site.isRecordPublished.store(true, ordering: .releasing) }
    let came =
      try refusal == nil
      ? session.message(within: patience) { $0.topic == topic && $0.payload == payload } : nil
    examine(came: came, refusal: refusal, findings)
  }

  package static func examine(
    came message: Message?, refusal: MQTTError?, _ findings: CheckFindings
  ) {
    if let message, message.qos == 1 {
      findings.add(
        "local_message", .passed,
        Bilingual(
          "Một bản tin thử đã qua broker tại chỗ với QoS 1",
          "a test message came through the local broker with QoS 1"))
      return
    }
    let cause =
      refusal.map { Bilingual("\($0)", "it refuses: see above") }
      ?? (message == nil
        ? Bilingual("không có bản tin nào trở lại", "it does not come back")
        : Bilingual("nó trở lại với QoS 0", "it comes back with QoS 0, so it may be lost"))
    findings.add(
      "local_message", .failed,
      Bilingual(
        "Bản tin thử không qua được broker tại chỗ: \(cause.vi)",
        "a test message does not pass the local broker: \(cause.en)"),
      remedy: Bilingual(
        "Cho phép measure/# trong acl_file, bỏ max_qos 0; mẫu: \(InstalledFile.localBroker)",
        "allow measure/# in acl_file, drop max_qos 0; the sample is named above"))
  }

  // MARK: Bounds

  /// What shows of the broker's bounds; `nil`: it does not show.
  package struct Seen: Equatable {
    package var receiveMaximum: Int?
    package var dropped: Int64?
    package var file: MosquittoFile?

    package init() {}
  }

  private static func seen(_ session: BrokerSession, _ broker: BrokerSettings) throws -> Seen {
    var seen = Seen()
    seen.receiveMaximum = session.limits.receiveMaximum
    if try session.subscribe(to: dropped) == nil,
      let message = try session.message(within: systemPatience, where: { $0.topic == dropped })
    {
      seen.dropped = Int64(String(decoding: message.payload, as: UTF8.self))
    }
    if ["127.0.0.1", "::1", "localhost"].contains(broker.host) {
      seen.file = MosquittoFile(MosquittoFile.usualPath, port: broker.port)
    }
    return seen
  }
}
