import Daemon
import Glibc
import MQTT
import TestSupport
import Testing

/// Where secrets must not come out: logs, process list, status, metrics, answers, copies.
@Suite(.serialized) struct SecretsTests {
  private static let password = "mat-khau-rat-bi-mat"
  private static let token = "0123456789abcdef-token-cua-trang"

  @Test func `key, password and token stand in no log, process, status, answer or copy`() throws {
    let site = try Site(isSecure: true)
    let folder = site.folder
    folder.write(Self.password + "\n", to: "password")
    folder.write(Self.token + "\n", to: "token")
    for name in ["password", "token"] { chmod(folder.file(name), 0o600) }
    folder.write(
      try folder.text(of: "agent.json5").replacing(
        "port: \(site.local.port) }",
        with: "port: \(site.local.port), username: \"tram\", password_file: \"password\" }"
      ).replacing("status_file:", with: "textfile: \"agent.prom\", status_file:"),
      to: "agent.json5")
    folder.write(
      try folder.text(of: "aggregator.json5").replacing(
        "\"127.0.0.1:\(site.httpPort)\"",
        with: "\"127.0.0.1:\(site.httpPort)\", token_file: \"token\""), to: "aggregator.json5")
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(50)
    try site.waitUntilDelivered(through: publisher)
    try expectCleanProcesses(site)

    // Everything that a person may ask for, and what is said when the line fails.
    for (index, words) in Self.questions.enumerated() {
      let answer = try site.run(words[0], Array(words.dropFirst()))
      folder.write(answer.text, to: "answer-\(index).txt")
    }
    let page = try output(
      of: "/usr/bin/curl", ["-s", "http://127.0.0.1:\(site.httpPort)/metrics"], in: folder)
    #expect(page.text.contains("http.token_file"))
    let asked = try output(
      of: "/usr/bin/curl",
      [
        "-s", "-H", "Authorization: Bearer \(Self.token)",
        "http://127.0.0.1:\(site.httpPort)/operations",
      ], in: folder)
    #expect(asked.text.contains("<html"))
    let copy = try site.run("hatang-aggregator", ["backup", folder.file("copy.db")])
    #expect(copy.exitCode == 0, "\(copy.text)")
    site.central.kill()
    site.local.kill()
    try waitUntil("both programs say that the line is down") {
      try folder.text(of: "agent.log").contains("Connection refused")
        && folder.text(of: "aggregator.log").contains("ingest waits")
    }
    try site.stopAgent()
    try site.stopAggregator()
    try expectCleanFiles(site)
  }

  private static let questions = [
    ["hatang-agent", "check"], ["hatang-agent", "status", "--json"],
    ["hatang-agent", "buffer", "export"], ["hatang-agent", "buffer", "info"],
    ["hatang-agent", "buffer", "take-out", "/dev/null"],
    ["hatang-aggregator", "check"], ["hatang-aggregator", "agents", "--json"],
    ["hatang-aggregator", "ledger", "--json"], ["hatang-aggregator", "indicators", "--json"],
  ]

  /// Lines of both keys, the password, the token.
  private func secrets(_ folder: TemporaryFolder) throws -> [String] {
    let keys = try ["client.key", "server.key"].flatMap { name in
      try folder.text(of: name).split(separator: "\n").filter { !$0.hasPrefix("-----") }
    }
    #expect(keys.count >= 4)
    return keys.map(String.init) + [Self.password, Self.token]
  }

  private func expectCleanProcesses(_ site: Site) throws {
    let secrets = try secrets(site.folder)
    for program in [site.agent, site.aggregator] {
      let pid = try #require(program?.pid)
      for file in ["cmdline", "environ", "status", "limits"] {
        let bytes = try Files.read("/proc/\(pid)/\(file)", bytesMax: 1 << 20)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(file == "environ" || !text.isEmpty)
        for secret in secrets { #expect(!text.contains(secret), "\(file) of \(pid)") }
      }
    }
  }

  /// Every file of the site but those that hold the secrets.
  private func expectCleanFiles(_ site: Site) throws {
    let folder = site.folder
    let holders: Set<String> = [
      "client.key", "server.key", "ca.key", "password", "token",
    ]
    folder.write(try secrets(folder).joined(separator: "\n") + "\n", to: "wanted")
    let found = try output(
      of: "/bin/grep", ["-rlaF", "-f", folder.file("wanted"), folder.path], in: folder)
    let names = found.text.split(separator: "\n").compactMap { $0.split(separator: "/").last }
    // Whoever looks has to find the holders, or the search is worth nothing.
    #expect(
      Set(names.map(String.init)).subtracting(["wanted"]).subtracting(holders).isEmpty,
      "\(names)")
    #expect(names.contains("client.key") && names.contains("password") && names.contains("token"))
    for name in [
      "agent.log", "aggregator.log", "status.json", "agent.prom", "copy.db", "hatang.db",
    ] {
      #expect(folder.contains(name))
    }
  }
}
