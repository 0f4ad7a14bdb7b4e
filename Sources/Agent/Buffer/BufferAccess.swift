import Daemon
import SQLite
import Synchronization

/// One thread's connection to the buffer's file, opened when it is needed and again when the file
/// was replaced. `Handles` is the connection with the statements that its thread uses.
final class BufferAccess<Handles: AnyObject> {
  let buffer: Buffer
  private let open: (Database) throws(SQLiteError) -> Handles
  private var handles: Handles?
  /// Of the file that `handles` belong to.
  private var generation: Int64 = -1

  init(_ buffer: Buffer, open: @escaping (Database) throws(SQLiteError) -> Handles) {
    self.buffer = buffer
    self.open = open
  }

  deinit { close() }

  /// Runs the body on an open connection. Where the file turns out to be damaged, its replacement
  /// is begun, and the error says so: ask again.
  func use<T>(_ body: (Handles) throws(SQLiteError) -> T) throws(BufferError) -> T {
    let handles = try ready()
    do throws(SQLiteError) {
      return try body(handles)
    } catch { throw failure(error) }
  }

  /// What an error of SQLite means. Not within `Buffer.writing`.
  func failure(_ error: SQLiteError) -> BufferError {
    error.isCorrupt ? damaged(error.description) : BufferError(error)
  }

  /// What a reader found that SQLite did not: a segment whose digest is wrong.
  func damaged(_ what: String) -> BufferError {
    let isFirst = buffer.state.withLock { state in
      defer { state.isReplacing = true }
      return !state.isReplacing
    }
    if isFirst { Log.error("the buffer is damaged", [("error", what)]) }
    return yield()
  }

  func close() {
    guard handles != nil else { return }
    handles = nil
    buffer.state.withLock { $0.openConnections -= 1 }
  }

  /// Closes, and replaces the file if this was the last connection to it; where that failed, about
  /// once a second.
  func yield() -> BufferError {
    close()
    // `writing` first, as everywhere; two that come at once find the second time nothing to do.
    return buffer.writing.withLock { marks in
      let (mayReplace, failed) = buffer.state.withLock {
        ($0.isReplacing && $0.openConnections == 0, $0.failedReplacement)
      }
      guard mayReplace else {
        return BufferError(.replacing, "\(buffer.settings.path) is being replaced")
      }
      if let failed, monotonicNow() < failed.retryAt { return failed.error }
      do throws(BufferError) {
        try BufferFile.replace(buffer, &marks)
      } catch {
        let retryAt = monotonicNow() + Buffer.FailedReplacement.pause
        buffer.state.withLock {
          $0.failedReplacement = Buffer.FailedReplacement(error: error, retryAt: retryAt)
        }
        return error
      }
      Salvage.start(buffer)
      return BufferError(.replacing, "\(buffer.settings.path) was replaced")
    }
  }

  /// Must be called now and then also by a thread that has nothing to do, or a damaged file is
  /// never let go.
  func ready() throws(BufferError) -> Handles {
    let (isReplacing, present) = buffer.state.withLock { ($0.isReplacing, $0.generation) }
    if isReplacing { throw yield() }
    if let handles, generation == present { return handles }
    close()
    return try connect()
  }

  private func connect() throws(BufferError) -> Handles {
    let present: Int64? = buffer.state.withLock { state in
      guard !state.isReplacing else { return nil }
      state.openConnections += 1
      return state.generation
    }
    guard let present else { throw yield() }
    do throws(SQLiteError) {
      let database = try BufferFile.connect(
        buffer.settings.path, logBytesMax: buffer.logBytesMax)
      let made = try open(database)
      handles = made
      generation = present
      return made
    } catch {
      buffer.state.withLock { $0.openConnections -= 1 }
      throw failure(error)
    }
  }
}
