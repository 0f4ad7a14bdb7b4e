import Agent
import Daemon
import Glibc
import Protocol
import SQLite
import Synchronization
import TestSupport
import Testing

/// What takes long on a slow disk must not keep the intake from storing: its watchdog would end the
/// agent, and the next start would begin the same work again.
@Suite struct SlowDiskTests {
  /// Stops the salvage's thread when it has read for a while without writing: it looks for gaps.
  private final class Gate: Sendable {
    /// The thread that makes the gate; the only other one at this disk is the salvage's.
    private let intake = pthread_self()
    private let state = Mutex(State())

    private struct State {
      var readsInRow = 0
      var isReached = false
      var isOpen = false
      var isOverdue = false
    }

    var isReached: Bool { state.withLock { $0.isReached } }
    /// Nobody opened it in time.
    var isOverdue: Bool { state.withLock { $0.isOverdue } }

    func open() { state.withLock { $0.isOpen = true } }

    func pass(_ call: FaultDisk.Call, _ name: String) {
      guard name == "buffer.db" || name == "buffer.db-wal", pthread_self() != intake else { return }
      let mustWait = state.withLock { state in
        if case .read = call { state.readsInRow += 1 } else { state.readsInRow = 0 }
        guard state.readsInRow > 100, !state.isOpen else { return false }
        state.isReached = true
        return true
      }
      guard mustWait else { return }
      if !eventually(within: .seconds(20), { state.withLock { $0.isOpen } }) {
        state.withLock { ($0.isOpen, $0.isOverdue) = (true, true) }
      }
    }
  }

  @Test func `the intake stores while a salvage looks for what is missing`() throws {
    var settings = EdgeHost.Settings()
    settings.bytesMax = 20_000_000
    let rotten = try RottenHost(segments: 2_500, rows: 40, settings)
    defer { rotten.end() }
    let gate = Gate()
    rotten.disk.watch {
      gate.pass($0, $1)
      return nil
    }
    rotten.meetDamage()
    #expect(rotten.storeOne())
    #expect(eventually(within: .seconds(60)) { gate.isReached }, "the salvage did not look")
    #expect(rotten.storeOne())
    gate.open()
    #expect(!gate.isOverdue, "the intake waited for the salvage")
    try rotten.checkThatOnlyRotIsLost()
  }

  /// It deletes until a part of the bound is free, some segments in each transaction.
  @Test func `making room on a disk of slow syncs takes a commit about a second`() throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    var settings = EdgeHost.Settings()
    settings.keepHours = 72
    let id = try fill(folder, segments: 200_000)
    // So that file and log are at the bound.
    let path = "\(folder)/buffer.db"
    settings.bytesMax = Int(try #require(Files.byteCount(path))) + 2 * (4 << 20) + 10_000
    let disk = try FaultDisk(folder)
    defer { disk.detach() }
    let host = try EdgeHost(folder, settings)
    defer { host.close() }
    try host.waitForSalvage()
    let syncs = Mutex(0)
    disk.watch { call, _ in
      guard case .sync = call else { return nil }
      poll(nil, 0, 100)
      syncs.withLock { $0 += 1 }
      return nil
    }
    let place = try host.store(1, from: 1 << 20)
    #expect(place.stream == id)
    let count = syncs.withLock { $0 }
    #expect(count > 3, "nothing had to be freed")
    #expect(count < 25, "\(count) syncs")
  }

  /// Tiny segments, all of them receipted; those that nobody will read come from one statement.
  private func fill(_ folder: String, segments: Int64) throws -> StreamID {
    try EdgeHost(folder).close()
    let path = "\(folder)/buffer.db"
    try Database(path: path).execute("UPDATE streams SET floor = \(segments)")
    let host = try EdgeHost(folder)
    let place = try host.store(1, from: 0)
    try host.acknowledge(place.stream, place.first + 1)
    host.close()
    try Database(path: path).execute(
      """
      WITH RECURSIVE numbers(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(segments - 1))
      INSERT INTO segments
        SELECT (SELECT min(key) FROM segments) - n, 1, 0, 0, zeroblob(170), NULL, NULL FROM numbers
      """)
    return place.stream
  }
}
