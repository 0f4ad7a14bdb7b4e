import Daemon
import Synchronization

/// What `check` says of a broadband probe: its tool and its line, then each of its servers. A speed
/// test is not run: it would take the month's data, and longer than a check may.
package enum BroadbandCheck {
  /// The line is watched before anything of ours is on it.
  private static let watch: Duration = .seconds(1)
  private static let tcpPatience: Duration = .seconds(4)
  /// Two of our own probes may meet at one server.
  private static let busyPatience: Duration = .seconds(4)

  /// The tool's part for its servers' parts: how iperf3 is started here.
  private final class Board: Sendable {
    let found = Mutex<SpeedTest?>(nil)
    let done: StopSignal

    init() throws(FileError) { done = try StopSignal() }
  }

  /// Server after server beside each other: one that hangs delays no other.
  static func parts(_ settings: BroadbandProbeSettings) throws(FileError) -> [CheckPart] {
    let board = try Board()
    let name = "probe_broadband_\(settings.name)"
    let remedy = ProbeCheck.remedy("broadband \(settings.name)")
    let line = CheckPart(name, .probe(name), ifHanging: remedy) { _, findings in
      defer { board.done.set() }
      do throws(ProbeFailure) {
        let probe = BroadbandProbe(settings: settings, isOnce: true)
        let (look, test) = try probe.look(watching: watch)
        board.found.withLock { $0 = test }
        examine(look, settings, findings)
      } catch { ProbeCheck.add(error, name, command: "broadband \(settings.name)", findings) }
    }
    return [line]
      + settings.servers.map { server in
        let part = "\(name)/\(server.name)"
        return CheckPart(part, .probe(part), ifHanging: remedy) { _, findings in
          var poller = Poller()
          poller.add(board.done.fileDescriptor, .readable)
          while !board.done.isSet { guard (try? poller.wait(timeout: nil)) != nil else { return } }
          // Without tool or line there is nothing to try, which its own line says.
          guard let test = board.found.withLock({ $0 }) else { return }
          examine(outcome(of: test, server), server, settings, findings)
        }
      }
  }

  // MARK: The line

  package static func examine(
    _ look: BroadbandProbe.Look, _ settings: BroadbandProbeSettings, _ findings: CheckFindings
  ) {
    let name = "probe_broadband_\(settings.name)"
    let link = look.linkBps.map { BroadbandProbe.megabits(Double($0)) }
    let use = look.useBps.map { BroadbandProbe.megabits($0) }
    let line = Bilingual(
      "\(settings.interface) đang nối, cổng \(link ?? "?") Mbit/s, lúc này \(use ?? "?") Mbit/s",
      "\(settings.interface) is up, port \(link ?? "?") Mbit/s, now \(use ?? "?") Mbit/s")
    var isRight = true
    func warn(_ text: Bilingual, remedy: Bilingual) {
      isRight = false
      findings.add(
        name, .warning, Bilingual("\(line.vi): \(text.vi)", "\(line.en): \(text.en)"),
        remedy: remedy)
    }
    if look.useBps == nil {
      warn(
        Bilingual(
          "giao diện không đếm byte, không biết đường truyền có rảnh và đã tốn bao nhiêu dữ liệu",
          "it counts no bytes, so neither use by others nor the data's budget can be told"),
        remedy: Bilingual(
          "Đặt probes.broadband.\(settings.name).interface là cổng thật, như eth0",
          "name a real port there, such as eth0"))
    }
    if let use = look.useBps, use > Double(settings.busyBps) {
      warn(
        Bilingual("có người đang dùng, lần đo sẽ bị hoãn", "in use, a test would be put off"),
        remedy: Bilingual(
          "Kiểm tra lại lúc rảnh; nếu luôn vậy, tăng busy_bps",
          "check again when it is idle; if it never is, raise busy_bps"))
    }
    if let link = look.linkBps, let plan = settings.provisionedDownBps, link < plan {
      let plan = BroadbandProbe.megabits(Double(plan))
      warn(
        Bilingual(
          "chậm hơn gói cước \(plan) Mbit/s, lần đo không chứng minh được gì về gói này",
          "slower than the plan's \(plan) Mbit/s, a test proves nothing about the plan"),
        remedy: Bilingual(
          "Dùng cổng và cáp nhanh hơn, ít nhất bằng gói cước", "use a port and cable as fast"))
    }
    if look.isWired == false {
      warn(
        Bilingual(
          "là Wi-Fi, lần đo không được tính cho đường cố định",
          "it is Wi-Fi, a test does not count for the fixed line"),
        remedy: Bilingual("Nối bằng cáp", "use a cable"))
    }
    guard isRight else { return }
    findings.add(
      name, .passed, Bilingual("\(look.tool), \(line.vi)", "\(look.tool), \(line.en)"))
  }

  // MARK: Its servers

  package enum Outcome: Equatable {
    /// ms until iperf3 was done.
    case answered(ms: Int64)
    case busy
    /// The port cannot be reached: why, for each address.
    case closed([String])
    /// Behind the port, this.
    case refused(String)
    case failed(ProbeFailure)
  }

  /// The port alone is asked only where iperf3 fails: a server to which somebody connects without a
  /// word gives its port up for a moment, and would refuse us.
  private static func outcome(
    of test: SpeedTest, _ server: BroadbandProbeSettings.Server
  ) -> Outcome {
    let start = monotonicNow()
    repeat {
      let began = monotonicNow()
      do throws(ProbeFailure) {
        switch try test.tryOut(server) {
        case .rate: return .answered(ms: (monotonicNow() - began).milliseconds)
        case .refused(let words): return closed(test, server) ?? .refused(words)
        case .busy: BroadbandProbe.pause(.milliseconds(.random(in: 300...900)))
        }
      } catch { return closed(test, server) ?? .failed(error) }
    } while monotonicNow() - start < busyPatience
    return .busy
  }

  /// `nil`: the port is open, so it is not the network's fault.
  private static func closed(
    _ test: SpeedTest, _ server: BroadbandProbeSettings.Server
  ) -> Outcome? {
    let knock = NetworkAddress.knock(
      host: server.host, port: server.port, over: test.settings.interface, within: tcpPatience)
    if case .closed(let causes) = knock { return .closed(causes) }
    return nil
  }

  package static func examine(
    _ outcome: Outcome, _ server: BroadbandProbeSettings.Server,
    _ settings: BroadbandProbeSettings, _ findings: CheckFindings
  ) {
    let name = "probe_broadband_\(settings.name)/\(server.name)"
    let title = Bilingual("Máy chủ iperf3 \(server.name)", "the iperf3 server")
    let key = "probes.broadband.\(settings.name).servers"
    let kilobytes = SpeedTest.trialBytes / 1_000
    let ask = Bilingual(
      "Sửa \(key), hoặc nhờ người giữ máy chủ chạy lại: iperf3 -s -p \(server.port)",
      "correct \(key), or ask its keeper to start it again as above")
    switch outcome {
    case .answered(let ms):
      findings.add(
        name, .passed,
        Bilingual(
          "\(title.vi) nhận đo: gửi thử \(kilobytes) kB xong sau \(ms) ms",
          "\(title.en) takes tests: \(kilobytes) kB came in \(ms) ms"))
    case .busy:
      findings.add(
        name, .warning,
        Bilingual(
          "\(title.vi) đang bận đo cho người khác", "\(title.en) is busy with another's test"),
        remedy: Bilingual(
          "Kiểm tra lại sau; nếu thường bận, thêm máy chủ khác vào \(key)",
          "check again later; if it is so often, add another server there"))
    case .closed(let causes):
      findings.add(
        name, .failed,
        Bilingual(
          "\(title.vi) không nối được qua \(settings.interface): "
            + causes.joined(separator: "; "),
          "\(title.en) cannot be reached over \(settings.interface)"), remedy: ask)
    case .refused(let words):
      findings.add(
        name, .failed,
        Bilingual(
          "\(title.vi) mở cổng nhưng không nhận đo: \(words)",
          "the port is open, but \(title.en) takes no test: \(words)"), remedy: ask)
    case .failed(let failure):
      findings.add(
        name, .failed,
        Bilingual(
          "\(title.vi) mở cổng nhưng không đo được: \(failure.text.vi)",
          "the port is open, but there is no test: \(failure.text.en)"), remedy: ask)
    }
  }
}
