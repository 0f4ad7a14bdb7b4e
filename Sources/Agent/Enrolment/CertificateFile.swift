package import Daemon
package import Enrolment
package import MQTT

/// The agent's own certificate, as `uplink.cert_file` names it. Read when the daemon starts, when
/// it reads its configuration again, and by `check`; not kept in view otherwise.
package struct CertificateFile: Equatable, Sendable {
  package let path: String
  package let certificate: Certificate

  /// `nil`: the uplink uses no certificate.
  /// - Throws: the file is not there, cannot be read, or holds no certificate.
  package init?(_ uplink: BrokerSettings) throws(EnrolmentError) {
    guard let path = uplink.tls?.certificateFile else { return nil }
    try self.init(path: path)
  }

  package init(path: String) throws(EnrolmentError) {
    guard let certificate = Certificate(pem: try Place.text(of: path)) else {
      throw EnrolmentError(
        path, .init(vi: "tệp không chứa chứng thư nào", en: "the file holds no certificate"),
        remedy: .init(
          vi: "đăng ký lại: sudo hatang-agent enroll GÓI",
          en: "enrol again: sudo hatang-agent enroll BUNDLE"))
    }
    self.path = path
    self.certificate = certificate
  }
}

/// The line `certificate` of `check`: yellow 30 days before the end, red after it.
package enum CertificateCheck {
  package static func add(
    _ configuration: AgentConfiguration, nowMs: Int64, to report: inout CheckReport
  ) {
    do throws(EnrolmentError) {
      guard let file = try CertificateFile(configuration.uplink) else { return }
      judge(file, agent: configuration.agent, nowMs: nowMs, &report)
    } catch {
      report.add(
        "certificate", .failed,
        Bilingual(
          "Chứng thư \(error.subject): \(error.problem.vi)", error.problem.en),
        remedy: Bilingual(error.remedy.vi, error.remedy.en))
    }
  }

  package static func judge(
    _ file: CertificateFile, agent: String, nowMs: Int64, _ report: inout CheckReport
  ) {
    let certificate = file.certificate
    let end = RFC3339.format(ms: certificate.notAfterMs)
    let renewal = Bilingual(
      "Ở tỉnh: hatang-aggregator renew \(agent); tại đây: sudo hatang-agent enroll GÓI",
      "make a renewal in the province and enrol it here, as above")
    let name = certificate.commonName ?? ""
    let days = certificate.daysLeft(nowMs: nowMs)
    if name != agent {
      report.add(
        "certificate", .failed,
        Bilingual(
          "Chứng thư \(file.path) là của \"\(name)\", cấu hình là của \"\(agent)\"",
          "the certificate is another agent's"),
        remedy: Bilingual(
          "Đăng ký bằng gói của \(agent): sudo hatang-agent enroll GÓI",
          "enrol with this agent's own bundle"))
    } else if nowMs < certificate.notBeforeMs {
      report.add(
        "certificate", .failed,
        Bilingual(
          "Chứng thư chỉ có hiệu lực từ \(RFC3339.format(ms: certificate.notBeforeMs))",
          "the certificate is not valid yet: is the clock right?"),
        remedy: Bilingual(
          "Chỉnh đồng hồ: sudo timedatectl set-ntp true", "set the clock as above"))
    } else if days < 0 {
      report.add(
        "certificate", .failed,
        Bilingual("Chứng thư đã hết hạn: \(end)", "the certificate has expired"), remedy: renewal)
    } else if days < Certificate.warningDays {
      report.add(
        "certificate", .warning,
        Bilingual(
          "Chứng thư chỉ còn \(days) ngày, đến \(end)", "the certificate ends in \(days) days"),
        remedy: renewal)
    } else {
      report.add(
        "certificate", .passed,
        Bilingual("Chứng thư còn \(days) ngày, đến \(end)", "the certificate has \(days) days left")
      )
    }
  }
}
