import Daemon
import Glibc
import TestSupport
import Testing

/// The real mmcli, asked by the probe, answers for a ModemManager that python3-dbusmock plays on a
/// D-Bus of the test's own.
@Suite(.serialized) struct ProbeCoverageTests {
  private static let fixed = "position: { lat: 20.541, lon: 105.913, accuracy: 5 }"

  private func print(
    _ scenario: String, _ settings: String
  ) throws -> (text: String, exitCode: Int32) {
    let folder = TemporaryFolder()
    let bus = try PlayedModemManager(scenario, in: folder)
    let site = ProbeSite(in: folder, probes: "coverage: { m: { \(settings) } }")
    return try site.probe("coverage", ["--print"], bus: bus.address)
  }

  @Test(arguments: [
    (
      "nr-nsa", fixed,
      #""lat":20.541,"lon":105.913,"accuracy":5.0,"rat":"nr-nsa","ss_rsrp":-98.50,"#
        + #""ss_rsrq":-11.00,"ss_sinr":12.50,"plmn":"45204","cell":"04F1B201"}"#
    ),
    (
      "nr-sa", "position: 'modem'",
      #""lat":20.541000,"lon":105.913000,"rat":"nr-sa","ss_rsrp":-98.50,"ss_rsrq":-11.00,"#
        + #""ss_sinr":12.50,"plmn":"45204","cell":"04F1B201"}"#
    ),
    (
      "nsa-idle", fixed,
      #""lat":20.541,"lon":105.913,"accuracy":5.0,"rat":"lte","plmn":"45204","cell":"04F1B201"}"#
    ),
    // What real modems said, as others published it: Tests/Resources/probes/README.md.
    (
      "public-nsa", fixed,
      #""rat":"nr-nsa","ss_rsrp":-75.00,"ss_rsrq":-11.00,"ss_sinr":18.50,"plmn":"00101","#
        + #""cell":"01A2D001"}"#
    ),
    (
      "public-sa", fixed,
      #""rat":"nr-sa","ss_rsrp":-109.00,"ss_rsrq":-12.00,"ss_sinr":14.00,"plmn":"51566"}"#
    ),
    ("public-lte", fixed, #""rat":"lte","plmn":"12301","cell":"0043300C"}"#),
    ("searching", fixed, #""lat":20.541,"lon":105.913,"accuracy":5.0,"rat":"none"}"#),
    (
      "two-modems", "modem: '353338976168903', \(fixed)", #""rat":"nr-sa","ss_rsrp":-98.50,"#
    ),
    ("two-modems", "modem: 0, \(fixed)", #""rat":"lte","plmn":"45204","#),
    ("two-modems", "modem: 'cdc-wdm1', \(fixed)", #""rat":"nr-sa","ss_rsrp":-98.50,"#),
  ])
  func `what the modem says becomes a sample, and what it does not say is absent`(
    _ scenario: String, _ settings: String, _ expected: String
  ) throws {
    let found = try print(scenario, settings)
    #expect(found.exitCode == 0 && found.text.contains(expected), "\(found.text)")
  }

  @Test(arguments: [
    (
      "no-modem", fixed, Int32(90),
      "ModemManager không thấy modem nào; hãy kiểm tra cáp và nguồn của modem / ModemManager sees "
        + "no modem; check the modem's cable and power"
    ),
    (
      "sim-locked", fixed, 91,
      "SIM bị khóa (sim-pin); hãy nhập mã hoặc tắt mã PIN của SIM / the SIM is locked (sim-pin); "
        + "unlock it, or switch its PIN off"
    ),
    (
      "lte", "position: 'modem', timeout_seconds: 3", 92,
      "chưa xác định được vị trí; hãy kiểm tra ăng-ten GNSS, hoặc ghi vị trí cố định / there is no "
        + "position yet; check the GNSS antenna, or configure a fixed position"
    ),
  ])
  func `a modem without a reading has its own end`(
    _ scenario: String, _ settings: String, _ code: Int32, _ line: String
  ) throws {
    let found = try print(scenario, settings)
    #expect(found.exitCode == code && found.text == "✗ coverage m: \(line)\n")
  }

  @Test func `with two modems and none named, both are listed`() throws {
    let found = try print("two-modems", Self.fixed)
    #expect(found.exitCode == 90)
    let names =
      "0 = 353338976168895 = /sys/devices/pci0000:00/0000:00:14.0/usb2/2-3 = cdc-wdm0 = wwan0; "
      + "1 = 353338976168903 = /sys/devices/pci0000:00/0000:00:14.0/usb2/2-4 = cdc-wdm1 = wwan1"
    #expect(
      found.text
        == "✗ coverage m: có 2 modem, hãy ghi modem nào vào cấu hình: \(names) / there are "
        + "2 modems, name one in the configuration: \(names)\n")
  }

  @Test func `traffic that flowed makes a sample active, traffic that did not makes it inactive`()
    throws
  {
    let folder = TemporaryFolder()
    let bus = try PlayedModemManager("nr-nsa", in: folder)
    func active(_ traffic: String) throws -> String {
      let site = ProbeSite(
        in: folder,
        probes: """
          coverage: { m: { \(Self.fixed), interface: "lo", traffic: { \(traffic) } } }
          """)
      return try site.probe("coverage", ["--print"], bus: bus.address).text
    }
    #expect(try active("ping: '127.0.0.1', count: 10").contains(#""rat":"nr-nsa","active":true,"#))
    // A metered SIM.
    let small = try active("ping: '127.0.0.1', count: 10, payload_bytes: 16")
    #expect(small.contains(#""rat":"nr-nsa","active":true,"#), "\(small)")
    // Answered, but fewer bytes than are asked for.
    folder.write("#!/bin/sh\n", to: "bin/curl")
    run("/bin/chmod", ["+x", folder.file("bin/curl")])
    let few = try active("url: 'http://127.0.0.1', max_bytes: 1000000000, min_bytes: 1000000000")
    #expect(few.contains(#""rat":"nr-nsa","active":false,"#), "\(few)")
    // Nobody has this address (RFC 5737), and lo leads nowhere.
    let none = try active("ping: '192.0.2.1', count: 10, min_bytes: 1")
    #expect(none.contains(#""active":false,"#) && none.contains("lưu lượng không chạy"), "\(none)")
  }

  @Test func `gpsd gives the position, and no fix is an end of its own`() throws {
    let folder = TemporaryFolder()
    let bus = try PlayedModemManager("nr-sa", in: folder)
    let port = Broker.freePort()
    let settings = """
      coverage: { m: { position: "gpsd", gpsd: { port: \(port) }, timeout_seconds: 15 } }
      """
    let site = ProbeSite(in: folder, probes: settings)
    let away = try site.probe("coverage", ["--print"], bus: bus.address)
    #expect(away.exitCode == 92)
    #expect(
      away.text
        == "✗ coverage m: không hỏi được vị trí từ gpsd: cannot connect 127.0.0.1:\(port): "
        + "Connection refused / gpsd gives no position: cannot connect "
        + "127.0.0.1:\(port): Connection refused\n"
    )
    folder.write(
      """
      {"class":"VERSION","release":"3.22"}
      {"class":"TPV","device":"/dev/ttyUSB1","mode":1}
      {"class":"TPV","device":"/dev/ttyUSB1","mode":3,"lat":20.5412,"lon":105.9134,"eph":3.8}

      """, to: "reports")
    let gpsd = Program(
      "/usr/bin/env",
      [
        "python3", Repository.path("Tests/Resources/probes/gpsd.py"), "\(port)",
        folder.file("reports"),
      ], log: folder.file("gpsd.log"))
    defer { gpsd.kill() }
    try waitUntil("gpsd listens") { try folder.text(of: "gpsd.log") == "ready\n" }
    let found = try site.probe("coverage", ["--print"], bus: bus.address)
    #expect(
      found.text.contains(#""lat":20.5412,"lon":105.9134,"accuracy":3.8,"rat":"nr-sa","#),
      "\(found.text)")
  }
}

/// A D-Bus and a ModemManager on it, for one test.
private final class PlayedModemManager {
  let address: String
  private let bus: Program
  private var manager: Program?

  init(_ scenario: String, in folder: TemporaryFolder) throws {
    address = "unix:path=\(folder.file("bus"))"
    bus = Program(
      "/usr/bin/dbus-daemon", ["--session", "--nofork", "--nopidfile", "--address=\(address)"],
      log: folder.file("bus.log"))
    try waitUntil("the bus is there") { folder.contains("bus") }
    // Debian's own python, which has python3-dbusmock.
    manager = Program(
      "/usr/bin/python3",
      [Repository.path("Tests/Resources/probes/modem_manager.py"), address, scenario],
      log: folder.file("manager.log"))
    try waitUntil("ModemManager is played") {
      try folder.text(of: "manager.log").hasPrefix("ready\n")
    }
  }

  deinit {
    manager?.kill()
    bus.kill()
  }
}
