import Daemon
import Enrolment
import Glibc
import Protocol

/// `hatang-aggregator init-ca`: the deployment's own authority, once.
enum InitCACommand: Command {
  /// As the package puts them.
  private static let examples = "/usr/share/doc/hatang-aggregator/examples"

  static let usage = CommandLineParser.Command(
    "init-ca", "Makes the certificate authority and the broker's certificate.",
    vi: "Làm CA của tỉnh và chứng thư của broker.",
    options: [
      .init(
        "broker-only", help: "only the broker's key and certificate, anew",
        vi: "chỉ làm lại khoá và chứng thư của broker")
    ])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config).authority
    let isShared: Bool
    if options.has("broker-only") {
      isShared = try CertificateAuthority(configuration).makeBrokerFiles()
    } else {
      isShared = try CertificateAuthority.make(configuration)
      Standard.output(
        """
        ✓ CA của tỉnh: \(configuration.folder)
          the authority is there
        → Chép ca.key vào một nơi an toàn, không để ở đâu khác
          copy its ca.key to a safe place, and nowhere else

        """)
    }
    Standard.output(
      """
      ✓ Cho broker: \(configuration.brokerFolder)
        what the broker reads
      → Cài central-agents.conf và central.acl như đầu tệp nói, rồi khởi động lại mosquitto:
        \(examples)
        install the two as their heads say, and restart mosquitto

      """)
    if !isShared {
      Standard.output(
        """
        ! Chỉ chủ tệp đọc được broker.key: hãy cho người dùng của mosquitto đọc
          broker.key is readable by its owner only: let the user read it as whom mosquitto runs

        """)
    }
    return .done
  }
}

/// `hatang-aggregator enroll AGENT`: a bundle for a new edge host.
enum EnrollCommand: Command {
  static let usage = CommandLineParser.Command(
    "enroll", "Makes a new agent's bundle: key, certificate, configuration.",
    vi: "Làm gói cho một trạm mới: khoá, chứng thư, cấu hình.", operands: "AGENT",
    operandCount: 1...1,
    options: SiteOptions.options + [BundleFile.option])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let agent = try BundleFile.agentName(options)
    let place = try SiteOptions(options, configuration)
    let authority = try CertificateAuthority(configuration.authority)
    let file = try BundleFile(options, agent: agent)
    try file.fill { () throws(EnrolmentError) in
      try authority.enroll(agent, site: place.site, area: place.area)
    }
    SiteOptions.tell(agent, authority.index.sites[agent], configuration)
    Standard.output(
      """
      → Trên máy trạm: sudo hatang-agent enroll \(file.name)
        on the edge host, as above
        Gói chứa khoá riêng: tự cầm theo, dùng xong thì xoá.
        It holds a private key: carry it yourself, remove it afterwards.

      """)
    return .done
  }
}

/// `hatang-aggregator renew AGENT`: a bundle that holds no secret, for the key that the host has.
enum RenewCommand: Command {
  static let usage = CommandLineParser.Command(
    "renew", "Makes an agent's next certificate, for the key that it has.",
    vi: "Làm chứng thư tiếp theo cho khoá mà trạm đang có.", operands: "AGENT",
    operandCount: 1...1, options: SiteOptions.options + [BundleFile.option])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let agent = try BundleFile.agentName(options)
    let place = try SiteOptions(options, configuration)
    let authority = try CertificateAuthority(configuration.authority)
    let file = try BundleFile(options, agent: agent)
    try file.fill { () throws(EnrolmentError) in
      try authority.renew(agent, site: place.site, area: place.area)
    }
    SiteOptions.tell(agent, authority.index.sites[agent], configuration)
    Standard.output(
      """
      → Trên máy trạm: sudo hatang-agent enroll \(file.name)
        on the edge host, as above
        Gói không có bí mật, chỉ dùng được trên máy đang giữ khoá.
        It holds no secret, and serves only the host that has the key.

      """)
    return .done
  }
}

/// `hatang-aggregator revoke AGENT`: it gets in nowhere any more.
enum RevokeCommand: Command {
  static let usage = CommandLineParser.Command(
    "revoke", "Takes an agent out, and ends its connection by restarting the broker.",
    vi: "Thu hồi một trạm, và ngắt nó bằng cách khởi động lại broker.", operands: "AGENT",
    operandCount: 1...1)

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config).authority
    let agent = try BundleFile.agentName(options)
    let count = try CertificateAuthority(configuration).revoke(agent)
    Standard.output(
      count == 0
        ? "✓ \(agent) đã bị thu hồi từ trước\n  was revoked already\n"
        : "✓ Đã thu hồi \(agent): \(count) chứng thư\n  revoked: certificates \(count)\n")
    let restart = configuration.restartBroker.joined(separator: " ")
    Standard.output(
      restart.isEmpty
        ? """
        → Khởi động lại broker: chưa làm thì kết nối đang mở của trạm vẫn sống
          restart the broker: until then an open connection of the agent lives on

        """
        : """
        ✓ Danh sách thu hồi đã công bố, broker đã khởi động lại: \(restart)
          the list is published, and the broker was restarted

        """)
    return .done
  }
}

/// The file that a bundle is written to: never over another one.
struct BundleFile {
  let name: String

  static let option = CommandLineParser.Option(
    "output", "FILE", help: "the bundle, AGENT.hatang unless given",
    vi: "tệp gói, mặc định AGENT.hatang")

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
      let cause = FileError.text(of: errno)
      throw EnrolmentError(
        name,
        isThere
          ? .init(vi: "tệp đã có", en: "is there already")
          : .init(vi: "không tạo được: \(cause)", en: "cannot be made: \(cause)"),
        remedy: isThere
          ? .init(
            vi: "xoá nó, hoặc chọn --output khác", en: "remove it, or choose another --output")
          : .init(vi: "chọn --output khác", en: "choose another --output"))
    }
    close(descriptor)
  }

  func fill(_ make: () throws(EnrolmentError) -> Bundle) throws(EnrolmentError) {
    do throws(EnrolmentError) {
      let bundle = try make()
      try Place.write(bundle.text, to: name, mode: 0o600)
      let end = RFC3339.format(ms: bundle.expiresMs)
      Standard.output(
        """
        ✓ \(name): gói của \(bundle.agent), chứng thư đến \(end)
          \(bundle.agent)'s bundle, its certificate ends then

        """)
    } catch {
      _ = unsafe unlink(name)
      throw error
    }
  }
}
