import Daemon
import MQTT
import Protocol

/// Plays many agents to a province's broker, each with a connection of its own, and says how long
/// their measurements waited for a receipt. One thread, one poll(2).
final class AgentsRun {
  private let settings: AgentsSettings
  private let agents: [PlayedAgent]
  private var poller = Poller()
  private var order: [Int] = []
  private let started = monotonicNow()
  private var delays: [Float] = []
  /// When the last backlog was gone, since the start.
  private var drainedAt: Duration?
  /// When all were connected again after the cut, since the cut.
  private var reconnectedAfter: Duration?
  private var cutAt: Duration?

  /// Connections that begin in a second.
  private static let connectionRate = 200.0
  /// Samples of one segment of a backlog.
  private static let backlogSegment = 100
  /// After the end: for the receipts of what is on the way.
  private static let drainMax: Duration = .seconds(60)

  init(_ settings: AgentsSettings, broker: Broker, seed: UInt64) throws(MQTTError) {
    self.settings = settings
    var made: [PlayedAgent] = []
    for index in 0..<settings.count {
      made.append(
        try PlayedAgent(
          index: index, broker: broker, seed: seed,
          firstAttempt: started + .seconds(Double(index) / AgentsRun.connectionRate)))
    }
    agents = made
  }

  func run(signals: SignalDescriptor) throws -> ExitCode {
    let nowMs = wallClockMs()
    for agent in agents where settings.backlog > 0 {
      let segments = settings.backlog / AgentsRun.backlogSegment
      for index in 0..<segments {
        let ageSeconds = (segments - 1 - index) * AgentsRun.backlogSegment
        agent.measure(
          AgentsRun.backlogSegment, now: started, lastMs: nowMs - Int64(ageSeconds) * 1_000,
          isBacklog: true)
      }
    }
    let end = started + settings.duration
    var measured = 0
    while true {
      let now = monotonicNow()
      if signals.next() != nil { return report(.failed) }
      if now < end { measured = measure(measured, now: now) }
      // Without a rate nothing more will come.
      if now >= end || settings.rate == 0, isDrained { break }
      guard now < end + AgentsRun.drainMax else { return report(.failed) }
      if cutAt == nil, let after = settings.cutAfter, now - started >= after { cut(now: now) }
      turn(now: now)
      note(now: now)
      try wait(signals)
    }
    for agent in agents { agent.close() }
    return report(.done)
  }

  private var isDrained: Bool { agents.allSatisfy { $0.backlog == 0 } }

  /// Agent `i` measures at its own place in each interval, so that the load is even.
  private func measure(_ done: Int, now: Duration) -> Int {
    let due = Int((now - started).inSeconds * settings.rate * Double(agents.count))
    guard due > done else { return done }
    let nowMs = wallClockMs()
    // After a stop of this process, not everything at once.
    let first = max(done, due - agents.count)
    for index in first..<due {
      let agent = agents[index % agents.count]
      // What is made before the first connection would wait for our own start.
      if agent.connections > 0 { agent.measure(1, now: now, lastMs: nowMs) }
    }
    return due
  }

  private func cut(now: Duration) {
    cutAt = now
    for agent in agents { agent.cut(now: now) }
  }

  private func turn(now: Duration) {
    let nowMs = wallClockMs()
    for agent in agents {
      agent.turn(now: now, nowMs: nowMs)
      delays += agent.takeDelays()
    }
  }

  private func note(now: Duration) {
    if let cutAt, reconnectedAfter == nil, agents.allSatisfy(\.isConnected) {
      reconnectedAfter = now - cutAt
    }
    guard settings.backlog > 0, drainedAt == nil else { return }
    let backlog = UInt64(settings.backlog / AgentsRun.backlogSegment * AgentsRun.backlogSegment)
    if agents.allSatisfy({ $0.receipted >= backlog }) { drainedAt = now - started }
  }

  private func wait(_ signals: SignalDescriptor) throws {
    poller.removeAll()
    poller.append(signals.fileDescriptor, .readable)
    for agent in agents {
      guard let descriptor = agent.fileDescriptor else { continue }
      poller.append(descriptor, agent.wantsWrite ? [.readable, .writable] : .readable)
    }
    try poller.wait(timeout: .milliseconds(20))
  }

  private func report(_ code: ExitCode) -> ExitCode {
    delays.sort()
    func percentile(_ share: Double) -> Double? {
      guard let last = delays.indices.last else { return nil }
      return Double(delays[min(last, Int(Double(delays.count) * share))])
    }
    let isWhole = code == .done && isDrained
    var json = JSONWriter()
    json.beginObject()
    json.member("agents", agents.count)
    json.member("made", agents.reduce(0) { $0 + $1.made })
    json.member("receipted", agents.reduce(0) { $0 + $1.receipted })
    json.member("connections", agents.reduce(0) { $0 + $1.connections })
    json.member("refusals", agents.reduce(0) { $0 + $1.refusals })
    json.member("seconds", (monotonicNow() - started).inSeconds)
    json.member("delay_median_seconds", percentile(0.5))
    json.member("delay_p99_seconds", percentile(0.99))
    json.member("delay_max_seconds", percentile(1))
    json.member("drained_after_seconds", drainedAt?.inSeconds)
    json.member("reconnected_after_seconds", reconnectedAfter?.inSeconds)
    json.endObject()
    Standard.output(json.text + "\n")
    return isWhole ? .done : .failed
  }
}
