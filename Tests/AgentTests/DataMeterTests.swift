import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// What a run takes off the month's budget while its servers fail one after the other.
@Suite struct DataMeterTests {
  private let folder = TemporaryFolder()

  /// A run whose tests need 3 GB each.
  /// - Parameter now: the right time; `nil`: nobody knows it.
  private func meter(
    now: @escaping () -> Int64? = { nil }
  ) throws -> (meter: DataMeter, run: ProbeRun) {
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
    return (DataMeter(settings, interface, run, now: now), run)
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

  @Test func `a budget that is used up says which month goes on without the right time`() throws {
    var now = RFC3339.parse("2020-11-20T00:00:00Z")
    for used in 1...3 {
      let (meter, run) = try self.meter { now }
      try meter.reserve()
      #expect(run.state.budget.month == "2020-11")
      #expect(run.state.budget.usedBytes == Int64(used) * 3_000_000_000)
      now = nil
    }
    #expect {
      try self.meter { now }.meter.reserve()
    } throws: { error in
      (error as? ProbeFailure)?.text.vi
        == "hết hạn mức dữ liệu tháng này: đã dùng 9000000000 trong 10000000000 byte, lần đo cần "
        + "3000000000; vẫn tính vào tháng 2020-11 vì chưa biết giờ đúng: sudo timedatectl set-ntp "
        + "true"
        && (error as? ProbeFailure)?.text.en
          == "this month's data budget is used up: 9000000000 of 10000000000 bytes, a test takes "
          + "3000000000; month 2020-11 goes on while the right time is not known: switch on "
          + "synchronisation"
    }
    now = RFC3339.parse("2020-12-01T00:00:00Z")
    let (meter, run) = try self.meter { now }
    try meter.reserve()
    #expect(run.state.budget.month == "2020-12" && run.state.budget.usedBytes == 3_000_000_000)
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
