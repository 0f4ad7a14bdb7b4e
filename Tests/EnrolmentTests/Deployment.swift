import Agent
import Aggregator
import Daemon
import Enrolment
import TestSupport

/// An authority of one test, and a host that may be enrolled.
final class Deployment {
  let folder = TemporaryFolder()
  var authority = AuthorityConfiguration()

  init() throws {
    authority.folder = folder.file("authority")
    authority.brokerFolder = folder.file("broker")
    authority.publicBroker = .init(host: "mqtt.example.vn", port: 8_883)
    authority.restartBroker = ["true"]
    try CertificateAuthority.make(authority)
    try Place.makeFolder(folder.file("host"), mode: 0o755)
  }

  /// - Parameter nowMs: when it is issued.
  func bundle(_ agent: String, nowMs: Int64 = wallClockMs()) throws -> Bundle {
    try CertificateAuthority(authority, nowMs: nowMs).enroll(agent, site: "", area: "")
  }

  func revoke(_ agent: String) throws -> Int {
    try CertificateAuthority(authority).revoke(agent)
  }

  /// Enrols the host as the command does; `nil`: done, else why not, without this test's folder.
  @discardableResult
  func enroll(_ bundle: Bundle, isReplacing: Bool = false) throws -> String? {
    try enroll(text: bundle.text, isReplacing: isReplacing)
  }

  func enroll(text: String, mode: UInt32 = 0o600, isReplacing: Bool = false) throws -> String? {
    let file = folder.file("b.hatang")
    try Place.write(text, to: file, mode: mode)
    do throws(EnrolmentError) {
      let bundle = try BundleCheck.read(file, nowMs: wallClockMs())
      _ = try installation(isReplacing).put(bundle, from: file)
      return nil
    } catch {
      return error.description.replacing(folder.path + "/", with: "")
    }
  }

  func installation(_ isReplacing: Bool = false) -> Installation {
    Installation(configuration: folder.file("host/agent.json5"), isReplacing: isReplacing)
  }

  /// Each file of the host with its content, to see that nothing has changed.
  func host() throws -> [String: String] {
    var files: [String: String] = [:]
    let (names, _) = try output(of: "/bin/ls", ["-A", folder.file("host")], in: folder)
    for name in names.split(separator: "\n") {
      files[String(name)] = try folder.text(of: "host/\(name)")
    }
    return files
  }
}
