import Aggregator
import Daemon
import Glibc
import TestSupport
import Testing

/// Page and pager: the same conditions, judged by us and by Prometheus on the same facts.
@Suite struct AlertRulesTests {
  private static let rules = Repository.path("config/prometheus/alerts.yml")

  @Test func `the shipped rules are those of the table of conditions`() throws {
    let made = Repository.path(".build/alerts.yml")
    try? Files.writeAtomically(made, Array(AlertRules.yaml.utf8))
    let found = try Files.text(Self.rules)
    #expect(found == AlertRules.yaml, "cp \(made) \(Self.rules)")
  }

  @Test func `promtool accepts the rules`() throws {
    let folder = TemporaryFolder()
    let run = try output(of: "/usr/bin/promtool", ["check", "rules", Self.rules], in: folder)
    #expect(run.exitCode == 0, "\(run.text)")
    #expect(run.text.contains("SUCCESS: \(Condition.allCases.count + 1) rules found"))
  }

  @Test(arguments: [true, false])
  func `Prometheus fires for exactly what the page lists`(isInTrouble: Bool) throws {
    let site = try OperationsSite(isInTrouble: isInTrouble, diskMegabytes: isInTrouble ? 64 : nil)
    let metrics = try site.router().answer(HTTPRequest(path: "/metrics"))
    let problems = Problem.all(try site.facts())
    if isInTrouble {
      let met = Set(problems.map(\.condition))
      #expect(Set(Condition.allCases).subtracting(met).isEmpty)
    }
    let folder = TemporaryFolder()
    folder.write(
      ruleTest(String(decoding: metrics.body, as: UTF8.self), problems), to: "test.yml")
    let run = try output(
      of: "/usr/bin/promtool", ["test", "rules", folder.file("test.yml")], in: folder,
      within: .seconds(120))
    #expect(run.exitCode == 0, "\(run.text.prefix(4_000))")
  }

  /// Every metric as a constant series from 1970 on, and what must fire after two days.
  private func ruleTest(_ metrics: String, _ problems: [Problem]) -> String {
    var text = """
      rule_files: ["\(Self.rules)"]
      evaluation_interval: 1m
      tests:
        - interval: 1m
          input_series:

      """
    for line in metrics.split(separator: "\n") where !line.hasPrefix("#") {
      guard let blank = line.lastIndex(of: " ") else { continue }
      let value = line[line.index(after: blank)...]
      text += "      - series: '\(line[..<blank])'\n        values: '\(value)+0x2880'\n"
    }
    text += """
          promql_expr_test:
            - expr: count by (alertname, agent, reason, code) (ALERTS{alertstate="firing"})
              eval_time: 2d
              exp_samples:\(problems.isEmpty ? " []" : "")

      """
    for problem in problems {
      var labels = ["alertname=\"\(problem.condition.rawValue)\""]
      if let subject = problem.subject {
        let label =
          problem.condition == .indicatorStale
          ? "code" : subject.hasSuffix("-1") ? "agent" : "reason"
        labels.append("\(label)=\"\(subject)\"")
      }
      text += "          - labels: '{\(labels.joined(separator: ", "))}'\n            value: 1\n"
    }
    return text
  }
}

/// The shipped dashboard, against a real Prometheus that reads the real /metrics.
@Suite struct DashboardTests {
  @Test func `every query of the dashboard gives something`() throws {
    let site = try WebSite()
    site.report.update { $0.isConnected = true }
    let folder = TemporaryFolder()
    let port = Broker.freePort()
    folder.write(
      """
      global: { scrape_interval: 1s, scrape_timeout: 1s }
      rule_files: ["\(Repository.path("config/prometheus/alerts.yml"))"]
      scrape_configs:
        - job_name: hatang
          static_configs: [ { targets: ["127.0.0.1:\(site.port)"] } ]
      """, to: "prometheus.yml")
    let prometheus = Program(
      "/usr/bin/prometheus",
      [
        "--config.file=\(folder.file("prometheus.yml"))",
        "--storage.tsdb.path=\(folder.file("tsdb"))", "--web.listen-address=127.0.0.1:\(port)",
      ], log: folder.file("prometheus.log"))
    defer { prometheus.kill() }
    let queries = try expressions()
    #expect(queries.count > 15)
    try waitUntil("Prometheus answers") { HTTPAnswer.get("/-/ready", port: port)?.status == 200 }
    for query in queries {
      try waitUntil("an answer to \(query)") {
        // Commits are counted in the histogram, of which a rate needs two.
        site.report.update { $0.commitSeconds.observe(0.003) }
        let answer = HTTPAnswer.get("/api/v1/query?query=\(escaped(query))", port: port)
        guard let body = answer?.body, answer?.status == 200 else { return false }
        return !body.contains("\"result\":[]") && !body.contains("\"NaN\"")
      }
    }
  }

  private func expressions() throws -> [String] {
    let dashboard = try ConfigNode.parse(file: Repository.path("config/grafana/hatang.json"))
    return try dashboard.required("panels").array().flatMap { panel in
      try panel.required("targets").array().map { try $0.required("expr").string() }
    }
  }

  private func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let digits = String(byte, radix: 16)
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }
}
