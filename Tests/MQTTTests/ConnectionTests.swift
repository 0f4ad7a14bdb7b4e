import Glibc
import MQTT
import TestSupport
import Testing

@Suite struct ConnectionTests {
  let folder = TemporaryFolder()

  @Test(arguments: [ConnectionOptions.ProtocolVersion.v5, .v311])
  func `what is published arrives, with its topic, payload and retain mark`(
    version: ConnectionOptions.ProtocolVersion
  ) throws {
    let broker = Broker(in: folder)
    var options = ConnectionOptions.to(broker, "reader")
    options.protocolVersion = version
    let writer = try Client(.to(broker, "writer")).connect()
    try writer.publish("measure/service/old", "kept", isRetained: true)
    let reader = try Client(options).connect()
    try reader.subscribe("measure/#")
    try writer.publish("measure/coverage/xe-01", "một")
    try writer.publish("measure/coverage/xe-02", "")
    #expect(reader.until { $0.messages.count == 3 })
    #expect(
      reader.messages.map(\.topic) == [
        "measure/service/old", "measure/coverage/xe-01", "measure/coverage/xe-02",
      ])
    #expect(reader.texts == ["kept", "một", ""])
    #expect(reader.messages.map(\.isRetained) == [true, false, false])
    #expect(reader.messages.allSatisfy { $0.qos == 1 && $0.packetID > 0 })
  }

  @Test func `without write no PUBACK leaves: the broker sends again what was read`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    do {
      let reader = try Client(.lasting(broker, "reader")).connect()
      try reader.subscribe("measure/#")
      reader.writes = false
      for number in 0..<50 { try writer.publish("measure/a", "\(number)") }
      #expect(reader.until { $0.messages.count == 50 })
      for _ in 0..<20 { reader.step() }
    }  // Gone without a word, as after a kill.
    let second = try Client(.lasting(broker, "reader")).connect()
    #expect(second.isSessionPresent == true)
    #expect(second.until { $0.messages.count == 50 })
    #expect(second.texts == (0..<50).map { "\($0)" })
    // Now the PUBACKs have gone.
    try second.publish("other", "x")
    let third = try Client(.lasting(broker, "reader")).connect()
    try third.publish("measure/a", "last")
    #expect(third.until { $0.messages.count == 1 })
    #expect(third.texts == ["last"])
  }

  @Test func `abandon sends no PUBACK, disconnect does`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.lasting(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    reader.writes = false
    try writer.publish("measure/a", "1")
    #expect(reader.until { $0.messages.count == 1 })
    reader.connection.abandon()
    try reader.connect()
    #expect(reader.until { $0.messages.count == 2 })
    #expect(reader.texts == ["1", "1"])
    #expect(reader.messages[0].packetID == reader.messages[1].packetID)
    reader.connection.disconnect()
    #expect(reader.connection.fileDescriptor == nil)
    try reader.connect()
    try writer.publish("measure/a", "2")
    #expect(reader.until { $0.messages.count == 3 })
    #expect(reader.texts == ["1", "1", "2"])
  }

  @Test func `a session outlives its connection`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.lasting(broker, "reader")).connect()
    #expect(reader.isSessionPresent == false)
    try reader.subscribe("measure/#")
    reader.connection.disconnect()
    try writer.publish("measure/a", "meanwhile")
    try reader.connect()
    #expect(reader.isSessionPresent == true)
    #expect(reader.until { $0.texts == ["meanwhile"] })
  }

  @Test func `without an expiry of its own a session ends with its connection`() throws {
    let broker = Broker(in: folder)
    var options = ConnectionOptions.to(broker, "reader")
    options.isCleanStart = false
    let reader = try Client(options).connect()
    try reader.subscribe("measure/#")
    reader.connection.disconnect()
    try reader.connect()
    #expect(reader.isSessionPresent == false)
  }

  @Test(arguments: [1, 7, 300])
  func `the receive maximum bounds what comes before the first PUBACK`(most: Int) throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    var options = ConnectionOptions.lasting(broker, "reader")
    options.receiveMaximum = most
    let reader = try Client(options).connect()
    try reader.subscribe("measure/#")
    reader.writes = false
    for number in 0..<400 {
      try writer.connection.publish(
        Publication(topic: "measure/a", payload: Array("\(number)".utf8)))
    }
    #expect(writer.until { $0.events.count == 401 })
    #expect(reader.until { $0.messages.count == most })
    for _ in 0..<20 { reader.step(timeoutMs: 5) }
    #expect(reader.messages.count == most)
    reader.writes = true
    #expect(reader.until { $0.messages.count == 400 })
    #expect(reader.texts == (0..<400).map { "\($0)" })
  }

  @Test func `more publications than may be in flight wait, and all arrive`() throws {
    let broker = Broker(in: folder)
    let reader = try Client(.to(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    var options = ConnectionOptions.to(broker, "writer")
    options.inflightMaximum = 3
    let writer = try Client(options).connect()
    for number in 0..<500 {
      try writer.connection.publish(
        Publication(topic: "measure/a", payload: Array("\(number)".utf8)))
    }
    #expect(writer.until { $0.events.count == 501 })
    #expect(reader.until { $0.messages.count == 500 })
    #expect(reader.texts == (0..<500).map { "\($0)" })
  }

  @Test func `read stops at its bound and says that there is more`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.to(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    for number in 0..<100 { try writer.publish("measure/a", "\(number)") }
    var sizes: [Int] = []
    var isDryWhereFull: [Bool] = []
    let isAllThere = try eventually {
      try reader.connection.read(messagesMax: 30)
      let count = reader.connection.takeMessages().count
      if count > 0 { sizes.append(count) }
      if count == 30 { isDryWhereFull.append(reader.connection.isDry) }
      return sizes.reduce(0, +) == 100
    }
    #expect(isAllThere)
    #expect(sizes.max() == 30)
    #expect(!isDryWhereFull.contains(true))
  }

  @Test func `read stops where the payloads come to its bound, and the rest comes next`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.to(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    let text = String(repeating: "x", count: 10_000)
    for _ in 0..<20 { try writer.publish("measure/a", text) }
    var sizes: [Int] = []
    let isAllThere = try eventually {
      try reader.connection.read(messagesMax: 100, payloadBytesMax: 25_000)
      let count = reader.connection.takeMessages().count
      if count > 0 { sizes.append(count) }
      return sizes.reduce(0, +) == 20
    }
    #expect(isAllThere)
    #expect(sizes.max() == 3)
  }

  @Test func `the wake-up socket of libmosquitto, full of PUBACKs, does not look like a dry one`()
    throws
  {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.to(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    var reads = 0
    for _ in 0..<4 {
      for _ in 0..<800 {
        try writer.connection.publish(Publication(topic: "measure/a", payload: [1]))
      }
      let count = writer.events.count
      #expect(writer.until { $0.events.count == count + 800 })
      // All 800 lie in the socket or are on their way to it: few reads must be enough.
      var taken = 0
      let isAllThere = try eventually {
        if let descriptor = reader.connection.fileDescriptor {
          var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          _ = poll(&entry, 1, 1_000)
        }
        try reader.connection.read(messagesMax: 10_000)
        reads += 1
        taken += reader.connection.takeMessages().count
        return taken == 800
      }
      #expect(isAllThere)
      try reader.connection.write()
    }
    #expect(reads < 200, "3,200 messages took \(reads) reads")
  }

  @Test func `the last will is published when the connection dies`() throws {
    let broker = Broker(in: folder)
    let reader = try Client(.to(broker, "reader")).connect()
    try reader.subscribe("hatang/#")
    var options = ConnectionOptions.to(broker, "agent")
    options.will = Publication(topic: "hatang/v1/a/status", payload: [0, 1, 0], isRetained: true)
    do { try Client(options).connect() }
    #expect(reader.until { $0.messages.count == 1 })
    #expect(reader.messages.first?.payload == [0, 1, 0])
  }

  @Test func `a retained message comes again to a new subscription only, if so asked`() throws {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    try writer.publish("measure/service/s", "old", isRetained: true)
    let reader = try Client(.lasting(broker, "reader")).connect()
    try reader.subscribe("measure/#", retained: .ifNew)
    #expect(reader.until { $0.messages.count == 1 })
    try reader.subscribe("measure/#", retained: .ifNew)
    try writer.publish("measure/service/s", "new")
    #expect(reader.until { $0.messages.count == 2 })
    #expect(reader.texts == ["old", "new"])
  }

  @Test func `a broker that was killed and comes back redelivers under the same packet ids`() throws
  {
    let broker = Broker(in: folder)
    let writer = try Client(.to(broker, "writer")).connect()
    let reader = try Client(.lasting(broker, "reader")).connect()
    try reader.subscribe("measure/#")
    reader.writes = false
    for number in 0..<20 { try writer.publish("measure/a", "\(number)") }
    #expect(reader.until { $0.messages.count == 20 })
    let before = reader.messages.map(\.packetID)
    broker.kill(SIGTERM)  // With time to write its file.
    #expect(reader.until { !$0.connection.isConnected })
    #expect(reader.failures == ["read 127.0.0.1:\(broker.port): the broker closed the connection"])
    broker.start()
    try reader.connect()
    #expect(reader.until { $0.messages.count == 40 })
    #expect(reader.messages.suffix(20).map(\.packetID) == before)
  }
}
