import Agent
import Daemon
import Glibc
import Protocol
import SQLite
import TestSupport

/// An edge host on a disk of its own, whose buffer has a rotten segment in it that nobody has met
/// yet: what the tests of replacement and salvage begin with.
final class RottenHost {
  let folder = Folder.make()
  let disk: FaultDisk
  let host: EdgeHost
  let stream: StreamID
  let path: String
  private let rows: Int
  private var nextID: Int64

  /// - Parameter rows: of each segment.
  init(
    segments: Int, rows: Int = 100, _ settings: EdgeHost.Settings = EdgeHost.Settings()
  ) throws {
    self.rows = rows
    path = "\(folder)/buffer.db"
    var identity: StreamID?
    do {
      let host = try EdgeHost(folder, settings)
      for index in 0..<segments {
        identity = try host.store(rows, from: Int64(index * rows)).stream
      }
      host.close()
    }
    guard let identity else { throw Broken("no segment was stored") }
    stream = identity
    nextID = Int64(segments * rows)
    try Database(path: path).execute(
      """
      UPDATE segments SET bytes = zeroblob(length(bytes)) WHERE key =
        (SELECT key FROM segments ORDER BY key LIMIT 1 OFFSET \(RottenHost.rottenSegment))
      """)
    disk = try FaultDisk(folder)
    host = try EdgeHost(folder, settings)
    try host.waitForSalvage()
  }

  private static let rottenSegment = 3

  /// What the rotten segment held.
  private var rotten: Hole {
    let first = SequenceNumber(RottenHost.rottenSegment * rows)
    return Hole(first: first, last: first + SequenceNumber(rows) - 1, reason: .bufferDamaged)
  }

  /// Ends the host and removes its disk.
  func end() {
    host.close()
    disk.detach()
    Folder.remove(folder)
  }

  /// The uplink meets the rotten segment; both users let the file go.
  func meetDamage() {
    _ = try? host.held(stream)
    _ = try? host.reader.streams()
  }

  /// Until one measurement more could be stored.
  func storeOne() -> Bool {
    eventually(within: .seconds(60)) {
      _ = try? host.reader.streams()
      guard (try? host.store(1, from: nextID)) != nil else { return false }
      nextID += 1
      return true
    }
  }

  /// After everything is settled, just the rotten segment is lost, and one file was set aside.
  func checkThatOnlyRotIsLost() throws {
    try host.settle()
    let holes = try host.holes(stream)
    try hold(holes == [rotten], "lost: \(holes)")
    let held = try host.held(stream)
    for (number, id) in held { try hold(id == Int64(number), "\(number) is now \(id)") }
    guard let next = try host.reader.streams().first(where: { $0.id == stream })?.next else {
      throw Broken("the stream is gone")
    }
    try hold(held.count == Int(next) - rows, "\(held.count) of \(next) are held")
    let setAside = Folder.names(folder).filter {
      $0.contains(".damaged-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
    }
    try hold(setAside.count == 1, "set aside: \(setAside)")
  }
}
