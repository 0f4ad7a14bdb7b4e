import Agent
import Daemon
import Glibc
import MQTT
import Protocol
import SQLite
import TestSupport
import Testing

@Suite struct BufferTests {
  let fixture = BufferFixture()

  @Test func `what was committed is there after a crash, with its numbers, and numbering goes on`()
    throws
  {
    var id: StreamID?
    do {
      let open = try fixture.open()
      try open.store(3)
      try open.store(5)
      id = try open.live().id
    }
    let open = try fixture.open()
    let live = try open.live()
    #expect(live.id == id)
    #expect(live == StreamExtent(id: live.id, oldestHeld: 0, next: 8, acknowledged: 0))
    #expect(try open.held(live.id) == [0..<3, 3..<8])
    try open.store(2)
    #expect(try open.live().next == 10)
    #expect(try open.reader.figures().accepted == 10)
  }

  @Test func `a large group becomes several segments of one commit`() throws {
    let open = try fixture.open()
    try open.store(2_500)
    let live = try open.live()
    #expect(try open.held(live.id) == [0..<1_024, 1_024..<2_048, 2_048..<2_500])
    #expect(try open.times(live.id) == (0..<2_500).map { Int64($0) })
  }

  @Test func `segments come in bounded portions, and tell where the next begins`() throws {
    let open = try fixture.open()
    for _ in 0..<10 { try open.store(10) }
    let id = try open.live().id
    let (some, next) = try open.reader.segments(of: id, from: 20, bytesMax: 1, countMax: 64)
    #expect(some.map(\.first) == [20])
    #expect(next == 30)
    let (more, end) = try open.reader.segments(of: id, from: 70, bytesMax: 100_000, countMax: 2)
    #expect(more.map(\.first) == [70, 80])
    #expect(end == 90)
    let (rest, none) = try open.reader.segments(of: id, from: 80, bytesMax: 100_000, countMax: 64)
    #expect(rest.map(\.first) == [80, 90])
    #expect(none == nil)
  }

  @Test func `a full buffer that pauses stores nothing more, and goes on when there is room`()
    throws
  {
    fixture.bytesMax = 1_000_000
    fixture.keepHours = 0
    let open = try fixture.open()
    let error = try #require(throws: BufferError.self) {
      while true { try open.store(1_000) }
    }
    #expect(error.nature == .full)
    #expect(error.description.hasPrefix("max_bytes: "))
    let live = try open.live()
    #expect(live.next > 10_000)
    #expect(try open.reader.figures().bytes <= 1_000_000)
    #expect(throws: BufferError.self) { try open.store(1_000) }
    #expect(try open.times(live.id) == (0..<Int64(live.next)).map { $0 })
    #expect(try open.holes(live.id) == [])
    try open.reader.setAcknowledged(live.id, 5_120)
    try open.store(1_000)
    #expect(try open.live().next == live.next + 1_000)
    #expect(try open.holes(live.id) == [])
  }

  @Test func `drop_oldest gives up what is acknowledged first, and declares exactly the rest`()
    throws
  {
    fixture.bytesMax = 1_000_000
    fixture.whenFull = "drop_oldest"
    let open = try fixture.open()
    for _ in 0..<20 { try open.store(1_000) }
    let id = try open.live().id
    let acknowledged = try #require(try open.held(id).first { $0.lowerBound >= 2_000 }).lowerBound
    try open.reader.setAcknowledged(id, acknowledged)
    for _ in 0..<200 { try open.store(1_000) }
    let live = try open.live()
    #expect(live.next == 220_000)
    #expect(live.oldestHeld > acknowledged)
    #expect(
      try open.holes(id) == [
        Hole(first: acknowledged, last: live.oldestHeld - 1, reason: .bufferFull)
      ])
    #expect(try open.times(id) == (Int64(live.oldestHeld)..<220_000).map { $0 })
    #expect(try open.reader.figures().bytes <= 1_000_000)
  }

  @Test func `acknowledged segments go when their time is over, positions are kept`() throws {
    fixture.keepHours = 1
    do {
      let open = try fixture.open()
      let now = wallClockMs()
      try open.store(10, nowMs: now - 3 * 3_600_000)
      try open.store(10, nowMs: now - 2 * 3_600_000)
      try open.store(10, nowMs: now)
      let id = try open.live().id
      try open.reader.setAcknowledged(id, 10)
      try open.reader.prune()
      #expect(try open.held(id) == [10..<20, 20..<30])
      #expect(try open.live().oldestHeld == 10)
      try open.reader.setAcknowledged(id, 30)
      open.close()
    }
    let open = try fixture.open()
    let live = try open.live()
    #expect(live == StreamExtent(id: live.id, oldestHeld: 10, next: 30, acknowledged: 30))
    #expect(try open.reader.age(of: live.id, at: 5) == nil)
    #expect(try open.reader.age(of: live.id, at: 25) != nil)
  }

  @Test func `a stream of which nothing is held keeps its place`() throws {
    fixture.keepHours = 0
    do {
      let open = try fixture.open()
      try open.store(10)
      try open.reader.setAcknowledged(try open.live().id, 10)
      try open.reader.prune()
      #expect(try open.held(try open.live().id) == [])
    }
    let open = try fixture.open()
    let live = try open.live()
    #expect(live == StreamExtent(id: live.id, oldestHeld: 10, next: 10, acknowledged: 10))
    try open.store(1)
    #expect(try open.held(live.id) == [10..<11])
  }

  @Test func `a new stream is where the next commit goes`() throws {
    do {
      let open = try fixture.open()
      try open.store(10)
      let first = try open.live().id
      let second = try open.reader.beginStream()
      try open.store(4)
      #expect(try open.reader.streams().map(\.id) == [first, second])
      #expect(try open.reader.streams().map(\.next) == [10, 4])
    }
    #expect(try fixture.open().reader.streams().map(\.next) == [10, 4])
  }

  @Test func `an unfinished stream is sent however many began after it`() throws {
    let open = try fixture.open()
    try open.store(10)
    let first = try open.live().id
    for _ in 0..<65 { _ = try open.reader.beginStream() }
    #expect(try open.reader.streams().map(\.id).first == first)
    #expect(try open.reader.streams().count == 65)
    try open.reader.setAcknowledged(first, 10)
    #expect(try open.reader.streams().count == 64)
    #expect(try !open.reader.streams().map(\.id).contains(first))
  }

  @Test func `an aggregator that asks again rewinds the acknowledged position`() throws {
    let open = try fixture.open()
    try open.store(10)
    let id = try open.live().id
    try open.reader.setAcknowledged(id, 10)
    try open.reader.setAcknowledged(id, 4)
    open.close()
    #expect(try fixture.open().live().acknowledged == 4)
  }

  @Test func `counts and the last rejection of each field outlive a restart`() throws {
    do {
      let open = try fixture.open()
      var group = BufferWriter.Group()
      for number in 0..<3 {
        group.reject(
          [Rejection(kind: "coverage", field: "lat", reason: "reason \(number)")],
          of: Array("{\(number)}".utf8))
      }
      try open.writer.commit(group, nowMs: 77)
    }
    let open = try fixture.open()
    let entries = open.writer.counts.entries
    #expect(entries.count == 1)
    let entry = try #require(entries.values.first)
    #expect(entry.count == 3)
    #expect(entry.reason == "reason 2")
    #expect(entry.sample == "{2}")
    #expect(entry.lastMs == 77)
    #expect(try open.reader.figures().rejected == 3)
  }

  @Test func `a buffer of a newer version is refused and not touched`() throws {
    do { try fixture.open().close() }
    do { try Database(path: fixture.path).execute("PRAGMA user_version = 9") }
    let error = try #require(throws: BufferError.self) { try fixture.open() }
    #expect(error.nature == .foreign)
    #expect(
      error.description == """
        migrate \(fixture.path): the file has schema version 9, this program knows 0…2 (SQLite \
        code 20); install the newer program that wrote it, or choose another file
        """)
    #expect(try Database(path: fixture.path).integer("PRAGMA user_version") == 9)
  }

  @Test func `another program's database is refused and not touched`() throws {
    do { try Database(path: fixture.path).execute("CREATE TABLE theirs (x)") }
    let error = try #require(throws: BufferError.self) { try fixture.open() }
    #expect(
      error.description == """
        migrate \(fixture.path): application id is 0, expected 1213489766 (SQLite code 26); the \
        file belongs to another program: check the path
        """)
    #expect(try Database(path: fixture.path).integer("SELECT count(*) FROM theirs") == 0)
  }

  @Test func `rubbish that was never a buffer is refused, not set aside`() throws {
    fixture.folder.write(String(repeating: "family photo ", count: 500), to: "buffer.db")
    let error = try #require(throws: BufferError.self) { try fixture.open() }
    #expect(error.nature == .foreign)
    #expect(Files.byteCount(fixture.path) == 6_500)
  }
}
