import Daemon
import MQTT
import Protocol

/// The load mode: so many fixed samples to one broker, as fast as asked, each accounted for by its
/// PUBACK. A broker that goes away is waited for, and what had no PUBACK is sent again.
final class FloodRun {
  private let link: BrokerLink
  private let settings: FloodSettings
  private let topic: String
  private var sample: FloodSample
  /// Samples without a PUBACK, by packet id.
  private var open: [Int32: Int64] = [:]
  private var published: Int64 = 0

  /// mosquitto's `max_inflight_messages` in config/mosquitto/local.conf.
  private static let window = 1_000
  /// Samples between two turns of the connection: enough to fill a TCP segment many times.
  private static let burst = 256

  init(_ settings: FloodSettings, broker: Broker) throws(MQTTError) {
    self.settings = settings
    sample = FloodSample(source: settings.source, firstMs: settings.firstMs)
    topic = Topic.measurement(.coverage, source: settings.source)
    link = try BrokerLink(
      broker, clientID: "hatang-flood-\(settings.source)", window: FloodRun.window)
  }

  func run(signals: SignalDescriptor) throws -> ExitCode {
    let started = monotonicNow()
    let end = started + settings.duration
    var pace = Pace(rate: settings.rate, now: started)
    var poller = Poller()
    while true {
      let now = monotonicNow()
      if signals.next() != nil || now >= end { break }
      link.turn(now: now)
      settle()
      if published == settings.count, open.isEmpty { break }
      let sent = try publish(&pace, now: now)
      link.flush(now: now)
      if sent == FloodRun.burst { continue }
      poller.removeAll()
      poller.add(signals.fileDescriptor, .readable)
      if let descriptor = link.fileDescriptor {
        poller.add(descriptor, link.wantsWrite ? [.readable, .writable] : .readable)
      }
      let isPaced = link.canPublish && published < settings.count
      try poller.wait(timeout: isPaced ? pace.wait : .milliseconds(100))
    }
    link.close()
    return report(seconds: (monotonicNow() - started).inSeconds)
  }

  private func publish(_ pace: inout Pace, now: Duration) throws(MQTTError) -> Int {
    let due = min(pace.due(now: now), FloodRun.burst)
    var sent = 0
    while sent < due, published < settings.count, link.canPublish {
      let payload =
        settings.isNumbered ? sample.numbered(published) : sample.payload(published)
      open[try link.publish(topic, payload)] = published
      published += 1
      sent += 1
    }
    pace.took(sent)
    return sent
  }

  private func settle() {
    for id in link.takeAcknowledged() { open[id] = nil }
  }

  private func report(seconds: Double) -> ExitCode {
    let acknowledged = published - Int64(open.count)
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("source", settings.source)
    writer.member("first_time_ms", settings.firstMs)
    writer.member("published", published)
    writer.member("acknowledged", acknowledged)
    writer.member("refused", link.refused)
    writer.member("seconds", seconds)
    writer.member("per_second", Double(acknowledged) / seconds)
    writer.key("unacknowledged")
    writer.beginArray()
    for index in open.values.sorted() { writer.integer(index) }
    writer.endArray()
    writer.endObject()
    Standard.output(writer.text + "\n")
    if !link.wasConnected { return .unreachable }
    return acknowledged == settings.count ? .done : .failed
  }
}
