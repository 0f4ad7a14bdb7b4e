package import Daemon
import MQTT

/// Owners and modes of the files that the configuration names.
package enum FileCheck {
  /// The daemon's user, as the package makes it.
  static let serviceUser = "hatang-agent"
  /// Root's secrets that the service manager hands to the daemon: `LoadCredential` in
  /// systemd/hatang-agent.service.
  package static let credentials: Set<String> = [
    "/etc/hatang/agent.key", "/etc/hatang/password", "/etc/hatang/local-password",
  ]

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    examine(
      site.configuration, user: SystemUser(named: serviceUser),
      sandbox: ServiceSandbox.ofService(), findings)
  }

  /// - Parameters:
  ///   - user: the daemon's; `nil`: this host does not know it (yet).
  ///   - sandbox: the daemon's, and its probes'; `nil`: this host does not know it.
  ///   - credentials: what the daemon need not be able to read by itself.
  package static func examine(
    _ configuration: AgentConfiguration, user: SystemUser?, sandbox: ServiceSandbox? = nil,
    credentials: Set<String> = FileCheck.credentials, _ findings: CheckFindings
  ) {
    let settings = [configuration.file] + mappings(of: configuration)
    let (keys, tokens) = (keys(of: configuration), tokens(of: configuration))
    let files = settings + plain(of: configuration) + tokens + keys
    var isRight = true
    for path in keys + tokens { isRight = isSecret(path, findings) && isRight }
    for path in settings { isRight = isUnchangeable(path, findings) && isRight }
    let isHandedOver = { (path: String) in
      credentials.contains(path) || path.hasPrefix("/run/credentials/")
    }
    for path in settings + plain(of: configuration) + tokens + keys.filter({ !isHandedOver($0) }) {
      if let user { isRight = isReadable(path, user, findings) && isRight }
    }
    if let sandbox {
      for path in files + commands(of: configuration) {
        isRight = isSeen(path, sandbox, findings) && isRight
      }
    }
    guard isRight else { return }
    let unknown = Bilingual(
      "; chưa có người dùng \(serviceUser) nên chưa biết dịch vụ đọc được không",
      "; there is no user \(serviceUser) yet, so whether the daemon can read them is not known")
    findings.add(
      "files", .passed,
      Bilingual(
        "Chủ và quyền của \(files.count) tệp đúng\(user == nil ? unknown.vi : "")",
        "owners and modes of \(files.count) files are right\(user == nil ? unknown.en : "")"))
  }

  // MARK: Files

  /// Keys and passwords of the brokers.
  private static func keys(of configuration: AgentConfiguration) -> [String] {
    [configuration.local, configuration.uplink].flatMap { broker in
      [broker.tls?.keyFile, broker.passwordFile].compactMap { $0 }
    }
  }

  /// Secrets that the probes read by themselves.
  private static func tokens(of configuration: AgentConfiguration) -> [String] {
    there(endpoints(of: configuration).compactMap(\.tokenFile))
  }

  private static func plain(of configuration: AgentConfiguration) -> [String] {
    [configuration.local, configuration.uplink].flatMap { broker in
      [broker.tls?.caFile, broker.tls?.certificateFile].compactMap { $0 }
    } + there(endpoints(of: configuration).compactMap(\.caFile))
  }

  /// Those with a file of their own.
  private static func mappings(of configuration: AgentConfiguration) -> [String] {
    configuration.mappings.map(\.node.file).filter { $0 != configuration.file }
  }

  private static func endpoints(
    of configuration: AgentConfiguration
  ) -> [ServiceProbeSettings.Endpoint] {
    configuration.probes.service.compactMap { probe in
      if case .endpoint(let endpoint) = probe.way { endpoint } else { nil }
    }
  }

  /// Programs of the site.
  private static func commands(of configuration: AgentConfiguration) -> [String] {
    configuration.probes.service.compactMap { probe in
      if case .command(let words) = probe.way, words[0].hasPrefix("/") { words[0] } else { nil }
    }
  }

  /// Each once. Of what is missing the probe's own line speaks.
  private static func there(_ paths: [String]) -> [String] {
    Set(paths).filter(Files.exists).sorted()
  }

  // MARK: Findings

  private static func isSecret(_ path: String, _ findings: CheckFindings) -> Bool {
    guard let facts = FileFacts(path), facts.mode & 0o007 != 0 else { return true }
    findings.add(
      "files", .failed,
      Bilingual(
        "\(path) là bí mật nhưng có quyền \(facts.modeText): mọi người đọc được",
        "a secret with mode \(facts.modeText): everybody on this host can use it"),
      remedy: Bilingual(
        "sudo chmod 0640 \(path); nếu máy có người lạ, xin cấp khoá mới",
        "as above; if strangers use this host, ask for a new key"))
    return false
  }

  private static func isUnchangeable(_ path: String, _ findings: CheckFindings) -> Bool {
    guard let facts = FileFacts(path), facts.mode & 0o002 != 0 else { return true }
    findings.add(
      "files", .failed,
      Bilingual(
        "\(path) có quyền \(facts.modeText): mọi người sửa được",
        "mode \(facts.modeText): everybody on this host can change it"),
      remedy: Bilingual("sudo chmod 0644 \(path)", "as above"))
    return false
  }

  /// What owners and modes do not show.
  private static func isSeen(
    _ path: String, _ sandbox: ServiceSandbox, _ findings: CheckFindings
  ) -> Bool {
    guard sandbox.access(to: path) == .hidden else { return true }
    findings.add(
      "files", .failed,
      Bilingual(
        "Dịch vụ không thấy \(path): systemd che /home, /root, /run/user và /tmp với nó",
        "the unit hides /home, /root, /run/user and /tmp from the daemon and its probes"),
      remedy: Bilingual(
        "Chuyển nó sang chỗ khác, như /etc/hatang hay /opt, và sửa cấu hình",
        "move it elsewhere, such as there, and correct the configuration"))
    return false
  }

  private static func isReadable(
    _ path: String, _ user: SystemUser, _ findings: CheckFindings
  ) -> Bool {
    guard let obstacle = user.obstacle(to: path) else { return true }
    let what =
      obstacle == path
      ? Bilingual("", "") : Bilingual(" (vì thư mục \(obstacle))", " (because of \(obstacle))")
    let remedy =
      obstacle == path
      ? "sudo chgrp \(user.name) \(path) && sudo chmod 0640 \(path)"
      : "sudo chmod o+x \(obstacle)"
    findings.add(
      "files", .failed,
      Bilingual(
        "Dịch vụ (người dùng \(user.name)) không đọc được \(path)\(what.vi)",
        "the daemon (user \(user.name)) cannot read it\(what.en)"),
      remedy: Bilingual(remedy, "as above"))
    return false
  }
}
