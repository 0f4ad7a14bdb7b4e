import Daemon
import Glibc
import TestSupport
import Testing

/// Bad lines between the programs and the central broker, while a device publishes.
@Suite struct StormNetworkTests {
  enum LineFault: String, CaseIterable {
    case delayed600ms, narrow16kbit, lossy30percent, cutInPackets, partitioned, refused, swallowed
    case babbling

    func apply(to line: BadLine) {
      var quality = BadLine.Quality()
      switch self {
      case .delayed600ms: quality.delay = .milliseconds(600)
      case .narrow16kbit: quality.bytesPerSecond = 2_000
      case .lossy30percent: quality.lossPercent = 30
      case .cutInPackets: return
      case .partitioned: quality.isPartitioned = true
      case .refused: quality.answer = .nobody
      case .swallowed: quality.answer = .silence
      case .babbling:
        quality.answer = .words("HTTP/1.1 302 Found\r\nLocation: http://wifi/\r\n\r\n")
      }
      line.quality = quality
      // The last two concern new connections only.
      if self == .swallowed || self == .babbling { line.cut(after: 0) }
    }
  }

  @Test(arguments: LineFault.allCases)
  func `nothing is lost or doubled where either line to the central broker is`(
    _ fault: LineFault
  ) async throws {
    try await Storm.run {
      let (site, publisher) = try Site.inUse(lineSeed: 1)
      var generator = SeededGenerator(seed: 1)
      for line in [site.agentLine, site.aggregatorLine].compactMap({ $0 }) {
        fault.apply(to: line)
        var cutDue = monotonicNow()
        try publisher.publish(perSecond: 200, for: Storm.faultTime) {
          if fault == .cutInPackets, monotonicNow() >= cutDue {
            line.cut(after: Int.random(in: 1...2_000, using: &generator))
            cutDue = monotonicNow() + .milliseconds(Int.random(in: 200...1_500, using: &generator))
          }
          return true
        }
        line.quality = BadLine.Quality()
        try publisher.publish(200)
      }
      try site.expectAll(of: publisher)
    }
  }

  /// The dead connection is noticed by MQTT's keep-alive: 60 s to the PINGREQ, 60 s to its answer.
  @Test(.enabled(if: Storm.isLong, "takes minutes: set HATANG_STORM_SECONDS"))
  func `a line that forgot its connections without a word is noticed, and nothing is lost`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse(lineSeed: 1)
      site.agentLine?.forgetConnections()
      let began = monotonicNow()
      try publisher.publish(perSecond: 50, for: .seconds(10))
      try site.expectAll(of: publisher, within: .seconds(300))
      print("a half-open uplink was noticed and left after \((monotonicNow() - began).inSeconds) s")
      site.aggregatorLine?.forgetConnections()
      try publisher.publish(perSecond: 50, for: .seconds(10))
      try site.expectAll(of: publisher, within: .seconds(300))
    }
  }

  @Test(.enabled(if: geteuid() == 0, "network namespaces need root"))
  func `30 % of the packets between agent, central broker and aggregator are lost for real`()
    async throws
  {
    try await Storm.run {
      try Namespace.inside {
        let (site, publisher) = try Site.inUse()
        try Namespace.lose(percent: 30, ofPort: site.central.port)
        try publisher.publish(perSecond: 200, for: Storm.faultTime + Storm.faultTime)
        try Namespace.loseNothing()
        try publisher.publish(200)
        try site.expectAll(of: publisher)
      }
    }
  }
}

/// A network of one thread and of the programs that it starts: a loopback of its own.
enum Namespace {
  static func inside(_ body: () throws -> Void) throws {
    let former = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
    defer { close(former) }
    guard former >= 0, call("unshare", cloneNewNetwork, 0) == 0 else {
      throw TestFailure("unshare: \(errno)")
    }
    defer { _ = call("setns", former, cloneNewNetwork) }
    guard run("/usr/sbin/ip", ["link", "set", "lo", "up"]) == 0 else {
      throw TestFailure("no loopback")
    }
    try body()
  }

  private static let cloneNewNetwork: Int32 = 0x4000_0000

  /// Swift's Glibc has neither of the two. What is too many is ignored.
  private static func call(_ name: String, _ first: Int32, _ second: Int32) -> Int32 {
    typealias Function = @convention(c) (Int32, Int32) -> Int32
    guard let found = dlsym(nil, name) else { return -1 }
    return unsafeBitCast(found, to: Function.self)(first, second)
  }

  /// Drops packets to and from a port at random.
  static func lose(percent: Int, ofPort port: Int) throws {
    for direction in ["dport", "sport"] {
      let rule = "numgen random mod 100 < \(percent) tcp \(direction) \(port) drop"
      for words in [
        "add table inet storm", "add chain inet storm in { type filter hook input priority 0; }",
        "add rule inet storm in \(rule)",
      ] where run("/usr/sbin/nft", [words]) != 0 {
        throw TestFailure("nft \(words)")
      }
    }
  }

  static func loseNothing() throws {
    guard run("/usr/sbin/nft", ["delete table inet storm"]) == 0 else {
      throw TestFailure("nft delete table")
    }
  }
}
