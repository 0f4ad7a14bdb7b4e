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
}
