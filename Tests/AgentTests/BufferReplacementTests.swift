import Agent
import Daemon
import Glibc
import Protocol
import SQLite
import TestSupport
import Testing

/// A damaged file is replaced on a disk that does not let it, and where the power goes meanwhile:
/// one file is set aside, and nothing that can be read is lost.
@Suite struct BufferReplacementTests {
  let fixture = BufferFixture()

  /// The uplink meets a segment whose digest is wrong, and lets go of the file.
  private func meetDamage(_ open: OpenBuffer) throws {
    let id = try open.live().id
    #expect(throws: BufferError.self) { try open.held(id) }
    #expect(throws: BufferError.self) { try open.reader.streams() }
  }

  /// A buffer of 20 segments of 50 numbers, the first of which has rotted.
  private func openRotten() throws -> OpenBuffer {
    do {
      let open = try fixture.open()
      for _ in 0..<20 { try open.store(50) }
      open.close()
    }
    try Database(path: fixture.path).execute(
      """
      UPDATE segments SET bytes = zeroblob(length(bytes))
        WHERE key = (SELECT min(key) FROM segments)
      """)
    let open = try fixture.open()
    // The salvage of a start looks once, by a connection of its own.
    #expect(eventually(within: .seconds(60)) { !open.buffer.isSalvaging })
    return open
  }

  private func filesSetAside() throws -> [String] {
    try Files.names(in: fixture.folder.path).filter {
      $0.hasPrefix("buffer.db.damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
    }
  }

  private func expectOneFileSetAside(_ open: OpenBuffer, _ id: StreamID) throws {
    #expect(open.settle(whole: 2))
    try open.expectBalanced(id, bound: 1_000)
    #expect(try open.holes(id) == [Hole(first: 0, last: 49, reason: .bufferDamaged)])
    #expect(try filesSetAside().count == 1)
  }

  @Test func `marks that cannot be written a thousand times over name one file in the end`()
    throws
  {
    let open = try openRotten()
    let id = try open.live().id
    try meetDamage(open)
    // What is written under this name first cannot be.
    let obstacle = "\(fixture.path).marks.\(getpid()).new"
    try Files.makeDirectory(obstacle)
    let error = #expect(throws: BufferError.self) { try open.store(1) }
    #expect(error?.description == "cannot create \(obstacle): Is a directory")
    for _ in 0..<1_000 { open.writer.yieldIfDamaged() }
    #expect(try filesSetAside() == [])
    #expect(rmdir(obstacle) == 0)
    try expectOneFileSetAside(open, id)
    // Each replacement raises it by one.
    #expect(try fixture.folder.text(of: "buffer.db.marks").contains("\"generation\":1,"))
  }

  @Test func `a new file that cannot be made is not set aside itself`() throws {
    let open = try openRotten()
    let id = try open.live().id
    try meetDamage(open)
    // The first transaction of a new file has its journal there.
    let obstacle = fixture.path + "-journal"
    try Files.makeDirectory(obstacle)
    // Long enough for a second attempt.
    let end = monotonicNow() + .milliseconds(2_500)
    _ = eventually(within: .seconds(60)) {
      #expect(throws: BufferError.self) { try open.store(1) }
      return monotonicNow() > end
    }
    #expect(rmdir(obstacle) == 0)
    try expectOneFileSetAside(open, id)
  }

  /// A replacement that was cut off when the file had been set aside and its log had not: all of
  /// 1,000 numbers are in the log.
  private func leaveCutReplacement() throws -> StreamID {
    let open = try fixture.open()
    for _ in 0..<20 { try open.store(50) }
    let id = try open.live().id
    // As a killed agent leaves it.
    for end in ["", "-wal", ".marks"] {
      fixture.folder.copy("buffer.db\(end)", to: "killed\(end)")
    }
    open.close()
    let target = fixture.path + ".damaged-20261125T120000000Z"
    try Files.move(fixture.folder.file("killed"), to: target)
    try Files.move(fixture.folder.file("killed-wal"), to: fixture.path + "-wal")
    try Files.remove(fixture.path)
    let marks = try fixture.folder.text(of: "killed.marks")
    let streams = try #require(marks.firstRange(of: "\"streams\"")).lowerBound
    fixture.folder.write(
      """
      {"generation":1,"set_aside":["\(target)"],"replacing":"\(target)",\(marks[streams...])
      """, to: "buffer.db.marks")
    return id
  }

  private func expectAllOfTheLog(_ id: StreamID) throws {
    let open = try fixture.open()
    #expect(open.settle(whole: 2))
    #expect(try open.times(id) == Array(0..<1_000))
    // Numbers that were reserved and never given.
    #expect(try open.holes(id).allSatisfy { $0.first >= 1_000 })
  }

  @Test func `a cut between setting aside the file and its log loses nothing of the log`() throws {
    let id = try leaveCutReplacement()
    try expectAllOfTheLog(id)
  }

  @Test func `marks that cannot be read for a moment forget no file that was set aside`() throws {
    let id = try leaveCutReplacement()
    let marks = fixture.path + ".marks"
    try Files.move(marks, to: marks + ".away")
    #expect(symlink(marks, marks) == 0)
    let buffer = try Buffer(fixture.settings(), clock: fixture.clock)
    let error = #expect(throws: BufferError.self) { try buffer.open() }
    buffer.close()
    #expect(error?.nature == .failed)
    #expect(
      error?.description == "cannot open \(marks): Too many levels of symbolic links")
    #expect(throws: FileError.self, "they were written over") { try Files.read(marks) }
    try Files.remove(marks)
    try Files.move(marks + ".away", to: marks)
    try expectAllOfTheLog(id)
  }
}
