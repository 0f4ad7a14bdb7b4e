package import Protocol

/// What ingest and the operators' commands need of a database.
///
/// One object has one owner, a thread, and one writer exists at a time: `SQLiteStore` sees to that
/// with a lock on the file. A store for several aggregators (PostgreSQL) would lock the stream's
/// row in `stream(_:)` instead; that is why all that touches a stream lies between `stream(_:)` and
/// `save(_:)` of one transaction, and why state is added to (`merge`) and never overwritten from
/// memory.
package protocol Store: AnyObject {
  /// All of the body, durably, or nothing.
  func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError)

  // MARK: Names become numbers; made on first sight.
  func agentID(_ name: String) throws(StoreError) -> Int64
  func sourceID(agent: Int64, name: String, isSimulated: Bool) throws(StoreError) -> Int64
  func operatorID(plmn: String) throws(StoreError) -> Int64
  func lineID(_ line: String, isSimulated: Bool) throws(StoreError) -> Int64
  func seriesID(source: Int64, area: String, counter: String) throws(StoreError) -> Int64

  // MARK: The ledger and what it accounts for.
  func stream(_ id: StreamID) throws(StoreError) -> StreamRecord?
  func create(_ id: StreamID, agent: Int64, arrivedMs: Int64) throws(StoreError) -> StreamRecord
  /// Streams that the agent has begun.
  func streamCount(agent: Int64, sinceMs: Int64) throws(StoreError) -> Int
  func save(_ stream: StreamRecord) throws(StoreError)
  func append(_ hole: Hole, to stream: Int64, declaredMs: Int64) throws(StoreError)
  func append(_ segment: SegmentRecord) throws(StoreError)

  // MARK: State by day.
  func merge(_ row: CoverageRow) throws(StoreError)
  func broadbandDay(_ key: BroadbandKey) throws(StoreError) -> BroadbandDay?
  func save(_ day: BroadbandDay, _ key: BroadbandKey) throws(StoreError)
  func put(_ point: ServicePoint, series: Int64) throws(StoreError)
  func neighbours(
    of timeMs: Int64, series: Int64, in times: Range<Int64>
  ) throws(StoreError) -> ServiceNeighbours
  func serviceDay(series: Int64, day number: Int64) throws(StoreError) -> ServiceDay?
  func save(_ day: ServiceDay, series: Int64, day number: Int64) throws(StoreError)

  // MARK: What operators see.
  func save(_ status: AgentStatus, agent: Int64, seenMs: Int64) throws(StoreError)
  /// - Parameter atMs: when it went; `nil`: before now, not known when.
  func saveOffline(agent: Int64, atMs: Int64?) throws(StoreError)
  func saveAllOffline() throws(StoreError)
  func saveSeen(agent: Int64, seenMs: Int64, clockOffsetMs: Int64) throws(StoreError)
  func count(received: Int64, kind: Kind, agent: Int64, arrivedMs: Int64) throws(StoreError)
  func count(_ aside: SetAside, agent: Int64) throws(StoreError)
  func count(_ correction: ClockCorrection, agent: Int64) throws(StoreError)
  func count(_ refusal: Refusal, times: Int64, nowMs: Int64) throws(StoreError)

  // MARK: Rebuilding and keeping.
  func meta(_ key: String) throws(StoreError) -> String?
  func setMeta(_ key: String, _ value: String?) throws(StoreError)
  /// In order of arrival; fewer where they are large or hold many measurements, none only at the
  /// end.
  func segments(after id: Int64, limit: Int) throws(StoreError) -> [KeptSegment]
  func lastSegmentID() throws(StoreError) -> Int64
  func deleteState(of kind: Kind) throws(StoreError)
  /// Looks at some thousand segments after a place.
  ///
  /// - Returns: how many were deleted; 0: none of those is that old.
  func deleteSegments(after id: Int64, arrivedBefore ms: Int64, limit: Int) throws(StoreError)
    -> Int
  /// The last of the segments that `deleteSegments` looks at; `nil`: there are not so many.
  func lastLookedAt(after id: Int64) throws(StoreError) -> (id: Int64, arrivedMs: Int64)?
  func seriesIDs() throws(StoreError) -> [Int64]
  /// - Returns: how many were deleted; fewer than `limit`: no more are that old.
  func deleteServicePoints(series: Int64, before ms: Int64, limit: Int) throws(StoreError) -> Int
  /// Notes how large the store is, and forgets counts by hour that are too old to be shown.
  func noteSize(nowMs: Int64) throws(StoreError)
}

/// Why the store did not do it.
package struct StoreError: Error, Equatable, CustomStringConvertible {
  /// What was tried, such as "open".
  package let operation: String
  /// The file, or the SQL statement.
  package let subject: String
  package let message: String
  package let hint: String
  package let nature: Nature

  package enum Nature: Equatable, Sendable {
    /// The same call may succeed later: no space, another writer, a disk that faltered.
    case passing
    /// The file is damaged; nothing but a backup helps.
    case corrupt
    /// This call will fail again.
    case lasting
  }

  package init(
    _ operation: String, _ subject: String, _ message: String, hint: String = "",
    nature: Nature = .lasting
  ) {
    self.operation = operation
    self.subject = subject
    self.message = message
    self.hint = hint
    self.nature = nature
  }

  package var description: String {
    "\(operation) \(subject): \(message)" + (hint.isEmpty ? "" : "; \(hint)")
  }
}
