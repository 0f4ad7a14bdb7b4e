import Daemon
import Glibc
import MQTT
import TestSupport
import Testing

/// Brokers that forget, are full, hand sessions to others, or change what they take.
@Suite struct StormBrokerTests {
  @Test func `the central broker comes back with its file, and without it`() async throws {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      for isForgetting in [false, true, false, true] {
        try publisher.publish(perSecond: 500, for: .seconds(1))
        site.central.kill(isForgetting ? SIGKILL : SIGTERM)
        if isForgetting { unlink(site.folder.file("broker-\(site.central.port).db")) }
        try publisher.publish(perSecond: 500, for: .milliseconds(500))
        site.central.start()
      }
      try site.expectAll(of: publisher)
    }
  }

  @Test func `a central broker whose queue is full drops batches, and they are sent again`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      try site.central.reconfigure([
        "max_inflight_messages": "1", "max_queued_messages": "1", "max_queued_bytes": "0",
      ])
      try publisher.publish(200)
      try site.waitUntilDelivered(through: publisher)
      site.aggregator.map { _ = kill($0.pid, SIGSTOP) }
      try publisher.publish(perSecond: 500, for: Storm.faultTime)
      site.aggregator.map { _ = kill($0.pid, SIGCONT) }
      try site.expectAll(of: publisher)
    }
  }

  /// What the local broker drops it has acknowledged: config/mosquitto/local.conf says how much
  /// fits. The agent cannot know of it; the rest must be whole.
  @Test func `a local broker whose queue is full loses what it drops, and nothing else`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      site.killAgent()
      let arrived = try site.received().counts.count
      try site.local.reconfigure(["max_queued_messages": "300", "max_queued_bytes": "0"])
      // What finds out that the former connection is gone.
      try publisher.publish(1)
      try publisher.settle()
      let before = publisher.sent
      try publisher.publish(1_000)
      try publisher.settle()
      let queued = publisher.acknowledged.keys.count { publisher.position(of: $0) >= before }
      try site.startAgent()
      // Until then also the last sample would be dropped.
      try site.waitForAll(arrived + 300)
      let lost = try site.expectAll(of: publisher) { publisher.position(of: $0) >= before }.excused
      guard queued == 1_000, (1...700).contains(lost) else {
        throw TestFailure("\(queued) acknowledged, \(lost) lost")
      }
    }
  }

  @Test func `sessions taken over by another program with the same client id come back`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      let names = [
        (site.central, "hatang-\(Site.agentName)-uplink"), (site.central, "hatang-aggregator"),
        (site.local, "hatang-\(Site.agentName)"),
      ]
      for (broker, name) in names + names {
        try publisher.publish(perSecond: 200, for: .milliseconds(500))
        var options = ConnectionOptions(host: "127.0.0.1", port: broker.port, clientID: name)
        // It takes the session with what waits in it, and acknowledges nothing.
        options.isCleanStart = false
        options.sessionExpirySeconds = .max
        let intruder = try Connection(options)
        try intruder.connect()
        try waitUntil("\(name) is taken over", within: .seconds(30)) {
          try intruder.read(messagesMax: 1_000)
          if !intruder.isConnected { try intruder.write() }
          return intruder.takeEvents().contains { if case .connected = $0 { true } else { false } }
        }
        try publisher.publish(perSecond: 200, for: .milliseconds(200))
        intruder.abandon()
      }
      try site.expectAll(of: publisher)
    }
  }

  /// mosquitto refuses such a batch with a PUBACK (message_size_limit), or says its bound at the
  /// start (max_packet_size).
  @Test(arguments: ["message_size_limit", "max_packet_size"])
  func `a central broker that takes only small messages does not block the flow`(
    _ limit: String
  ) async throws {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      site.central.kill()
      // A backlog that makes batches of 64 KiB, of segments that fit each.
      for _ in 0..<150 {
        try publisher.publish(300)
        try publisher.settle()
      }
      try site.central.reconfigure([limit: "9000"])
      try site.expectAll(of: publisher, within: .seconds(90))
    }
  }

  /// What one commit stored goes as a whole: no batch can be smaller.
  @Test
  func `a central broker that takes less than one segment is named until it takes more`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.cutOff(with: 2_000)
      try site.central.reconfigure(["max_packet_size": "700"])
      let expected = """
        publish 127.0.0.1:\(site.central.port): a message is larger than the broker takes; raise \
        max_packet_size at the broker
        """
      try waitUntil("the status names it") { try site.uplinkTrouble() == expected }
      try site.central.reconfigure(["max_packet_size": "4194304"])
      try site.expectAll(of: publisher)
    }
  }

  /// mosquitto 2.0 says nothing of this bound, and closes.
  @Test
  func `a central broker that closes at a segment without a word is named until it takes more`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.cutOff(with: 2_000)
      try site.central.reconfigure(["message_size_limit": "700"])
      try waitUntil("the status names it", within: .seconds(120)) {
        let trouble = try site.uplinkTrouble() ?? ""
        return trouble.hasPrefix("publish 127.0.0.1:\(site.central.port): ")
          && trouble.contains(
            """
            bytes under way, which cannot be smaller; raise message_size_limit and \
            max_packet_size at the broker to 1 MB or more, or see whether the line carries so much
            """)
      }
      let said = try site.run("hatang-agent", ["status"])
      guard said.text.contains("raise message_size_limit and max_packet_size at the broker") else {
        throw TestFailure(said.text)
      }
      try site.central.reconfigure(["message_size_limit": "268435455"])
      try site.expectAll(of: publisher)
      guard try site.uplinkTrouble() == nil else { throw TestFailure("still trouble") }
    }
  }

  @Test func `a broker with one message in flight at a time is slow, and loses nothing`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse()
      try site.central.reconfigure(["max_inflight_messages": "1"])
      try site.local.reconfigure(["max_inflight_messages": "1"], SIGTERM)
      try publisher.publish(perSecond: 200, for: Storm.faultTime)
      try site.expectAll(of: publisher)
    }
  }
}

extension Broker {
  /// Ends it, changes lines of its configuration or adds them, and starts it again.
  func reconfigure(_ settings: [String: String], _ signal: Int32 = SIGTERM) throws {
    kill(signal)
    let name = "broker-\(port).conf"
    let kept = try folder.text(of: name).split(separator: "\n").filter { line in
      !settings.keys.contains { line.hasPrefix("\($0) ") }
    }
    let added = settings.map { "\($0.key) \($0.value)" }
    folder.write((kept.map(String.init) + added).joined(separator: "\n") + "\n", to: name)
    start()
  }
}
