import Daemon
package import Enrolment
import MQTT

/// TLS to the province's broker: its certificate's authority, name and dates.
package enum UplinkTLSCheck {
  private static let seconds = 6
  /// openssl(1ssl) verify's codes for a name that does not fit.
  private static let nameCodes: Set<Int> = [62, 63, 64]
  private static let expired = 10
  private static let notYetValid = 9

  package static func run(_ site: CheckSite, _ findings: CheckFindings) {
    let uplink = site.configuration.uplink
    guard let tls = uplink.tls else {
      let isLoopback =
        ["localhost", "::1"].contains(uplink.host) || uplink.host.hasPrefix("127.")
      if !isLoopback { findings.addPlain(uplink) }
      return
    }
    guard site.hasReached(.reached) else { return }
    let isAddress =
      uplink.host.contains(":") || uplink.host.allSatisfy { $0.isNumber || $0 == "." }
    var words = [
      "timeout", "\(seconds)", "sh", "-c", "exec openssl s_client \"$@\" 2>&1", "sh", "-connect",
      uplink.host.contains(":") ? "[\(uplink.host)]:\(uplink.port)" : uplink.name, "-CAfile",
      tls.caFile,
    ]
    words +=
      isAddress
      ? ["-verify_ip", uplink.host]
      : ["-verify_hostname", uplink.host, "-servername", uplink.host]
    if let certificate = tls.certificateFile, let key = tls.keyFile {
      words += ["-cert", certificate, "-key", key]
    }
    do throws(FileError) {
      let outcome = try ChildProcess.run(words, bytesMax: 1 << 20)
      // The shell's word for a program that is not there.
      guard outcome.exitCode != 127 else { throw FileError("find", "openssl", code: 0) }
      let text = String(decoding: outcome.output, as: UTF8.self)
      let certificate = pem(in: text).flatMap { Certificate(pem: $0) }
      examine(
        uplink.name, certificate, verification(in: text), nowMs: wallClockMs(), findings)
    } catch {
      findings.add(
        "uplink_tls", .warning,
        Bilingual(
          "Không xem được chứng thư của \(uplink.name): \(error)",
          "the broker's certificate could not be looked at"),
        remedy: Bilingual("Cài openssl: sudo apt install openssl", "as above"))
    }
  }

  /// The first certificate of `openssl s_client`'s output: the broker's own.
  package static func pem(in text: String) -> String? {
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    var lines: [Substring] = []
    for line in text.split(separator: "\n") {
      if line == begin || !lines.isEmpty { lines.append(line) }
      if line == end, !lines.isEmpty { return lines.joined(separator: "\n") + "\n" }
    }
    return nil
  }

  /// `Verify return code: 20 (unable to get local issuer certificate)`
  package static func verification(in text: String) -> (code: Int, words: String)? {
    let mark = "Verify return code: "
    for line in text.split(separator: "\n") {
      let line = line.drop { $0 == " " }
      guard line.hasPrefix(mark) else { continue }
      let rest = line.dropFirst(mark.count)
      guard let code = Int(rest.prefix { $0.isNumber }) else { continue }
      let words = rest.drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
      return (code, String(words))
    }
    return nil
  }

  package static func examine(
    _ broker: String, _ certificate: Certificate?, _ verification: (code: Int, words: String)?,
    nowMs: Int64, _ findings: CheckFindings
  ) {
    guard let certificate, let verification else {
      findings.add(
        "uplink_tls", .failed,
        Bilingual("\(broker) không nói TLS", "the port does not speak TLS"),
        remedy: Bilingual(
          "Kiểm tra uplink.port (thường là 8883) và tường lửa",
          "check uplink.port (usually 8883) and the firewall"))
      return
    }
    let subject = Bilingual(
      "Chứng thư của broker tỉnh (\(certificate.commonName ?? "?"))",
      "the certificate of the province's broker")
    let remedy = Bilingual(
      "Xem đồng hồ của máy này; nếu đúng, báo tỉnh thay chứng thư của broker",
      "see this host's clock; if it is right, tell the province to renew the certificate")
    if nameCodes.contains(verification.code) {
      findings.add(
        "uplink_tls", .failed,
        Bilingual(
          "\(subject.vi) không mang tên của \(broker)", "\(subject.en) carries another name"),
        remedy: Bilingual(
          "Sửa uplink.host đúng như tên trong chứng thư", "set uplink.host to that name"))
    } else if verification.code != 0,
      ![expired, notYetValid].contains(verification.code)
    {
      findings.add(
        "uplink_tls", .failed,
        Bilingual(
          "\(subject.vi) không được tin: \(verification.words)", "\(subject.en) is not trusted"),
        remedy: Bilingual(
          "Đặt uplink.ca_file là chứng thư CA của tỉnh", "set uplink.ca_file to the province's CA"))
    } else {
      examineDates(certificate, subject, nowMs: nowMs, remedy, findings)
    }
  }
}

extension UplinkTLSCheck {
  private static func examineDates(
    _ certificate: Certificate, _ subject: Bilingual, nowMs: Int64, _ remedy: Bilingual,
    _ findings: CheckFindings
  ) {
    let until = String(RFC3339.format(ms: certificate.notAfterMs).prefix(10))
    let days = certificate.daysLeft(nowMs: nowMs)
    if nowMs < certificate.notBeforeMs {
      findings.add(
        "uplink_tls", .failed,
        Bilingual(
          "\(subject.vi) chưa có hiệu lực, chỉ từ \(RFC3339.format(ms: certificate.notBeforeMs))",
          "\(subject.en) is not valid yet; or is our clock wrong?"), remedy: remedy)
    } else if days < 0 {
      findings.add(
        "uplink_tls", .failed,
        Bilingual("\(subject.vi) đã hết hạn ngày \(until)", "\(subject.en) has expired"),
        remedy: remedy)
    } else if days < Certificate.warningDays {
      findings.add(
        "uplink_tls", .warning,
        Bilingual(
          "\(subject.vi) sẽ hết hạn sau \(days) ngày (\(until))",
          "\(subject.en) expires in \(days) days"), remedy: remedy)
    } else {
      findings.add(
        "uplink_tls", .passed,
        Bilingual(
          "\(subject.vi) có hiệu lực đến \(until)", "\(subject.en) is valid until then"))
    }
  }
}

extension CheckFindings {
  fileprivate func addPlain(_ uplink: BrokerSettings) {
    add(
      "uplink_tls", .warning,
      Bilingual(
        "Đường lên \(uplink.name) không mã hoá", "the uplink is not encrypted"),
      remedy: Bilingual(
        "Đặt uplink.ca_file, cert_file, key_file", "set uplink.ca_file, cert_file and key_file"))
  }
}
