import Daemon
import Enrolment

/// Names of the authority's files, and the configuration by which the openssl program works on
/// them. Certificates are public; of all the files only `ca.key` is a secret.
struct AuthorityFiles {
  let folder: String

  /// The words of `AuthorityConfiguration.folder` that `openssl ca` reads.
  enum Database: String { case agents, own }

  var key: String { "\(folder)/ca.key" }
  /// Written last: an authority without it was never finished.
  var certificate: String { "\(folder)/ca.pem" }
  var revocations: String { "\(folder)/crl.pem" }
  var settings: String { "\(folder)/openssl.cnf" }
  /// Where the agents stand: `AuthoritySites`.
  var sites: String { "\(folder)/sites.txt" }
  /// Keys on their way into a bundle or to the broker.
  var workshop: String { "\(folder)/workshop" }
  static let workshopNames = ["new.key", "new.csr", "new.pem"]

  func made(_ name: String) -> String { "\(workshop)/\(name)" }
  /// The request of an agent's key, from which a renewal is made without the key.
  func request(of agent: String) -> String { "\(folder)/requests/\(agent).csr" }
  func issued(_ serial: String) -> String { "\(folder)/issued/\(serial).pem" }

  func make(host: String) throws(EnrolmentError) {
    for path in [folder, "\(folder)/issued", "\(folder)/requests"] {
      try Place.makeFolder(path, mode: 0o755)
    }
    for name in ["index.txt", "own.txt"] {
      try Place.write("", to: "\(folder)/\(name)", mode: 0o644)
    }
    try Place.write("01\n", to: "\(folder)/crlnumber", mode: 0o644)
    try writeSettings(host: host)
  }

  func writeSettings(host: String) throws(EnrolmentError) {
    let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || $0.isNumber }
    try Place.write(
      """
      # Written by hatang-aggregator init-ca for the openssl program.
      [req]
      distinguished_name = nothing
      [nothing]
      \(section(.agents, index: "index.txt"))
      crlnumber = \(folder)/crlnumber
      \(section(.own, index: "own.txt"))
      [name]
      commonName = supplied
      [agent]
      basicConstraints = critical, CA:FALSE
      keyUsage = critical, digitalSignature
      extendedKeyUsage = clientAuth
      subjectKeyIdentifier = hash
      authorityKeyIdentifier = keyid
      [broker]
      basicConstraints = critical, CA:FALSE
      keyUsage = critical, digitalSignature
      extendedKeyUsage = serverAuth
      subjectKeyIdentifier = hash
      authorityKeyIdentifier = keyid
      subjectAltName = \(isAddress ? "IP" : "DNS"):\(host)
      [authority]
      basicConstraints = critical, CA:TRUE, pathlen:0
      keyUsage = critical, keyCertSign, cRLSign
      subjectKeyIdentifier = hash

      """, to: settings, mode: 0o644)
  }

  /// What `openssl ca` has to know of one of the two lists.
  private func section(_ database: Database, index: String) -> String {
    """
    [\(database.rawValue)]
    database = \(folder)/\(index)
    new_certs_dir = \(folder)/issued
    certificate = \(certificate)
    private_key = \(key)
    default_md = sha256
    policy = name
    unique_subject = no
    rand_serial = yes
    copy_extensions = none
    """
  }
}
