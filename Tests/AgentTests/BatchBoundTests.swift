import Agent
import Testing

@Suite struct BatchBoundTests {
  @Test func `a batch that breaks the connection halves the bound, receipts give it back`() {
    var bound = BatchBound()
    bound.connected(packetBytesMax: nil)
    #expect(bound.bytes == 65_536)
    bound.sent(40_000)
    bound.sent(10_000)
    bound.broke()
    #expect(bound.bytes == 20_000)
    bound.receipted()
    #expect(bound.bytes == 20_156)
    for _ in 0..<1_000 { bound.receipted() }
    #expect(bound.bytes == 65_536)
  }

  @Test func `a connection that ends with nothing under way is no reason`() {
    var bound = BatchBound()
    bound.sent(60_000)
    bound.receipted()
    bound.broke()
    bound.connected(packetBytesMax: nil)
    bound.broke()
    #expect(bound.bytes == 65_536)
  }

  @Test func `a small batch that was under way says nothing of the bound`() {
    var bound = BatchBound()
    bound.sent(1_024)
    bound.broke()
    #expect(bound.bytes == 65_536)
  }

  @Test func `it never falls so low that nothing fits`() {
    var bound = BatchBound()
    for _ in 0..<20 {
      bound.sent(bound.bytes)
      bound.broke()
    }
    #expect(bound.bytes == 1_024)
    bound.connected(packetBytesMax: 20)
    #expect(bound.bytes == 1_024)
  }

  @Test func `what the broker has said is not passed`() {
    var bound = BatchBound()
    bound.connected(packetBytesMax: 9_000)
    #expect(bound.bytes == 8_488)
    for _ in 0..<1_000 { bound.receipted() }
    #expect(bound.bytes == 8_488)
    bound.connected(packetBytesMax: nil)
    for _ in 0..<1_000 { bound.receipted() }
    #expect(bound.bytes == 65_536)
  }

  @Test
  func `three connections that end with one and the same segment are named, a receipt ends it`() {
    var bound = BatchBound()
    for round in 1...3 {
      #expect(bound.trouble(broker: "b:8883") == nil)
      bound.connected(packetBytesMax: nil)
      // The first may have been too large; what cannot be smaller decides.
      bound.sent(60_000)
      bound.sent(9_000 + round, isOneSegment: true)
      bound.broke()
    }
    let expected = """
      publish b:8883: 3 connections ended with a batch of 9001 bytes under way, which cannot be \
      smaller; raise message_size_limit and max_packet_size at the broker to 1 MB or more, or see \
      whether the line carries so much
      """
    #expect(bound.trouble(broker: "b:8883") == expected)
    bound.connected(packetBytesMax: nil)
    #expect(bound.trouble(broker: "b:8883") == expected)
    bound.receipted()
    #expect(bound.trouble(broker: "b:8883") == nil)
  }

  @Test func `connections that end with a small segment, or several, name nothing`() {
    var bound = BatchBound()
    for _ in 0..<10 {
      bound.sent(1_000, isOneSegment: true)
      bound.broke()
      bound.sent(30_000)
      bound.broke()
    }
    #expect(bound.trouble(broker: "b:8883") == nil)
  }
}
