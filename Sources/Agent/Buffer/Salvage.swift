import Daemon
import Glibc
import Protocol
import SQLite
import Synchronization

/// Brings what can be read of damaged files into the present one, under the same streams and
/// numbers, on a thread of its own that ends when it is done: intake and uplink go on meanwhile.
/// The streams concerned are sent once they are whole: all that was salvaged exactly once, the rest
/// up to each stream's bound declared lost.
///
/// A crash in between loses nothing: the files are named in the marks until the end, and a second
/// salvage finds its own work by the keys.
package enum Salvage {
  static func start(_ buffer: Buffer) {
    buffer.salvaging.withLock { salvaging in
      salvaging.isDue = true
      guard !salvaging.isRunning, !salvaging.isStopped else { return }
      salvaging.isRunning = true
      do throws(FileError) {
        salvaging.thread = try Thread(name: "salvage") {
          while isDue(buffer) { run(buffer) }
        }
      } catch {
        Log.error("the salvage did not start", [("error", error)])
        salvaging.isRunning = false
      }
    }
  }

  /// Whether to look once more; where not, the next `start` makes a new thread. Both are decided
  /// under one lock, so that no file is overlooked that is set aside just then.
  private static func isDue(_ buffer: Buffer) -> Bool {
    buffer.salvaging.withLock { salvaging in
      salvaging.isRunning = salvaging.isDue && !salvaging.isStopped
      salvaging.isDue = false
      return salvaging.isRunning
    }
  }

  /// Returns when the thread has ended: whoever comes next must find the files alone.
  package static func stop(_ buffer: Buffer) {
    let thread = buffer.salvaging.withLock { salvaging in
      salvaging.isStopped = true
      return salvaging.thread
    }
    thread?.join()
  }

  private static func run(_ buffer: Buffer) {
    var waitLog = RateLimit(perSeconds: 30)
    let access = BufferAccess(buffer) { database throws(SQLiteError) in
      try SalvageTarget(database)
    }
    defer { access.close() }
    while !isStopped(buffer) {
      let files = buffer.writing.withLock { $0.setAside }
      do throws(BufferError) {
        guard try hasClosedStreams(access) || !files.isEmpty else { return }
        for file in files { try salvage(file, access) }
        return try finish(files, access)
      } catch {
        // Full, not readable at the moment, or replaced once more: later.
        if waitLog.allows(now: monotonicNow()) {
          Log.warning("the salvage waits", [("error", error)])
        }
        _ = access.yieldIfReplacing()
        pause(buffer)
      }
    }
  }

  private static func isStopped(_ buffer: Buffer) -> Bool {
    buffer.salvaging.withLock { $0.isStopped }
  }

  private static func pause(_ buffer: Buffer) {
    for _ in 0..<20 where !isStopped(buffer) { poll(nil, 0, 100) }
  }

  private static func hasClosedStreams(
    _ access: BufferAccess<SalvageTarget>
  ) throws(BufferError) -> Bool {
    try access.use { target throws(SQLiteError) in
      try target.database.integer("SELECT count(*) FROM streams WHERE is_whole = 0") > 0
    }
  }

  private static func salvage(
    _ file: String, _ access: BufferAccess<SalvageTarget>
  ) throws(BufferError) {
    guard let source = try source(file) else { return }
    let rows = source.rows()
    var count: UInt64 = 0
    while !isStopped(access.buffer) {
      let chunk = try chunk(of: rows)
      guard !chunk.isEmpty else { break }
      try insert(chunk, access)
      count += chunk.reduce(0) { $0 + UInt64($1.count) }
    }
    let holes: [SalvageSource.Hole]
    do throws(SQLiteError) { holes = try source.holes() } catch { throw BufferError(error) }
    try access.locked { target, _ throws(SQLiteError) in
      for hole in holes { try target.insert(hole) }
    }
    Log.notice("salvaged", [("file", file), ("measurements", count)])
  }

  /// `nil`: it is gone, or nothing of it can be read, and that will not change.
  private static func source(_ file: String) throws(BufferError) -> SalvageSource? {
    do throws(FileError) { if try Files.isMissing(file) { return nil } } catch {
      throw BufferError(error)
    }
    do throws(SQLiteError) { return try SalvageSource(file) } catch {
      if error.mayPass { throw BufferError(error) }
      Log.warning("nothing can be salvaged", [("file", file), ("error", error)])
      return nil
    }
  }

  private static func chunk(
    of rows: SalvageSource.Rows
  ) throws(BufferError) -> [SalvageSource.Row] {
    var chunk: [SalvageSource.Row] = []
    var bytes = 0
    do throws(SQLiteError) {
      while chunk.count < 256, bytes < 256 << 10, let row = try rows.next() {
        bytes += row.bytes.count
        chunk.append(row)
      }
    } catch { throw BufferError(error) }
    return chunk
  }

  private static func insert(
    _ rows: [SalvageSource.Row], _ access: BufferAccess<SalvageTarget>
  ) throws(BufferError) {
    let bytes = rows.reduce(0) { $0 + $1.bytes.count + 64 }
    let buffer = access.buffer
    let outcome = try access.locked { target, _ throws(SQLiteError) in
      let outcome = try target.space.makeRoom(for: Int64(bytes), buffer)
      guard case .enough = outcome else { return outcome }
      try BufferSpace.transaction(target.database) { () throws(SQLiteError) in
        for row in rows { try target.insert(row) }
      }
      return outcome
    }
    try outcome.orThrow()
  }

  /// Declares what is missing, and lets the streams be sent.
  private static func finish(
    _ files: [String], _ access: BufferAccess<SalvageTarget>
  ) throws(BufferError) {
    let buffer = access.buffer
    // The connection stays open until they are declared, so that they are of the same file.
    let gaps = try access.use { target throws(SQLiteError) in
      try target.gaps { isStopped(buffer) }
    }
    if isStopped(buffer) { return }
    let done = Set(files)
    try access.locked { target, marks throws(SQLiteError) in
      try BufferSpace.transaction(target.database) { () throws(SQLiteError) in
        try target.declare(gaps)
      }
      let streams = try BufferFile.wholeStreams(target.database, marks)
      buffer.state.withLock { state in
        // What is known here of the others is newer than the file.
        state.streams = streams.map { stream in
          state.streams.first { $0.id == stream.id } ?? stream
        }
      }
      marks.setAside.removeAll { done.contains($0) }
      // Should this fail, the next start salvages again, and finds everything there.
      try? marks.write(beside: buffer.settings.path)
    }
    buffer.wakeUp.signal()
    Log.notice("the salvage is complete", [("files", files.count)])
  }
}

extension BufferAccess {
  /// `use` within `Buffer.writing`.
  func locked<T: Sendable>(
    _ body: (Handles, inout Marks) throws(SQLiteError) -> T
  ) throws(BufferError) -> T {
    let handles = try ready()
    let result: Result<T, SQLiteError> = buffer.writing.withLock { marks in
      do throws(SQLiteError) {
        return .success(try body(handles, &marks))
      } catch { return .failure(error) }
    }
    switch result {
    case .success(let value): return value
    case .failure(let error): throw failure(error)
    }
  }

  /// Lets the file go where it waits to be replaced.
  func yieldIfReplacing() -> Bool {
    guard buffer.state.withLock({ $0.isReplacing }) else { return false }
    _ = yield()
    return true
  }
}
