import Aggregator
import Daemon
import Enrolment
import Glibc
import TestSupport
import Testing

/// The agent's program on an enrolled host, at the broker as shipped.
@Suite struct EnrolledAgentTests {
  @Test func `a renewal reaches the running daemon, a revocation shuts it out, nothing is lost`()
    throws
  {
    let province = try EnrolledProvince()
    let (folder, name) = (province.folder, EnrolledProvince.a)
    let local = Broker(in: folder)
    folder.write(
      try folder.text(of: "\(name)/agent.json5")
        .replacing("port: 1883 }", with: "port: \(local.port) }")
        .replacing(
          "uplink:",
          with: """
            buffer: { path: "../b.db", linger_ms: 0, min_free_bytes: 0 },
              status_file: "../s.json", textfile: "../a.prom", uplink:
            """), to: "\(name)/agent.json5")
    let agent = Program(
      Repository.program("hatang-agent"),
      ["run", "--config", folder.file("\(name)/agent.json5")], log: folder.file("agent.log"))
    defer { agent.kill() }
    func status(_ word: String) -> Bool {
      ((try? folder.text(of: "s.json")) ?? "").contains(word)
    }
    let connected = "\"broker\": \"127.0.0.1:\(province.agentsPort)\",\n    \"connected\": "
    try waitUntil("the agent is let in") { status(connected + "true") }

    var authority = province.authority
    authority.agentDays = 900
    let renewal = try CertificateAuthority(authority).renew(name)
    let metric =
      "hatang_agent_certificate_expiry_timestamp_seconds \(renewal.expiresMs / 1_000)\n"
    #expect(try !folder.text(of: "a.prom").contains(metric))
    try Place.write(renewal.text, to: folder.file("r.hatang"), mode: 0o600)
    let (words, code) = try output(
      of: Repository.program("hatang-agent"),
      [
        "enroll", folder.file("r.hatang"), "--no-check", "--config",
        folder.file("\(name)/agent.json5"),
      ], in: folder)
    #expect(code == 0 && words.hasPrefix("✓ Đã gia hạn \(name) đến "))
    kill(agent.pid, SIGHUP)
    try waitUntil("the metric tells of the new end") {
      try folder.text(of: "a.prom").contains(metric)
    }
    try waitUntil("the agent is let in again") { status(connected + "true") }
    #expect(
      status("\"certificate_expires_at\": \"\(RFC3339.format(ms: renewal.expiresMs))\""))

    try province.revoke(name)
    try waitUntil("the agent is shut out") { status(connected + "false") }
    let device = try Client(.to(local, "device")).connect()
    try device.publish(
      "measure/service/quay-1",
      #"{"area":"phu-ly","counter":"dossiers_received","value":1,"simulated":true}"#)
    try waitUntil("what is measured meanwhile is kept") { status("\"accepted\": 1,") }
    #expect(try agent.terminate() == 0)
    #expect(status("\"backlog\": 1,"))
  }
}
