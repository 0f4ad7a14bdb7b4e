import Agent
import Daemon
import Testing

/// What iperf3, ping and services answer.
@Suite struct ProbeAnswerTests {
  // MARK: iperf3

  @Test(arguments: [
    (
      #"{"end":{"sum_sent":{"bits_per_second":9.5e8},"sum_received":{"bits_per_second":9.4e8}}}"#,
      SpeedTest.Result.rate(9.4e8)
    ),
    // As iperf3 3.12 does.
    (
      #"{"s":{"sock_bufsize":0,"sock_bufsize":0},"end":{"sum_received":{"bits_per_second":7}}}"#,
      .rate(7)
    ),
    (
      #"{"end":{},"error":"the server is busy running a test. try again later"}"#, .busy
    ),
    (
      #"{"end":{},"error":"unable to connect to server: Connection refused"}"#,
      .refused("unable to connect to server: Connection refused")
    ),
  ])
  func `an answer of iperf3 is a rate, a busy server, or a refusal`(
    _ text: String, _ expected: SpeedTest.Result
  ) throws {
    #expect(try SpeedTest.result(Array(text.utf8)) == expected)
  }

  @Test(arguments: [
    (
      "", ProbeOutcome.nonsense,
      "the answer of iperf3 is no JSON: the file is empty; it must hold one object in { }"
    ),
    (
      "iperf3: parameter error", .nonsense,
      "the answer of iperf3 is no JSON: expected a value, found iperf3; put texts in quotes"
    ),
    (#"{"end":{"sum_rec"#, .cutShort, "the answer of iperf3 ends in the middle, after 16 bytes"),
    (#"{"end":{}}"#, .nonsense, "the answer of iperf3 lacks end.sum_received.bits_per_second"),
    (
      #"{"end":{"sum_received":{"bits_per_second":-1}}}"#, .outOfRange,
      "iperf3 reports -1 bit/s, allowed 0…1e12; the reading is not used"
    ),
    (
      #"{"end":{"sum_received":{"bits_per_second":2e12}}}"#, .outOfRange,
      "iperf3 reports 2e12 bit/s, allowed 0…1e12; the reading is not used"
    ),
  ])
  func `an answer of iperf3 that is none is refused with its own outcome`(
    _ text: String, _ outcome: ProbeOutcome, _ english: String
  ) {
    expectFailure(outcome, english) { _ = try SpeedTest.result(Array(text.utf8)) }
  }

  @Test func `a ping that says that fewer than none were sent is none`() {
    #expect(PingReport("-5 packets transmitted, 3 received, 0% packet loss\n") == nil)
    #expect(PingReport("0 packets transmitted, 0 received, 0% packet loss\n")?.sent == 0)
  }

  @Test func `the version of iperf3 decides how it is bound`() throws {
    let found = try #require(SpeedTest.version("iperf 3.9 (cJSON 1.7.13)\nLinux x 5.10\n"))
    #expect(found == (3, 9) && found < (3, 10))
    #expect(SpeedTest.version("bash: iperf3: not found") == nil)
  }

  // MARK: ping

  private static let pings = """
    PING 10.0.0.2 (10.0.0.2) from 10.0.0.1 eth0: 56(84) bytes of data.
    64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=10.0 ms
    64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=14.0 ms
    64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=15.0 ms (DUP!)
    64 bytes from 10.0.0.2: icmp_seq=4 ttl=64 time=11.0 ms

    --- 10.0.0.2 ping statistics ---
    4 packets transmitted, 3 received, +1 duplicates, 25% packet loss, time 604ms
    """

  @Test func `round trips become a median, a jitter and a loss, without duplicates`() throws {
    let report = try #require(PingReport(Self.pings))
    #expect(report.roundTrips == [10, 14, 11] && report.medianMs == 11)
    #expect(report.jitterMs == 3.5 && report.loss == 0.25)
  }

  @Test func `a host that answers nothing has a loss and no latency`() throws {
    let report = try #require(PingReport("3 packets transmitted, 0 received, 100% packet loss"))
    #expect(report.medianMs == nil && report.jitterMs == nil && report.loss == 1)
    #expect(PingReport("ping: SO_BINDTODEVICE nosuch: No such device") == nil)
    #expect(PingReport("3 packets transmitted, 9 received") == nil)
  }

  // MARK: Services

  private static let metrics = """
    # HELP dvc_dossiers_total Dossiers.
    # TYPE dvc_dossiers_total counter
    dvc_dossiers_total{channel="online",district="phu-ly"} 1200 1795486650000
    dvc_dossiers_total{channel="online",district="kim-bang"} 1.3e3
    dvc_dossiers_total{channel="desk",district="a \\"b\\" }"} 7
    dvc_payments_total 12.5
    dvc_results_total NaN

    """

  @Test func `a metric is found by its name and labels, and several that fit are added up`() throws
  {
    let answer = try CounterAnswer.prometheus(Array(Self.metrics.utf8))
    #expect(try answer.value("dvc_dossiers_total") == 2_507)
    #expect(try answer.value(#"dvc_dossiers_total{channel="online"}"#) == 2_500)
    #expect(
      try answer.value(#"dvc_dossiers_total{district="phu-ly",channel="online"}"#) == 1_200)
    #expect(try answer.value(#"dvc_dossiers_total{district="a \"b\" }"}"#) == 7)
    #expect(try answer.value(#"dvc_dossiers_total{channel="fax"}"#) == nil)
    #expect(try answer.value("dvc_dossiers") == nil)
  }

  @Test(arguments: [("dvc_payments_total", "12.5"), ("dvc_results_total", "nan")])
  func `a counter that is no whole number is refused`(_ name: String, _ value: String) throws {
    let answer = try CounterAnswer.prometheus(Array(Self.metrics.utf8))
    expectFailure(
      .outOfRange,
      "\(name) is \(value), allowed a whole number 0…2^53; the reading is not used"
    ) { _ = try answer.value(name) }
  }

  @Test func `a page that is no metrics is refused with its first line`() {
    expectFailure(.nonsense, "no text of Prometheus: <html><body>502 Bad Gateway</body></html>") {
      _ = try CounterAnswer.prometheus(Array("<html><body>502 Bad Gateway</body></html>\n".utf8))
    }
  }

  @Test(arguments: [
    "dvc_dossiers_total 12", "dvc_dossiers_total{chan", "dvc_dossiers_total 1200 1795", "# EO",
    "<html>502",
  ])
  func `a last line that has not ended is half an answer, whatever it says`(_ last: String) {
    for before in ["", "dvc_payments_total 7\n"] {
      expectFailure(
        .cutShort, "the answer ends in the middle, its last line has no line feed: \(last)"
      ) { _ = try CounterAnswer.prometheus(Array("\(before)\(last)".utf8)) }
    }
  }

  @Test func `OpenMetrics may end without a line feed after its own end`() throws {
    let answer = try CounterAnswer.prometheus(Array("paid_total 7\n# EOF".utf8))
    #expect(try answer.value("paid_total") == 7)
  }

  @Test func `a value of JSON is found by its path`() throws {
    let text = #"{"data":{"totals":[{"n":3},{"n":"41","x":null}]},"bad":"many","low":-1}"#
    let answer = CounterAnswer.json(try ConfigNode.answer(Array(text.utf8), of: "x"))
    #expect(try answer.value("data.totals[0].n") == 3)
    #expect(try answer.value("data.totals[1].n") == 41)
    for absent in ["data.totals[2].n", "data.totals[1].x", "data.total", "data.totals[-1].n"] {
      #expect(try answer.value(absent) == nil, "\(absent)")
    }
    for (path, value) in [("bad", "many"), ("low", "-1.0"), ("data", "an object of 1 keys")] {
      expectFailure(
        .outOfRange,
        "\(path) is \(value), allowed a whole number 0…2^53; the reading is not used"
      ) { _ = try answer.value(path) }
    }
  }

  @Test func `a command's lines are names and values`() throws {
    let answer = try CounterAnswer.lines(Array("# today\nreceived 12\n\nonline\t9\n".utf8))
    #expect(try answer.value("received") == 12 && answer.value("online") == 9)
    #expect(try answer.value("paid") == nil)
    expectFailure(.nonsense, "a line is no \"name value\": received twelve") {
      _ = try CounterAnswer.lines(Array("received twelve\n".utf8))
    }
    expectFailure(
      .cutShort, "the answer ends in the middle, its last line has no line feed: online 1"
    ) { _ = try CounterAnswer.lines(Array("received 12\nonline 1".utf8)) }
  }

  private func expectFailure(
    _ outcome: ProbeOutcome, _ english: String, _ body: () throws -> Void
  ) {
    do {
      try body()
      Issue.record("no failure")
    } catch let failure as ProbeFailure {
      #expect(failure.outcome == outcome && failure.text.en == english)
    } catch { Issue.record("\(error)") }
  }
}
