import Protocol
import TestSupport

/// An agent whose disk is an array and whose uplink is the simulation's: a real `Sender` over a
/// buffer that survives crashes, overflows, prunes what is acknowledged, and can be damaged.
struct SimulatedAgent {
  /// What lies on the disk of one stream.
  struct StoredStream {
    let id: StreamID
    let identity: [UInt8]
    var segments: [Batch.Piece] = []
    var holes: [Hole] = []
    var next: SequenceNumber = 0
    /// Written now and then, so that a crash finds an older one.
    var acknowledged: SequenceNumber = 0

    var oldestHeld: SequenceNumber { segments.first?.first ?? next }
  }

  /// Survives a crash.
  var disk: [StoredStream] = []
  /// Whether numbers were thrown away because they had been acknowledged long ago.
  var pruned: [StreamID: SequenceNumber] = [:]
  /// Does not survive a crash.
  var sender = Sender()
  /// Segments that the disk holds at most before the oldest goes.
  let segmentsMax: Int

  init(segmentsMax: Int, using generator: inout SeededGenerator) {
    self.segmentsMax = segmentsMax
    beginStream(now: .zero, using: &generator)
  }

  mutating func beginStream(now: Duration, using generator: inout SeededGenerator) {
    let id = StreamID(using: &generator)
    disk.append(StoredStream(id: id, identity: id.bytes))
    sender.begin(id, now: now)
  }

  /// One commit of the intake.
  mutating func commit(count: Int) {
    let live = disk.count - 1
    let first = disk[live].next
    // The bytes are the identity: whoever stores them elsewhere or twice is found out.
    let identity = disk[live].identity + [UInt8(truncatingIfNeeded: first)]
    disk[live].segments.append(Batch.Piece(first: first, count: count, bytes: identity[...]))
    disk[live].next = first + UInt64(count)
    while disk.reduce(0, { $0 + $1.segments.count }) > segmentsMax { dropOldest() }
    sender.appended(disk[live].id, next: disk[live].next)
  }

  /// `drop_oldest`: what is acknowledged goes without a hole.
  mutating func dropOldest() {
    guard let index = disk.firstIndex(where: { !$0.segments.isEmpty }) else { return }
    let dropped = disk[index].segments.removeFirst()
    if dropped.end > disk[index].acknowledged {
      disk[index].holes.append(
        Hole(first: dropped.first, last: dropped.end - 1, reason: .bufferFull))
      disk[index].holes.sort { $0.first < $1.first }
    } else {
      pruned[disk[index].id] = dropped.end
    }
    sender.dropped(disk[index].id, oldestHeld: disk[index].oldestHeld)
  }

  /// Forgets what has been acknowledged, as keeping time passes.
  mutating func prune() {
    for index in disk.indices {
      while let first = disk[index].segments.first, first.end <= disk[index].acknowledged {
        disk[index].segments.removeFirst()
        pruned[disk[index].id] = first.end
      }
      sender.dropped(disk[index].id, oldestHeld: disk[index].oldestHeld)
    }
  }

  /// A damaged file: some segments can't be read; the salvage declares them and begins a stream.
  mutating func damage(now: Duration, using generator: inout SeededGenerator) {
    for index in disk.indices {
      for segment in disk[index].segments where generator.once(in: 3) {
        disk[index].segments.removeAll { $0.first == segment.first }
        disk[index].holes.append(
          Hole(first: segment.first, last: segment.end - 1, reason: .bufferDamaged))
      }
      disk[index].holes.sort { $0.first < $1.first }
    }
    restart()
    beginStream(now: now, using: &generator)
  }

  /// SIGKILL and start: the sender knows what the disk knows.
  mutating func restart() {
    sender = Sender()
    for stream in disk {
      sender.open(
        stream.id, oldestHeld: stream.oldestHeld, next: stream.next,
        acknowledged: stream.acknowledged)
    }
  }

  /// The batch that a request asks for, as the real uplink builds it.
  func batch(
    for request: Sender.Request, segmentsMax: Int, now: Duration
  ) -> (batch: Batch, end: SequenceNumber)? {
    guard let stream = disk.first(where: { $0.id == request.stream }) else { return nil }
    var start = stream.segments.endIndex
    while start > 0, stream.segments[start - 1].first >= request.from { start -= 1 }
    let rest = stream.segments[start...]
    let segments = Array(rest.prefix(segmentsMax))
    return request.assemble(
      segments: segments, nextHeld: rest.dropFirst(segments.count).first?.first,
      holes: stream.holes, oldestHeld: stream.segments.first?.first,
      sentMs: 1 + now.components.seconds)
  }

  mutating func receive(_ receipt: Receipt, now: Duration, using generator: inout SeededGenerator) {
    let outcome = sender.received(receipt, now: now)
    guard let index = disk.firstIndex(where: { $0.id == receipt.stream }) else { return }
    switch outcome {
    case .advanced(let next):
      // Kept now and then: losing it costs duplicates, never data.
      if !generator.once(in: 3) { disk[index].acknowledged = next }
    case .rewound(let next): disk[index].acknowledged = next
    case .unchanged, .unknownStream, .beyondNext: break
    }
  }

  var status: AgentStatus {
    AgentStatus(
      isOnline: true,
      streams: sender.streams.map {
        AgentStatus.Stream(stream: $0.id, acknowledged: $0.acknowledged, next: $0.next)
      })
  }
}
