import Daemon
import MQTT
import Protocol

/// Plays a fleet until its time is over or a signal comes: one thread, a connection for each local
/// broker, the devices spread over them.
final class FleetRun {
  /// One local broker and the devices around it.
  private final class Station {
    let link: BrokerLink
    var fleet: Fleet
    var pace: Pace
    var measurements: Int64 = 0

    init(link: BrokerLink, fleet: Fleet, pace: Pace) {
      self.link = link
      self.fleet = fleet
      self.pace = pace
    }
  }

  private var stations: [Station] = []
  private let settings: Settings
  private let started = monotonicNow()

  /// Messages without a PUBACK at any time, each broker.
  private static let window = 200
  /// Measurements of past days a second, all brokers together: the story of the past is told within
  /// half a minute, and what listens is still far from its limit.
  private static let pastRate = 4_000.0

  init(_ settings: Settings, grid: PopulationGrid) throws(MQTTError) {
    self.settings = settings
    let count = settings.brokers.count
    for (index, broker) in settings.brokers.enumerated() {
      let rate = settings.tellsPast ? FleetRun.pastRate : settings.rate
      stations.append(
        Station(
          link: try BrokerLink(
            broker, clientID: "hatang-simulator-\(settings.seed)-\(index)",
            window: FleetRun.window),
          fleet: Fleet(
            grid: grid, devices: settings.devices, kind: settings.kind,
            part: Part(index, of: count), seed: settings.seed, nowMs: wallClockMs(),
            tellsPast: settings.tellsPast),
          pace: Pace(rate: rate / Double(count), now: started)))
    }
  }

  func run(signals: SignalDescriptor) throws -> ExitCode {
    var poller = Poller()
    var end: Duration?
    if let duration = settings.duration { end = started + duration }
    while true {
      let now = monotonicNow()
      if signals.next() != nil || now >= end ?? .seconds(Int64.max) { break }
      poller.removeAll()
      poller.add(signals.fileDescriptor, .readable)
      var wait: Duration = .milliseconds(500)
      for station in stations {
        try turn(station, now: now)
        wait = min(wait, watch(station, in: &poller))
      }
      try poller.wait(timeout: wait)
    }
    drain(until: monotonicNow() + .seconds(2))
    return report()
  }

  private func turn(_ station: Station, now: Duration) throws(MQTTError) {
    station.link.turn(now: now)
    var due = station.pace.due(now: now)
    while due > 0, station.link.canPublish {
      guard let message = next(station, now: now) else { break }
      try station.link.publish(message.topic, Payload.json(message.measurements))
      station.measurements += Int64(message.measurements.count)
      station.pace.took(message.measurements.count)
      due -= message.measurements.count
    }
    station.link.flush(now: now)
  }

  private func next(_ station: Station, now: Duration) -> Outgoing? {
    if !station.fleet.isPresent {
      if let message = station.fleet.nextPast() { return message }
      Log.notice("the past is told", [("measurements", station.measurements)])
      station.pace = Pace(rate: settings.rate / Double(stations.count), now: now)
    }
    return station.fleet.measure(nowMs: wallClockMs())
  }

  private func watch(_ station: Station, in poller: inout Poller) -> Duration {
    guard let descriptor = station.link.fileDescriptor else { return .milliseconds(100) }
    poller.add(descriptor, station.link.wantsWrite ? [.readable, .writable] : .readable)
    return station.link.canPublish ? station.pace.wait : .milliseconds(500)
  }

  /// Waits for the PUBACKs of what is in flight.
  private func drain(until deadline: Duration) {
    var poller = Poller()
    while monotonicNow() < deadline, stations.contains(where: { $0.link.inFlight > 0 }) {
      poller.removeAll()
      for station in stations {
        station.link.turn(now: monotonicNow())
        _ = watch(station, in: &poller)
      }
      do { try poller.wait(timeout: .milliseconds(50)) } catch { return }
    }
    for station in stations { station.link.close() }
  }

  private func report() -> ExitCode {
    let published = stations.reduce(0) { $0 + $1.link.published }
    let acknowledged = stations.reduce(0) { $0 + $1.link.acknowledged }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("measurements", stations.reduce(0) { $0 + $1.measurements })
    writer.member("published", published)
    writer.member("acknowledged", acknowledged)
    writer.member("seconds", (monotonicNow() - started).inSeconds)
    writer.endObject()
    Standard.output(writer.text + "\n")
    if !stations.contains(where: { $0.link.wasConnected }) { return .unreachable }
    return acknowledged == published ? .done : .failed
  }
}
