import Daemon
import Enrolment
import Protocol

/// What the authority has issued: the database of `openssl ca`, a line a certificate.
///
///     V  281125081403Z                 412BD387…  unknown  /CN=kcn-1
///     R  281125081403Z  261125081403Z  5C0E11A2…  unknown  /CN=kcn-2
package struct AuthorityIndex: Equatable, Sendable {
  package private(set) var certificates: [Issued] = []
  /// Where the agents stand.
  package var sites = AuthoritySites("")

  package struct Issued: Equatable, Sendable {
    package let agent: String
    /// Hexadecimal; names its file.
    package let serial: String
    package let expiresMs: Int64
    package let isRevoked: Bool
  }

  /// - Parameter text: lines that are none of an agent's certificate are passed over.
  package init(_ text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 6, fields[5].hasPrefix("/CN="),
        let expires = AuthorityIndex.timeMs(fields[1])
      else { continue }
      let name = fields[5].dropFirst(4)
      guard AgentName.isLegal(name) else { continue }
      certificates.append(
        Issued(
          agent: String(name), serial: String(fields[3]), expiresMs: expires,
          isRevoked: fields[0] == "R"))
    }
  }

  /// The file, and the one of the sites beside it; `nil` where there is no authority, or none that
  /// this process may see.
  package init?(file: String) {
    guard let text = try? Place.text(of: file, bytesMax: 64 << 20) else { return nil }
    self.init(text)
    sites = AuthoritySites(file: AuthorityFiles(folder: Files.directory(of: file)).sites)
  }

  package func certificates(of agent: String) -> [Issued] {
    certificates.filter { $0.agent == agent }
  }

  /// For each agent that is let in or was until its certificate ended: when the newest one ends.
  package var expiries: [(agent: String, expiresMs: Int64)] {
    let standing = certificates.filter { !$0.isRevoked }
    return Dictionary(grouping: standing, by: \.agent)
      .map { ($0.key, $0.value.map(\.expiresMs).max() ?? 0) }.sorted { $0.0 < $1.0 }
  }

  /// Agents that were taken out: each of their certificates was revoked.
  package var revoked: Set<String> {
    Set(
      Dictionary(grouping: certificates, by: \.agent)
        .filter { $0.value.allSatisfy(\.isRevoked) }.keys)
  }

  /// Two digits of the year up to 2049, four from then on.
  private static func timeMs(_ text: Substring) -> Int64? {
    CompactTime.parse(text.utf8.count == 13 ? (text < "50" ? "20" : "19") + text : String(text))
  }
}
