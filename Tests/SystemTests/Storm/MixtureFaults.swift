import Daemon
import Glibc
import TestSupport

/// The faults of a mixture. A new one belongs into `Fault`, into `apply`, and, where it lasts, into
/// `Mixture.mend`.
extension Mixture {
  enum Fault: CaseIterable {
    case lines, cut, portal, strangersCertificate, certificateExpired, nameServerMute
    case agentKilled, agentAtCall, agentStopped, agentPoor, agentTwice
    case aggregatorKilled, aggregatorAtCall, aggregatorStopped, aggregatorPoor, aggregatorTwice
    case centralKilled, centralForgets, centralPaused, localKilled, localRestarted, localPaused
    case clockJumps, clockDrifts, rebootWithoutTime
    case bufferFull, diskFilled, diskReadOnly, agentDiskFails, aggregatorDiskFails, bufferRots
    case calm

    /// What a site must have.
    func isPossible(_ mixture: Mixture) -> Bool {
      switch self {
      case .strangersCertificate, .certificateExpired: mixture.site.certificates != nil
      case .nameServerMute: mixture.nameServer != nil
      case .diskFilled, .diskReadOnly: mixture.disk != nil
      case .agentAtCall, .aggregatorAtCall, .agentDiskFails, .aggregatorDiskFails:
        StormProcessTests.canTrace
      default: true
      }
    }
  }

  func draw() -> Fault {
    let possible = Fault.allCases.filter { $0.isPossible(self) }
    return possible[Int.random(in: 0..<possible.count, using: &generator)]
  }

  func apply(_ fault: Fault) throws {
    switch fault {
    case .calm: break
    case .lines: worsenLines()
    case .cut: line.cut(after: Int.random(in: 0...3_000, using: &generator))
    case .portal, .strangersCertificate, .certificateExpired, .nameServerMute:
      try misleadUplink(fault)
    case .agentKilled: site.killAgent()
    case .agentAtCall: try restartAgent(killing())
    case .agentPoor: try restartAgent(poor())
    case .agentDiskFails:
      failures += 1
      try restartAgent(failingDisk())
    case .agentStopped: signal(site.agent, SIGSTOP)
    case .agentTwice: try startCopyOfAgent()
    case .aggregatorKilled: site.killAggregator()
    case .aggregatorAtCall: try restartAggregator(killing())
    case .aggregatorPoor: try restartAggregator(poor())
    case .aggregatorDiskFails: try restartAggregator(failingDisk())
    case .aggregatorStopped: signal(site.aggregator, SIGSTOP)
    case .aggregatorTwice: try startCopyOfAggregator()
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
    case .clockJumps, .clockDrifts, .rebootWithoutTime: try misplayClock(fault)
    case .bufferFull: try setBuffer(full: true)
    case .diskFilled: if !isReadOnly { try disk?.fill() }
    case .diskReadOnly, .bufferRots: try harmDisk(fault)
    }
    try flow()
  }

  // MARK: Lines

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

  /// The agent comes to somebody who is not the central broker, or finds nobody to ask.
  private func misleadUplink(_ fault: Fault) throws {
    switch fault {
    case .portal:
      site.agentLine?.quality.answer = .words(
        "HTTP/1.1 302 Found\r\nLocation: http://wifi.example/\r\n\r\n")
    case .strangersCertificate:
      if stranger == nil {
        let other = TemporaryFolder()
        stranger = Broker(in: other, certificates: Certificates(in: other))
      }
      if let stranger { site.agentLine?.lead(to: stranger.port) }
    case .certificateExpired:
      guard let made = site.certificates else { return }
      hasExpired = true
      site.central.resume()
      try site.central.reconfigure(["certfile": made.expired(in: site.folder)])
    default: nameServer?.fallSilent()
    }
    // All of this concerns new connections.
    site.agentLine?.cut(after: 0)
  }

  // MARK: Programs

  private func restartAgent(_ prefix: [String]) throws {
    site.killAgent()
    isSound = false
    try site.startAgent(through: prefix)
  }

  private func restartAggregator(_ prefix: [String]) throws {
    site.killAggregator()
    try site.startAggregator(through: prefix)
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

  /// Somebody who starts it by hand beside the service.
  private func startCopyOfAgent() throws {
    let lock = "\(site.bufferPath).lock"
    let holder = site.agent.flatMap { $0.isRunning ? $0.pid : nil }
    let holds = isSound && holder != nil && (try? Files.text(lock)) == "\(holder ?? 0)\n"
    let log = site.folder.file("copy-\(publisher.sent).log")
    copy?.kill()
    let program = Program(
      Repository.program("hatang-agent"), ["run", "--config", site.agentConfiguration], log: log)
    guard holds, let holder else {
      copy = program
      return
    }
    let code = try program.wait(within: .seconds(60))
    let text = try Files.text(log)
    guard code == 1, text.contains("process \(holder) holds \(lock)") else {
      throw TestFailure("a second agent ended with \(code): \(text)")
    }
  }

  private func startCopyOfAggregator() throws {
    let lock = "\(site.storePath).lock"
    guard let holder = site.aggregator, holder.isRunning,
      (try? Files.text(lock)) == "\(holder.pid)\n"
    else { return }
    let second = try site.run("hatang-aggregator", ["run"])
    guard second.exitCode == 1, second.text.contains("process \(holder.pid) holds \(lock)") else {
      throw TestFailure("a second aggregator ended with \(second.exitCode): \(second.text)")
    }
  }

  // MARK: Clocks

  /// Not near the hour by which the samples' own times lie back: a device's time that is as wrong
  /// as the agent's clock is taken for one of that clock, as docs/reliability.md says.
  private func misplayClock(_ fault: Fault) throws {
    switch fault {
    case .clockJumps:
      let hours = [-9, -5, -2, 2, 3, 7, 12, 200].randomElement(using: &generator) ?? 2
      try clock.set(to: wallClockMs() + Int64(hours) * 3_600_000)
    case .clockDrifts:
      for _ in 0..<6 {
        let byMs = Int64.random(in: -700...700, using: &generator)
        try clock.drift(byMs: byMs)
        try flow(0.1...0.3)
      }
    default:
      site.killAgent()
      copy?.kill()
      copy = nil
      // 1970, 2037, or as a clock that stood still with the power.
      let into = [20_000, 2_114_380_800_000, clock.nowMs - 86_400_000]
      try reboot(into: into.randomElement(using: &generator) ?? 20_000)
      try site.startAgent()
    }
  }

  // MARK: Disks

  /// Some calls of one kind fail, and then no more.
  private func failingDisk() -> [String] {
    let calls = ["pwrite64", "fdatasync", "pread64"]
    let call = calls[Int.random(in: 0..<calls.count, using: &generator)]
    let error = call == "pread64" || generator.once(in: 2) ? "EIO" : "ENOSPC"
    let first = Int.random(in: 1...80, using: &generator)
    let last = first + Int.random(in: 0...20, using: &generator)
    return StormProcessTests.failing(call, error, first...last)
  }

  private func harmDisk(_ fault: Fault) throws {
    site.killAgent()
    copy?.kill()
    copy = nil
    if fault == .diskReadOnly {
      isSound = false
      isReadOnly = true
      try disk?.remount(readOnly: true)
    } else if try rot() {
      rots += 1
    }
    try site.startAgent()
  }

  /// Bytes of one page of the buffer turn.
  private func rot() throws -> Bool {
    let path = site.bufferPath
    guard let size = Files.byteCount(path), size >= 8_192 else { return false }
    let page = Int64.random(in: 0..<(Int64(size) / 1_024), using: &generator) * 1_024
    let file = open(path, O_WRONLY | O_CLOEXEC)
    // A disk that may not be written does not rot by our hands.
    guard file >= 0 else { return false }
    defer { close(file) }
    let length = Int.random(in: 1...64, using: &generator)
    let rubbish = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let place = page + Int64.random(in: 0...(1_024 - Int64(length)), using: &generator)
    guard pwrite(file, rubbish, length, off_t(place)) == length else {
      // A full one takes what is written over.
      throw TestFailure("pwrite \(path): \(String(cString: strerror(errno)))")
    }
    return true
  }
}
