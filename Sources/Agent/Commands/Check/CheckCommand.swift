import Daemon
import Glibc
import MQTT
import Protocol

/// `hatang-agent check`: does it work here, and why not where it does not. For the technician on
/// site, before and after the daemon is started.
enum CheckCommand: Command {
  static let usage = CommandLineParser.Command(
    "check", "Checks configuration, brokers, disk and clock, and says what to do.",
    options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    var report = CheckReport()
    let configuration: AgentConfiguration
    do throws(ConfigError) {
      configuration = try AgentConfiguration(file: options.config)
      report.add(
        "configuration", .passed,
        Bilingual("Cấu hình đúng: \(options.config)", "configuration is right"))
    } catch {
      report.add(
        "configuration", .failed, Bilingual("Cấu hình sai: \(error)", "configuration is wrong"))
      show(report, options)
      return .configuration
    }
    mqttStart()
    defer { mqttStop() }
    checkLocalBroker(configuration, &report)
    checkUplink(configuration, &report)
    CertificateCheck.add(configuration, nowMs: wallClockMs(), to: &report)
    checkDisk(configuration.buffer, &report)
    checkClock(wallClockMs(), isSynchronised: SystemClock.isSynchronised, &report)
    checkDaemon(configuration, &report)
    show(report, options)
    if report.hasPassed { return .done }
    let isUnreachable = report.hasFailed("local") || report.hasFailed("uplink")
    return isUnreachable ? .unreachable : .failed
  }

  private static func show(_ report: CheckReport, _ options: Options) {
    Standard.output(
      options.has("json") ? report.json : report.text(hasColours: Standard.isOutputTerminal))
  }

  // MARK: Parts

  private static func checkLocalBroker(
    _ configuration: AgentConfiguration, _ report: inout CheckReport
  ) {
    let name = configuration.local.name
    do {
      let ms = try BrokerCheck.roundTripMs(
        configuration.local, clientID: "hatang-check-\(getpid())", filter: Topic.measurements)
      report.add(
        "local", .passed,
        Bilingual(
          "Broker tại chỗ \(name) trả lời sau \(ms) ms", "the local broker answers in \(ms) ms"))
    } catch {
      report.add(
        "local", .failed,
        Bilingual("Broker tại chỗ \(name): \(error)", "the local broker cannot be used"),
        remedy: Bilingual(
          "Khởi động lại: sudo systemctl restart mosquitto; xem local.host, local.port",
          "restart it as above; see local.host and local.port"))
    }
  }

  private static func checkUplink(
    _ configuration: AgentConfiguration, _ report: inout CheckReport
  ) {
    let uplink = configuration.uplink
    do {
      let ms = try BrokerCheck.roundTripMs(
        uplink, clientID: "\(configuration.agent)-check-\(getpid())",
        filter: Topic.receipt(agent: configuration.agent))
      report.add(
        "uplink", .passed,
        Bilingual(
          "Broker của tỉnh \(uplink.name) trả lời sau \(ms) ms",
          "the province's broker answers in \(ms) ms"))
    } catch {
      report.add(
        "uplink", .failed,
        Bilingual("Broker của tỉnh \(uplink.name): \(error)", "the uplink cannot be used"),
        remedy: Bilingual(
          "Kiểm tra mạng, tên máy, cổng và chứng thư; số đo vẫn được giữ trong bộ đệm",
          "check network, host, port and certificate; measurements are kept meanwhile"))
    }
    let isLoopback = ["localhost", "::1"].contains(uplink.host) || uplink.host.hasPrefix("127.")
    guard uplink.tls == nil, !isLoopback else { return }
    report.add(
      "uplink_tls", .warning,
      Bilingual(
        "Đường lên \(uplink.name) không mã hoá", "the uplink is not encrypted"),
      remedy: Bilingual(
        "Đặt uplink.ca_file, cert_file, key_file", "set uplink.ca_file, cert_file and key_file"))
  }

  static func checkDisk(_ buffer: BufferSettings, _ report: inout CheckReport) {
    let folder = Files.directory(of: buffer.path)
    let free: Int64
    do throws(FileError) {
      free = try Files.freeBytes(folder)
    } catch {
      report.add(
        "disk", .failed,
        Bilingual("Thư mục bộ đệm \(folder): \(error)", "the buffer's folder cannot be used"),
        remedy: Bilingual("Tạo: sudo mkdir -p \(folder)", "make it as above"))
      return
    }
    let (freeMB, minMB) = (free / 1_000_000, buffer.freeBytesMin / 1_000_000)
    if free < buffer.freeBytesMin {
      report.add(
        "disk", .failed,
        Bilingual(
          "Đĩa còn \(freeMB) MB ở \(folder), cần ít nhất \(minMB) MB",
          "\(freeMB) MB free, buffer.min_free_bytes asks for \(minMB) MB"),
        remedy: Bilingual(
          "Giải phóng đĩa, hoặc giảm buffer.min_free_bytes",
          "free space, or lower buffer.min_free_bytes"))
    } else {
      report.add(
        "disk", .passed,
        Bilingual("Đĩa còn \(freeMB) MB ở \(folder)", "\(freeMB) MB free for the buffer"))
    }
    guard unsafe access(folder, W_OK | X_OK) != 0 else { return }
    report.add(
      "buffer", .failed,
      Bilingual("Không ghi được vào \(folder)", "no permission to write there"),
      remedy: Bilingual(
        "Chạy lệnh này với quyền của dịch vụ: sudo -u hatang-agent …",
        "run this as the service's user, or give that user the folder"))
  }

  /// Before this program was written: a clock that has lost its battery.
  private static let plausibleFromMs: Int64 = 1_767_225_600_000

  static func checkClock(
    _ nowMs: Int64, isSynchronised: Bool?, _ report: inout CheckReport
  ) {
    let now = RFC3339.format(ms: nowMs / 1_000 * 1_000)
    let remedy = Bilingual(
      "Bật đồng bộ: sudo timedatectl set-ntp true", "switch synchronisation on as above")
    if nowMs < plausibleFromMs || !LegalRange.time.contains(nowMs) {
      report.add(
        "clock", .failed,
        Bilingual("Đồng hồ chạy sai: \(now)", "the clock cannot be right"), remedy: remedy)
    } else if isSynchronised == false {
      report.add(
        "clock", .warning,
        Bilingual("Đồng hồ \(now) chưa đồng bộ", "the clock is not synchronised"),
        remedy: remedy)
    } else {
      report.add(
        "clock", .passed, Bilingual("Đồng hồ đúng: \(now)", "the clock is plausible"))
    }
  }

  private static func checkDaemon(
    _ configuration: AgentConfiguration, _ report: inout CheckReport
  ) {
    let status = AgentStatusFile.read(configuration.statusFile, nowMs: wallClockMs())
    if case .running = status {
      report.add("daemon", .passed, Bilingual("Dịch vụ đang chạy", "the daemon runs"))
      return
    }
    report.add(
      "daemon", .warning,
      Bilingual("Dịch vụ không chạy: \(status.text.vi)", status.text.en),
      remedy: Bilingual(
        "Khởi động: sudo systemctl start hatang-agent", "start it as above"))
  }
}
