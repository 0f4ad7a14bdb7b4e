import Agent
import Daemon
import TestSupport
import Testing

/// What a run of a probe may take, against those who would end it.
@Suite struct ProbeTimeTests {
  @Test func `a program gets its own time, or what the run still has`() throws {
    let time = ProbeTime(.seconds(100))
    #expect(time.left(.seconds(20)) == .seconds(20))
    let rest = time.left(.seconds(200), keeping: .seconds(4))
    #expect(rest <= .seconds(96) && rest > .seconds(60))
    #expect(try time.forProgram(.seconds(20)) == .seconds(20))
    #expect(time.left(.seconds(20), keeping: .seconds(100)) == .zero)
  }

  @Test func `without a second left no program is started, and the run says so`() {
    let time = ProbeTime(.seconds(24))
    #expect {
      try time.forProgram(.seconds(20), keeping: .seconds(24))
    } throws: { error in
      let failure = error as? ProbeFailure
      return failure?.outcome == .toolHung
        && failure?.text.vi == "lần chạy chỉ có 24 s, hết trước khi đo xong"
        && failure?.text.en == "a run has 24 s, which were over before it had measured"
    }
  }

  @Test(arguments: ["coverage", "service"])
  func `a run leaves the unit's time for a broker that hangs`(kind: String) throws {
    let unit = try Repository.text("systemd/hatang-probe-\(kind)@.service")
    let seconds = try #require(unit.firstMatch(of: /TimeoutStartSec=(\d+)/)).output.1
    // It is waited for twice: at connecting, and for the acknowledgement.
    #expect(try ProbeTime.ofRun + .seconds(2 * 30) <= .seconds(#require(Int(seconds))))
  }

  @Test func `a run outlasts the longest answer that the configuration lets a program wait for`()
    throws
  {
    func settings(_ seconds: Int) throws -> ProbesSettings {
      try AgentConfiguration(
        node(
          """
          { agent: 'a', uplink: { host: 'h' }, probes: {
            service: { s: { url: 'http://a', format: 'json', timeout_seconds: \(seconds),
              counters: [{ counter: 'c', from: 'x' }] } } } }
          """)
      ).probes
    }
    let longest = try #require(try settings(120).service.first).timeout
    #expect(throws: ConfigError.self) { try settings(121) }
    #expect(longest + .seconds(2) <= ProbeTime.ofRun)
  }
}
