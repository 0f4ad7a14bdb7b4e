import Agent
import Daemon
import TestSupport
import Testing

/// What `status` says of the probes, from their state files.
@Suite struct ProbeStatusTests {
  private let folder = TemporaryFolder()

  private func probes() throws -> [ProbeStatus] {
    folder.write(
      """
      { agent: "kcn-1", uplink: { host: "h", ca_file: "ca.pem", cert_file: "agent.pem",
          key_file: "agent.key" },
        buffer: { path: "none.db" }, probes: { folder: "probes", service: {
          ran: \(probe), waits: \(probe), damaged: \(probe), folder: \(probe) } } }
      """, to: "agent.json5")
    run("/bin/mkdir", ["-p", folder.file("probes/service-folder.json")])
    folder.write(
      """
      { id: "probe/service/ran/1", next: 4, dropped: 2, runs: { done: 3 }, figures: {},
        waiting: [{ number: 3, topic: "t", row: {} }], last_done_at: "2026-11-24T02:00:00Z",
        last: { ended_at: "2026-11-24T02:17:30Z", outcome: "refused", vi: "không lấy được",
          en: "cannot be fetched" } }
      """, to: "probes/service-ran.json")
    folder.write("{ id: ", to: "probes/service-damaged.json")
    return ProbeStatus.all(try StatusSettings(file: folder.file("agent.json5")))
  }

  private let probe =
    "{ command: ['true'], counters: [{ counter: 'payments', from: 'x' }] }"

  @Test func `a state that cannot be read is not taken for a probe that has not run`() throws {
    #expect(
      ProbeStatus.text(try probes()).replacing(folder.path, with: "D") == """
        đo tự động / probes
          service ran: ✗ 2026-11-24T02:17:30Z không lấy được; chờ / waiting: 1; bỏ / dropped: 2
          service waits: chưa chạy / has not run
          service damaged: tệp trạng thái hỏng, lần đo sau sẽ thay nó: \
        D/probes/service-damaged.json / its state file is damaged, the next run replaces it
          service folder: không đọc được: cannot read D/probes/service-folder.json: Is a \
        directory / cannot read D/probes/service-folder.json: Is a directory

        """)
  }

  @Test func `programs are told the same`() throws {
    let never = AgentStatusFile.read("/nowhere/status.json", nowMs: 0)
    let root = try ConfigNode.parse(
      text: StatusCommand.json(never, path: "/nowhere/status.json", probes: probes()),
      name: "status")
    let errors = try root.required("probes").array().map { $0["error"]?.plain ?? "no key" }
    #expect(
      errors.map { $0.replacing(folder.path, with: "D") } == [
        "null", "null", "its state file is damaged, the next run replaces it",
        "cannot read D/probes/service-folder.json: Is a directory",
      ])
  }
}
