import Daemon
import Glibc
import TestSupport
import Testing

/// Programs that are killed at a system call, stopped, or short of memory and descriptors.
@Suite struct StormProcessTests {
  /// Where something changes that others, or a next start, can see.
  private static let calls = [
    "pwrite64", "fdatasync", "fsync", "write", "sendto", "rename", "unlink", "ftruncate", "openat",
    "mmap", "close", "fcntl",
  ]

  /// Words before a program that kill it at a system call of one of its threads, before the call is
  /// made. The program stays the test's own child (-D).
  static func killing(at call: String, _ number: Int) -> [String] {
    [
      "/usr/bin/strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e",
      "trace=\(call)", "-e", "inject=\(call):signal=KILL:when=\(number)",
    ]
  }

  /// Not everywhere may one program trace another.
  static let canTrace =
    run("/usr/bin/strace", ["-qq", "-o", "/dev/null", "/bin/true"]) == 0

  @Test(
    .enabled(if: canTrace, "strace may not trace here"), arguments: ["agent", "aggregator"],
    Storm.seeds)
  func `killed at a system call, again and again, it loses and doubles nothing`(
    _ program: String, _ seed: UInt64
  ) async throws {
    try await Storm.run {
      var generator = SeededGenerator(seed: seed)
      let (site, publisher) = try Site.inUse()
      var killed = 0
      let rounds = 24
      for round in 0..<rounds {
        let call = Self.calls[Int.random(in: 0..<Self.calls.count, using: &generator)]
        // Of each hundred the first are those of the start.
        let number = 1 << Int.random(in: 0...8, using: &generator)
        let place = Int.random(in: max(1, number / 2)...number, using: &generator)
        let prefix = Self.killing(at: call, place)
        let victim = try restart(program, of: site, through: prefix)
        try publisher.publish(perSecond: 500, for: .milliseconds(1_200)) {
          victim?.isRunning ?? false
        }
        if victim?.isRunning == false { killed += 1 }
        // What comes now, comes to a program that is not there.
        if round % 4 == 0 { try publisher.publish(50) }
      }
      site.killAgent()
      site.killAggregator()
      try site.startAggregator()
      try site.startAgent()
      do { try site.expectAll(of: publisher) } catch {
        throw TestFailure("HATANG_SEED=\(seed): \(error)")
      }
      print("\(program), seed \(seed): killed at \(killed) system calls of \(rounds) tried")
      guard killed > 0 else { throw TestFailure("strace killed not once") }
    }
  }

  /// Words before a program whose calls of one kind fail, from one number to another.
  static func failing(_ call: String, _ error: String, _ calls: ClosedRange<Int>) -> [String] {
    [
      "/usr/bin/strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
      "inject=\(call):error=\(error):when=\(calls.lowerBound)..\(calls.upperBound)",
    ]
  }

  /// Found by the mixture of seed 4: to SQLite a page that cannot be read is a damaged one (EIO
  /// becomes SQLITE_CORRUPT). So the file is set aside and salvaged, and what the numbers that were
  /// never given would have been is declared; no measurement is lost.
  @Test(.enabled(if: canTrace, "strace may not trace here"))
  func `a buffer that cannot be read for a moment is set aside, and nothing is lost`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.cutOff(with: 500)
      for calls in [2...4, 5...9, 12...40] {
        site.killAgent()
        try site.startAgent(through: Self.failing("pread64", "EIO", calls))
        try publisher.publish(perSecond: 200, for: .seconds(1))
      }
      site.killAgent()
      try site.startAgent()
      site.central.start()
      try site.expectAll(of: publisher, damage: .suspected)
    }
  }

  @Test(arguments: ["agent", "aggregator"])
  func `stopped for a while and continued, it goes on where it was`(
    _ program: String
  ) async throws {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      let pid = try #require(running(program, of: site)?.pid)
      for _ in 0..<2 {
        try publisher.publish(perSecond: 300, for: .seconds(1))
        kill(pid, SIGSTOP)
        try publisher.publish(perSecond: 300, for: Storm.faultTime)
        kill(pid, SIGCONT)
      }
      try site.expectAll(of: publisher)
    }
  }

  /// Whatever the bound is: the program says what is wrong, or works; what it has acknowledged is
  /// there when it has enough again.
  @Test(arguments: ["agent", "aggregator"])
  func `short of descriptors or memory it loses nothing that it acknowledged`(
    _ program: String
  ) async throws {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      let bounds =
        [6, 8, 9, 10, 11, 12, 13, 14, 16, 20, 24].map { "--nofile=\($0)" }
        + [16, 24, 32, 40, 48, 64, 96].map { "--as=\($0 * 1_000_000)" }
      var ended = 0
      for bound in bounds {
        let prefix = ["/usr/bin/prlimit", bound]
        let victim = try restart(program, of: site, through: prefix)
        try publisher.publish(perSecond: 200, for: .milliseconds(700)) {
          victim?.isRunning ?? false
        }
        if victim?.isRunning == false { ended += 1 }
      }
      site.killAgent()
      site.killAggregator()
      try site.startAggregator()
      try site.startAgent()
      try site.expectAll(of: publisher)
      print("\(program): \(ended) of \(bounds.count) bounds were too small to run with")
    }
  }

  @Test func `too few descriptors to open the buffer are named with their remedy`() async throws {
    try await Storm.run {
      let site = try Site()
      let run = try output(
        of: "/usr/bin/prlimit",
        [
          "--nofile=8", Repository.program("hatang-agent"), "run", "--config",
          site.agentConfiguration,
        ], in: site.folder)
      let remedy = "too many open files: raise the limit, LimitNOFILE= of a systemd unit\n"
      guard run.text.hasSuffix(remedy), run.exitCode == 1 else { throw TestFailure("\(run)") }
    }
  }

  @Test func `a second aggregator on one store refuses, and names the first`() async throws {
    try await Storm.run {
      let site = try Site()
      try site.startAggregator()
      try waitUntil("the first has its store") { site.folder.contains("hatang.db") }
      let pid = site.aggregator?.pid ?? 0
      let second = try site.run("hatang-aggregator", ["run"])
      let expected = """
        hatang-aggregator run: cannot use store \(site.storePath): process \(pid) holds \
        \(site.storePath).lock; stop that process, or give this one a path of its own

        """
      guard second.text == expected, second.exitCode == 1, site.aggregator?.isRunning == true
      else { throw TestFailure("\(second)") }
    }
  }

  private func running(_ program: String, of site: Site) -> Program? {
    program == "agent" ? site.agent : site.aggregator
  }

  /// - Parameter prefix: words before the program.
  private func restart(
    _ program: String, of site: Site, through prefix: [String]
  ) throws -> Program? {
    if program == "agent" {
      site.killAgent()
      try site.startAgent(through: prefix)
    } else {
      site.killAggregator()
      try site.startAggregator(through: prefix)
    }
    return running(program, of: site)
  }
}
