import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// What a run takes off the month's budget while its servers fail one after the other.
@Suite struct DataMeterTests {
  private let folder = TemporaryFolder()

  /// A run whose tests need 3 GB each.
  private func meter() throws -> (meter: DataMeter, run: ProbeRun) {
    let configuration = try AgentConfiguration(
      node(
        """
        { agent: 'a', uplink: { host: 'h' }, buffer: { path: '\(folder.file("b.db"))' },
          probes: { broadband: { l: { line: 'HNM-1', interface: 'line0', servers: ['a.vn'],
            provisioned_down_bps: 1000000000, budget_bytes_per_month: 10000000000 } } } }
        """))
    let settings = try #require(configuration.probes.broadband.first)
    let run = try ProbeRun(settings, in: configuration, isPrinted: false)
    let interface = NetworkInterface("line0", root: folder.path)
    return (DataMeter(settings, interface, run), run)
  }

  private func count(received: Int64, sent: Int64) {
    mkdir(folder.file("line0"), 0o755)
    mkdir(folder.file("line0/statistics"), 0o755)
    folder.write("\(received)\n", to: "line0/statistics/rx_bytes")
    folder.write("\(sent)\n", to: "line0/statistics/tx_bytes")
  }

  @Test func `an interface that does not count pays for one test, whatever servers refuse`() throws
  {
    let (meter, run) = try meter()
    for _ in 1...5 {
      try meter.reserve()
      meter.settle(isWhole: false)
      #expect(run.state.budget.usedBytes == 3_000_000_000)
    }
  }

  @Test
  func `counters that went back leave the reservation open, what is counted later settles it`()
    throws
  {
    let (meter, run) = try meter()
    count(received: 900_000, sent: 500)
    try meter.reserve()
    count(received: 10, sent: 10)
    meter.settle(isWhole: false)
    #expect(run.state.budget.usedBytes == 3_000_000_000)
    try meter.reserve()
    #expect(run.state.budget.usedBytes == 3_000_000_000)
    // Less than was reserved: the test that was not counted may have taken the rest.
    count(received: 1_000_010, sent: 10)
    meter.settle(isWhole: true)
    #expect(run.state.budget.usedBytes == 3_000_000_000)
    #expect(run.state.budget.lastTestBytes == 0)
    try meter.reserve()
    #expect(run.state.budget.usedBytes == 6_000_000_000)
    count(received: 1_500_010, sent: 500_010)
    meter.settle(isWhole: true)
    #expect(run.state.budget.usedBytes == 3_001_000_000)
    #expect(run.state.budget.lastTestBytes == 1_000_000)
  }

  @Test func `a run's own time leaves the unit's for what comes before and after it`() throws {
    let configuration = try AgentConfiguration(
      node(
        """
        { agent: 'a', uplink: { host: 'h' }, probes: { broadband: { l: { line: 'HNM-1',
          interface: 'line0', servers: ['a.vn'] } } } }
        """))
    let limit = try #require(configuration.probes.broadband.first).runLimit
    let unit = try Repository.text("systemd/hatang-probe-broadband@.service")
    let seconds = try #require(unit.firstMatch(of: /TimeoutStartSec=(\d+)/)).output.1
    #expect(try limit + .seconds(120) <= .seconds(#require(Int(seconds))))
  }
}
