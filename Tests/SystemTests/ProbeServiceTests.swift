import Daemon
import Glibc
import TestSupport
import Testing

/// Counters over real HTTP, all the way into the aggregator's store.
@Suite(.serialized) struct ProbeServiceTests {
  private static let metrics = """
    # TYPE dvc_dossiers_total counter
    dvc_dossiers_total{channel="online"} 1200
    dvc_dossiers_total{channel="desk"} 800

    """

  private func probes(_ url: String, _ more: String = "") -> String {
    """
    service: { dvc: { url: "\(url)", format: "prometheus", area: "phu-ly", timeout_seconds: 20,
      counters: [
        { counter: "dossiers_received", from: "dvc_dossiers_total" },
        { counter: "dossiers_received_online", from: 'dvc_dossiers_total{channel="online"}' },
      ]\(more) } }
    """
  }

  @Test func `with the broker away the readings are kept, and with it back each counts once`()
    throws
  {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    site.folder.write(Self.metrics, to: "metrics")
    let web = try WebServer(in: site.folder)
    let probe = ProbeSite(
      in: site.folder, port: site.local.port, probes: probes("\(web.address)/metrics"))
    #expect(try probe.probe("service").text == Self.published(2, older: 0))

    // SIGTERM, so that the broker writes down that the agent subscribed.
    site.local.kill(SIGTERM)
    for round in 2...3 {
      let kept = try probe.probe("service")
      #expect(kept.exitCode == 69, "\(kept.text)")
      #expect(
        kept.text.hasPrefix(
          "✗ service dvc: 2 bộ đếm; chưa gửi được, giữ lại \(round * 2 - 2) kết quả cho lần sau: "),
        "\(kept.text)")
    }
    #expect(try probe.count("service", "dvc", "broker_away") == 2)

    site.local.start()
    site.folder.copy("probes/service-dvc.json", to: "before.json")
    #expect(try probe.probe("service").text == Self.published(6, older: 4))
    #expect(try probe.state("service", "dvc").required("waiting").array().isEmpty)
    // As a run is left whose PUBACK was lost, or that was killed before it wrote the end down.
    site.folder.copy("before.json", to: "probes/service-dvc.json")
    #expect(try probe.probe("service").text == Self.published(6, older: 4))

    // Four runs, and the run that is repeated got the numbers of the one before it: its two rows
    // count as that one's.
    try site.waitForAll(8)
    try waitUntil("the backlog is 0") { try site.agentStatus("backlog") == 0 }
    let received = try site.received()
    #expect(received.isBalanced && received.lost == 0)
    #expect(received.streams.reduce(0) { $0 + $1.received } == 8)
    #expect(received.counts.keys.allSatisfy { $0.source == "dvc" })
    // Two counters of one moment.
    #expect(received.counts.count == 4 && received.counts.values.allSatisfy { $0 == 2 })
  }

  private static func published(_ count: Int, older: Int) -> String {
    let vietnamese = older == 0 ? "" : " (\(older) giữ từ trước)"
    let english = older == 0 ? "" : " (\(older) kept before)"
    return "✓ service dvc: 2 bộ đếm; đã gửi \(count) kết quả\(vietnamese) / 2 counters; \(count) "
      + "published\(english)\n"
  }

  @Test func `where nobody has subscribed the readings wait in the probe`() throws {
    let folder = TemporaryFolder()
    let broker = try Broker(in: folder, shipped: "local")
    folder.write(Self.metrics, to: "metrics")
    let web = try WebServer(in: folder)
    let probe = ProbeSite(in: folder, port: broker.port, probes: probes("\(web.address)/metrics"))
    let run = try probe.probe("service")
    #expect(run.exitCode == 69)
    #expect(run.text.contains("the broker has nobody to give the rows to"), "\(run.text)")
    #expect(try probe.state("service", "dvc").required("waiting").array().count == 2)
    let status = try output(
      of: Repository.program("hatang-agent"), ["status", "--config", folder.file("probe.json5")],
      in: folder)
    let line = try #require(status.text.split(separator: "\n").last)
    #expect(line.hasPrefix("  service dvc: ✗ 20"), "\(status.text)")
    #expect(line.hasSuffix("; chờ / waiting: 2"), "\(status.text)")
  }

  @Test func `an endpoint over TLS is believed only by the authority that is named`() throws {
    let folder = TemporaryFolder()
    let certificates = Certificates(in: folder)
    folder.write(Self.metrics, to: "metrics")
    let port = Broker.freePort()
    let server = Program(
      "/bin/sh",
      [
        "-c",
        "cd '\(folder.path)' && exec openssl s_server -WWW -accept 127.0.0.1:\(port) -cert "
          + "server.crt -key server.key",
      ], log: folder.file("server.log"))
    defer { server.kill() }
    let url = "https://localhost:\(port)/metrics"
    try waitUntil("the server answers") {
      run("/usr/bin/curl", ["-sk", "--max-time", "5", url]) == 0
    }
    let trusting = ProbeSite(
      in: folder, probes: probes(url, #", ca_file: "\#(certificates.ca)""#))
    let found = try trusting.probe("service", ["--print"])
    #expect(found.exitCode == 0 && found.text.contains(#""value":2000}"#), "\(found.text)")
    let stranger = TemporaryFolder()
    let other = ProbeSite(
      in: folder, probes: probes(url, #", ca_file: "\#(Certificates(in: stranger).ca)""#))
    #expect(try other.probe("service", ["--print"]).exitCode == 93)
    let doubting = ProbeSite(in: folder, probes: probes(url))
    let refused = try doubting.probe("service", ["--print"])
    #expect(refused.exitCode == 93)
    #expect(
      refused.text.hasPrefix("✗ service dvc: chứng thư của \(url) không được chấp nhận: curl:"))
  }

  @Test(.enabled(if: geteuid() == 0, "only root can become another"))
  func `what root runs by hand belongs to the one whose folder it is`() throws {
    let site = ProbeSite(
      probes: """
        service: { dvc: { command: ["/bin/echo", "x 5"], counters: [{ counter: "c", from: "x" }] } }
        """)
    #expect(run("/bin/chown", ["-R", "65534:65534", site.folder.path]) == 0)
    #expect(try site.probe("service").exitCode == 69)
    var facts = stat()
    #expect(stat(site.folder.file("probes/service-dvc.json"), &facts) == 0)
    #expect(facts.st_uid == 65_534 && facts.st_gid == 65_534)
  }

  @Test func `an answer of more bytes than allowed is refused`() throws {
    let folder = TemporaryFolder()
    folder.write(String(repeating: "# much\n", count: 1_000), to: "metrics")
    let web = try WebServer(in: folder)
    let site = ProbeSite(
      in: folder, probes: probes("\(web.address)/metrics", ", max_bytes: 1000"))
    let run = try site.probe("service")
    #expect(run.exitCode == 83)
    #expect(
      run.text
        == "✗ service dvc: \(web.address)/metrics trả lời dài hơn 1000 byte; kết quả bị bỏ / "
        + "\(web.address)/metrics answers with more than 1000 bytes; nothing of it is used\n")
  }
}

/// Serves a test's folder over HTTP on 127.0.0.1.
private final class WebServer {
  let address: String
  private let program: Program

  init(in folder: TemporaryFolder) throws {
    let port = Broker.freePort()
    address = "http://127.0.0.1:\(port)"
    program = Program(
      "/usr/bin/env",
      ["python3", "-m", "http.server", "\(port)", "--bind", "127.0.0.1", "-d", folder.path],
      log: folder.file("web.log"))
    let url = "\(address)/metrics"
    try waitUntil("the web server answers") {
      run("/usr/bin/curl", ["-s", "--max-time", "5", url]) == 0
    }
  }

  deinit { program.kill() }
}
