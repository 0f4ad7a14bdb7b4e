package import Daemon
import Glibc
import Protocol
import SQLite
import Synchronization

/// The buffer: one SQLite file between intake and uplink, and what its two users share. Each user
/// has a connection of its own (`BufferAccess`); they share a lock around the short write
/// transactions (two SQLite writers in one process would wait for each other by sleeping), the
/// streams' positions, and the descriptor that wakes the uplink.
///
/// A damaged file is replaced while both go on: whoever meets the damage says so (`isReplacing`),
/// each user closes its connection when it comes by, and the last one sets the file aside and makes
/// a new one. Not earlier: SQLite deletes a log by its name when its last connection closes, and
/// that must not be the new file's.
package final class Buffer: Sendable {
  package let settings: BufferSettings
  package let clock: HostClock
  /// Signalled after each commit of the intake.
  package let wakeUp: WakeUp
  /// Held around a write transaction and whatever must not happen meanwhile. Taken before `state`.
  let writing = Mutex(Marks())
  let state = Mutex(State())
  let salvaging = Mutex(Salvaging())

  struct State: Sendable {
    /// The file was found or made; the marks in memory are those of the disk, or newer.
    var isOpen = false
    /// Rises with each file.
    var generation: Int64 = 0
    /// The file is damaged and waits to be replaced.
    var isReplacing = false
    var failedReplacement: FailedReplacement?
    /// Connections to the present file.
    var openConnections = 0
    /// Oldest first, the last is live. Without those that are being salvaged.
    var streams: [Stream] = []
    var figures = BufferFigures()
    /// The last record of `hatang-agent check` since the daemon began.
    var lastCheck: CheckRecord?
    var recent = RecentIntake(now: monotonicNow())
    /// Acknowledged positions have changed since they were written.
    var isAcknowledgedDirty = false
  }

  /// Where a stream stands; the file holds the same, `acknowledged` sometimes an older one.
  struct Stream: Equatable, Sendable {
    let number: Int64
    let id: StreamID
    var oldestHeld: SequenceNumber
    var next: SequenceNumber
    var acknowledged: SequenceNumber
  }

  /// Not tried again at once: many ask, and each attempt writes to a disk that may be full.
  struct FailedReplacement: Sendable {
    let error: BufferError
    let retryAt: Duration

    static let pause: Duration = .seconds(1)
  }

  struct Salvaging: Sendable {
    var thread: Thread?
    var isRunning = false
    /// A file was set aside since the thread last looked.
    var isDue = false
    var isStopped = false
  }

  package init(_ settings: BufferSettings, clock: HostClock = HostClock()) throws(BufferError) {
    self.settings = settings
    self.clock = clock
    do throws(FileError) { wakeUp = try WakeUp() } catch { throw BufferError(error) }
  }

  /// The log may grow to this before it is written into the file.
  var logBytesMax: Int64 { min(4 << 20, max(64 << 10, settings.bytesMax / 8)) }
  /// What the file itself may have, so that file and log stay within `bytesMax`. Twice the log:
  /// one transaction may overshoot.
  var fileBytesMax: Int64 { settings.bytesMax - 2 * logBytesMax }

  var currentStreams: [Stream] { state.withLock { $0.streams } }

  var live: Stream? { state.withLock { $0.streams.last } }

  func update(_ id: StreamID, _ change: (inout Stream) -> Void) {
    state.withLock { state in
      guard let index = state.streams.firstIndex(where: { $0.id == id }) else { return }
      change(&state.streams[index])
    }
  }

  /// Before the first connection: finds, makes or replaces the file, and begins the salvage of what
  /// was set aside.
  package func open() throws(BufferError) {
    try writing.withLock { marks throws(BufferError) in
      try BufferFile.prepare(self, &marks)
    }
    state.withLock { $0.isOpen = true }
    Salvage.start(self)
  }

  /// After the last connection. Bounds become exact: damage found later declares nothing that was
  /// not given.
  package func close() {
    Salvage.stop(self)
    // What did not open knows nothing that the marks do not.
    guard state.withLock({ $0.isOpen }) else { return }
    writing.withLock { marks in
      marks.note(currentStreams)
      try? marks.write(beside: settings.path)
    }
  }

  /// A new live stream with the next number. Within `writing`.
  func beginStream(
    _ database: Database, _ marks: inout Marks
  ) throws(BufferError) -> Stream {
    let stream = try makeStream(database, &marks)
    state.withLock { $0.streams.append(stream) }
    return stream
  }

  /// In marks and file; nobody is told of it yet. Where it fails, the marks are as they were.
  func makeStream(
    _ database: Database, _ marks: inout Marks
  ) throws(BufferError) -> Stream {
    var generator = SystemRandomNumberGenerator()
    let number = (marks.streams.map(\.number).max() ?? 0) + 1
    let stream = Stream(
      number: number, id: StreamID(using: &generator), oldestHeld: 0, next: 0, acknowledged: 0)
    let marked = Marks.Stream(number: number, id: stream.id, acknowledged: 0, bound: 0)
    var announced = marks
    announced.streams.append(marked)
    do throws(FileError) {
      try announced.write(beside: settings.path)
    } catch { throw BufferError(error) }
    do throws(SQLiteError) {
      try BufferFile.insert(marked, isWhole: true, into: database)
    } catch { throw BufferError(error) }
    marks = announced
    return stream
  }
}

extension Buffer {
  package var isSalvaging: Bool { salvaging.withLock { $0.isRunning } }

  package var currentCheck: CheckRecord? { state.withLock { $0.lastCheck } }

  /// What was stored in the last 24 hours, or since the daemon began.
  package var currentIntake: RecentIntake.Total {
    state.withLock { $0.recent.total(now: monotonicNow()) }
  }

  /// With the bytes of file and log as they are now.
  var currentFigures: BufferFigures {
    var figures = state.withLock { $0.figures }
    let path = settings.path
    figures.bytes = UInt64(
      max(0, (Files.byteCount(path) ?? 0) + (Files.byteCount(path + "-wal") ?? 0)))
    return figures
  }
}
