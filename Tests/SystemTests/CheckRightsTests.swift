import Daemon
import Glibc
import TestSupport
import Testing

/// `sudo hatang-agent check` tries the probes as their timers run them: not as root.
@Suite(.enabled(if: getuid() == 0, "only root can take another's rights"))
struct CheckRightsTests {
  private static let nobody: UInt32 = 65_534

  /// The buffer's folder is nobody's, as it is the service's on a host.
  private func site(_ service: String) -> ProbeSite {
    let site = ProbeSite(probes: "service: { \(service) }")
    chown(site.folder.path, Self.nobody, Self.nobody)
    chmod(site.folder.path, 0o755)
    return site
  }

  private func check(_ site: ProbeSite) throws -> String {
    try output(
      of: Repository.program("hatang-agent"),
      ["check", "--config", site.folder.file("probe.json5")],
      in: site.folder
    ).text.replacing(site.folder.path, with: "D")
  }

  @Test func `the site's command runs as the owner of the buffer's folder, with its groups alone`()
    throws
  {
    let site = site(
      """
      own: { command: ["/bin/sh", "-c", "test \\"$(id -u) $(id -G)\\" = '65534 65534' && echo n 1"],
        counters: [{ counter: "payments", from: "n" }] }
      """)
    let text = try check(site)
    #expect(text.contains("✓ 1 bộ đếm\n"), "\(text)")
  }

  @Test func `a token that only root can read is red, as the timer's run would be`() throws {
    let site = site(
      """
      dvc: { url: "http://127.0.0.1:1/", format: "json", token_file: "token",
        counters: [{ counter: "payments", from: "n" }] }
      """)
    site.folder.write("secret\n", to: "token")
    chmod(site.folder.file("token"), 0o600)
    let text = try check(site)
    #expect(
      text.contains("✗ không đọc được token_file: cannot open D/token: Permission denied\n"),
      "\(text)")
    // The rest of the check is root's, as ever.
    #expect(text.contains("✓ Đĩa còn"), "\(text)")
  }
}
