package import Daemon
package import Protocol

/// What a modem says of itself, taken out of mmcli's answers. Pure. What it does not say ("--") is
/// absent, never zero.
package struct ModemReading: Equatable {
  package let radioAccess: RadioAccess
  /// With the digits of the answer.
  package private(set) var ssRsrp: String?
  package private(set) var ssRsrq: String?
  package private(set) var ssSinr: String?
  /// Whether the modem gives the level of what it is on, so that nothing is to be waited for.
  package let isSettled: Bool
  package let plmn: String?
  package let cell: String?

  /// libqmi's word for a 5G leg that is not there.
  private static let inactive = "-32768.00"

  /// - Parameters:
  ///   - modem: of `mmcli -J -m N`.
  ///   - signal: of `mmcli -J -m N --signal-get`.
  ///   - location: of `mmcli -J -m N --location-get`; `nil`: not asked.
  package init(
    modem: ConfigNode, signal: ConfigNode, location: ConfigNode?
  ) throws(ProbeFailure) {
    guard let generic = modem.at("modem", "generic"), generic["access-technologies"] != nil else {
      throw ProbeFailure(
        .nonsense, "trả lời của mmcli thiếu modem.generic.access-technologies",
        "the answer of mmcli lacks modem.generic.access-technologies")
    }
    let technologies = ModemReading.words(generic["access-technologies"])
    let nr = signal.at("modem", "signal", "5g")
    let rsrp = ModemReading.level(nr?["rsrp"])
    let lteRsrp = ModemReading.level(signal.at("modem", "signal", "lte", "rsrp"))
    radioAccess = try ModemReading.radioAccess(
      technologies, hasNRLevel: rsrp != nil, hasLTELevel: lteRsrp != nil)
    if radioAccess.isNR {
      ssRsrp = rsrp
      ssRsrq = ModemReading.level(nr?["rsrq"])
      ssSinr = ModemReading.level(nr?["snr"])
    }
    switch radioAccess {
    case .nrSA, .nrNSA: isSettled = rsrp != nil
    case .lte: isSettled = lteRsrp != nil
    case .hspa, .umts, .edge, .gsm, .none: isSettled = true
    }
    let hasService = radioAccess != .none
    plmn = hasService ? ModemReading.said(modem.at("modem", "3gpp", "operator-code")) : nil
    cell = hasService ? ModemReading.said(location?.at("modem", "location", "3gpp", "cid")) : nil
  }

  /// NSA shows in two ways: some modems report LTE and 5GNR together, others LTE alone and give 5G
  /// levels beside it while the leg is up.
  ///
  ///     technologies  5G level  LTE level   is
  ///     lte 5gnr      any       any         nr-nsa
  ///     lte           yes       any         nr-nsa
  ///     5gnr          any       yes         nr-nsa
  ///     5gnr          any       no          nr-sa
  ///     lte           no        any         lte
  ///     none          no        no          none
  private static func radioAccess(
    _ technologies: [String], hasNRLevel: Bool, hasLTELevel: Bool
  ) throws(ProbeFailure) -> RadioAccess {
    let isLTE = technologies.contains { $0.hasPrefix("lte") }
    if technologies.contains("5gnr") { return isLTE || hasLTELevel ? .nrNSA : .nrSA }
    if isLTE { return hasNRLevel ? .nrNSA : .lte }
    for technology in technologies {
      switch technology {
      case "hspa", "hspa-plus", "hsdpa", "hsupa": return .hspa
      case "umts": return .umts
      case "edge": return .edge
      case "gsm", "gsm-compact", "gprs": return .gsm
      case "unknown": continue
      default:
        throw ProbeFailure(
          .nonsense, "modem báo công nghệ lạ \(technology)",
          "the modem reports the unknown technology \(technology)")
      }
    }
    return .none
  }

  /// Fails where no reading can mean anything.
  package static func check(_ modem: ConfigNode) throws(ProbeFailure) {
    guard let generic = modem.at("modem", "generic"), let state = said(generic["state"]) else {
      throw ProbeFailure(
        .nonsense, "trả lời của mmcli thiếu modem.generic.state",
        "the answer of mmcli lacks modem.generic.state")
    }
    let lock = said(generic["unlock-required"]) ?? "none"
    if state == "locked" {
      throw ProbeFailure(
        .simLocked, "SIM bị khóa (\(lock)); hãy nhập mã hoặc tắt mã PIN của SIM",
        "the SIM is locked (\(lock)); unlock it, or switch its PIN off")
    }
    if state == "failed" {
      let reason = said(generic["state-failed-reason"]) ?? "unknown"
      throw ProbeFailure(
        .noModem, "modem không dùng được (\(reason)); hãy kiểm tra SIM và modem",
        "the modem cannot be used (\(reason)); check SIM and modem")
    }
    let works = ["enabled", "searching", "registered", "disconnecting", "connecting", "connected"]
    guard works.contains(state) else {
      throw ProbeFailure(
        .noModem, "modem chưa bật (\(state)); hãy chạy mmcli -m N --enable",
        "the modem is not enabled (\(state)); run mmcli -m N --enable")
    }
  }

  /// `nil` for what mmcli shows as "--".
  package static func said(_ node: ConfigNode?) -> String? {
    guard let text = try? node?.string(), text != "--", !text.isEmpty else { return nil }
    return text
  }

  static func words(_ node: ConfigNode?) -> [String] {
    ((try? node?.array()) ?? []).compactMap { said($0) }
  }

  private static func level(_ node: ConfigNode?) -> String? {
    guard let text = said(node), text != inactive else { return nil }
    return text
  }
}
