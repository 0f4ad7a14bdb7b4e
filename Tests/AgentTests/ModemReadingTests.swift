import Agent
import Daemon
import Protocol
import TestSupport
import Testing

/// mmcli's answers, recorded from mmcli 1.20 and changed where a case needs it.
@Suite struct ModemReadingTests {
  private func reading(
    technologies: String = #"["lte","5gnr"]"#, nr: String? = nil, lte: String? = nil
  ) throws -> ModemReading {
    var modem = try answer("modem")
    modem.replace(#"["lte","5gnr"]"#, with: technologies)
    var signal = try answer("signal")
    if let nr { signal.replace(#""rsrp":"-98.50","rsrq":"-11.00","snr":"12.50""#, with: nr) }
    if let lte { signal.replace(#""rsrp":"-92.00""#, with: #""rsrp":"\#(lte)""#) }
    return try ModemReading(
      modem: node(modem), signal: node(signal), location: node(try answer("location")))
  }

  private func answer(_ name: String) throws -> String {
    try Repository.text("Tests/Resources/probes/\(name).json")
  }

  private func node(_ text: String) throws -> ConfigNode {
    try ConfigNode.answer(Array(text.utf8), of: "mmcli")
  }

  @Test func `the recorded answers become a reading of nr-nsa with all that the modem says`() throws
  {
    let found = try reading()
    #expect(found.radioAccess == .nrNSA && found.isSettled)
    #expect(found.ssRsrp == "-98.50" && found.ssRsrq == "-11.00" && found.ssSinr == "12.50")
    #expect(found.plmn == "45204" && found.cell == "04F1B201")
  }

  private static let none = #""rsrp":"--","rsrq":"--","snr":"--""#
  private static let gone = #""rsrp":"-32768.00","rsrq":"-32768.00","snr":"-32768.00""#

  @Test(arguments: [
    (#"["lte","5gnr"]"#, String?.none, String?.none, RadioAccess.nrNSA, true),
    (#"["5gnr"]"#, nil, "--", .nrSA, true),
    // Some modems name the 5G leg alone; the LTE anchor shows in its level.
    (#"["5gnr"]"#, nil, nil, .nrNSA, true),
    // Others name the anchor alone, and give the leg's level beside it.
    (#"["lte"]"#, nil, nil, .nrNSA, true),
    (#"["lte"]"#, gone, nil, .lte, true), (#"["lte"]"#, none, nil, .lte, true),
    (#"["lte","5gnr"]"#, none, nil, .nrNSA, false), (#"["lte"]"#, none, "--", .lte, false),
    (#"["hspa-plus"]"#, none, "--", .hspa, true), (#"["umts"]"#, none, "--", .umts, true),
    (#"["edge"]"#, none, "--", .edge, true), (#"["gprs"]"#, none, "--", .gsm, true),
    ("[]", none, "--", RadioAccess.none, true),
  ])
  func `technologies and levels together say what it is`(
    _ technologies: String, _ nr: String?, _ lte: String?, _ expected: RadioAccess,
    _ isSettled: Bool
  ) throws {
    let found = try reading(technologies: technologies, nr: nr, lte: lte)
    #expect(found.radioAccess == expected && found.isSettled == isSettled)
    #expect((found.ssRsrp != nil) == (expected.isNR && nr == nil))
    #expect((found.plmn == nil) == (expected == .none))
  }

  @Test func `a technology that nobody knows is refused by name`() {
    #expect(
      throws: ProbeFailure(
        .nonsense, "modem báo công nghệ lạ 6g", "the modem reports the unknown technology 6g")
    ) { try reading(technologies: #"["6g"]"#) }
  }

  @Test(arguments: [
    (
      #""state":"connected""#, #""state":"disabled""#, ProbeOutcome.noModem,
      "the modem is not enabled (disabled); run mmcli -m N --enable"
    ),
    (
      #""state":"connected","state-failed-reason":"--""#,
      #""state":"failed","state-failed-reason":"sim-missing""#, .noModem,
      "the modem cannot be used (sim-missing); check SIM and modem"
    ),
    (
      #""state":"connected""#, #""state":"locked""#, .simLocked,
      "the SIM is locked (none); unlock it, or switch its PIN off"
    ),
    (
      #""state":"connected""#, #""status":"connected""#, .nonsense,
      "the answer of mmcli lacks modem.generic.state"
    ),
  ])
  func `a modem that can mean nothing by its reading is refused with the remedy`(
    _ old: String, _ new: String, _ outcome: ProbeOutcome, _ text: String
  ) throws {
    var modem = try answer("modem")
    modem.replace(old, with: new)
    #expect {
      try ModemReading.check(node(modem))
    } throws: {
      ($0 as? ProbeFailure)?.outcome == outcome && ($0 as? ProbeFailure)?.text.en == text
    }
  }

  @Test(arguments: [
    (#"{"class":"TPV","mode":3,"lat":20.541,"lon":105.913,"eph":4.5}"#, "20.541 105.913 4.5"),
    (#"{"class":"TPV","mode":2,"lat":20.541,"lon":105.913}"#, "20.541 105.913 -"),
    (#"{"class":"TPV","mode":1,"lat":20.541,"lon":105.913}"#, "none"),
    (#"{"class":"TPV","mode":0}"#, "none"), (#"{"class":"SKY","lat":1,"lon":1}"#, "none"),
  ])
  func `a report of gpsd is a position only with a fix`(_ text: String, _ expected: String) throws {
    let found = ProbePosition(report: try node(text))
      .map { "\($0.latitude) \($0.longitude) \($0.accuracy ?? "-")" }
    #expect(found ?? "none" == expected)
  }
}

extension String {
  /// Fails where there is nothing to replace, so that no case tests something else.
  fileprivate mutating func replace(_ old: String, with new: String) {
    guard let range = firstRange(of: old) else { fatalError("\(old) is not there") }
    replaceSubrange(range, with: new)
  }

  private func firstRange(of other: String) -> Range<String.Index>? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(other) { return index..<self.index(index, offsetBy: other.count) }
      index = self.index(after: index)
    }
    return nil
  }
}
