package import Protocol

/// The buffer as the uplink sees it. Owned by the uplink's thread, on a SQLite connection of its
/// own; each call is short.
protocol UplinkSource: AnyObject {
  associatedtype Failure: Error

  /// Of this machine.
  var clock: HostClock { get }
  /// Keeps what is known of the time, for segments of this boot that are sent after it.
  func noteClock() throws(Failure)
  /// Oldest first, the last is live; the newest `AgentStatus.streamsMax`, also those of which
  /// nothing is held any more, and before them all that are unfinished.
  func streams() throws(Failure) -> [StreamExtent]
  /// Whole segments from `from` on, in order: as many as fit the bounds, and at least one if there
  /// is any, but none whose clock waits to be known. With the first number of the segment after
  /// them; `nil` where there is none.
  func segments(
    of stream: StreamID, from: SequenceNumber, bytesMax: Int, countMax: Int
  ) throws(Failure) -> (segments: [Batch.Piece], nextHeld: SequenceNumber?)
  /// First number of the oldest segment held; `nil` where there is none.
  func oldestHeld(of stream: StreamID) throws(Failure) -> SequenceNumber?
  /// Holes whose last number is at or after `acknowledged`, in order, at most so many.
  func holes(
    of stream: StreamID, from acknowledged: SequenceNumber, countMax: Int
  ) throws(Failure) -> [Hole]
  /// The aggregator expects `next`: what lies before may be forgotten, from there on it may not,
  /// whatever was acknowledged earlier.
  func setAcknowledged(_ stream: StreamID, _ next: SequenceNumber) throws(Failure)
  /// Begins a new live stream; the intake's next commit goes there.
  func beginStream() throws(Failure) -> StreamID
  /// How long ago the segment that holds this number was closed; `nil`: it is not held, or the
  /// time is not known.
  func age(of stream: StreamID, at number: SequenceNumber) throws(Failure) -> Duration?
  /// Forgets what has been acknowledged for long enough, a bounded bit at a time.
  func prune() throws(Failure)
  func figures() throws(Failure) -> BufferFigures
  /// What was rejected, the latest first, at most `AgentStatus.rejectsMax`.
  func rejects() throws(Failure) -> [AgentStatus.Reject]
}

/// A stream of the buffer.
package struct StreamExtent: Equatable {
  package let id: StreamID
  /// The oldest number held; `next` where nothing is.
  package let oldestHeld: SequenceNumber
  /// The number that the next measurement gets.
  package let next: SequenceNumber
  package let acknowledged: SequenceNumber

  package init(
    id: StreamID, oldestHeld: SequenceNumber, next: SequenceNumber, acknowledged: SequenceNumber
  ) {
    self.id = id
    self.oldestHeld = oldestHeld
    self.next = next
    self.acknowledged = acknowledged
  }
}

/// What the buffer has counted since its file was made.
package struct BufferFigures: Equatable, Sendable {
  package var accepted: UInt64 = 0
  package var rejected: UInt64 = 0
  /// Bytes of the file and its log.
  package var bytes: UInt64 = 0
}
