import Agent
import MQTT
import Protocol
import TestSupport
import Testing

/// The first-hop window and the numbered ranges, through the buffer that keeps them.
@Suite struct ArrivalWindowTests {
  let fixture = BufferFixture()

  private func message(
    _ id: UInt16, _ text: String, topic: String = "measure/coverage/a", isRetained: Bool = false
  ) -> Message {
    Message(topic: topic, payload: Array(text.utf8), packetID: id, isRetained: isRetained)
  }

  private func commit(_ writer: BufferWriter) throws {
    try writer.commit(BufferWriter.Group(), nowMs: 1)
  }

  @Test func `what was committed is known again on the next connection, also after a restart`()
    throws
  {
    do {
      let writer = try fixture.open().writer
      writer.connected()
      #expect(!writer.isRedelivery(message(7, "one")))
      #expect(!writer.isRedelivery(message(8, "two")))
      // The same again on the same connection is a new message.
      #expect(!writer.isRedelivery(message(7, "one")))
      try commit(writer)
      writer.connected()
      #expect(writer.isRedelivery(message(8, "two")))
      try commit(writer)
    }
    let writer = try fixture.open().writer
    writer.connected()
    #expect(writer.isRedelivery(message(7, "one")))
    #expect(writer.isRedelivery(message(8, "two")))
    #expect(!writer.isRedelivery(message(9, "one")))
    #expect(!writer.isRedelivery(message(7, "two")))
    #expect(!writer.isRedelivery(message(7, "one", topic: "measure/coverage/b")))
  }

  @Test func `what was not committed is new when it comes again`() throws {
    let writer = try fixture.open().writer
    writer.connected()
    #expect(!writer.isRedelivery(message(7, "one")))
    writer.forget()
    writer.connected()
    #expect(!writer.isRedelivery(message(7, "one")))
  }

  @Test func `a retained message is known by its content, whatever its packet id`() throws {
    let writer = try fixture.open().writer
    writer.connected()
    #expect(!writer.isRedelivery(message(7, "one", isRetained: true)))
    try commit(writer)
    writer.connected()
    #expect(writer.isRedelivery(message(300, "one", isRetained: true)))
    #expect(!writer.isRedelivery(message(301, "two", isRetained: true)))
  }

  @Test func `after as many messages as the window holds nothing is taken for a redelivery`() throws
  {
    let writer = try fixture.open().writer
    writer.connected()
    #expect(!writer.isRedelivery(message(7, "one")))
    try commit(writer)
    writer.connected()
    for number in 0..<32_767 {
      #expect(!writer.isRedelivery(message(UInt16(100 + number), "filler")))
    }
    #expect(writer.isRedelivery(message(7, "one")))
    #expect(!writer.isRedelivery(message(7, "one")))
  }

  @Test func `the window on disk stays bounded`() throws {
    let open = try fixture.open()
    open.writer.connected()
    for round in 0..<90 {
      for number in 0..<1_000 {
        _ = open.writer.isRedelivery(
          message(UInt16((round * 1_000 + number) % 65_535 + 1), "\(number)"))
      }
      try commit(open.writer)
    }
    open.close()
    #expect(try open.reader.figures().bytes < 700_000)
    let writer = try fixture.open().writer
    writer.connected()
    #expect(writer.isRedelivery(message(UInt16(89_999 % 65_535 + 1), "999")))
    #expect(writer.isRedelivery(message(UInt16(58_000 % 65_535 + 1), "0")))
  }

  @Test func `numbers that are stored are left out, in any order, also after a restart`() throws {
    func numbered(_ first: Int64, _ count: Int) -> ParsedPayload {
      ParsedPayload(
        measurements: BufferFixture.measurements(count, from: Int(first)),
        numbered: .init(id: "file", first: first, count: count, places: Array(0..<count)))
    }
    func new(_ writer: BufferWriter, _ first: Int64, _ count: Int) throws -> [Int64] {
      var payload = numbered(first, count)
      try writer.keepNew(&payload)
      return payload.measurements.map(\.timeMs)
    }
    do {
      let writer = try fixture.open().writer
      #expect(try new(writer, 0, 10) == Array(0..<10))
      #expect(try new(writer, 5, 10) == Array(10..<15))
      #expect(try new(writer, 100, 5) == Array(100..<105))
      try commit(writer)
      #expect(try new(writer, 15, 85) == Array(15..<100))
      writer.forget()  // Not committed: they will come again.
      #expect(try new(writer, 14, 3) == [15, 16])
      try commit(writer)
    }
    let writer = try fixture.open().writer
    #expect(try new(writer, 0, 110) == Array(17..<100) + Array(105..<110))
    try commit(writer)
    #expect(try new(writer, 0, 110) == [])
    var other = numbered(0, 3)
    other.numbered?.id = "other file"
    try writer.keepNew(&other)
    #expect(other.measurements.count == 3)
  }

  @Test func `a rejected element does not shift the numbers of its neighbours`() throws {
    let writer = try fixture.open().writer
    var payload = ParsedPayload(
      measurements: BufferFixture.measurements(2, from: 0),
      numbered: .init(id: "f", first: 10, count: 3, places: [0, 2]))
    try writer.keepNew(&payload)
    var again = ParsedPayload(
      measurements: BufferFixture.measurements(1, from: 1),
      numbered: .init(id: "f", first: 12, count: 1, places: [0]))
    try writer.keepNew(&again)
    #expect(again.measurements.isEmpty)
  }
}
