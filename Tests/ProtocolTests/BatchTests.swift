import Protocol
import Testing

@Suite struct BatchTests {
  private let stream = StreamID(high: 1, low: 2)

  private func batch(_ holes: [Hole], _ segments: [(UInt64, Int)]) -> Batch {
    Batch(
      stream: stream, acknowledged: 0, oldestHeld: 0, sentMs: 5, holes: holes,
      segments: segments.map { Batch.Piece(first: $0.0, count: $0.1, bytes: [1, 2][...]) })
  }

  @Test func `a batch survives encoding`() throws {
    let sent = batch([Hole(first: 3, last: 9, reason: .bufferFull)], [(0, 3), (10, 5)])
    #expect(try Batch(decoding: sent.encoded()) == sent)
  }

  @Test func `segments that overlap are refused`() {
    #expect(throws: WireError.self) { try Batch(decoding: batch([], [(0, 3), (2, 3)]).encoded()) }
  }

  @Test func `a hole that ends before it begins is refused`() {
    let bytes = batch([Hole(first: 9, last: 3, reason: .bufferFull)], []).encoded()
    #expect(throws: WireError.self) { try Batch(decoding: bytes) }
  }

  @Test func `every cut of a batch is an error`() {
    let bytes = batch([Hole(first: 3, last: 9, reason: .bufferFull)], [(0, 3)]).encoded()
    for length in 0..<bytes.count {
      #expect(throws: WireError.self) { try Batch(decoding: Array(bytes.prefix(length))) }
    }
  }

  @Test func `a batch above the limit is refused by its size`() {
    let bytes = [UInt8](repeating: 0, count: Batch.bytesMax + 1)
    #expect(throws: WireError(.range("batch of 1048577 bytes, at most 1048576"), at: 0)) {
      try Batch(decoding: bytes)
    }
  }

  @Test func `keys of a newer minor format are passed over`() throws {
    let known = batch([], [(0, 3)])
    var writer = CBORWriter()
    writer.map(8)
    writer.encoded(Array(known.encoded().dropFirst()))
    writer.integer(99)
    writer.array(2)
    writer.text("mới")
    writer.null()
    #expect(try Batch(decoding: writer.bytes) == known)
  }

  @Test func `receipts and statuses survive encoding, and their cuts are errors`() throws {
    let receipt = Receipt(stream: stream, next: 77, echoedSentMs: -5, committedMs: 9)
    #expect(try Receipt(decoding: receipt.encoded()) == receipt)
    var status = AgentStatus(
      isOnline: true, version: "1.0", timeMs: 3, backlog: 4, oldestUnsentSeconds: 5, accepted: 6,
      rejected: 7, bufferBytes: 8, writtenBytes: 9,
      streams: [AgentStatus.Stream(stream: stream, acknowledged: 1, next: 2)])
    #expect(try AgentStatus(decoding: status.encoded()) == status)
    status.certificateExpiresMs = 10
    status.rejects = [
      AgentStatus.Reject(
        kind: "coverage", field: "lat", count: 11, lastMs: 12, reason: "lat is 91",
        sample: String(repeating: "é", count: 400))
    ]
    #expect(status.rejects[0].sample.utf8.count == 256)
    #expect(try AgentStatus(decoding: status.encoded()) == status)
    #expect(try AgentStatus(decoding: AgentStatus.offline.encoded()).isOnline == false)
    for length in 0..<receipt.encoded().count {
      #expect(throws: WireError.self) {
        try Receipt(decoding: Array(receipt.encoded().prefix(length)))
      }
    }
    for length in 0..<status.encoded().count {
      #expect(throws: WireError.self) {
        try AgentStatus(decoding: Array(status.encoded().prefix(length)))
      }
    }
  }

  @Test func `only an agent's own topics name an agent`() {
    #expect(Topic.agent(in: "hatang/v1/kcn-dong-van-1/batch", leaf: "batch") == "kcn-dong-van-1")
    for topic in [
      "hatang/v1/KCN/batch", "hatang/v1//batch", "hatang/v1/a/b/batch", "hatang/v2/a/batch",
      "hatang/v1/indicators/batch", "hatang/v1/a/receipt",
    ] {
      #expect(Topic.agent(in: topic, leaf: "batch") == nil, "\(topic)")
    }
  }
}
