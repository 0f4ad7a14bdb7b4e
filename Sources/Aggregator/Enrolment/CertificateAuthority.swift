import Daemon
package import Enrolment

/// The deployment's own certificate authority: openssl's `ca` on the files of one folder. Held by
/// one process at a time.
package struct CertificateAuthority: ~Copyable {
  private let configuration: AuthorityConfiguration
  private let files: AuthorityFiles
  private let lock: FileLock
  private let nowMs: Int64

  /// The authority, the broker's certificate and the revocation list end together, so that none of
  /// them can end unseen while agents are well.
  private static let days: Int64 = 7_300
  private static let dayMs: Int64 = 86_400_000
  /// A certificate begins a day earlier, for hosts whose clock is behind.
  private static let backdatedMs = dayMs
  /// Reads the broker's key beside root.
  private static let brokerGroup = "mosquitto"
  /// What the broker's folder holds, as config/mosquitto/central-agents.conf names it.
  package enum BrokerFile {
    package static let ca = "ca.pem"
    package static let certificate = "broker.pem"
    package static let key = "broker.key"
    package static let revocations = "crl.pem"
  }

  /// Opens the authority that is there.
  package init(
    _ configuration: AuthorityConfiguration, nowMs: Int64 = wallClockMs()
  ) throws(EnrolmentError) {
    let certificate = AuthorityFiles(folder: configuration.folder).certificate
    guard Files.exists(certificate) else {
      throw EnrolmentError(
        certificate, .init(vi: "chưa có CA của tỉnh", en: "there is no authority yet"),
        remedy: .init(
          vi: "chạy: sudo hatang-aggregator init-ca", en: "run: sudo hatang-aggregator init-ca"))
    }
    try CertificateAuthority.expectPrivate(AuthorityFiles(folder: configuration.folder).key)
    try self.init(locking: configuration, nowMs: nowMs)
  }

  private static func expectPrivate(_ key: String) throws(EnrolmentError) {
    guard let mode = Place.mode(of: key), mode & 0o077 != 0 else { return }
    throw EnrolmentError(
      key,
      .init(
        vi: "có quyền \(String(mode, radix: 8)), người khác trên máy này ký chứng thư được",
        en: "has mode \(String(mode, radix: 8)), so others on this host can sign with it"
      ),
      remedy: .init(
        vi: "chạy: chmod 600 \(key), và tạo CA mới nếu máy này có người lạ dùng",
        en: "run: chmod 600 \(key), and make a new authority if strangers use this host"))
  }

  private init(locking configuration: AuthorityConfiguration, nowMs: Int64) throws(EnrolmentError) {
    // First of all: Swift 6.2's compiler crashes where this throws with half of the fields set.
    let lock = try CertificateAuthority.lock(configuration.folder)
    self.configuration = configuration
    self.nowMs = nowMs
    files = AuthorityFiles(folder: configuration.folder)
    self.lock = lock
  }

  /// Waits a while for another command that is at work.
  private static func lock(_ folder: String) throws(EnrolmentError) -> FileLock {
    let deadline = monotonicNow() + .seconds(10)
    while true {
      do throws(FileError) {
        return try FileLock(path: "\(folder)/lock", subject: "the authority \(folder)")
      } catch {
        // Code 0: somebody holds it.
        guard error.code == 0, monotonicNow() < deadline else { throw EnrolmentError(error) }
        var poller = Poller()
        do throws(FileError) {
          try poller.wait(timeout: .milliseconds(50))
        } catch { throw EnrolmentError(error) }
      }
    }
  }

  // MARK: Making it

  /// Makes the authority, and everything that the broker needs.
  /// - Returns: whether the broker can read its key.
  @discardableResult
  package static func make(
    _ configuration: AuthorityConfiguration, nowMs: Int64 = wallClockMs()
  ) throws(EnrolmentError) -> Bool {
    let broker = try configuration.broker()
    let files = AuthorityFiles(folder: configuration.folder)
    guard !Files.exists(files.certificate) else {
      throw EnrolmentError(
        files.certificate,
        .init(
          vi: "đã có CA; làm CA mới là khoá mọi trạm ra ngoài",
          en: "there is an authority already; a new one would shut every agent out"),
        remedy: .init(
          vi: "giữ CA cũ; --broker-only chỉ làm lại chứng thư của broker",
          en: "keep it; --broker-only makes the broker's certificate anew"))
    }
    try Place.makeFolder(files.folder, mode: 0o755)
    let authority = try CertificateAuthority(locking: configuration, nowMs: nowMs)
    try files.make(host: broker.host)
    try authority.makeOwnCertificate(host: broker.host)
    return try authority.makeBrokerFiles()
  }

  private func makeOwnCertificate(host: String) throws(EnrolmentError) {
    try inWorkshop { () throws(EnrolmentError) in
      try OpenSSL.makeKey(files.key)
      try request(name: "Ha Tang CA \(host)", key: files.key)
      try sign(
        .own, "authority", days: Self.days, from: nowMs - 2 * Self.backdatedMs,
        more: ["-selfsign", "-keyfile", files.key])
      let pem = try Place.text(of: files.made("new.pem"))
      try Place.write(pem, to: files.certificate, mode: 0o644)
    }
  }

  /// The broker's key and certificate anew, and beside them what else it reads.
  /// - Returns: whether the broker can read its key.
  @discardableResult
  package func makeBrokerFiles() throws(EnrolmentError) -> Bool {
    var isShared = false
    let host = try configuration.broker().host
    try files.writeSettings(host: host)
    try Place.makeFolder(configuration.brokerFolder, mode: 0o755)
    try inWorkshop { () throws(EnrolmentError) in
      try OpenSSL.makeKey(files.made("new.key"))
      try request(name: host, key: files.made("new.key"))
      try sign(.own, "broker", days: Self.days, from: nowMs - Self.backdatedMs)
      try putForBroker(BrokerFile.ca, try Place.text(of: files.certificate))
      let key = "\(configuration.brokerFolder)/\(BrokerFile.key)"
      try Place.write(try Place.text(of: files.made("new.key")), to: key, mode: 0o600)
      isShared = try Place.share(key, withGroup: Self.brokerGroup)
      try putForBroker(BrokerFile.certificate, try Place.text(of: files.made("new.pem")))
    }
    try publishRevocations()
    return isShared
  }

  // MARK: Agents

  /// A bundle with a new key. Of `site` and `area` what is empty stays as it was said before.
  package func enroll(
    _ agent: String, site: String, area: String
  ) throws(EnrolmentError) -> Bundle {
    if let standing = index.certificates(of: agent).first(where: {
      !$0.isRevoked && $0.expiresMs > nowMs
    }) {
      throw EnrolmentError(
        agent,
        .init(
          vi: "đã đăng ký đến \(RFC3339.format(ms: standing.expiresMs))",
          en: "is enrolled until \(RFC3339.format(ms: standing.expiresMs))"),
        remedy: .init(
          vi: "gia hạn bằng renew; nếu khoá đã mất hoặc bị lộ, thu hồi bằng revoke trước",
          en: "renew it; or revoke it first if its key is lost, or is no longer a secret"))
    }
    let place = try say(agent, site: site, area: area)
    var made: Bundle?
    try inWorkshop { () throws(EnrolmentError) in
      try OpenSSL.makeKey(files.made("new.key"))
      try request(name: agent, key: files.made("new.key"))
      try sign(.agents, "agent", days: Int64(configuration.agentDays), from: nowMs)
      let request = try Place.text(of: files.made("new.csr"))
      try Place.write(request, to: files.request(of: agent), mode: 0o644)
      let key = try Place.text(of: files.made("new.key"))
      made = try bundle(agent, place, key: key)
    }
    guard let made else { preconditionFailure("the workshop returned without its work") }
    return made
  }

  /// A bundle without a key: a new certificate for the key that the host has. Of `site` and `area`
  /// what is empty stays as it was said before.
  package func renew(
    _ agent: String, site: String = "", area: String = ""
  ) throws(EnrolmentError) -> Bundle {
    let request = files.request(of: agent)
    guard index.certificates(of: agent).contains(where: { !$0.isRevoked }),
      Files.exists(request)
    else { throw notEnrolled(agent, remedy: .init(vi: "đăng ký bằng enroll", en: "enroll it")) }
    let place = try say(agent, site: site, area: area)
    var made: Bundle?
    try inWorkshop { () throws(EnrolmentError) in
      try sign(
        .agents, "agent", days: Int64(configuration.agentDays), from: nowMs, request: request)
      made = try bundle(agent, place, key: nil)
    }
    guard let made else { preconditionFailure("the workshop returned without its work") }
    return made
  }

  /// Every certificate of an agent becomes invalid, the broker's list says so, and the broker is
  /// started again, which ends the connection that the agent may have.
  ///
  /// - Returns: how many certificates; 0: all were revoked already.
  package func revoke(_ agent: String) throws(EnrolmentError) -> Int {
    let issued = index.certificates(of: agent)
    guard !issued.isEmpty else {
      throw notEnrolled(agent, remedy: .init(vi: "kiểm tra lại tên", en: "check the name"))
    }
    let standing = issued.filter { !$0.isRevoked }
    for each in standing {
      try OpenSSL.run(
        "revoke \(agent)",
        [
          "ca", "-config", files.settings, "-name", AuthorityFiles.Database.agents.rawValue,
          "-revoke", files.issued(each.serial),
        ])
    }
    // Without its request nobody renews it by mistake.
    do throws(FileError) {
      try Files.remove(files.request(of: agent))
    } catch {
      throw EnrolmentError(error)
    }
    try publishRevocations()
    try restartBroker()
    return standing.count
  }

  package var index: AuthorityIndex {
    AuthorityIndex(file: configuration.indexFile) ?? AuthorityIndex("")
  }

  // MARK: Private helpers

  private func notEnrolled(_ agent: String, remedy: EnrolmentError.Words) -> EnrolmentError {
    let known = index.expiries.map(\.agent).joined(separator: ", ")
    let words =
      known.isEmpty
      ? (vi: "chưa có trạm nào", en: "nobody is")
      : (vi: "đã có \(known)", en: "enrolled are \(known)")
    return EnrolmentError(
      agent,
      .init(vi: "chưa đăng ký; \(words.vi)", en: "is not enrolled; \(words.en)"), remedy: remedy)
  }

  /// - Returns: all that is known of where it stands.
  private func say(
    _ agent: String, site: String, area: String
  ) throws(EnrolmentError) -> AuthoritySites.Site {
    var sites = AuthoritySites(file: files.sites)
    let before = sites
    sites.say(agent, area: area, name: site)
    if sites != before { try Place.write(sites.text, to: files.sites, mode: 0o644) }
    return sites[agent] ?? AuthoritySites.Site(area: "", name: "")
  }

  private func bundle(
    _ agent: String, _ place: AuthoritySites.Site, key: String?
  ) throws(EnrolmentError) -> Bundle {
    let broker = try configuration.broker()
    let pem = try Place.text(of: files.made("new.pem"))
    guard let certificate = Certificate(pem: pem) else {
      throw EnrolmentError(
        files.made("new.pem"),
        .init(vi: "openssl không làm ra chứng thư", en: "openssl made no certificate"),
        remedy: .init(vi: "cập nhật openssl", en: "update openssl"))
    }
    return Bundle(
      agent: agent, site: place.name, area: place.area, issuedMs: nowMs / 1_000 * 1_000,
      expiresMs: certificate.notAfterMs, brokerHost: broker.host, brokerPort: broker.port,
      ca: try Place.text(of: files.certificate), certificate: pem, key: key)
  }

  /// A folder that exists only meanwhile, for keys and what openssl leaves.
  private func inWorkshop(
    _ work: () throws(EnrolmentError) -> Void
  ) throws(EnrolmentError) {
    Place.removeFolder(files.workshop, files: AuthorityFiles.workshopNames)
    try Place.makeFolder(files.workshop, mode: 0o700)
    defer { Place.removeFolder(files.workshop, files: AuthorityFiles.workshopNames) }
    try work()
  }

  private func request(name: String, key: String) throws(EnrolmentError) {
    try OpenSSL.run(
      "make a request",
      [
        "req", "-new", "-config", files.settings, "-key", key, "-subj", "/CN=\(name)", "-out",
        files.made("new.csr"),
      ])
  }

  /// - Parameter extensions: the section of the settings that says what the certificate is for.
  private func sign(
    _ database: AuthorityFiles.Database, _ extensions: String, days: Int64, from beginMs: Int64,
    request: String? = nil, more: [String] = []
  ) throws(EnrolmentError) {
    try OpenSSL.run(
      "sign a certificate",
      [
        "ca", "-batch", "-notext", "-config", files.settings, "-name", database.rawValue,
        "-extensions", extensions, "-startdate",
        CompactTime.format(ms: beginMs - (database == .agents ? Self.backdatedMs : 0)),
        "-enddate", CompactTime.format(ms: beginMs + days * Self.dayMs), "-in",
        request ?? files.made("new.csr"), "-out", files.made("new.pem"),
      ] + more)
  }

  private func publishRevocations() throws(EnrolmentError) {
    try OpenSSL.run(
      "make the revocation list",
      [
        "ca", "-config", files.settings, "-name", AuthorityFiles.Database.agents.rawValue,
        "-gencrl", "-crldays", "\(Self.days)", "-out", files.revocations,
      ])
    try putForBroker(BrokerFile.revocations, try Place.text(of: files.revocations))
  }

  private func putForBroker(_ name: String, _ text: String) throws(EnrolmentError) {
    try Place.write(text, to: "\(configuration.brokerFolder)/\(name)", mode: 0o644)
  }

  private func restartBroker() throws(EnrolmentError) {
    guard !configuration.restartBroker.isEmpty else { return }
    let exitCode: Int32
    let words = configuration.restartBroker.joined(separator: " ")
    let remedy = EnrolmentError.Words(
      vi: "hãy tự chạy lệnh đó: chưa chạy thì kết nối đang mở của trạm vẫn sống",
      en: "run it yourself: until then an open connection of the agent lives on")
    func failed(_ vi: String, _ en: String) -> EnrolmentError {
      EnrolmentError(
        words,
        .init(vi: "\(vi); chứng thư đã bị thu hồi", en: "\(en); the certificates are revoked"),
        remedy: remedy)
    }
    do throws(FileError) {
      exitCode = try ChildProcess.run(configuration.restartBroker).exitCode
    } catch {
      let cause = FileError.text(of: error.code)
      throw failed("không chạy được: \(cause)", "cannot run: \(cause)")
    }
    guard exitCode == 0 else {
      throw failed("kết thúc với mã \(exitCode)", "ended with \(exitCode)")
    }
  }
}
