import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// An agent whose machine has no battery for its clock, and jumps: the real programs, with a played
/// clock. What was measured before the time was known gets its right time.
@Suite(.serialized) struct ClockTests {
  private static let in1970: Int64 = 20_000
  private static let in2037: Int64 = 2_114_380_800_000
  /// Half of the longest round trip whose answer is believed, and what is rounded.
  private static let errorMsMax: Int64 = 2_500

  @Test func `what was measured in 1970 and 2037 gets its right time, also after a reboot`() throws
  {
    let site = try Site()
    let clock = try PlayedClock(in: site.folder)
    site.agentEnvironment = clock.environment
    site.central.kill()
    var taken = Taken(site)

    // No battery, no uplink; then the network's time is here, and the power goes.
    try clock.reboot(into: ClockTests.in1970)
    try start(site)
    try taken.measure(5)
    try clock.synchronise()
    try waitUntil("the buffer's file knows the time of this boot", within: .seconds(60)) {
      try site.run("hatang-agent", ["buffer", "info"]).text.contains("known by kernel")
    }
    try taken.measure(2)
    site.killAgent()

    // A boot in which nobody ever knew the time.
    try clock.reboot(into: ClockTests.in1970)
    try start(site)
    var lost = Taken(site, source: "khong-ro")
    try lost.measure(3)
    site.killAgent()

    // And one that begins in 2037, with an uplink in the end.
    try clock.reboot(into: ClockTests.in2037)
    try start(site)
    try taken.measure(4)
    // A probe beside the agent takes its time from the same clock, another device has its own.
    try taken.measure(1, timeMs: clock.nowMs)
    try taken.measure(1, timeMs: wallClockMs())
    site.central.start()
    try site.startAggregator()
    try site.waitForAll(16)

    let received = try CounterReading.received(store: site.storePath)
    #expect(received.count == 16 && received.values.allSatisfy { $0.count == 1 })
    #expect(taken.errors(received).isEmpty)
    #expect(try site.received().isBalanced && site.received().lost == 0)
    let aside = try site.run("hatang-aggregator", ["ledger", "--json"]).text
    #expect(aside.contains("\"clock_unknown\"") && !aside.contains("\"too_old\""), "\(aside)")
    let agents = try site.run("hatang-aggregator", ["agents", "--json"]).text
    let compact = agents.filter { !$0.isWhitespace }
    #expect(compact.contains(#""evidence":"kernel","measurements":5"#), "\(agents)")
    #expect(compact.contains(#""evidence":"aggregator","measurements":5"#), "\(agents)")
    let info = try site.run("hatang-agent", ["buffer", "info"]).text
    #expect(info.contains("time known by aggregator") && info.contains("time not known"), "\(info)")
    let status = try site.run("hatang-agent", ["status"]).text
    #expect(status.contains("giờ của số đo được sửa khi gửi"), "\(status)")
  }

  @Test func `a clock that jumps by hours both ways while it runs leaves every time right`() throws
  {
    let site = try Site()
    let clock = try PlayedClock(in: site.folder)
    site.agentEnvironment = clock.environment
    try clock.reboot(into: wallClockMs())
    try site.startAggregator()
    try site.startAgent()
    var taken = Taken(site)
    try taken.measure(2)
    try site.waitForAll(2)
    for hours in [5, -7, 0] as [Int64] {
      try clock.set(to: wallClockMs() + hours * 3_600_000)
      try taken.measure(2)
    }
    try site.waitForAll(8)
    let received = try CounterReading.received(store: site.storePath)
    #expect(received.count == 8 && received.values.allSatisfy { $0.count == 1 })
    #expect(taken.errors(received).isEmpty)
    #expect(try !site.run("hatang-aggregator", ["ledger"]).text.contains("set aside"))
  }

  /// Waits until it takes in: what is published before would wait, and arrive later than taken.
  private func start(_ site: Site) throws {
    try Files.remove(site.folder.file("status.json"))
    try site.startAgent()
    try waitUntil("the agent has subscribed") {
      guard site.folder.contains("status.json") else { return false }
      let status = try ConfigNode.parse(file: site.folder.file("status.json"))
      return try status["local"]?["connected"]?.boolean() ?? false
    }
  }

  /// Readings of one counter, each with the span of time in which it was really taken.
  private struct Taken {
    private let site: Site
    private let source: String
    private var times: [CounterReading: ClosedRange<Int64>] = [:]

    init(_ site: Site, source: String = "dem-1") {
      self.site = site
      self.source = source
    }

    mutating func measure(_ count: Int, timeMs: Int64? = nil) throws {
      let before = try held()
      let startMs = wallClockMs()
      let readings = (0..<count).map {
        CounterReading(source: source, value: Int64(times.count + $0))
      }
      for reading in readings {
        try reading.publish(to: site.local, timeMs: timeMs, in: site.folder)
      }
      try waitUntil("the agent has \(count) more on its disk") {
        try held() == before + Int64(count)
      }
      for reading in readings { times[reading] = startMs...wallClockMs() }
    }

    private func held() throws -> Int64 {
      guard Files.exists(site.bufferPath) else { return 0 }
      let buffer = try Database(path: site.bufferPath, mode: .readOnly)
      return try buffer.integer("SELECT ifnull(sum(count), 0) FROM segments")
    }

    /// What is wrong by more than it may be.
    func errors(_ received: [CounterReading: [Int64]]) -> [String] {
      times.compactMap { reading, span in
        guard let found = received[reading]?.first else { return "\(reading) is missing" }
        let legal =
          (span.lowerBound - ClockTests.errorMsMax)...(span.upperBound + ClockTests.errorMsMax)
        return legal.contains(found) ? nil : "\(reading): \(found), taken at \(span)"
      }
    }
  }
}
