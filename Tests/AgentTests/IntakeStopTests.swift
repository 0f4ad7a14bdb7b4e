import Agent
import Daemon
import MQTT
import Protocol
import SQLite
import TestSupport
import Testing

/// The intake's loop between a real broker and a real buffer, stopped in the worst moment.
@Suite struct IntakeStopTests {
  let fixture = BufferFixture()
  let report = IntakeReport()

  init() { mqttStart() }

  /// Found by reading: the payload had been counted to the group before it was known what of it is
  /// new. At the stop it was committed as nothing, and acknowledged.
  @Test func `a numbered payload that waits for a damaged table when the stop comes is sent again`()
    throws
  {
    let broker = Broker(in: fixture.folder)
    let configuration = try fixture.configuration(localPort: broker.port, uplinkPort: 1)
    do {
      let open = try fixture.open()
      try open.store(10)
      open.close()
    }
    try spoilNumberedTable()
    do {
      let buffer = try Buffer(fixture.settings(), clock: fixture.clock)
      try buffer.open()
      var uplink: BufferReader? = BufferReader(buffer)
      let stream = try #require(try uplink?.streams().last)
      // As long as it has the file open, nobody can replace that.
      _ = try uplink?.holes(of: stream.id, from: 0, countMax: 1)
      let intake = try start(configuration, buffer)
      try waitUntil("the intake is connected") { report.current.isConnected }
      try publish([1], rows: 3, to: broker)
      try waitUntil("it waits for the table") { report.current.trouble != nil }
      uplink = nil
      try end(intake)
      buffer.close()
    }
    let buffer = try Buffer(fixture.settings(), clock: fixture.clock)
    try buffer.open()
    let uplink = BufferReader(buffer)
    let intake = try start(configuration, buffer)
    try waitUntil("the payload has come again and is stored") {
      (try? uplink.streams())?.last?.next == 3
    }
    try end(intake)
    uplink.close()
    let stored = try OpenBuffer(buffer)
    #expect(try stored.times(stored.live().id) == [1_000, 2_000, 3_000])
    stored.close()
  }

  /// Also without any damage: what was read after the stop was acknowledged as nothing.
  @Test func `numbered payloads that come while the intake stops, again and again, are all stored`()
    throws
  {
    let broker = Broker(in: fixture.folder)
    let configuration = try fixture.configuration(localPort: broker.port, uplinkPort: 1)
    let buffer = try Buffer(fixture.settings(), clock: fixture.clock)
    try buffer.open()
    let uplink = BufferReader(buffer)
    func next() throws -> SequenceNumber { try uplink.streams().last?.next ?? 0 }
    let first = try start(configuration, buffer)
    try waitUntil("the intake has subscribed") { report.current.isConnected }
    try end(first)
    let count: SequenceNumber = 3_000
    try publish(0..<Int(count), to: broker)
    while try next() < count {
      let before = try next()
      let intake = try start(configuration, buffer)
      try waitUntil("more is stored; \(before) is") { try next() > before }
      try end(intake)
    }
    uplink.close()
    let stored = try OpenBuffer(buffer)
    #expect(try stored.times(stored.live().id) == (0..<Int64(count)).map { $0 * 1_000 })
    stored.close()
  }

  private func start(
    _ configuration: AgentConfiguration, _ buffer: Buffer
  ) throws -> ThreadService {
    let report = report
    return try ThreadService(name: "intake", stackBytes: 1 << 20) { stop, progress in
      do {
        let writer = try BufferWriter(buffer)
        IntakeLoop(
          configuration, writer: writer, report: report, stop: stop, progress: progress
        ).run()
        writer.close()
        return nil
      } catch { return "\(error)" }
    }
  }

  private func end(_ intake: ThreadService) throws {
    intake.requestStop()
    try waitUntil("the intake has ended") { intake.hasStopped }
    #expect(intake.fatal == nil)
  }

  /// One payload for each number: that many rows, numbered from there.
  private func publish(
    _ numbers: some Collection<Int>, rows: Int = 1, to broker: Broker
  ) throws {
    var options = ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: "quay-1")
    options.inflightMaximum = 1_000
    let device = try Connection(options)
    try device.connect()
    var left = numbers[...]
    var acknowledged = 0
    try waitUntil("\(numbers.count) PUBACKs") {
      while device.isConnected, let number = left.popFirst() {
        try device.publish(
          Publication(topic: "measure/service/quay-1", payload: payload(number, rows)))
      }
      try device.read(messagesMax: 1)
      try device.write()
      for case .published in device.takeEvents() { acknowledged += 1 }
      return acknowledged == numbers.count
    }
    device.disconnect()
  }

  private func payload(_ first: Int, _ rows: Int) -> [UInt8] {
    let rows = (first..<(first + rows)).map {
      #"{"time":\#($0),"counter":"payments","value":\#($0)}"#
    }
    return Array(
      #"{"numbered":"quay-1","first":\#(first),"measurements":[\#(rows.joined(separator: ","))]}"#
        .utf8)
  }

  /// Zeros for the first page of the table: that is no page of a tree.
  private func spoilNumberedTable() throws {
    let page = try Database(path: fixture.path, mode: .readOnly).integer(
      "SELECT rootpage FROM sqlite_schema WHERE name = 'numbered'")
    overwrite(fixture.path, at: Int(page - 1) * 1_024, with: [UInt8](repeating: 0, count: 1_024))
  }
}
