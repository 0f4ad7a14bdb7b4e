import Daemon
import Glibc

/// Where hatang-agent.service lets the daemon write, whatever owners and modes say
/// (systemd.exec(5)).
package struct ServiceSandbox: Equatable {
  package enum Access: Equatable {
    case writable
    case readOnly
    /// The daemon sees an empty folder in its place.
    case hidden
  }

  private var isStrict = false
  private var hidesHomes = false
  private var hasOwnTemporary = false
  private var writable: [String] = []

  private static let unit = "hatang-agent.service"
  private static let properties = [
    "LoadState", "ProtectSystem", "ProtectHome", "PrivateTmp", "StateDirectory", "ReadWritePaths",
  ]
  /// There where systemd runs (sd_booted(3)).
  private static let systemdFolder = "/run/systemd/system"
  private static let limit: Duration = .seconds(4)

  /// - Returns: `nil` where systemd does not run, does not answer or does not know the unit.
  static func ofService() -> ServiceSandbox? {
    guard Files.exists(systemdFolder) else { return nil }
    let words = ["systemctl", "show"] + properties.flatMap { ["-p", $0] } + [unit]
    let outcome = try? SupervisedProcess(words, within: limit).finish()
    guard let outcome, !outcome.isHung, outcome.exitCode == 0 else { return nil }
    return ServiceSandbox(String(decoding: outcome.output, as: UTF8.self))
  }

  /// - Parameter answer: of `systemctl show`, lines `Property=value`.
  package init?(_ answer: String) {
    var isLoaded = false
    for line in answer.split(whereSeparator: \.isNewline) {
      guard let sign = line.firstIndex(of: "=") else { continue }
      let value = line[line.index(after: sign)...]
      let words = value.split(separator: " ")
      switch line[..<sign] {
      case "LoadState": isLoaded = value == "loaded"
      case "ProtectSystem": isStrict = value == "strict"
      // Without `yes` homes are at most read-only, or empty as well (tmpfs).
      case "ProtectHome": hidesHomes = value == "yes" || value == "tmpfs"
      case "PrivateTmp": hasOwnTemporary = value != "no"
      case "StateDirectory": writable += words.map { "/var/lib/\($0)" }
      // `-`: where it is there; `+`: below the unit's own root.
      case "ReadWritePaths": writable += words.map { String($0.drop { "-+".contains($0) }) }
      default: continue
      }
    }
    guard isLoaded else { return nil }
  }

  package func access(to folder: String) -> Access {
    let path = Self.resolved(folder)
    func isBelow(_ parents: [String]) -> Bool {
      parents.contains { path == $0 || path.hasPrefix($0.hasSuffix("/") ? $0 : "\($0)/") }
    }
    if hidesHomes, isBelow(["/home", "/root", "/run/user"]) { return .hidden }
    if hasOwnTemporary, isBelow(["/tmp", "/var/tmp"]) { return .hidden }
    return !isStrict || isBelow(writable.map(Self.resolved)) ? .writable : .readOnly
  }

  /// Without symbolic links, as systemd reads both; as it is where there is nothing.
  private static func resolved(_ path: String) -> String {
    guard let found = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(found) }
    return unsafe String(cString: found)
  }
}
