import Agent
import Daemon
import Protocol
import SQLite
import Synchronization
import TestSupport
import Testing

/// Segments that were stamped by a wrong clock, in the same boot and after it.
@Suite struct BootTableTests {
  private static let startMs: Int64 = 1_795_000_000_000

  /// A machine whose clock shows what it is told.
  private final class Machine: Sendable {
    private let now: Mutex<ClockReading>

    init(wallMs: Int64, isSynchronised: Bool = false) {
      now = Mutex(ClockReading(wallMs: wallMs, bootMs: 20_000, isSynchronised: isSynchronised))
    }

    func clock(_ boot: Int64) -> HostClock {
      HostClock(boot: boot) { [self] in now.withLock { $0 } }
    }

    func pass(_ ms: Int64) {
      now.withLock {
        $0.wallMs += ms
        $0.bootMs += ms
      }
    }

    func set(_ wallMs: Int64, isSynchronised: Bool = false) {
      now.withLock {
        $0.wallMs = wallMs
        $0.isSynchronised = isSynchronised
      }
    }
  }

  /// One measurement without a time of its own, as the intake stores it.
  private func store(_ open: OpenBuffer) throws {
    let clock = open.buffer.clock
    let reading = clock.read()
    var group = BufferWriter.Group()
    group.measurements = [
      Measurement(
        source: "dem", timeMs: reading.wallMs, timeOrigin: .arrival,
        body: .service(ServiceCount(counter: "payments", value: 1)))
    ]
    try open.writer.commit(group, nowMs: reading.wallMs, mark: clock.mark(clock.stamp()))
  }

  private func clocks(_ open: OpenBuffer) throws -> [SegmentClock?] {
    try segments(open).map(\.clock)
  }

  private func segments(_ open: OpenBuffer) throws -> [Segment] {
    let (pieces, _) = try open.reader.segments(
      of: try open.live().id, from: 0, bytesMax: 100_000, countMax: 100)
    return try pieces.map { try Segment(decoding: $0.bytes) }
  }

  private func tell(_ open: OpenBuffer) {
    let bootMs = open.buffer.clock.read().bootMs
    open.buffer.clock.compared(
      committedMs: BootTableTests.startMs + bootMs, sentMs: bootMs, receivedMs: bootMs)
  }

  @Test func `a segment of 1970 waits until the time is known, and then has its own`() throws {
    let fixture = BufferFixture()
    let machine = Machine(wallMs: 20_000)
    fixture.clock = machine.clock(7)
    let open = try fixture.open()
    try store(open)
    machine.pass(60_000)
    #expect(try segments(open).isEmpty)
    tell(open)
    try store(open)
    machine.set(BootTableTests.startMs + 80_000, isSynchronised: true)
    try store(open)
    let found = try segments(open)
    let start = BootTableTests.startMs
    #expect(
      found.map(\.clock) == [
        .corrected(byMs: start, accuracyMs: 0, .kernel),
        .corrected(byMs: start, accuracyMs: 0, .kernel), nil,
      ])
    #expect(
      found.flatMap(\.measurements).map(\.timeMs)
        == [start + 20_000, start + 80_000, start + 80_000])
  }

  @Test func `after a reboot what became known before it still corrects`() throws {
    let fixture = BufferFixture()
    do {
      let machine = Machine(wallMs: 20_000)
      fixture.clock = machine.clock(7)
      let open = try fixture.open()
      try store(open)
      tell(open)
      try open.reader.noteClock()
      // No orderly end.
    }
    fixture.clock = Machine(wallMs: 2_114_380_800_000).clock(8)
    let open = try fixture.open()
    #expect(
      try clocks(open) == [
        .corrected(byMs: BootTableTests.startMs, accuracyMs: 0, .aggregator)
      ])
    // A restart of the agent in the same boot knows it at once.
    tell(open)
    try open.reader.noteClock()
    open.close()
    fixture.clock = Machine(wallMs: 2_114_380_800_000).clock(8)
    #expect(fixture.clock.offset == nil)
    let again = try fixture.open()
    #expect(again.buffer.clock.offset?.offsetMs == BootTableTests.startMs)
    try store(again)
    #expect(try clocks(again).count == 2)
  }

  @Test func `of a boot in which nobody knew the time only the bounds are told`() throws {
    let fixture = BufferFixture()
    let machine = Machine(wallMs: 20_000)
    fixture.clock = machine.clock(7)
    do {
      let open = try fixture.open()
      tell(open)
      try open.reader.noteClock()
    }
    fixture.clock = Machine(wallMs: 20_000).clock(8)
    try store(try fixture.open())
    // Two hours after the start of boot 7 by the right time.
    let last = Machine(wallMs: 20_000)
    fixture.clock = last.clock(9)
    let open = try fixture.open()
    let laterMs = BootTableTests.startMs + 7_200_000
    open.buffer.clock.compared(
      committedMs: laterMs + 20_000, sentMs: 20_000, receivedMs: 20_000)
    #expect(
      try clocks(open) == [.unknown(afterMs: BootTableTests.startMs + 20_000, beforeMs: laterMs)])
  }

  @Test func `a clock that went on while the machine was off and was right, was right before`()
    throws
  {
    let start = BootTableTests.startMs
    for (offMs, expected) in [
      (Int64(0), SegmentClock.corrected(byMs: 0, accuracyMs: 900, .hardware)),
      (3_600_000, .unknown(afterMs: 0, beforeMs: start + 500_000)),
    ] {
      let fixture = BufferFixture()
      fixture.clock = Machine(wallMs: start).clock(7)
      try store(try fixture.open())
      // It comes back 900 ms wrong, or an hour: something set it to when the machine went off.
      fixture.clock = Machine(wallMs: start + 520_900 - offMs).clock(8)
      let open = try fixture.open()
      open.buffer.clock.compared(
        committedMs: start + 520_000, sentMs: 20_000, receivedMs: 20_000)
      #expect(try clocks(open) == [expected])
    }
  }

  @Test func `a clock that is right but not synchronised needs no correction`() throws {
    let fixture = BufferFixture()
    fixture.clock = Machine(wallMs: BootTableTests.startMs + 20_700).clock(7)
    let open = try fixture.open()
    try store(open)
    tell(open)
    try store(open)
    #expect(try clocks(open) == [nil, nil])
    #expect(
      try segments(open).flatMap(\.measurements).map(\.timeMs)
        == [BootTableTests.startMs + 20_700, BootTableTests.startMs + 20_700])
  }

  @Test func `a clock that jumps a week ahead lets nothing receipted go early`() throws {
    let fixture = BufferFixture()
    let machine = Machine(wallMs: BootTableTests.startMs + 20_000, isSynchronised: true)
    fixture.clock = machine.clock(7)
    let open = try fixture.open()
    try store(open)
    try open.reader.setAcknowledged(try open.live().id, 1)
    machine.pass(3_600_000)
    machine.set(BootTableTests.startMs + 7 * 86_400_000)
    try open.reader.prune()
    #expect(try segments(open).count == 1)
    // Three days by the boot's clock.
    machine.pass(72 * 3_600_000)
    let pruner = BufferReader(open.buffer)
    try pruner.prune()
    pruner.close()
    #expect(try segments(open).isEmpty)
  }

  @Test func `a buffer of the version before is brought up to date, and its segments stay`() throws
  {
    let fixture = BufferFixture()
    do {
      let open = try fixture.open()
      try open.store(10)
      open.close()
    }
    do {
      // As it was before this version.
      let database = try Database(path: fixture.path)
      try database.execute(
        """
        DROP TABLE boots; ALTER TABLE segments DROP COLUMN boot;
        ALTER TABLE segments DROP COLUMN boot_ms; PRAGMA user_version = 1
        """)
    }
    let open = try fixture.open()
    #expect(try open.times(try open.live().id) == (0..<10).map { $0 })
    #expect(try clocks(open) == [nil])
  }

  @Test func `a salvage keeps what it takes to correct`() throws {
    let fixture = BufferFixture()
    fixture.clock = Machine(wallMs: 20_000).clock(7)
    let open = try fixture.open()
    for _ in 0..<600 { try store(open) }
    let stream = try open.live().id
    open.close()
    overwrite(fixture.path, at: 40_000, with: rubbish(4_096, seed: 3))
    let again = try fixture.open()
    tell(again)
    // Reading finds the damage; the file is replaced, and salvaged beside us.
    try waitUntil("the salvage has ended") {
      guard (try? again.held(stream)) != nil, !again.buffer.isSalvaging else { return false }
      return try again.reader.streams().contains { $0.id == stream }
    }
    let (pieces, _) = try again.reader.segments(
      of: stream, from: 0, bytesMax: 1_000_000, countMax: 1_000)
    let found = try pieces.map { try Segment(decoding: $0.bytes).clock }
    #expect(found.count > 300 && found.count < 600)
    #expect(
      found.allSatisfy {
        $0 == .corrected(byMs: BootTableTests.startMs, accuracyMs: 0, .aggregator)
      })
    again.close()
  }

  @Test func `an aggregator that tells no time gets what is stamped, as unverified`() throws {
    let fixture = BufferFixture()
    fixture.clock = Machine(wallMs: BootTableTests.startMs).clock(7)
    let open = try fixture.open()
    try store(open)
    #expect(try segments(open).isEmpty)
    open.buffer.clock.waive()
    #expect(try clocks(open) == [.unverified])
  }

  @Test func `taken out before anybody knew the time it is unverified, or in 1970 unknown`() throws
  {
    for (wallMs, expected) in [
      (BootTableTests.startMs, SegmentClock.unverified),
      (20_000, .unknown(afterMs: 0, beforeMs: 0)),
    ] {
      let fixture = BufferFixture()
      fixture.clock = Machine(wallMs: wallMs).clock(7)
      try store(try fixture.open())
      var found: [SegmentClock?] = []
      _ = try BufferInspection(path: fixture.path).batches(ofEverythingHeld: true, sentMs: 7) {
        found += try $0.segments.map { try Segment(decoding: $0.bytes).clock }
      }
      #expect(found == [expected])
    }
  }
}
