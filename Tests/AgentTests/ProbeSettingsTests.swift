import Agent
import Daemon
import TestSupport
import Testing

@Suite struct ProbeSettingsTests {
  private func probes(_ text: String) throws -> ProbesSettings {
    try AgentConfiguration(
      ConfigNode.parse(
        text: "{ agent: 'a', uplink: { host: 'h' }, probes: {\n\(text) } }", name: "agent.json5")
    ).probes
  }

  private func message(_ text: String) -> String {
    do {
      _ = try probes(text)
      return "no error"
    } catch { return "\(error)" }
  }

  @Test func `little is enough, the rest has its default`() throws {
    let found = try probes(
      """
      coverage: { m: { position: 'modem' } },
      broadband: { l: { line: 'HNM-1', interface: 'eth0', servers: ['a.vn', '[::1]:5202'] } },
      service: { s: { url: 'http://127.0.0.1/m', format: 'prometheus',
        counters: [{ counter: 'payments', from: 'x{a="b"}' }] } }
      """)
    let coverage = try #require(found.coverage.first)
    #expect(coverage.source == "m" && coverage.modem == nil && coverage.traffic == nil)
    #expect(coverage.position == .modem && coverage.timeout == .seconds(20))
    let line = try #require(found.broadband.first)
    #expect(line.servers.map(\.name) == ["a.vn:5201", "::1:5202"])
    #expect(line.streams == 4 && line.seconds == 10 && line.budgetBytes == nil)
    #expect(line.busyBps == 1_000_000 && line.attempts == 3 && line.retry == .seconds(10))
    let service = try #require(found.service.first)
    #expect(service.timeout == .seconds(15) && service.bytesMax == 1_000_000)
    #expect(service.counters.map(\.counter) == ["payments"])
  }

  @Test func `the probes of the example that is shipped are right once they are commented in`()
    throws
  {
    let lines = try Repository.text("config/agent.json5")
      .split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(lines.firstIndex { $0.hasPrefix("  // probes: {") })
    let block = lines[first...].prefix { $0.hasPrefix("  //") }.map { $0.dropFirst(5) }
    let root = try ConfigNode.parse(
      text: "{ agent: 'a', uplink: { host: 'h' }, \(block.joined(separator: "\n")) }",
      name: "agent.json5")
    let found = try AgentConfiguration(root).probes
    #expect(found.coverage.map(\.name) == ["modem-1"])
    #expect(found.broadband.map(\.name) == ["line-1"] && found.service.map(\.name) == ["dvc"])
  }

  @Test func `a trial reads every probe once, and says why where there is no reading`() throws {
    let root = try ConfigNode.parse(
      text: """
        { agent: 'a', uplink: { host: 'h' }, probes: {
          service: {
            good: { command: ['/bin/echo', 'x 5'], counters: [{ counter: 'c', from: 'x' }] },
            bad: { command: ['/bin/echo', 'y 5'], counters: [{ counter: 'c', from: 'x' }] } },
          broadband: { l: { line: 'L', interface: 'nosuch0', servers: ['a'] } } } }
        """, name: "agent.json5")
    let configuration = try AgentConfiguration(root)
    let parts = try ProbeCheck.parts(configuration)
    #expect(
      parts.map(\.name) == [
        "probe_broadband_l", "probe_broadband_l/a:5201", "probe_service_good", "probe_service_bad",
      ])
    let findings = CheckFindings()
    for part in parts { part.body(CheckSite(configuration), findings) }
    // Without its interface the line has no server to try.
    #expect(
      findings.lines.map { "\($0.result.rawValue) \($0.part): \($0.text.en)" } == [
        "failed probe_broadband_l: the network interface nosuch0 is missing or down; check the "
          + "cable",
        "passed probe_service_good: 1 counter",
        "failed probe_service_bad: 1 of 1 counters are missing: x",
      ])
    #expect(
      findings.lines.map { $0.remedy?.vi ?? "-" } == [
        "Thử lại: sudo hatang-agent probe broadband l --print; mã kết quả: zless "
          + "/usr/share/doc/hatang-agent/probes.md.gz", "-",
        "Thử lại: sudo hatang-agent probe service bad --print; mã kết quả: zless "
          + "/usr/share/doc/hatang-agent/probes.md.gz",
      ])
  }

  @Test(arguments: [
    ("ping: 'a'", 10_000), ("ping: 'a', payload_bytes: 56", 840),
    ("ping: 'a', count: 1, payload_bytes: 16", 22),
    ("ping: 'a', payload_bytes: 56, min_bytes: 1680", 1_680), ("url: 'http://a'", 10_000),
    ("url: 'http://a', max_bytes: 2000", 1_000),
  ])
  func `what must come in is never more than can come`(traffic: String, bytes: Int64) throws {
    let found = try probes("coverage: { m: { position: 'modem', traffic: { \(traffic) } } }")
    #expect(found.coverage.first?.traffic?.bytesMin == bytes)
  }

  private static let line = "line: 'L', interface: 'eth0'"
  private static let url = "url: 'https://a.vn/m'"

  @Test(arguments: [
    (
      "coverage: { 'm 1': { position: 'modem' } }",
      "probes.coverage.m 1 is named \"m 1\", allowed a-z A-Z 0-9 - _, 1…64 characters; name it anew"
    ),
    (
      "coverage: { m: {} }",
      "probes.coverage.m.position is missing; add it to probes.coverage.m, which begins here"
    ),
    (
      "coverage: { m: { position: 'gps' } }",
      "probes.coverage.m.position is \"gps\", allowed \"modem\", \"gpsd\"; did you mean \"gpsd\"?"
    ),
    (
      "coverage: { m: { position: 'modem', gpsd: {} } }",
      "probes.coverage.m.gpsd is of no use unless position is \"gpsd\"; remove it"
    ),
    (
      "coverage: { m: { position: { lat: 91, lon: 1 } } }",
      "probes.coverage.m.position.lat is 91, allowed -90…90; lower it"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: {} } }",
      "probes.coverage.m.traffic names neither ping nor url; add one of them, or remove it"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: { ping: '-f' } } }",
      "probes.coverage.m.traffic.ping is \"-f\", allowed a host name or an address; change it"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: { url: 'http://a', ping: 'b' } } }",
      "probes.coverage.m.traffic.ping is of no use beside url; remove one of them"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: { ping: 'b', payload_bytes: 56,"
        + " min_bytes: 10000 } } }",
      "probes.coverage.m.traffic.min_bytes is 10000, but 20 answers of 56 bytes and their headers "
        + "are 1680; lower it, or raise count or payload_bytes"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: { url: 'http://a', max_bytes: 20000,"
        + " min_bytes: 20001 } } }",
      "probes.coverage.m.traffic.min_bytes is 20001, but max_bytes is 20000; lower it, or raise "
        + "max_bytes"
    ),
    (
      "coverage: { m: { position: 'modem', traffic: { ping: 'b', count: 100 } } }",
      "probes.coverage.m.traffic takes up to 21.8 s with count 100, but timeout_seconds is 20; "
        + "lower count, or raise timeout_seconds"
    ),
    (
      "coverage: { m: { position: 'modem', timeout_seconds: 5, traffic: { ping: 'b' } } }",
      "probes.coverage.m.traffic takes up to 5.8 s with count 20, but timeout_seconds is 5; lower "
        + "count, or raise timeout_seconds"
    ),
    (
      "coverage: { m: { position: 'modem', modm: 1 } }",
      "unknown key probes.coverage.m.modm; did you mean modem?"
    ),
    (
      "broadband: { l: { \(line), servers: [] } }",
      "probes.broadband.l.servers has 0 servers, allowed 1…16; change it"
    ),
    (
      "broadband: { l: { \(line), servers: ['a:99999'] } }",
      "probes.broadband.l.servers[0] is \"a:99999\", allowed host or host:port, an IPv6 address in "
        + "[ ]; change it"
    ),
    (
      "broadband: { l: { \(line), servers: ['a'], streams: 3 } }",
      "probes.broadband.l.streams is 3, allowed 4…128; raise it"
    ),
    (
      "broadband: { l: { \(line), servers: ['a'], seconds: 5 } }",
      "probes.broadband.l.seconds is 5, allowed 10…120; raise it"
    ),
    (
      "broadband: { l: { line: 'L', interface: '../x', servers: ['a'] } }",
      "probes.broadband.l.interface is \"../x\", allowed the name of a network interface, such as "
        + "eth0; change it"
    ),
    (
      "service: { s: { counters: [] } }",
      "probes.service.s has neither url nor command; add one of them"
    ),
    (
      "service: { s: { \(url), counters: [] } }",
      "probes.service.s.format is missing; add it to probes.service.s, which begins here"
    ),
    (
      "service: { s: { url: 'ftp://a/', format: 'json', counters: [] } }",
      "probes.service.s.url is \"ftp://a/\", allowed an address that begins with http:// or "
        + "https://; change it"
    ),
    (
      "service: { s: { command: ['x'], format: 'json', counters: [] } }",
      "probes.service.s.format is of no use beside command; remove one of them"
    ),
    (
      "service: { s: { command: [], counters: [] } }",
      "probes.service.s.command is empty, but must name a program and its arguments; add them"
    ),
    (
      "service: { s: { \(url), format: 'json', counters: [] } }",
      "probes.service.s.counters has 0 counters, allowed 1…1000; change it"
    ),
    (
      "service: { s: { \(url), format: 'prometheus', counters: [{ counter: 'c', from: 'a b' }] } }",
      "probes.service.s.counters[0].from is \"a b\", allowed a metric's name, or "
        + "name{label=\"value\"}; change it"
    ),
    (
      "service: { s: { command: ['x'], counters: [{ counter: 'c', from: 'a' },"
        + " { counter: 'c', from: 'b' }] } }",
      "probes.service.s.counters[1] is a second c of the same area; remove one"
    ),
  ])
  func `what is wrong is said with key, value, what is legal and what to do`(
    _ text: String, _ expected: String
  ) {
    #expect(message(text) == "agent.json5:2: \(expected)")
  }
}
