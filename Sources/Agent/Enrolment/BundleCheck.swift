import Daemon
package import Enrolment

/// Everything about a bundle that can be wrong, looked at before anything is changed.
package enum BundleCheck {
  private static let again = EnrolmentError.Words(
    vi: "xin gói khác từ tỉnh: hatang-aggregator enroll, hoặc renew",
    en: "ask the province for another one: hatang-aggregator enroll, or renew")

  /// Reads a bundle, if nobody else could.
  package static func read(_ file: String, nowMs: Int64) throws(EnrolmentError) -> Bundle {
    let bundle = try Bundle(
      parsing: Place.text(of: file, bytesMax: Bundle.bytesMax), file: file)
    if bundle.key != nil, let mode = Place.mode(of: file), mode & 0o077 != 0 {
      let octal = String(mode, radix: 8)
      throw EnrolmentError(
        file,
        .init(
          vi: "gói chứa khoá riêng, nhưng người khác cũng đọc được (quyền \(octal))",
          en: "the bundle holds a private key, but others may read it (mode \(octal))"),
        remedy: .init(vi: "chmod 600 \(file)", en: "chmod 600 \(file)"))
    }
    try checkDates(bundle, file, nowMs: nowMs)
    try checkConfiguration(bundle, file)
    return bundle
  }

  private static func checkDates(
    _ bundle: Bundle, _ file: String, nowMs: Int64
  ) throws(EnrolmentError) {
    guard let certificate = Certificate(pem: bundle.certificate) else {
      throw EnrolmentError(
        file,
        .init(vi: "gói không có chứng thư", en: "the bundle holds no certificate"),
        remedy: again)
    }
    guard certificate.commonName == bundle.agent else {
      let name = certificate.commonName ?? ""
      throw EnrolmentError(
        file,
        .init(
          vi: "gói là của \(bundle.agent), nhưng chứng thư là của \"\(name)\"",
          en: "the bundle is \(bundle.agent)'s, but the certificate is \"\(name)\"'s"),
        remedy: again)
    }
    if certificate.notAfterMs <= nowMs {
      let end = RFC3339.format(ms: certificate.notAfterMs)
      throw EnrolmentError(
        file, .init(vi: "gói đã hết hạn từ \(end)", en: "the bundle expired at \(end)"),
        remedy: again)
    }
    if certificate.notBeforeMs > nowMs {
      let begin = RFC3339.format(ms: certificate.notBeforeMs)
      let now = RFC3339.format(ms: nowMs)
      throw EnrolmentError(
        file,
        .init(
          vi: "gói có hiệu lực từ \(begin), đồng hồ máy này là \(now)",
          en: "the bundle is valid from \(begin), this host's clock says \(now)"),
        remedy: .init(
          vi: "chỉnh đồng hồ: sudo timedatectl set-ntp true",
          en: "set the clock: sudo timedatectl set-ntp true"))
    }
  }

  private static func checkConfiguration(
    _ bundle: Bundle, _ file: String
  ) throws(EnrolmentError) {
    do throws(ConfigError) {
      let root = try ConfigNode.parse(text: bundle.configuration, name: file)
      // What a technician has not seen must not say where the agent writes or what it starts.
      try root.expectKeys(["agent", "local", "uplink"])
      let name = try root.required("agent").string()
      let isUplink = try MergedConfiguration.isUplink(root["uplink"], of: bundle)
      if name == bundle.agent, isUplink { return }
    } catch {
      throw EnrolmentError(
        file,
        .init(vi: "cấu hình trong gói sai: \(error)", en: "its configuration is wrong: \(error)"),
        remedy: again)
    }
    throw EnrolmentError(
      file,
      .init(
        vi: "cấu hình trong gói là của máy khác",
        en: "its configuration is not that of the bundle's agent and broker"), remedy: again)
  }

  /// What only openssl can say, about files that are staged in a folder: the authority signed the
  /// certificate, for a client; and the key is the certificate's.
  ///
  /// - Parameter keyFile: the bundle's, or the one that the host has.
  package static func checkSignatures(
    _ bundle: Bundle, _ file: String, stagedIn folder: String, keyFile: String
  ) throws(EnrolmentError) {
    let certificate = "\(folder)/\(Bundle.certificateFile)"
    let verdict = try OpenSSL.attempt([
      "verify", "-x509_strict", "-purpose", "sslclient", "-no-CApath", "-no-CAstore", "-CAfile",
      "\(folder)/\(Bundle.caFile)", certificate,
    ])
    guard verdict.isDone else {
      throw EnrolmentError(
        file,
        .init(
          vi: "chứng thư trong gói không do CA của gói ký (\(verdict.complaint))",
          en: "the bundle's authority did not sign its certificate (\(verdict.complaint))"),
        remedy: again)
    }
    let ofKey = try OpenSSL.publicKey(ofKey: keyFile)
    let ofCertificate = try OpenSSL.publicKey(ofCertificate: certificate)
    if ofKey != nil, ofKey == ofCertificate { return }
    if bundle.key == nil {
      throw EnrolmentError(
        file,
        .init(
          vi: "gói gia hạn này thuộc về một khoá khác với \(keyFile)",
          en: "this renewal is for another key than \(keyFile)"),
        remedy: .init(
          vi: "xin gói mới có khoá: hatang-aggregator revoke rồi enroll \(bundle.agent)",
          en: "ask for one with a key: hatang-aggregator revoke, then enroll \(bundle.agent)"))
    }
    throw EnrolmentError(
      file,
      .init(
        vi: "khoá trong gói không phải của chứng thư",
        en: "the bundle's key is not its certificate's"),
      remedy: again)
  }
}
