import Daemon
import Glibc
import Synchronization
import TestSupport
import Testing

/// What the uplink meets on its way to the broker: name servers and portals.
@Suite struct StormUplinkTests {
  @Test(.enabled(if: geteuid() == 0, "a mount namespace and port 53 need root"))
  func `a name server that hangs delays neither intake, watchdog nor end, and is named`()
    async throws
  {
    try await Storm.run {
      let site = try Site(uplinkHost: "mqtt.tinh.example")
      let server = try MuteNameServer()
      let socket = try NotifySocket(in: site.folder)
      let prefix =
        server.prefix(in: site.folder)
        + ["/usr/bin/env", "NOTIFY_SOCKET=\(socket.path)", "WATCHDOG_USEC=6000000"]
      try site.startAggregator()
      try site.startAgent(through: prefix)
      let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
      try publisher.publish(100)
      try publisher.publish(perSecond: 20, for: .seconds(8))
      let log = try site.folder.text(of: "agent.log")
      guard socket.count("WATCHDOG=1") >= 3, !log.contains("no progress") else {
        throw TestFailure("the watchdog starves: \(socket.words)\n\(log)")
      }
      try waitUntil("its status names the name server", within: .seconds(60)) {
        try site.uplinkTrouble() == """
          connect mqtt.tinh.example:\(site.central.port): the name server does not answer; check \
          this machine's name server, or give the host's address
          """
      }
      try publisher.settle()
      try waitUntil("the intake has taken all") {
        try site.agentStatus("backlog") == Int64(publisher.sent)
      }
      let began = monotonicNow()
      try site.stopAgent()
      guard monotonicNow() - began < .seconds(4) else { throw TestFailure("SIGTERM took too long") }
      try site.startAgent(through: prefix)
      server.answer()
      try site.expectAll(of: publisher)
    }
  }

  @Test func `a captive portal's certificate is named, and delivery goes on behind it`()
    async throws
  {
    try await Storm.run {
      let (site, publisher) = try Site.inUse(isSecure: true, lineSeed: 1)
      guard let line = site.agentLine else { return }
      let other = TemporaryFolder()
      let portal = Broker(in: other, certificates: Certificates(in: other))
      let subject = "connect 127.0.0.1:\(line.port): "
      line.lead(to: portal.port)
      line.cut(after: 0)
      try publisher.publish(perSecond: 100, for: .seconds(1))
      try waitUntil("its status names the certificate") {
        let trouble = try site.uplinkTrouble() ?? ""
        return trouble.hasPrefix(subject + "TLS failed: ")
          && trouble.contains("certificate verify failed")
          && trouble.hasSuffix(
            "; check that ca_file signed the broker's certificate, its host name, and the clock")
      }
      line.quality.answer = .words("HTTP/1.1 302 Found\r\nLocation: http://wifi.example/\r\n\r\n")
      try waitUntil("its status names what is no TLS") {
        let trouble = try site.uplinkTrouble() ?? ""
        return trouble.hasPrefix(subject + "TLS failed: ")
          && trouble.hasSuffix("; the port does not speak TLS: check the port")
      }
      let said = try site.run("hatang-agent", ["status"])
      guard said.text.contains("the port does not speak TLS") else { throw TestFailure(said.text) }
      line.lead(to: site.central.port)
      line.quality = BadLine.Quality()
      try site.expectAll(of: publisher)
    }
  }
}

extension Site {
  func uplinkTrouble() throws -> String? {
    let trouble = try ConfigNode.parse(file: folder.file("status.json"))["uplink"]?["trouble"]
    return trouble?.isNull == false ? try trouble?.string() : nil
  }
}

/// A name server on 127.0.0.1 that takes questions and answers none, until it is told to: then
/// every name is 127.0.0.1. Three addresses lead to it, which is what makes waiting long.
final class MuteNameServer: Sendable {
  private let desk = Desk()
  private let addresses = (1...3).map { _ in
    "127.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 0...255)).\(UInt8.random(in: 1...254))"
  }

  /// Shared with the threads, which must not keep the server alive.
  private final class Desk: Sendable {
    let isAnswering = Mutex(false)
    let isEnding = Mutex(false)
  }

  init() throws {
    for address in addresses {
      let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
      var name = loopback(53)
      name.sin_addr.s_addr = inet_addr(address)
      let code = withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard code == 0 else { throw TestFailure("bind \(address):53: \(errno)") }
      var second = timeval(tv_sec: 1, tv_usec: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &second, socklen_t(MemoryLayout<timeval>.size))
      _ = try Thread(name: "name server") { [desk] in
        while !desk.isEnding.withLock({ $0 }) { Self.serve(descriptor, desk) }
        close(descriptor)
      }
    }
  }

  deinit { desk.isEnding.withLock { $0 = true } }

  func answer() { desk.isAnswering.withLock { $0 = true } }

  func fallSilent() { desk.isAnswering.withLock { $0 = false } }

  /// Words before a program that give it this name server alone.
  func prefix(in folder: TemporaryFolder) -> [String] {
    folder.write(addresses.map { "nameserver \($0)\n" }.joined(), to: "resolv.conf")
    folder.write("hosts: dns\n", to: "nsswitch.conf")
    let script = """
      mount --bind \(folder.file("resolv.conf")) /etc/resolv.conf &&
      mount --bind \(folder.file("nsswitch.conf")) /etc/nsswitch.conf && exec "$@"
      """
    return ["/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script, "sh"]
  }

  /// One question, or a second without one.
  private static func serve(_ descriptor: Int32, _ desk: Desk) {
    var question = [UInt8](repeating: 0, count: 512)
    var from = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = withUnsafeMutablePointer(to: &from) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &question, question.count, 0, $0, &length)
      }
    }
    guard count > 16, desk.isAnswering.withLock({ $0 }) else { return }
    // The name ends with an empty label; type and class follow. RFC 1035, 4.1.
    let end = (question[12..<count].firstIndex(of: 0) ?? count - 5) + 5
    let isA = question[end - 3] == 1
    var reply =
      question[0..<2] + [0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0] + question[12..<end]
    if isA { reply += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1] }
    let bytes = Array(reply)
    _ = withUnsafePointer(to: &from) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, 0, $0, length)
      }
    }
  }
}
