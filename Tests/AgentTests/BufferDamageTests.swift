import Agent
import Daemon
import Glibc
import Protocol
import TestSupport
import Testing

/// A damaged file: set aside, salvaged, declared; and collection goes on.
@Suite struct BufferDamageTests {
  let fixture = BufferFixture()

  /// What both of a daemon's threads do: come by now and then.
  private func meet(_ open: OpenBuffer) {
    for stream in (try? open.reader.streams()) ?? [] { _ = try? open.held(stream.id) }
    _ = try? open.reader.streams()
    _ = eventually(within: .seconds(5)) { (try? open.store(1)) != nil }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `rubbish in the middle loses what it hit, declared exactly`(seed: UInt64) throws {
    do {
      let open = try fixture.open()
      for _ in 0..<200 { try open.store(100) }
      open.close()
    }
    let size = Int(try #require(Files.byteCount(fixture.path)))
    overwrite(fixture.path, at: size / 2, with: rubbish(size / 8, seed: seed))
    let open = try fixture.open()
    let id = try open.live().id
    meet(open)
    #expect(open.settle(whole: 2))
    let streams = try open.reader.streams()
    #expect(streams.map(\.id).first == id)
    #expect(streams.map(\.next).first == 20_000)
    try open.expectBalanced(id, bound: 20_000)
    let holes = try open.holes(id)
    let lost = holes.reduce(0) { $0 + $1.count }
    #expect(lost > 0 && lost < 6_000, "\(lost) lost")
    #expect(holes.allSatisfy { $0.reason == .bufferDamaged })
    // What is held is what was stored, under its numbers.
    let missing = holes.flatMap { ($0.first...$0.last).map { Int64($0) } }
    #expect(Set(try open.times(id)).union(missing) == Set(0..<20_000))
    // Collection went on meanwhile, in a stream of its own.
    #expect(try open.live().next >= 1)
    let names = try fixture.folder.listing().split(separator: "\n")
    #expect(names.contains { $0.hasPrefix("buffer.db.damaged-") })
  }

  @Test func `a file of which nothing can be read is declared lost up to its bound`() throws {
    do {
      let open = try fixture.open()
      try open.store(500)
      try open.reader.setAcknowledged(try open.live().id, 200)
      open.close()
    }
    overwrite(fixture.path, at: 0, with: rubbish(8_192, seed: 9))
    let open = try fixture.open()
    #expect(open.settle(whole: 2))
    let old = try #require(try open.reader.streams().first)
    #expect(old.next == 500)
    #expect(try open.held(old.id) == [])
    #expect(
      try open.holes(old.id) == [Hole(first: 200, last: 499, reason: .bufferDamaged)])
  }

  @Test func `a file that is gone is declared lost up to its bound`() throws {
    do {
      let open = try fixture.open()
      try open.store(500)
      open.close()
    }
    try Files.remove(fixture.path)
    let open = try fixture.open()
    #expect(open.settle(whole: 2))
    let old = try #require(try open.reader.streams().first)
    #expect(try open.holes(old.id) == [Hole(first: 0, last: 499, reason: .bufferDamaged)])
  }

  @Test func `after a crash the bound is above every number that was given`() throws {
    do {
      let open = try fixture.open()
      try open.store(500)
      // A crash would end the salvage's thread too; here it must not close its connection later.
      #expect(eventually { !open.buffer.isSalvaging })
    }
    try Files.remove(fixture.path)
    try Files.remove(fixture.path + "-wal")
    let open = try fixture.open()
    #expect(open.settle(whole: 2))
    let old = try #require(try open.reader.streams().first)
    let hole = try #require(try open.holes(old.id).first)
    #expect(hole.first == 0)
    #expect(hole.last >= 499 && hole.last < 500 + 4_000)
  }

  @Test func `a byte that changed inside a segment is found by its digest`() throws {
    var segment: [UInt8] = []
    do {
      let open = try fixture.open()
      for _ in 0..<50 { try open.store(40) }
      let id = try open.live().id
      let found = try open.reader.segments(of: id, from: 1_000, bytesMax: 1, countMax: 1)
      segment = Array(try #require(found.segments.first).bytes)
      open.close()
    }
    let content = try Files.read(fixture.path, bytesMax: 1 << 24)
    let place = try #require(
      content.indices.first { content[$0...].starts(with: segment.prefix(100)) })
    overwrite(fixture.path, at: place + 90, with: [content[place + 90] ^ 1])
    let open = try fixture.open()
    let id = try open.live().id
    meet(open)
    #expect(open.settle(whole: 2))
    try open.expectBalanced(id, bound: 2_000)
    #expect(try open.holes(id).map(\.count) == [40])
  }

  @Test func `a second damage while the first is not settled loses no account`() throws {
    do {
      let open = try fixture.open()
      for _ in 0..<50 { try open.store(40) }
      open.close()
    }
    overwrite(fixture.path, at: 0, with: rubbish(4_096, seed: 1))
    do {
      let open = try fixture.open()
      try open.store(100)
      open.close()
    }
    overwrite(fixture.path, at: 0, with: rubbish(4_096, seed: 2))
    let open = try fixture.open()
    #expect(open.settle(whole: 3))
    let streams = try open.reader.streams()
    #expect(streams.map(\.next) == [2_000, 100, 0])
    try open.expectBalanced(streams[0].id, bound: 2_000)
    try open.expectBalanced(streams[1].id, bound: 100)
  }
}
