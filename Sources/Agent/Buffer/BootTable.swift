import Protocol
import SQLite

/// The boots of this machine that the buffer's file knows, and what became known of the time in
/// each: so that a segment of an earlier boot gets its right time after a restart.
package struct BootTable {
  /// Oldest first.
  package let boots: [Boot]
  /// The present boot, as the daemon knows it; `nil`: whoever reads is not the daemon, and the last
  /// boot in the file is taken for the present one.
  private let clock: HostClock?

  package struct Boot: Equatable, Sendable {
    package let boot: Int64
    /// Wall clock less boot's clock when the agent first saw this boot, and as it saw it last.
    let foundOffsetMs: Int64
    let lastOffsetMs: Int64
    /// The clock was then as the hardware gave it, or what stands in for that: not synchronised.
    let isFoundRaw: Bool
    /// `nil`: the right time was never known in it.
    package let offset: BootOffset?
  }

  /// What is to be said of the clock of a segment.
  enum Verdict: Equatable {
    /// Nothing: its stamps are right.
    case asStamped
    case known(SegmentClock)
    /// Of the present boot, whose right time is not known yet.
    case waits

    var isUnconfirmed: Bool {
      switch self {
      case .asStamped, .known(.corrected): false
      case .known(.unverified), .known(.unknown), .waits: true
      }
    }
  }

  /// Older ones are forgotten; their segments' times cannot be told any more.
  private static let bootsMax = 1_000
  /// An agent that starts later than this after its machine does not see what the hardware gave.
  private static let startMsMax: Int64 = 10 * 60_000
  /// What a hardware clock may be wrong by to have been right before.
  private static let hardwareMsMax: Int64 = 5_000

  init(_ database: Database, clock: HostClock?) throws(SQLiteError) {
    self.clock = clock
    var boots: [Boot] = []
    let select = try database.prepare(
      """
      SELECT boot, found_offset_ms, last_offset_ms, is_found_raw, offset_ms, accuracy_ms, evidence,
        made_ms, since_ms FROM boots ORDER BY number
      """)
    while try select.step() {
      var offset: BootOffset?
      if let offsetMs = select.optionalInteger(4),
        let evidence = SegmentClock.Evidence(rawValue: select.integer(6))
      {
        offset = BootOffset(
          offsetMs: offsetMs, accuracyMs: select.integer(5), evidence: evidence,
          madeMs: select.integer(7), sinceMs: select.integer(8))
      }
      let boot = select.integer(0)
      // What the daemon knows of the present one is newer.
      if let clock, boot == clock.boot { offset = clock.offset ?? offset }
      boots.append(
        Boot(
          boot: boot, foundOffsetMs: select.integer(1), lastOffsetMs: select.integer(2),
          isFoundRaw: select.integer(3) == 1, offset: offset))
    }
    self.boots = boots
  }

  // MARK: Verdicts

  func verdict(_ mark: ClockMark?, receivedMs: Int64) -> Verdict {
    guard let mark else { return .asStamped }
    let stampOffsetMs = receivedMs - mark.bootMs
    guard let index = boots.firstIndex(where: { $0.boot == mark.boot }) else {
      return .known(.unknown(afterMs: 0, beforeMs: 0))
    }
    if let offset = boots[index].offset {
      if offset.confirms(stampOffsetMs) { return .asStamped }
      return .known(
        .corrected(
          byMs: offset.offsetMs - stampOffsetMs, accuracyMs: offset.accuracyMs, offset.evidence))
    }
    let bounds = bounds(of: index)
    if isPresent(index) {
      // A reader beside the daemon has nobody to wait for.
      if let clock, !clock.isWaived { return .waits }
      return .known(unverified(receivedMs, bounds))
    }
    if let accuracyMs = hardwareAccuracy(of: index, stampOffsetMs) {
      return .known(.corrected(byMs: 0, accuracyMs: accuracyMs, .hardware))
    }
    return .known(.unknown(afterMs: bounds.afterMs, beforeMs: bounds.beforeMs))
  }

  /// When a segment was closed, as well as that is known; `nil`: not at all yet.
  func receivedMs(_ mark: ClockMark?, stampedMs: Int64) -> Int64? {
    switch verdict(mark, receivedMs: stampedMs) {
    case .asStamped: stampedMs
    case .known(.corrected(let byMs, _, _)): stampedMs + byMs
    case .known(.unverified): stampedMs
    // Not before this at least.
    case .known(.unknown(_, let beforeMs)): beforeMs > 0 ? beforeMs : nil
    case .waits: nil
    }
  }

  private func isPresent(_ index: Int) -> Bool {
    clock.map { $0.boot == boots[index].boot } ?? (index == boots.count - 1)
  }

  /// A clock that cannot be right says nothing.
  private func unverified(
    _ receivedMs: Int64, _ bounds: (afterMs: Int64, beforeMs: Int64)
  ) -> SegmentClock {
    let earliestMs = max(ClockReading.plausibleFromMs, bounds.afterMs)
    return receivedMs >= earliestMs
      ? .unverified : .unknown(afterMs: bounds.afterMs, beforeMs: bounds.beforeMs)
  }

  /// Between the last time known to be right before this boot, and the start of the first one after
  /// it of which that is known; 0: none.
  private func bounds(of index: Int) -> (afterMs: Int64, beforeMs: Int64) {
    let before = boots[..<index].last { $0.offset != nil }?.offset
    let after = boots[(index + 1)...].first { $0.offset != nil }?.offset
    return (before.map { $0.offsetMs + $0.madeMs } ?? 0, after?.offsetMs ?? 0)
  }

  /// A clock that went on while the machine was off, and was right when it came back without help,
  /// was right before, if nobody had set it in between.
  private func hardwareAccuracy(of index: Int, _ stampOffsetMs: Int64) -> Int64? {
    guard index + 1 < boots.count, boots[index + 1].isFoundRaw,
      let next = boots[index + 1].offset
    else { return nil }
    let wrongMs = abs(boots[index + 1].foundOffsetMs - next.offsetMs)
    let setMs = max(
      abs(stampOffsetMs - boots[index].foundOffsetMs),
      abs(stampOffsetMs - boots[index].lastOffsetMs))
    guard wrongMs <= BootTable.hardwareMsMax + next.accuracyMs, setMs <= BootOffset.toleranceMs
    else { return nil }
    return wrongMs + next.accuracyMs
  }

  // MARK: Writing

  /// Later in a boot somebody may have set it.
  private static func isFoundRaw(_ found: ClockReading) -> Bool {
    !found.isSynchronised && found.bootMs < BootTable.startMsMax
  }

  /// At the start, on a file without other users: the present boot gets its row, and the daemon
  /// learns what an earlier run of it has found out.
  static func note(_ clock: HostClock, _ database: Database) throws(SQLiteError) {
    let found = clock.found
    try database.execute(
      """
      INSERT OR IGNORE INTO boots (boot, number, found_offset_ms, last_offset_ms, is_found_raw)
        SELECT \(clock.boot), ifnull(max(number), 0) + 1, \(found.offsetMs), \(found.offsetMs),
          \(isFoundRaw(found) ? 1 : 0) FROM boots;
      DELETE FROM boots WHERE number <= (SELECT max(number) FROM boots) - \(bootsMax)
      """)
    let table = try BootTable(database, clock: nil)
    if let known = table.boots.first(where: { $0.boot == clock.boot })?.offset {
      clock.restore(known)
    }
    if let offset = clock.offset { try write(offset, found.offsetMs, clock.boot, database) }
  }

  static func write(
    _ offset: BootOffset?, _ lastOffsetMs: Int64, _ boot: Int64, _ database: Database
  ) throws(SQLiteError) {
    var known = ""
    if let offset {
      known = """
        , offset_ms = \(offset.offsetMs), accuracy_ms = \(offset.accuracyMs),
        evidence = \(offset.evidence.rawValue), made_ms = \(offset.madeMs),
        since_ms = \(offset.sinceMs)
        """
    }
    try database.execute(
      "UPDATE boots SET last_offset_ms = \(lastOffsetMs)\(known) WHERE boot = \(boot)")
  }
}
