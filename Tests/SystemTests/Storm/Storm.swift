import Daemon
import Glibc
import SQLite
import TestSupport

/// What the tests of faults share: how long a fault lasts, which seed it comes from, and how what
/// was sent is compared with what arrived.
enum Storm {
  /// HATANG_STORM_SECONDS: how long each fault of a line lasts.
  static let faultTime: Duration = .seconds(Int(environment("HATANG_STORM_SECONDS") ?? 4))
  /// HATANG_STORM_SEEDS: how many schedules the mixture draws, and how many kills for each of the
  /// few in an ordinary run.
  static let seedCount = Int(environment("HATANG_STORM_SEEDS") ?? 1)
  /// HATANG_SEED replays one.
  static let seeds: [UInt64] =
    environment("HATANG_SEED").map { [$0] } ?? Array(1...UInt64(seedCount))
  /// HATANG_STORM_LONG_SECONDS: how long the long ones among a mixture's faults last: minutes of
  /// SIGSTOP, hours of a partition.
  static let longTime: Duration = .seconds(Int(environment("HATANG_STORM_LONG_SECONDS") ?? 6))
  /// Whether there is time for faults that last minutes.
  static let isLong = environment("HATANG_STORM_SECONDS") != nil

  private static func environment(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  /// Sites at one time: mostly they wait.
  private static let gate = Gate(width: 5)

  /// Runs a scenario on a thread of its own, so that it occupies none of the few that tests have.
  static func run(_ body: @escaping @Sendable () throws -> Void) async throws {
    await gate.enter()
    let outcome = await withCheckedContinuation { continuation in
      do {
        _ = try Thread(name: "storm", stackBytes: 1 << 20) {
          continuation.resume(returning: Result(catching: body))
        }
      } catch { continuation.resume(returning: .failure(error)) }
    }
    await gate.leave()
    try outcome.get()
  }

  private actor Gate {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    func enter() async {
      guard free == 0 else {
        free -= 1
        return
      }
      await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
      guard waiting.isEmpty else { return waiting.removeFirst().resume() }
      free += 1
    }
  }
}

/// What became of a buffer's file.
enum Damage {
  case none
  /// It could not be read for a while, and may have been replaced: all of it is there, and numbers
  /// that were never given may be declared lost.
  case suspected
  /// Bytes of it turned: what is missing is declared lost.
  case real
}

extension Site {
  /// A site with its programs running, and a first sample through.
  static func inUse(
    by publisher: String = "thiet-bi-1", isSecure: Bool = false, lineSeed: UInt64? = nil
  ) throws -> (Site, Publisher) {
    let site = try Site(isSecure: isSecure, lineSeed: lineSeed)
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: publisher)
    try publisher.publish(50)
    try site.waitUntilDelivered(through: publisher)
    return (site, publisher)
  }

  /// The same, its central broker away, and so many samples waiting for it.
  static func cutOff(with count: Int) throws -> (Site, Publisher) {
    let (site, publisher) = try inUse()
    site.central.kill()
    try publisher.publish(count)
    try publisher.settle()
    return (site, publisher)
  }

  /// Waits until all has arrived, and throws where it is not everything that the local broker has
  /// acknowledged, once each, with the ledger saying the same.
  ///
  /// - Parameters:
  ///   - damage: of the buffer; then its own count is of a file that may have been replaced.
  ///   - isExcused: what the local broker has lost by itself; counted apart.
  /// - Returns: how many were lost by the local broker, and how many numbers are declared lost.
  @discardableResult
  func expectAll(
    of publisher: Publisher, within limit: Duration = .seconds(150), damage: Damage = .none,
    _ isExcused: (Identity) -> Bool = { _ in false }
  ) throws -> (excused: Int, declared: Int) {
    try waitUntilDelivered(through: publisher, within: limit)
    let received = try received()
    let missing = received.missing(of: publisher.acknowledged.keys)
    let excused = missing.count(where: isExcused)
    let declared = damage == .none ? 0 : Int(received.lost)
    let strangers = received.counts.keys.filter {
      publisher.acknowledged[$0] == nil && !publisher.uncertain.contains($0)
    }
    let ledger = received.streams.reduce(0) { $0 + $1.received }
    let numbered = damage == .none ? try numbered() : ledger
    guard
      missing.count - excused <= (damage == .real ? declared : 0), received.doubled.isEmpty,
      strangers.isEmpty,
      received.isBalanced, received.lost == declared, ledger == numbered,
      Int(ledger) == received.counts.count,
      received.holes.allSatisfy({ damage != .none && $0.reason == "buffer_damaged" })
    else {
      throw TestFailure(
        """
        \(publisher.acknowledged.count) acknowledged, \(missing.count) missing (\(excused) lost by \
        the local broker), \(received.doubled.count) doubled, \(strangers.count) never sent; \
        numbered \(numbered), ledger \(ledger), lost \(received.lost), balanced \
        \(received.isBalanced)
        \(logs)
        """)
    }
    return (excused, declared)
  }

  /// What the aggregator received and does not use, by reason.
  func setAside() throws -> [String: Int64] {
    var found: [String: Int64] = [:]
    let rows = try Database(path: storePath, mode: .readOnly).prepare(
      "SELECT reason, sum(count) FROM set_aside GROUP BY reason")
    while try rows.step() { found[rows.text(0)] = rows.integer(1) }
    return found
  }

  /// Numbers that the agent has given, all streams: also of what it no longer holds.
  private func numbered() throws -> Int64 {
    try Database(path: bufferPath, mode: .readOnly).integer(
      """
      SELECT sum(max(floor, coalesce((
          SELECT max((key & 1099511627775) + count) FROM segments WHERE key >> 40 = number), 0)))
        FROM streams
      """)
  }
}
