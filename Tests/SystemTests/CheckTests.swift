import Daemon
import Glibc
import TestSupport
import Testing

/// `hatang-agent check` with the real programs: its record goes all the way, and what is broken is
/// red while everything else is still told.
@Suite(.serialized) struct CheckTests {
  /// Result by part, of `check --json`.
  private func check(_ site: Site) throws -> (results: [String: String], exitCode: Int32) {
    let found = try output(
      of: Repository.program("hatang-agent"),
      ["check", "--json", "--config", site.agentConfiguration], in: site.folder)
    let root = try ConfigNode.parse(text: found.text, name: "check")
    var results: [String: String] = [:]
    for line in try root.required("checks").array() {
      results[try line.required("check").string()] = try line.required("result").string()
    }
    return (results, found.exitCode)
  }

  @Test func `the test record is receipted, counted by the ledger, and in no indicator`() throws {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let (results, code) = try check(site)
    #expect(results["record"] == "passed", "\(results)\n\(site.logs)")
    #expect(results["clock_offset"] == "passed")
    #expect(results["local_message"] == "passed" && results["daemon"] == "passed")
    // The test's central broker has no access list, and says so.
    #expect(results["uplink_acl"] == "warning")
    #expect(code == 0)
    let received = try site.received()
    #expect(received.counts.count == 1 && received.isBalanced)
    #expect(received.counts.keys.allSatisfy { $0.source.hasPrefix("check-") })
    let indicators = try output(
      of: Repository.program("hatang-aggregator"),
      ["indicators", "--json", "--config", site.aggregatorConfiguration], in: site.folder)
    #expect(indicators.exitCode == 0)
    #expect(!indicators.text.contains("\"status\": \"measured\""))
    #expect(!indicators.text.contains("\"status\":\"measured\""))
  }

  @Test func `with the daemon down its record is red, and every other line is there`() throws {
    let site = try Site()
    let (results, code) = try check(site)
    #expect(results["record"] == "failed" && results["daemon"] == "warning", "\(results)")
    for part in ["files", "disk", "flash", "local", "local_message", "uplink_tcp", "uplink"] {
      #expect(results[part] == "passed", "\(part): \(results)")
    }
    #expect(code == 1)
  }

  @Test func `with the central broker gone it ends in time, red from TCP on`() throws {
    let site = try Site()
    try site.startAgent()
    site.central.kill()
    let began = monotonicNow()
    let (results, code) = try check(site)
    #expect(monotonicNow() - began < .seconds(30))
    #expect(results["uplink_tcp"] == "failed" && results["record"] == "failed", "\(results)")
    #expect(results["uplink"] == nil && results["local"] == "passed")
    #expect(code == 69)
  }

  @Test func `a central broker that hangs is red, within the bound`() throws {
    let site = try Site()
    site.central.pause()
    defer { site.central.resume() }
    let began = monotonicNow()
    let (results, code) = try check(site)
    #expect(monotonicNow() - began < .seconds(30))
    #expect(results["uplink_tcp"] == "passed" && results["uplink"] == "failed", "\(results)")
    #expect(code == 69)
  }

  @Test(.enabled(if: getuid() == 0, "only root can become nobody"))
  func `a user who may not write to the buffer's folder is told so`() throws {
    let site = try Site()
    chmod(site.folder.path, 0o755)
    let found = try output(
      of: "/usr/bin/setpriv",
      [
        "--reuid=65534", "--regid=65534", "--clear-groups", Repository.program("hatang-agent"),
        "check", "--config", site.agentConfiguration,
      ], in: site.folder)
    #expect(
      found.text.contains(
        """
        ✗ Không ghi được vào \(site.folder.path)
          no permission to write there
          → Chạy lệnh này với quyền của dịch vụ: sudo -u hatang-agent …
            run this as the service's user, or give that user the folder

        """), "\(found.text)")
    #expect(found.exitCode == 1)
  }

  @Test func `a wrong configuration ends the check there, with the remedy`() throws {
    let folder = TemporaryFolder()
    folder.write("{ agent: 'A' }\n", to: "a.json5")
    let found = try output(
      of: Repository.program("hatang-agent"), ["check", "--config", folder.file("a.json5")],
      in: folder)
    #expect(
      found.text.replacing(folder.path, with: "D") == """
        ✗ Cấu hình sai: D/a.json5:1: agent is "A", allowed a-z 0-9 -, 1…64 characters; not \
        "indicators"; change it
          configuration is wrong
          → Sửa D/a.json5 tại dòng đã nêu
            mend the line that is named; the text says how
        1 lỗi phải sửa. / 1 to be mended.

        """)
    #expect(found.exitCode == 78)
  }
}
