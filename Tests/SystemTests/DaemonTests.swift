import Daemon
import Glibc
import SQLite
import TestSupport
import Testing

/// The agent as systemd meets it: its words, its watchdog, its signals; with the real program.
@Suite(.serialized) struct DaemonTests {
  private func start(
    _ site: Site, _ socket: NotifySocket, watchdogSeconds: Int? = nil
  ) -> Program {
    var words = ["NOTIFY_SOCKET=\(socket.path)"]
    if let watchdogSeconds { words.append("WATCHDOG_USEC=\(watchdogSeconds * 1_000_000)") }
    return Program(
      "/usr/bin/env",
      words + [Repository.program("hatang-agent"), "run", "--config", site.agentConfiguration],
      log: site.folder.file("agent.log"))
  }

  private func log(_ site: Site) throws -> String { try site.folder.text(of: "agent.log") }

  private func waitUntilSubscribed(_ site: Site) throws {
    try waitUntil("the agent has subscribed") {
      guard site.folder.contains("status.json") else { return false }
      let status = try ConfigNode.parse(file: site.folder.file("status.json"))
      return try status["local"]?["connected"]?.boolean() ?? false
    }
  }

  /// Measurements in the buffer, whatever has become of them.
  private func stored(_ site: Site) throws -> Int64 {
    let database = try Database(path: site.bufferPath, mode: .readOnly)
    return try database.integer("SELECT coalesce(sum(count), 0) FROM segments")
  }

  @Test func `READY, STATUS and WATCHDOG come, STOPPING at SIGTERM, which ends it with 0`() throws {
    let site = try Site()
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket, watchdogSeconds: 4)
    try socket.wait(for: "READY=1")
    try socket.wait(
      for: "STATUS=local broker up, uplink up, 0 to deliver")
    try socket.wait(for: "WATCHDOG=1", count: 3)
    #expect(socket.count("STOPPING=1") == 0)
    let began = monotonicNow()
    #expect(try agent.terminate(within: .seconds(30)) == 0)
    #expect(monotonicNow() - began < .seconds(5))
    #expect(socket.count("STOPPING=1") == 1)
  }

  @Test func `SIGTERM finishes the transaction: what was read is on the disk`() throws {
    let site = try Site(buffer: Site.Buffer(lingerMs: 60_000))
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket)
    try waitUntilSubscribed(site)
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(300)
    try publisher.settle()
    // The broker has them; the agent reads them, and waits out its linger time.
    let began = monotonicNow()
    try waitUntil("the broker has handed all over") {
      let sent = try output(
        of: "/usr/bin/mosquitto_sub",
        [
          "-p", "\(site.local.port)", "-C", "1", "-W", "15", "-t",
          "$SYS/broker/publish/messages/sent",
        ], in: site.folder)
      return (Int(sent.text.split(separator: "\n").first ?? "") ?? 0) >= 300
    }
    #expect(monotonicNow() - began < .seconds(50))
    #expect(try stored(site) == 0)
    #expect(try agent.terminate(within: .seconds(30)) == 0)
    #expect(try stored(site) == 300)
  }

  @Test func `a loop that gets stuck starves the watchdog, and a second SIGTERM ends at once`()
    throws
  {
    let site = try Site()
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket, watchdogSeconds: 4)
    try waitUntilSubscribed(site)
    try socket.wait(for: "WATCHDOG=1", count: 2)
    // Another program holds the buffer's file: the intake's commit waits for it, and the uplink
    // for the lock that the commit holds.
    let database = try Database(path: site.bufferPath, mode: .readWrite)
    try database.execute("BEGIN IMMEDIATE")
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(1)
    try waitUntil("it says what does not get on") {
      try log(site).contains("no progress parts=intake")
    }
    let fed = socket.count("WATCHDOG=1")
    kill(agent.pid, SIGTERM)
    try socket.wait(for: "STOPPING=1")
    #expect(socket.count("WATCHDOG=1") == fed)
    #expect(agent.isRunning)
    kill(agent.pid, SIGTERM)
    #expect(try agent.wait(within: .seconds(30)) == 1)
    #expect(try log(site).contains("ending without waiting any longer"))
    try database.execute("ROLLBACK")
    #expect(try stored(site) == 0)
  }

  @Test func `SIGHUP takes a good configuration, and refuses a bad one with its reason`() throws {
    let site = try Site()
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket)
    try waitUntilSubscribed(site)
    let good = try site.folder.text(of: "agent.json5")
    site.folder.write(
      good.replacing("linger_ms: 20", with: "linger_ms: -1"), to: "agent.json5")
    kill(agent.pid, SIGHUP)
    try waitUntil("it refuses") { try log(site).contains("stays as it was") }
    let line = try #require(
      try log(site).split(separator: "\n").first { $0.contains("stays as it was") })
    #expect(
      line == "the configuration stays as it was error=\"\(site.agentConfiguration):6: "
        + "buffer.linger_ms is -1, allowed 0…60000; raise it\"")
    // A refusal is the end of a reload, too: the service manager waits for it.
    try socket.wait(for: "READY=1", count: 2)
    #expect(socket.count("RELOADING=1") == 1)
    site.folder.write(
      good.replacing("linger_ms: 20", with: "linger_ms: 30"), to: "agent.json5")
    kill(agent.pid, SIGHUP)
    try socket.wait(for: "READY=1", count: 3)
    #expect(socket.count("RELOADING=1") == 2 && socket.count("MONOTONIC_USEC=") == 2)
    #expect(agent.isRunning)
    try waitUntilSubscribed(site)
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(10)
    try waitUntil("it takes in under the new one") { try stored(site) == 10 }
    #expect(try agent.terminate(within: .seconds(30)) == 0)
  }

  @Test func `SIGHUP lets the time go on in which the disk was written`() throws {
    let site = try Site()
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket)
    try waitUntilSubscribed(site)
    func status(_ key: String) throws -> ConfigNode {
      try ConfigNode.parse(file: site.folder.file("status.json")).required(key)
    }
    func seconds() throws -> Int64 { try status("written_seconds").integer(in: 0...Int64.max) }
    try waitUntil("it has run for some seconds") { try seconds() >= 5 }
    let (before, configured) = (try seconds(), try status("started_at").string())
    kill(agent.pid, SIGHUP)
    try waitUntil("the new configuration is in the status") {
      try status("started_at").string() != configured
    }
    #expect(try seconds() >= before)
    #expect(try agent.terminate(within: .seconds(30)) == 0)
  }

  @Test func `SIGHUP with a configuration that cannot start goes on with the old one`() throws {
    let site = try Site()
    let socket = try NotifySocket(in: site.folder)
    let agent = start(site, socket)
    try waitUntilSubscribed(site)
    let good = try site.folder.text(of: "agent.json5")
    site.folder.write(
      good.replacing(site.bufferPath, with: "/nowhere/buffer.db"), to: "agent.json5")
    kill(agent.pid, SIGHUP)
    try socket.wait(for: "READY=1", count: 2)
    #expect(agent.isRunning)
    #expect(
      try log(site).contains(
        "the configuration cannot be used, the former one goes on "
          + "error=\"cannot open /nowhere/buffer.db.lock: No such file or directory\""))
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(10)
    try waitUntil("it takes in as before") { try stored(site) == 10 }
    #expect(try agent.terminate(within: .seconds(30)) == 0)
  }

  @Test func `a second agent on one buffer refuses, and names the first`() throws {
    let site = try Site()
    try site.startAgent()
    let pid = try #require(site.agent?.pid)
    let second = try output(
      of: Repository.program("hatang-agent"), ["run", "--config", site.agentConfiguration],
      in: site.folder)
    #expect(
      second.text == """
        hatang-agent run: cannot use buffer \(site.bufferPath): process \(pid) holds \
        \(site.bufferPath).lock; stop that process, or give this one a path of its own

        """)
    #expect(second.exitCode == 1)
    #expect(site.agent?.isRunning == true)
  }
}
