import Daemon
import Enrolment

/// `hatang-agent enroll BUNDLE`: this host becomes the agent that the bundle names.
enum EnrollCommand: Command {
  static let usage = CommandLineParser.Command(
    "enroll", "Puts a bundle of hatang-aggregator enroll or renew in place, and checks.",
    vi: "Đặt gói của hatang-aggregator enroll hoặc renew vào máy này, rồi kiểm tra.",
    operands: "BUNDLE", operandCount: 1...1,
    options: [
      .init(
        "replace", help: "in the place of another name, authority or a newer certificate",
        vi: "thay tên khác, CA khác hoặc chứng thư mới hơn"),
      .init("no-check", help: "do not check afterwards", vi: "không kiểm tra sau đó"),
    ])

  static func run(_ options: Options) throws -> ExitCode {
    let file = options.operands[0]
    let bundle = try BundleCheck.read(file, nowMs: wallClockMs())
    let outcome = try Installation(
      configuration: options.config, isReplacing: options.has("replace")
    ).put(bundle, from: file)
    Standard.output(text(bundle, outcome, options.config))
    if options.has("no-check") { return .done }
    return try CheckCommand.run(options)
  }

  private static func text(
    _ bundle: Bundle, _ outcome: Installation.Outcome, _ configuration: String
  ) -> String {
    let end = RFC3339.format(ms: bundle.expiresMs)
    let broker = "\(bundle.brokerHost):\(bundle.brokerPort)"
    var text =
      switch outcome {
      case .renewed:
        "✓ Đã gia hạn \(bundle.agent) đến \(end)\n  renewed; the key stays\n"
      case .enrolled:
        "✓ Đã đăng ký \(bundle.agent) với \(broker), đến \(end)\n  enrolled: \(configuration)\n"
      }
    if case .enrolled(let previous?, _, _) = outcome {
      text += "! Cấu hình cũ: \(previous)\n  the former configuration is kept there\n"
    }
    if case .enrolled(_, let formerName?, _) = outcome {
      text += """
        ! Máy này trước là \(formerName): tỉnh sẽ từ chối bộ đệm cũ, hãy dời nó đi (buffer.path)
          this host was \(formerName): the province refuses its old buffer, so move that away

        """
    }
    if case .enrolled(_, _, isShared: false) = outcome {
      text += """
        ! Chỉ chủ tệp đọc được khoá (không có nhóm \(Installation.group), hoặc không phải root)
          only its owner can read the key: no such group, or not run as root

        """
    }
    return text + """
        → sudo systemctl reload-or-restart hatang-agent
          lets a running daemon use it

      """
  }
}
