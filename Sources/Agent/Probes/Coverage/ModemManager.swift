import Daemon

/// ModemManager, asked through mmcli's JSON.
struct ModemManager {
  /// For each question.
  let timeout: Duration
  /// Of the run.
  let time: ProbeTime

  /// What is known of every modem before one is chosen.
  struct Modem {
    /// The last part of its D-Bus path.
    let index: String
    let node: ConfigNode
    /// Index, IMEI, device, ports: every name by which the configuration may choose it.
    let names: [String]
    /// Of the network interface, such as `wwan0`.
    let netPort: String?
  }

  /// - Parameter wanted: `nil`: the only one.
  func modem(_ wanted: String?) throws(ProbeFailure) -> Modem {
    let list = try ask(["-L"])
    guard let paths = try? list["modem-list"]?.array() else {
      throw ProbeFailure(
        .nonsense, "mmcli không trả lời bằng danh sách modem (modem-list)",
        "mmcli answered without a list of modems (modem-list)")
    }
    var modems: [Modem] = []
    for path in paths {
      guard let text = try? path.string(), let index = text.split(separator: "/").last else {
        throw ProbeFailure(
          .nonsense, "mmcli nêu một modem không có đường dẫn",
          "mmcli names a modem without a path")
      }
      modems.append(try modem(at: String(index)))
    }
    guard !modems.isEmpty else {
      throw ProbeFailure(
        .noModem, "ModemManager không thấy modem nào; hãy kiểm tra cáp và nguồn của modem",
        "ModemManager sees no modem; check the modem's cable and power")
    }
    // mmcli lists them in no order.
    modems.sort { (Int($0.index) ?? 0, $0.index) < (Int($1.index) ?? 0, $1.index) }
    let shown = modems.map { $0.names.joined(separator: " = ") }.joined(separator: "; ")
    guard let wanted else {
      guard modems.count == 1 else {
        throw ProbeFailure(
          .noModem, "có \(modems.count) modem, hãy ghi modem nào vào cấu hình: \(shown)",
          "there are \(modems.count) modems, name one in the configuration: \(shown)")
      }
      return modems[0]
    }
    guard let found = modems.first(where: { $0.names.contains(wanted) }) else {
      throw ProbeFailure(
        .noModem, "không có modem \(wanted); đang có: \(shown)",
        "there is no modem \(wanted); there are: \(shown)")
    }
    return found
  }

  func node(_ index: String) throws(ProbeFailure) -> ConfigNode { try ask(["-m", index]) }

  private func modem(at index: String) throws(ProbeFailure) -> Modem {
    let node = try node(index)
    let generic = node.at("modem", "generic")
    var names = [index]
    for candidate in [
      node.at("modem", "3gpp", "imei"), generic?["equipment-identifier"], generic?["device"],
      generic?["primary-port"],
    ] {
      if let name = ModemReading.said(candidate), !names.contains(name) { names.append(name) }
    }
    var netPort: String?
    // "wwan0 (net)"
    for port in ModemReading.words(generic?["ports"]) {
      let parts = port.split(separator: " ")
      guard let name = parts.first.map(String.init) else { continue }
      if !names.contains(name) { names.append(name) }
      if parts.last == "(net)", netPort == nil { netPort = name }
    }
    return Modem(index: index, node: node, names: names, netPort: netPort)
  }

  /// Makes the modem report its signal, if it does not yet.
  func setUpSignal(_ index: String, seconds: Int64) throws(ProbeFailure) {
    let signal = try ask(["-m", index, "--signal-get"])
    let rate = ModemReading.said(signal.at("modem", "signal", "refresh", "rate"))
    guard rate == nil || rate == "0" else { return }
    _ = try run(["-m", index, "--signal-setup=\(seconds)"])
  }

  func signal(_ index: String) throws(ProbeFailure) -> ConfigNode {
    try ask(["-m", index, "--signal-get"])
  }

  func location(_ index: String) throws(ProbeFailure) -> ConfigNode {
    try ask(["-m", index, "--location-get"])
  }

  /// Switches the modem's own receiver on; that it is on already is no error.
  func setUpLocation(_ index: String) throws(ProbeFailure) {
    _ = try run(["-m", index, "--location-enable-gps-raw"])
  }

  private func ask(_ words: [String]) throws(ProbeFailure) -> ConfigNode {
    try ProbeTool.json(try run(["-J"] + words), of: "mmcli")
  }

  private func run(_ words: [String]) throws(ProbeFailure) -> [UInt8] {
    let outcome = try ProbeTool.run(["mmcli"] + words, within: time.forProgram(timeout))
    guard outcome.exitCode == 0 else {
      throw ProbeTool.failed("mmcli", ProbeTool.words(outcome))
    }
    return outcome.output
  }
}
