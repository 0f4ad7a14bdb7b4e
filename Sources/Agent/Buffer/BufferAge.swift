import Daemon
import Protocol
import SQLite

/// How old what is held is, by clocks that do not jump.
struct BufferAge {
  private let clock: HostClock
  private let boots: BootTable

  init(_ clock: HostClock, _ database: Database) throws(SQLiteError) {
    self.clock = clock
    boots = try BootTable(database, clock: clock)
  }

  /// Since a segment was closed; never negative. `nil`: not known.
  func age(_ mark: ClockMark?, stampedMs: Int64) -> Duration? {
    if let mark, mark.boot == clock.boot {
      return .milliseconds(max(0, clock.read().bootMs - mark.bootMs))
    }
    guard let nowMs = clock.nowMs, let receivedMs = boots.receivedMs(mark, stampedMs: stampedMs)
    else { return nil }
    return .milliseconds(max(0, nowMs - receivedMs))
  }
}
