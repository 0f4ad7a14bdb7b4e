import Daemon
import Enrolment
import Glibc
import Protocol

/// `hatang-aggregator init-ca`: the deployment's own authority, once.
enum InitCACommand: Command {
  static let usage = CommandLineParser.Command(
    "init-ca", "Makes the certificate authority and the broker's certificate.",
    options: [.init("broker-only", help: "only the broker's key and certificate, anew")])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config).authority
    let isShared: Bool
    if options.has("broker-only") {
      isShared = try CertificateAuthority(configuration).makeBrokerFiles()
    } else {
      isShared = try CertificateAuthority.make(configuration)
      Standard.output(
        """
        authority: \(configuration.folder) (copy its ca.key to a safe place, and nowhere else)

        """)
    }
    Standard.output(
      """
      for the broker: \(configuration.brokerFolder)
      next: install config/mosquitto/central-agents.conf and central.acl, and restart mosquitto

      """)
    if !isShared {
      Standard.output(
        "broker.key is readable by its owner only: let the user read it as whom mosquitto runs\n")
    }
    return .done
  }
}

/// `hatang-aggregator enroll AGENT`: a bundle for a new edge host.
enum EnrollCommand: Command {
  static let usage = CommandLineParser.Command(
    "enroll", "Makes a new agent's bundle: key, certificate, configuration.", operands: "AGENT",
    operandCount: 1...1,
    options: [
      .init("area", "A", help: "id of the area table"),
      .init("site", "TEXT", help: "where the host stands, in people's words"),
      .init("output", "FILE", help: "the bundle, AGENT.hatang unless given"),
    ])

  private static let siteBytesMax = 200

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let agent = try BundleFile.agentName(options)
    let site =
      try options.string("site", legal: "1…200 bytes in one line") { text in
        (1...siteBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 }
      } ?? ""
    let area = options.value("area") ?? ""
    if !area.isEmpty {
      let areas = try AreaTable(file: configuration.areasPath)
      guard areas.index(of: area) != nil else {
        let known = areas.areas.map(\.id).joined(separator: ", ")
        throw UsageError("--area is \(area), allowed \(known); change it")
      }
    }
    let authority = try CertificateAuthority(configuration.authority)
    let file = try BundleFile(options, agent: agent)
    try file.fill { () throws(EnrolmentError) in
      try authority.enroll(agent, site: site, area: area)
    }
    Standard.output(
      """
      It holds a private key: carry it yourself, remove it afterwards.
      on the edge host: sudo hatang-agent enroll \(file.name)

      """)
    return .done
  }
}

/// `hatang-aggregator renew AGENT`: a bundle that holds no secret, for the key that the host has.
enum RenewCommand: Command {
  static let usage = CommandLineParser.Command(
    "renew", "Makes an agent's next certificate, for the key that it has.", operands: "AGENT",
    operandCount: 1...1,
    options: [.init("output", "FILE", help: "the bundle, AGENT.hatang unless given")])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let agent = try BundleFile.agentName(options)
    let authority = try CertificateAuthority(configuration.authority)
    let file = try BundleFile(options, agent: agent)
    try file.fill { () throws(EnrolmentError) in try authority.renew(agent) }
    Standard.output(
      """
      It holds no secret, and serves only the host that has the key.
      on the edge host: sudo hatang-agent enroll \(file.name)

      """)
    return .done
  }
}

/// `hatang-aggregator revoke AGENT`: it gets in nowhere any more.
enum RevokeCommand: Command {
  static let usage = CommandLineParser.Command(
    "revoke", "Takes an agent out, and ends its connection by restarting the broker.",
    operands: "AGENT", operandCount: 1...1)

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config).authority
    let agent = try BundleFile.agentName(options)
    let count = try CertificateAuthority(configuration).revoke(agent)
    let what = count == 0 ? "was revoked already" : "revoked: certificates \(count)"
    let restart = configuration.restartBroker
    let next =
      restart.isEmpty
      ? "now restart the broker: until then an open connection of the agent lives on"
      : "the list is published, and the broker was restarted: \(restart.joined(separator: " "))"
    Standard.output("\(agent) \(what)\n\(next)\n")
    return .done
  }
}

/// The file that a bundle is written to: never over another one.
struct BundleFile {
  let name: String

  static func agentName(_ options: Options) throws(UsageError) -> String {
    let name = options.operands[0]
    guard AgentName.isLegal(name) else {
      throw UsageError("AGENT is \(name), allowed \(AgentName.legalText); change it")
    }
    return name
  }

  /// Takes the name before anything is issued.
  init(_ options: Options, agent: String) throws(EnrolmentError) {
    name = options.value("output") ?? "\(agent).hatang"
    let descriptor = unsafe open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let isThere = errno == EEXIST
      throw EnrolmentError(
        name, isThere ? "is there already" : "cannot be made: \(FileError.text(of: errno))",
        remedy: isThere ? "remove it, or choose another --output" : "choose another --output")
    }
    close(descriptor)
  }

  func fill(_ make: () throws(EnrolmentError) -> Bundle) throws(EnrolmentError) {
    do throws(EnrolmentError) {
      let bundle = try make()
      try Place.write(bundle.text, to: name, mode: 0o600)
      Standard.output(
        "\(name): \(bundle.agent) until \(RFC3339.format(ms: bundle.expiresMs))\n")
    } catch {
      _ = unsafe unlink(name)
      throw error
    }
  }
}
