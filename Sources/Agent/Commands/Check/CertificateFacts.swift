package import Daemon
import MQTT

/// Dates and name of a certificate, as the openssl program reads them.
package struct CertificateFacts: Equatable {
  /// Common name of the subject; empty where it has none.
  package let name: String
  package let validFromMs: Int64
  package let validUntilMs: Int64

  private static let words = [
    "timeout", "5", "openssl", "x509", "-noout", "-subject", "-startdate", "-enddate", "-dateopt",
    "iso_8601", "-nameopt", "RFC2253",
  ]

  /// - Parameter pem: the file's content.
  package init(pem: [UInt8]) throws(FileError) {
    let outcome = try ChildProcess.run(Self.words, input: pem, bytesMax: 1 << 20)
    self = try Self(text: String(decoding: outcome.output, as: UTF8.self))
  }

  /// - Parameter text: of `openssl x509`.
  package init(text: String) throws(FileError) {
    var fields: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      fields[line[..<equals]] = line[line.index(after: equals)...]
    }
    guard let from = fields["notBefore"].flatMap({ RFC3339.parse($0) }),
      let until = fields["notAfter"].flatMap({ RFC3339.parse($0) })
    else {
      throw FileError("read", "the certificate", code: 0, hint: "is it one, in PEM form?")
    }
    let parts = (fields["subject"] ?? "").split(separator: ",")
    let common = parts.first { $0.hasPrefix("CN=") }
    name = common.map { String($0.dropFirst(3)) } ?? ""
    validFromMs = from
    validUntilMs = until
  }

  /// Warned so long before.
  package static let warnDays: Int64 = 30
  private static let dayMs: Int64 = 86_400_000

  /// Adds a line on the dates.
  ///
  /// - Parameters:
  ///   - subject: whose certificate it is, Vietnamese and English.
  ///   - remedy: for all that is wrong with its dates.
  package func examine(
    _ part: String, _ subject: Bilingual, nowMs: Int64, remedy: Bilingual,
    _ findings: CheckFindings
  ) {
    let until = String(RFC3339.format(ms: validUntilMs).prefix(10))
    let days = (validUntilMs - nowMs) / Self.dayMs
    if nowMs < validFromMs {
      let from = RFC3339.format(ms: validFromMs)
      findings.add(
        part, .failed,
        Bilingual(
          "\(subject.vi) chưa có hiệu lực, chỉ từ \(from)",
          "\(subject.en) is not valid yet; or is our clock wrong?"), remedy: remedy)
    } else if nowMs > validUntilMs {
      findings.add(
        part, .failed,
        Bilingual("\(subject.vi) đã hết hạn ngày \(until)", "\(subject.en) has expired"),
        remedy: remedy)
    } else if days < Self.warnDays {
      findings.add(
        part, .warning,
        Bilingual(
          "\(subject.vi) sẽ hết hạn sau \(days) ngày (\(until))",
          "\(subject.en) expires in \(days) days"), remedy: remedy)
    } else {
      findings.add(
        part, .passed,
        Bilingual(
          "\(subject.vi) có hiệu lực đến \(until)", "\(subject.en) is valid until then"))
    }
  }
}

/// The agent's own certificate: its dates, and that it carries the agent's name.
package enum CertificateCheck {
  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    guard let file = site.configuration.uplink.tls?.certificateFile else { return }
    do throws(FileError) {
      let facts = try CertificateFacts(pem: try Files.read(file, bytesMax: 1 << 16))
      examine(facts, agent: site.configuration.agent, nowMs: wallClockMs(), findings)
    } catch {
      findings.add(
        "certificate", .warning,
        Bilingual("Không đọc được chứng thư \(file): \(error)", "the certificate cannot be read"),
        remedy: Bilingual(
          "Cài openssl: sudo apt install openssl; hoặc xin lại chứng thư",
          "install openssl as above, or ask for the certificate again"))
    }
  }

  package static func examine(
    _ facts: CertificateFacts, agent: String, nowMs: Int64, _ findings: CheckFindings
  ) {
    facts.examine(
      "certificate", Bilingual("Chứng thư của trạm", "the agent's certificate"), nowMs: nowMs,
      remedy: Bilingual(
        "Xin tỉnh chứng thư mới cho \(agent)", "ask the province for a new certificate"), findings)
    guard facts.name != agent else { return }
    findings.add(
      "certificate_name", .warning,
      Bilingual(
        "Chứng thư mang tên \"\(facts.name)\", không phải \"\(agent)\"",
        "the certificate carries another name than the agent's"),
      remedy: Bilingual(
        "Sửa agent trong cấu hình, hoặc xin chứng thư mang tên \(agent)",
        "correct agent in the configuration, or ask for a certificate in its name"))
  }
}
