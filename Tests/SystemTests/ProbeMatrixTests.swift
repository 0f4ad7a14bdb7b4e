import Daemon
import TestSupport
import Testing

/// What goes wrong with each probe beyond ProbeFailureTests: a line a fault, each with its own
/// sentence, exit code and counter, and nothing published.
@Suite struct ProbeMatrixTests {
  private static let url = "http://192.0.2.1/metrics"
  private static let probes = """
    coverage: { m: { position: { lat: 20.541, lon: 105.913 }, timeout_seconds: 3 },
      gps: { position: 'modem', timeout_seconds: 3 } },
    broadband: { l: { line: 'HNM-1', interface: 'no-such0', servers: ['127.0.0.1:1'] } },
    service: { j: { url: '\(url)', format: 'json', timeout_seconds: 3,
        counters: [{ counter: 'payments', from: 'paid' }] },
      p: { url: '\(url)', format: 'prometheus', timeout_seconds: 3,
        counters: [{ counter: 'payments', from: 'paid' }] },
      c: { command: ['counters'], timeout_seconds: 3,
        counters: [{ counter: 'payments', from: 'paid' }] } }
    """

  struct Fault: Sendable, CustomTestStringConvertible {
    /// Kind and name.
    let probe: (kind: String, name: String)
    /// A shell script that plays its tool; `nil`: none is asked.
    var tool: (name: String, script: String)?
    let outcome: String
    let code: Int32
    let vi: String
    let en: String
    var testDescription: String { "\(probe.kind) \(probe.name): \(en)" }
  }

  private static let modemManagerAway = "error: couldn't find the ModemManager process in the bus"

  private static let faults = [
    Fault(
      probe: ("coverage", "m"), tool: ("mmcli", #"echo '{"modem-list":[]}'"#),
      outcome: "no_modem", code: 90,
      vi: "ModemManager không thấy modem nào; hãy kiểm tra cáp và nguồn của modem",
      en: "ModemManager sees no modem; check the modem's cable and power"),
    Fault(
      probe: ("coverage", "m"), tool: ("mmcli", "echo \"\(modemManagerAway)\" >&2; exit 1"),
      outcome: "tool_failed", code: 82, vi: "mmcli báo lỗi: \(modemManagerAway)",
      en: "mmcli failed: \(modemManagerAway)"),
    Fault(
      probe: ("coverage", "m"), tool: ("mmcli", #"echo '{"modem-list":[7]}'"#),
      outcome: "nonsense", code: 83, vi: "mmcli nêu một modem không có đường dẫn",
      en: "mmcli names a modem without a path"),
    Fault(
      probe: ("broadband", "l"), outcome: "refused", code: 93,
      vi: "giao diện mạng no-such0 không có hoặc đang ngắt; hãy kiểm tra cáp",
      en: "the network interface no-such0 is missing or down; check the cable"),
    Fault(
      probe: ("service", "j"), tool: ("curl", #"printf '{"paid": 12, "onl'"#),
      outcome: "cut_short", code: 84,
      vi: "trả lời của \(url) bị đứt giữa chừng sau 17 byte",
      en: "the answer of \(url) ends in the middle, after 17 bytes"),
    Fault(
      probe: ("service", "j"), tool: ("curl", "echo '<html>'"), outcome: "nonsense", code: 83,
      vi: "trả lời của \(url) không phải là JSON: expected a value, found <",
      en: "the answer of \(url) is no JSON: expected a value, found <"),
    Fault(
      probe: ("service", "j"), tool: ("curl", #"echo '{"paid": 12.5}'"#),
      outcome: "out_of_range", code: 85,
      vi: "paid là 12.5, cho phép số nguyên 0…2^53; kết quả bị bỏ",
      en: "paid is 12.5, allowed a whole number 0…2^53; the reading is not used"),
    Fault(
      probe: ("service", "p"), tool: ("curl", "echo 'paid -5'"), outcome: "out_of_range", code: 85,
      vi: "paid là -5.0, cho phép số nguyên 0…2^53; kết quả bị bỏ",
      en: "paid is -5.0, allowed a whole number 0…2^53; the reading is not used"),
    Fault(
      probe: ("service", "p"), tool: ("curl", #"printf 'online 5\npaid 12'"#),
      outcome: "cut_short", code: 84,
      vi: "trả lời bị đứt giữa chừng, dòng cuối không có dấu xuống dòng: paid 12",
      en: "the answer ends in the middle, its last line has no line feed: paid 12"),
    Fault(
      probe: ("service", "c"), tool: ("counters", "printf 'paid 12'"),
      outcome: "cut_short", code: 84,
      vi: "trả lời bị đứt giữa chừng, dòng cuối không có dấu xuống dòng: paid 12",
      en: "the answer ends in the middle, its last line has no line feed: paid 12"),
    Fault(
      probe: ("service", "p"), tool: ("curl", "exit 28"), outcome: "refused", code: 93,
      vi: "\(url) không trả lời xong trong 3 s", en: "\(url) has not answered within 3 s"),
    Fault(
      probe: ("service", "p"),
      tool: ("curl", "echo 'curl: (22) The requested URL returned error: 503' >&2; exit 22"),
      outcome: "refused", code: 93,
      vi: "không lấy được \(url): curl: (22) The requested URL returned error: 503",
      en: "\(url) cannot be fetched: curl: (22) The requested URL returned error: 503"),
    Fault(
      probe: ("service", "c"), tool: ("counters", "echo paid 1e99"), outcome: "out_of_range",
      code: 85, vi: "paid là 1e+99, cho phép số nguyên 0…2^53; kết quả bị bỏ",
      en: "paid is 1e+99, allowed a whole number 0…2^53; the reading is not used"),
  ]

  private func expect(_ site: ProbeSite, _ fault: Fault) throws {
    let (kind, name) = fault.probe
    let run = try site.probe(kind, [name])
    #expect(
      run.text == "✗ \(kind) \(name): \(fault.vi) / \(fault.en)\n" && run.exitCode == fault.code)
    #expect(try site.count(kind, name, fault.outcome) == 1)
    #expect(try site.state(kind, name).required("waiting").array().isEmpty)
  }

  @Test(arguments: faults)
  func `a fault has its own sentence, code and counter`(_ fault: Fault) throws {
    let site = ProbeSite(probes: Self.probes)
    if let tool = fault.tool {
      site.folder.write("#!/bin/sh\n\(tool.script)\n", to: "bin/\(tool.name)")
      run("/bin/chmod", ["+x", "\(site.programs)/\(tool.name)"])
    }
    try expect(site, fault)
  }

  @Test(arguments: [
    (
      [("--signal-get*) cat", "--signal-get*) exec sleep 600; cat")],
      Fault(
        probe: ("coverage", "m"), outcome: "tool_hung", code: 81,
        vi: "mmcli không xong sau 3 s và đã bị dừng",
        en: "mmcli was not done after 3 s and was ended")
    ),
    (
      [("--signal-get*) cat", "--signal-get*) head -c 20")],
      Fault(
        probe: ("coverage", "m"), outcome: "cut_short", code: 84,
        vi: "trả lời của mmcli bị đứt giữa chừng sau 20 byte",
        en: "the answer of mmcli ends in the middle, after 20 bytes")
    ),
    (
      [("--location-get*) cat \"$here/location.json\"", "--location-get*) echo '{\"modem\":{}}'")],
      Fault(
        probe: ("coverage", "gps"), outcome: "no_fix", code: 92,
        vi: "chưa xác định được vị trí; hãy kiểm tra ăng-ten GNSS, hoặc ghi vị trí cố định",
        en: "there is no position yet; check the GNSS antenna, or configure a fixed position")
    ),
  ])
  func `a modem that fails at a later question has its own end, too`(
    _ changes: [(String, String)], _ fault: Fault
  ) throws {
    let site = ProbeSite(probes: Self.probes)
    try site.fakeModem()
    var script = try site.folder.text(of: "bin/mmcli")
    for (old, new) in changes {
      #expect(script.contains(old))
      script = script.replacing(old, with: new)
    }
    site.folder.write(script, to: "bin/mmcli")
    try expect(site, fault)
  }

  @Test func `a modem's place that cannot be is refused`() throws {
    let site = ProbeSite(probes: Self.probes)
    try site.fakeModem([("20.541000", "95.000000")])
    let text = "lat is 95.000000, allowed -90…90 °"
    try expect(
      site,
      Fault(
        probe: ("coverage", "gps"), outcome: "out_of_range", code: 85,
        vi: "giá trị không hợp lệ, kết quả bị bỏ: \(text)",
        en: "a value is not legal, the reading is not used: \(text)"))
  }

  @Test func `a gpsd that swallows what it is asked gives no fix after its time`() throws {
    let listener = try TestSupport.Listener(.swallows)
    let site = ProbeSite(
      probes: """
        coverage: { m: { position: 'gpsd', gpsd: { port: \(listener.port) }, timeout_seconds: 2 } }
        """)
    try site.fakeModem()
    try expect(
      site,
      Fault(
        probe: ("coverage", "m"), outcome: "no_fix", code: 92,
        vi: "chưa xác định được vị trí; hãy kiểm tra ăng-ten GNSS, hoặc ghi vị trí cố định",
        en: "there is no position yet; check the GNSS antenna, or configure a fixed position"))
  }

  @Test func `a counter that cannot be does not take the others with it`() throws {
    let site = ProbeSite(
      probes: """
        service: { c: { command: ['counters'], counters: [
          { counter: 'payments', from: 'paid' }, { counter: 'payments_online', from: 'online' }] } }
        """)
    site.folder.write("#!/bin/sh\necho paid -1\necho online 7\n", to: "bin/counters")
    run("/bin/chmod", ["+x", "\(site.programs)/counters"])
    let run = try site.probe("service", ["c"])
    #expect(
      run.text == "✗ service c: paid là -1.0, cho phép số nguyên 0…2^53; kết quả bị bỏ / paid is "
        + "-1.0, allowed a whole number 0…2^53; the reading is not used\n" && run.exitCode == 85)
    #expect(try site.count("service", "c", "out_of_range") == 1)
    let waiting = try site.state("service", "c").required("waiting").array()
    #expect(waiting.map { $0.at("row", "counter")?.plain } == ["payments_online"])
  }
}
