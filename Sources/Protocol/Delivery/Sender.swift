/// The agent's half of the delivery protocol: decides what to send next on the uplink, and what a
/// receipt or its absence means. It holds sequence numbers only; the owner loads the segments.
///
/// The agent may have several streams. Order holds within a stream, not between streams: the
/// newest is *live* and goes first, older ones drain in what the window leaves, so that live data
/// does not wait behind the backlog of an outage.
///
/// Pure: `now` is any monotonic clock, the generator is the caller's. Owned by the uplink thread.
public struct Sender: Sendable {
  public let limits: Limits
  /// Oldest first; the last is live.
  public private(set) var streams: [Stream] = []
  /// Batches that may be in flight. Grows by one with each that is receipted in good time, halves
  /// on late receipts and on silence, so that little waits in the line's own queues.
  public private(set) var window: Int
  public private(set) var isConnected = false

  /// When the last new stream was begun.
  private var streamBegunAt: Duration?
  /// A receipt came since the connection was made: the aggregator is there.
  private var isAnswered = false

  public struct Limits: Sendable {
    /// Batches in flight at most.
    public var windowMax = 32
    /// Receipts within this time open the window; later than twice this, they narrow it.
    public var roundTrip: Duration = .seconds(2)
    /// How long a batch may stay without a receipt before it is sent again; doubles up to the
    /// maximum while nothing comes.
    public var silence: Duration = .seconds(5)
    public var silenceMax: Duration = .seconds(60)
    /// Live data later than this, with the uplink up, asks for a new stream …
    public var liveLagMax: Duration = .seconds(60)
    /// … but not more often than this,
    public var streamEvery: Duration = .seconds(600)
    /// and only while fewer streams than this have something to send.
    public var unfinishedStreamsMax = 4

    public init() {}
  }

  /// One stream as the sender sees it: `oldestHeld ≤ next`, `acknowledged ≤ cursor ≤ next`.
  public struct Stream: Equatable, Sendable {
    public let id: StreamID
    /// The oldest number still in the buffer; `next` where there is none.
    public fileprivate(set) var oldestHeld: SequenceNumber
    /// The number that the next measurement gets.
    public fileprivate(set) var next: SequenceNumber
    /// What the aggregator expects, as far as we know.
    public fileprivate(set) var acknowledged: SequenceNumber
    /// From where to send next.
    public fileprivate(set) var cursor: SequenceNumber
    /// Batches without a receipt, oldest first; at most `Limits.windowMax`.
    fileprivate var flights: [Flight] = []
    fileprivate var silence: Duration

    public var isFinished: Bool { acknowledged == next }
    public var backlog: UInt64 { next - acknowledged }
  }

  fileprivate struct Flight: Equatable {
    /// The number after the batch's last.
    let end: SequenceNumber
    let sentAt: Duration
    /// When it is to be sent again.
    let deadline: Duration
  }

  /// Load from here and send.
  public struct Request: Equatable, Sendable {
    public let stream: StreamID
    public let from: SequenceNumber
    public let acknowledged: SequenceNumber
    public let oldestHeld: SequenceNumber
    /// The stream's end.
    public let next: SequenceNumber

    public init(
      stream: StreamID, from: SequenceNumber, acknowledged: SequenceNumber,
      oldestHeld: SequenceNumber, next: SequenceNumber
    ) {
      self.stream = stream
      self.from = from
      self.acknowledged = acknowledged
      self.oldestHeld = oldestHeld
      self.next = next
    }
  }

  /// What a receipt meant.
  public enum ReceiptOutcome: Equatable, Sendable {
    /// All before this is committed: it may be forgotten.
    case advanced(to: SequenceNumber)
    case unchanged
    /// The aggregator has forgotten (restored from an older copy): sending goes on from here.
    case rewound(to: SequenceNumber)
    /// A stream that this agent does not hold; nothing to do.
    case unknownStream
    /// The aggregator expects more than was ever numbered here: the buffer was copied or restored,
    /// and its numbers have been given twice. The owner begins a new stream.
    case beyondNext
  }

  public init(limits: Limits = Limits()) {
    self.limits = limits
    window = 1
  }

  /// Batches in flight.
  public var inFlight: Int { streams.reduce(0) { $0 + $1.flights.count } }

  /// Those that a status names: where they are too many, the oldest finished ones are left out
  /// first.
  public func named(atMost limit: Int) -> ArraySlice<Stream> {
    var surplus = streams.count - limit
    let named = streams.filter { stream in
      guard surplus > 0, stream.isFinished else { return true }
      surplus -= 1
      return false
    }
    return named.suffix(limit)
  }

  // MARK: The buffer's events

  /// A stream of the buffer, oldest first; the last one opened is live.
  public mutating func open(
    _ id: StreamID, oldestHeld: SequenceNumber, next: SequenceNumber, acknowledged: SequenceNumber
  ) {
    precondition(acknowledged <= next && oldestHeld <= next && index(of: id) == nil)
    streams.append(
      Stream(
        id: id, oldestHeld: oldestHeld, next: next, acknowledged: acknowledged,
        cursor: acknowledged, silence: limits.silence))
  }

  /// A new live stream was begun.
  public mutating func begin(_ id: StreamID, now: Duration) {
    open(id, oldestHeld: 0, next: 0, acknowledged: 0)
    streamBegunAt = now
  }

  /// The stream has grown to `next`. A batch may have told of that before.
  public mutating func appended(_ id: StreamID, next: SequenceNumber) {
    guard let index = index(of: id) else { return }
    streams[index].next = max(streams[index].next, next)
  }

  /// The buffer holds nothing older than `oldestHeld` any more.
  public mutating func dropped(_ id: StreamID, oldestHeld: SequenceNumber) {
    guard let index = index(of: id) else { return }
    streams[index].oldestHeld = max(streams[index].oldestHeld, oldestHeld)
  }

  /// The buffer holds nothing of this stream any more, and all of it is acknowledged.
  public mutating func close(_ id: StreamID) {
    guard let index = index(of: id) else { return }
    precondition(streams[index].isFinished)
    streams.remove(at: index)
  }

  // MARK: The connection's events

  public mutating func connected() {
    isConnected = true
    isAnswered = false
    window = 1
    for index in streams.indices {
      streams[index].silence = limits.silence
      rewind(index)
    }
  }

  public mutating func disconnected() {
    isConnected = false
    isAnswered = false
    for index in streams.indices { rewind(index) }
  }

  public mutating func received(_ receipt: Receipt, now: Duration) -> ReceiptOutcome {
    guard let index = index(of: receipt.stream) else { return .unknownStream }
    isAnswered = true
    let stream = streams[index]
    guard receipt.next <= stream.next else { return .beyondNext }
    if receipt.next > stream.acknowledged {
      advance(index, to: receipt.next, now: now)
      return .advanced(to: receipt.next)
    }
    if receipt.next < stream.acknowledged {
      streams[index].acknowledged = receipt.next
      streams[index].silence = limits.silence
      rewind(index)
      return .rewound(to: receipt.next)
    }
    // A receipt that answers no batch says: I am here, and this is what I expect. Whatever was
    // under way before that is gone.
    if receipt.echoedSentMs == 0 {
      streams[index].silence = limits.silence
      rewind(index)
    }
    return .unchanged
  }

  // MARK: Sending

  /// What to send now; `nil`: wait for an event or for `deadline`.
  public func nextRequest() -> Request? {
    guard isConnected else { return nil }
    let inFlight = inFlight
    for (offset, stream) in streams.reversed().enumerated() where stream.cursor < stream.next {
      let isLive = offset == 0
      // The backlog leaves a quarter of the window to live data, but never nothing to itself.
      let room = isLive ? window : max(1, window - window / 4)
      guard inFlight < room else { continue }
      return Request(
        stream: stream.id, from: stream.cursor, acknowledged: stream.acknowledged,
        oldestHeld: stream.oldestHeld, next: stream.next)
    }
    return nil
  }

  /// A batch that covers everything before `end` was handed to the connection. The buffer may have
  /// grown since the request: then the batch reaches beyond the request's `next`.
  public mutating func sent(
    _ id: StreamID, end: SequenceNumber, now: Duration,
    using generator: inout some RandomNumberGenerator
  ) {
    guard let index = index(of: id) else { return }
    precondition(end > streams[index].cursor)
    streams[index].next = max(streams[index].next, end)
    streams[index].cursor = end
    // A fleet that fell silent together must not speak together.
    let jitter = Double.random(in: 1...1.25, using: &generator)
    streams[index].flights.append(
      Flight(end: end, sentAt: now, deadline: now + streams[index].silence * jitter))
  }

  /// When `expire` has something to do.
  public var deadline: Duration? { streams.compactMap { $0.flights.first?.deadline }.min() }

  /// Silence: streams whose oldest batch in flight is overdue go back to the last receipt.
  public mutating func expire(now: Duration) {
    for index in streams.indices {
      guard let flight = streams[index].flights.first, flight.deadline <= now else { continue }
      streams[index].silence = min(streams[index].silence * 2, limits.silenceMax)
      window = max(1, window / 2)
      rewind(index)
    }
  }

  /// Whether live data lags so far behind that it should get a stream of its own.
  ///
  /// - Parameter lag: age of the oldest measurement of the live stream without a receipt.
  public func wantsNewStream(lag: Duration, now: Duration) -> Bool {
    guard isConnected, isAnswered, lag > limits.liveLagMax else { return false }
    if let streamBegunAt, now - streamBegunAt < limits.streamEvery { return false }
    return streams.count(where: { !$0.isFinished }) < limits.unfinishedStreamsMax
  }

  private func index(of id: StreamID) -> Int? { streams.firstIndex { $0.id == id } }

  private mutating func rewind(_ index: Int) {
    streams[index].cursor = streams[index].acknowledged
    streams[index].flights.removeAll(keepingCapacity: true)
  }

  private mutating func advance(_ index: Int, to next: SequenceNumber, now: Duration) {
    let arrived = streams[index].flights.filter { $0.end <= next }
    streams[index].acknowledged = next
    streams[index].cursor = max(streams[index].cursor, next)
    streams[index].flights.removeAll { $0.end <= next }
    streams[index].silence = limits.silence
    guard let oldest = arrived.first else { return }
    let roundTrip = now - oldest.sentAt
    if roundTrip <= limits.roundTrip {
      window = min(limits.windowMax, window + arrived.count)
    } else if roundTrip > limits.roundTrip * 2 {
      window = max(1, window / 2)
    }
  }
}
