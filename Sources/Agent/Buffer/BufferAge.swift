import Daemon
import Protocol
import SQLite

/// How old what is held is, by clocks that do not jump. Asked on every turn of the uplink, so that
/// the table of boots is read only for a segment that needs it.
struct BufferAge {
  private let clock: HostClock
  private let database: Database
  private var boots: BootTable?

  init(_ clock: HostClock, _ database: Database) {
    self.clock = clock
    self.database = database
  }

  /// Since a segment was closed; never negative. `nil`: not known.
  mutating func age(_ mark: ClockMark?, stampedMs: Int64) throws(SQLiteError) -> Duration? {
    if let mark, mark.boot == clock.boot {
      return .milliseconds(max(0, clock.read().bootMs - mark.bootMs))
    }
    guard let nowMs = clock.nowMs, let receivedMs = try receivedMs(mark, stampedMs) else {
      return nil
    }
    return .milliseconds(max(0, nowMs - receivedMs))
  }

  private mutating func receivedMs(
    _ mark: ClockMark?, _ stampedMs: Int64
  ) throws(SQLiteError) -> Int64? {
    // Most were stamped by a clock that was known to be right.
    guard let mark else { return stampedMs }
    let table = if let boots { boots } else { try BootTable(database, clock: clock) }
    boots = table
    return table.receivedMs(mark, stampedMs: stampedMs)
  }
}
