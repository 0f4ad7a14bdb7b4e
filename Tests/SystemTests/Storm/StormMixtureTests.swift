import Daemon
import Glibc
import TestSupport
import Testing

/// Everything at once: a schedule of faults from one seed against the real programs, brokers and
/// files, while a device publishes; then identities and ledger are compared.
@Suite struct StormMixtureTests {
  @Test(arguments: Storm.seeds)
  func `a mixture of faults from one seed loses and doubles nothing`(_ seed: UInt64) async throws {
    try await Storm.run {
      print("HATANG_SEED=\(seed)")
      let mixture = try Mixture(seed: seed)
      do { try mixture.run(steps: 12) } catch {
        throw TestFailure("HATANG_SEED=\(seed): \(error)\n\(mixture.diary.joined(separator: "\n"))")
      }
    }
  }
}

/// One schedule.
final class Mixture {
  /// What was done, for a failure's message.
  private(set) var diary: [String] = []
  private var generator: SeededGenerator
  private let site: Site
  private let publisher: Publisher
  /// When the local broker was killed: what it had acknowledged shortly before may be lost with it.
  private var localKills: [Duration] = []

  private enum Fault: CaseIterable {
    case lines, cut, agentKilled, agentAtCall, agentStopped, agentPoor
    case aggregatorKilled, aggregatorAtCall, aggregatorStopped, aggregatorPoor
    case centralKilled, centralForgets, centralPaused, localKilled, localRestarted, localPaused
    case diskFull, calm
  }

  init(seed: UInt64) throws {
    generator = SeededGenerator(seed: seed)
    (site, publisher) = try Site.inUse(lineSeed: seed)
  }

  func run(steps: Int) throws {
    for _ in 0..<steps {
      guard let fault = Fault.allCases.randomElement(using: &generator) else { return }
      diary.append("\(fault) at sample \(publisher.sent)")
      try apply(fault)
      // Faults overlap: half of the time the next comes before this one is mended.
      if generator.once(in: 2) { try mend() }
    }
    try mend()
    let lost = try site.expectAll(of: publisher, within: .seconds(240)) { identity in
      guard let at = publisher.acknowledged[identity] else { return false }
      return localKills.contains { $0 >= at && $0 - at < .seconds(8) }
    }
    guard try lost <= Site.brokerLossMax() * localKills.count else {
      throw TestFailure("the local broker lost \(lost) with \(localKills.count) kills")
    }
    print(
      """
      \(diary.count) faults, \(publisher.sent) samples, local broker killed \(localKills.count) \
      times: \(lost) lost with it
      """)
  }

  private func flow(_ seconds: ClosedRange<Double> = 0.2...1.5) throws {
    let rate = [20, 200, 1_000].randomElement(using: &generator) ?? 200
    try publisher.publish(
      perSecond: rate, for: .seconds(Double.random(in: seconds, using: &generator)))
  }

  private func apply(_ fault: Fault) throws {
    switch fault {
    case .calm: break
    case .lines: worsenLines()
    case .cut: line.cut(after: Int.random(in: 0...3_000, using: &generator))
    case .agentKilled: site.killAgent()
    case .aggregatorKilled: site.killAggregator()
    case .agentAtCall:
      site.killAgent()
      try site.startAgent(through: killing())
    case .aggregatorAtCall:
      site.killAggregator()
      try site.startAggregator(through: killing())
    case .agentPoor:
      site.killAgent()
      try site.startAgent(through: poor())
    case .aggregatorPoor:
      site.killAggregator()
      try site.startAggregator(through: poor())
    case .agentStopped: signal(site.agent, SIGSTOP)
    case .aggregatorStopped: signal(site.aggregator, SIGSTOP)
    case .centralKilled: site.central.kill()
    case .centralForgets:
      site.central.kill()
      unlink(site.folder.file("broker-\(site.central.port).db"))
    case .centralPaused: site.central.pause()
    case .localKilled:
      if site.local.pid != nil { localKills.append(monotonicNow()) }
      site.local.kill()
    case .localRestarted: site.local.kill(SIGTERM)
    case .localPaused: site.local.pause()
    case .diskFull: try site.fillBuffer()
    }
    try flow()
  }

  private var line: BadLine {
    let lines = [site.agentLine, site.aggregatorLine].compactMap { $0 }
    return lines[Int.random(in: 0..<lines.count, using: &generator)]
  }

  private func worsenLines() {
    var quality = BadLine.Quality()
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: quality.delay = .milliseconds(Int.random(in: 50...600, using: &generator))
    case 1: quality.bytesPerSecond = 2_000
    case 2: quality.lossPercent = Int.random(in: 5...30, using: &generator)
    case 3: quality.isPartitioned = true
    default: quality.answer = .nobody
    }
    line.quality = quality
  }

  private func killing() -> [String] {
    let calls = ["pwrite64", "fdatasync", "write", "sendto", "rename", "unlink"]
    return StormProcessTests.killing(
      at: calls[Int.random(in: 0..<calls.count, using: &generator)],
      Int.random(in: 1...60, using: &generator))
  }

  private func poor() -> [String] {
    generator.once(in: 2)
      ? ["/usr/bin/prlimit", "--nofile=\(Int.random(in: 8...16, using: &generator))"]
      : ["/usr/bin/prlimit", "--as=\(Int.random(in: 20...80, using: &generator))000000"]
  }

  private func signal(_ program: Program?, _ number: Int32) {
    if let program, program.isRunning { kill(program.pid, number) }
  }

  private func mend() throws {
    site.agentLine?.quality = BadLine.Quality()
    site.aggregatorLine?.quality = BadLine.Quality()
    site.local.resume()
    site.central.resume()
    if site.local.pid == nil { site.local.start() }
    if site.central.pid == nil { site.central.start() }
    try site.emptyBuffer()
    signal(site.agent, SIGCONT)
    signal(site.aggregator, SIGCONT)
    site.killAgent()
    site.killAggregator()
    try site.startAggregator()
    try site.startAgent()
    try flow(0.1...0.6)
  }
}

extension Site {
  /// Reloads the agent with a buffer that has no room for what is to come.
  func fillBuffer() throws {
    try configureAgent(Buffer(minFreeBytes: 1_000_000_000_000))
    reloadAgent()
  }

  func emptyBuffer() throws { try configureAgent(Buffer()) }
}
