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
    examine(site.configuration, user: SystemUser(named: serviceUser), findings)
  }

  /// - Parameters:
  ///   - user: the daemon's; `nil`: this host does not know it (yet).
  ///   - credentials: what the daemon need not be able to read by itself.
  package static func examine(
    _ configuration: AgentConfiguration, user: SystemUser?,
    credentials: Set<String> = FileCheck.credentials, _ findings: CheckFindings
  ) {
    let secrets = secrets(of: configuration)
    let files = [configuration.file] + plain(of: configuration) + secrets
    var isRight = true
    for path in secrets { isRight = isSecret(path, findings) && isRight }
    isRight = isUnchangeable(configuration.file, findings) && isRight
    if let user {
      for path in files
      where !credentials.contains(path) && !path.hasPrefix("/run/credentials/") {
        isRight = isReadable(path, user, findings) && isRight
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

  private static func secrets(of configuration: AgentConfiguration) -> [String] {
    [configuration.local, configuration.uplink].flatMap { broker in
      [broker.tls?.keyFile, broker.passwordFile].compactMap { $0 }
    }
  }

  private static func plain(of configuration: AgentConfiguration) -> [String] {
    [configuration.local, configuration.uplink].flatMap { broker in
      [broker.tls?.caFile, broker.tls?.certificateFile].compactMap { $0 }
    }
  }

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
