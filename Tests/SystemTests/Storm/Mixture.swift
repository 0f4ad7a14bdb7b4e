import Daemon
import Glibc
import TestSupport

/// One schedule of faults, drawn from a seed, on a site of its own: with TLS or without, the
/// central broker known by address or by name, the buffer on a small disk where the test is root.
final class Mixture {
  /// What was done, for a failure's message.
  private(set) var diary: [String] = []
  var generator: SeededGenerator
  let site: Site
  let publisher: Publisher
  let clock: PlayedClock
  /// `nil`: only root may mount one.
  let disk: SmallDisk?
  /// `nil`: the central broker is known by its address.
  let nameServer: MuteNameServer?
  /// A broker with a certificate of an authority that the programs do not know; made when needed.
  var stranger: Broker?
  /// A second copy of the agent, and whether the first one held the lock when it was started.
  var copy: Program?
  /// When the local broker was killed: what it had acknowledged shortly before may be lost with it.
  var localKills: [Duration] = []
  /// When the agent's machine was last started again.
  private(set) var bootedMs: Int64 = 0
  /// Rot that hit the buffer: what cannot be read of it is lost, and declared.
  var rots = 0
  /// Calls of the agent that failed with EIO: SQLite takes an unreadable page for a damaged one, so
  /// the buffer may be set aside, with numbers declared lost that were never given.
  var failures = 0
  /// The buffer's disk is mounted so.
  var isReadOnly = false
  /// What the buffer is configured to; a full one has another bound.
  private var buffer = Site.Buffer()

  static let hostName = "mqtt.tinh.example"

  init(seed: UInt64) throws {
    generator = SeededGenerator(seed: seed)
    let isRoot = geteuid() == 0
    let isSecure = generator.once(in: 3)
    let isNamed = generator.once(in: 3) && isRoot
    disk = isRoot ? try SmallDisk(megabytes: 48) : nil
    nameServer = isNamed ? try MuteNameServer() : nil
    buffer.folder = disk?.path
    site = try Site(
      buffer: buffer, isSecure: isSecure, lineSeed: seed,
      uplinkHost: isNamed ? Mixture.hostName : "127.0.0.1")
    clock = try PlayedClock(in: site.folder)
    publisher = Publisher(port: site.local.port, source: "thiet-bi-1", untimedEvery: 10)
    site.agentEnvironment = clock.environment
    site.agentPrefix = nameServer?.prefix(in: site.folder) ?? []
    nameServer?.answer()
    try reboot(into: wallClockMs(), isSynchronised: true)
    try site.startAggregator()
    try site.startAgent()
    try publisher.publish(50)
    try site.waitUntilDelivered(through: publisher)
    diary.append("TLS \(isSecure), by name \(isNamed), small disk \(disk != nil)")
  }

  func run(steps: Int) throws {
    for _ in 0..<steps {
      let fault = draw()
      diary.append("\(fault) at sample \(publisher.sent)")
      try apply(fault)
      // Some last long: then a program that was stopped is thought dead, a line is given up.
      if generator.once(in: 8) {
        diary.append("  for long")
        try publisher.publish(perSecond: 20, for: Storm.longTime)
      }
      // Faults overlap: half of the time the next comes before this one is mended.
      if generator.once(in: 2) { try mend() }
    }
    try mend()
    // Whatever TLS refused for its clock's sake.
    try clock.synchronise()
    try audit()
  }

  func flow(_ seconds: ClosedRange<Double> = 0.2...1.5) throws {
    let rate = [20, 200, 1_000].randomElement(using: &generator) ?? 200
    try publisher.publish(
      perSecond: rate, for: .seconds(Double.random(in: seconds, using: &generator)))
  }

  /// The agent must not run: another boot is another process.
  func reboot(into timeMs: Int64, isSynchronised: Bool = false) throws {
    bootedMs = wallClockMs()
    try clock.reboot(into: timeMs)
    if isSynchronised { try clock.synchronise() }
  }

  /// Gives the agent a buffer that has no room for what is to come, or its own again.
  func setBuffer(full: Bool) throws {
    var settings = buffer
    if full { settings.minFreeBytes = 1_000_000_000_000 }
    try site.configureAgent(settings)
    if full { site.reloadAgent() }
  }

  private func mend() throws {
    site.agentLine?.lead(to: site.central.port)
    site.agentLine?.quality = BadLine.Quality()
    site.aggregatorLine?.quality = BadLine.Quality()
    nameServer?.answer()
    if let made = site.certificates, hasExpired {
      hasExpired = false
      try site.central.reconfigure(["certfile": made.server])
    }
    site.local.resume()
    site.central.resume()
    if site.local.pid == nil { site.local.start() }
    if site.central.pid == nil { site.central.start() }
    try setBuffer(full: false)
    signal(site.agent, SIGCONT)
    signal(site.aggregator, SIGCONT)
    copy?.kill()
    copy = nil
    site.killAgent()
    site.killAggregator()
    try disk?.remount(readOnly: false)
    isReadOnly = false
    disk?.free()
    // Where certificates are asked for, a clock that only a receipt could put right never is.
    if site.certificates != nil || generator.once(in: 3) { try clock.synchronise() }
    try site.startAggregator()
    try site.startAgent()
    isSound = true
    try flow(0.1...0.6)
  }

  /// The central broker shows a certificate that has expired.
  var hasExpired = false
  /// The agent runs as it should, but for its surroundings.
  var isSound = true

  func signal(_ program: Program?, _ number: Int32) {
    if let program, program.isRunning { kill(program.pid, number) }
  }

  // MARK: What arrived

  private func audit() throws {
    let outcome = try site.expectAll(
      of: publisher, within: .seconds(300),
      damage: rots > 0 ? .real : failures > 0 ? .suspected : .none
    ) { identity in
      guard let at = publisher.acknowledged[identity] else { return false }
      return localKills.contains { $0 >= at && $0 - at < .seconds(8) }
    }
    guard try outcome.excused <= Site.brokerLossMax() * localKills.count else {
      throw TestFailure("the local broker lost \(outcome.excused), \(localKills.count) kills")
    }
    let times = try auditTimes()
    print(
      """
      \(diary[0]): \(diary.count - 1) faults, \(publisher.sent) samples; \(times.right) readings \
      with their right time, \(times.unknown) of boots without one; local broker killed \
      \(localKills.count) times: \(outcome.excused) lost with it; buffer rotten \(rots) times, \
      unreadable \(failures) times: \
      \(outcome.declared) declared lost
      """)
  }

  /// A bound of what a comparison of clocks leaves, and of a drift that is not worth correcting.
  private static let errorMs: Int64 = 6_000

  /// Every reading without a time has got the right one, or says that it has none: then the machine
  /// was started again before anybody could know the time.
  private func auditTimes() throws -> (right: Int, unknown: Int) {
    let endMs = wallClockMs()
    var unknown = 0
    let times = try site.received().readingTimes
    for (identity, time) in times {
      guard let handedMs = publisher.handedMs[identity] else {
        throw TestFailure("a reading that was never sent: \(identity)")
      }
      guard let time else {
        unknown += 1
        if handedMs < bootedMs { continue }
        throw TestFailure("\(identity) of the last boot has no time")
      }
      guard (handedMs - Mixture.errorMs...endMs + Mixture.errorMs).contains(time) else {
        throw TestFailure("\(identity) was sent at \(handedMs), and has \(time) for its time")
      }
    }
    let aside = try site.setAside()
    guard aside == (unknown > 0 ? ["clock_unknown": Int64(unknown)] : [:]) else {
      throw TestFailure("\(unknown) of unknown time, and set aside are \(aside)")
    }
    return (times.count - unknown, unknown)
  }
}
