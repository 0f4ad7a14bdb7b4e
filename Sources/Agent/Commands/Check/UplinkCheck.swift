import Daemon
import MQTT
import Protocol
import Synchronization

/// The way to the province's broker, step by step: a step is tried only if the one before worked.
package enum UplinkCheck {
  private static let tcpPatience: Duration = .seconds(4)
  private static let mqttPatience: Duration = .seconds(6)
  /// Retained messages come at once.
  private static let foreignPatience: Duration = .seconds(1)
  /// No agent can have this name, and the aggregator counts what comes under it as refused.
  private static let foreignTopic = "hatang/v1/KIEM-TRA/batch"

  // MARK: Name and TCP

  package static func name(_ site: CheckSite, _ findings: CheckFindings) {
    let uplink = site.configuration.uplink
    let start = monotonicNow()
    do throws(FileError) {
      let addresses = try NetworkAddress.resolve(host: uplink.host, port: uplink.port)
      let ms = (monotonicNow() - start).milliseconds
      let list = addresses.map(\.text).joined(separator: ", ")
      findings.add(
        "uplink_name", .passed,
        Bilingual(
          "Tên \(uplink.host) là \(list) (\(ms) ms)", "the name is known, in \(ms) ms"))
      site.uplink.withLock { $0 = .named }
    } catch {
      findings.add(
        "uplink_name", .failed,
        Bilingual(
          "Không tìm được máy \(uplink.host): \(error)", "the host's name is not known"),
        remedy: Bilingual(
          "Kiểm tra uplink.host, /etc/resolv.conf và mạng; số đo vẫn được giữ trong bộ đệm",
          "check uplink.host, /etc/resolv.conf and the network; measurements are kept meanwhile"))
    }
  }

  package static func tcp(_ site: CheckSite, _ findings: CheckFindings) {
    guard site.hasReached(.named) else { return }
    let uplink = site.configuration.uplink
    switch NetworkAddress.knock(host: uplink.host, port: uplink.port, within: tcpPatience) {
    case .open(let time):
      let ms = time.milliseconds
      findings.add(
        "uplink_tcp", .passed,
        Bilingual("Cổng \(uplink.name) mở (\(ms) ms)", "the port is open, in \(ms) ms"))
      site.uplink.withLock { $0 = .reached }
    case .closed(let failures):
      findings.add(
        "uplink_tcp", .failed,
        Bilingual(
          "Không nối được tới \(uplink.name): \(failures.joined(separator: "; "))",
          "no TCP connection"),
        remedy: Bilingual(
          "Kiểm tra uplink.port, modem và tường lửa; hỏi tỉnh broker có chạy không",
          "check uplink.port, modem and firewall; ask the province whether its broker runs"))
    }
  }

  // MARK: MQTT and access

  package static func mqtt(_ site: CheckSite, _ findings: CheckFindings) {
    guard site.hasReached(.reached) else { return }
    let (uplink, agent) = (site.configuration.uplink, site.configuration.agent)
    let session: BrokerSession
    do {
      session = try BrokerSession(
        uplink, clientID: "\(agent)-\(site.recordSource)", patience: mqttPatience)
      let ms = try session.connect()
      findings.add(
        "uplink", .passed,
        Bilingual(
          "Broker của tỉnh \(uplink.name) trả lời sau \(ms) ms",
          "the province's broker answers in \(ms) ms"))
      site.uplink.withLock { $0 = .connected }
    } catch {
      findings.add(
        "uplink", .failed,
        Bilingual("Broker của tỉnh \(uplink.name): \(error)", "the uplink cannot be used"),
        remedy: Bilingual(
          "Kiểm tra chứng thư, tài khoản và tên \(agent); số đo vẫn được giữ trong bộ đệm",
          "check certificate, account and the agent's name; measurements are kept meanwhile"))
      return
    }
    do {
      examine(try access(session, site), agent: agent, findings)
    } catch {
      findings.add(
        "uplink_acl", .failed,
        Bilingual(
          "Broker của tỉnh ngắt khi thử quyền: \(error)",
          "the province's broker hung up while rights were tried"), remedy: remedy(agent))
    }
  }

  /// What the broker's access list lets this agent do.
  package struct Access: Equatable {
    /// Refusals of its own topics.
    var ownRefusals: [String] = []
    /// `false`: the daemon is connected, and its record proves more than a trial here could.
    var isOwnTried = false
    var mayWriteForeign = false
    /// Another agent whose messages came.
    var readAgent: String?
  }

  private static func access(_ session: BrokerSession, _ site: CheckSite) throws -> Access {
    let agent = site.configuration.agent
    var access = Access()
    if let refusal = try session.subscribe(to: Topic.receipt(agent: agent), retained: .never) {
      access.ownRefusals.append("\(Topic.receipt(agent: agent)): \(refusal.message)")
    }
    let isDaemonUp =
      (try? site.status.root?["uplink"]?["connected"]?.boolean()) ?? false
    var isRunning = false
    if case .running = site.status { isRunning = true }
    if !(isRunning && isDaemonUp) {
      // True while no daemon is connected; not retained, so it stands for nothing later.
      access.isOwnTried = true
      let topic = Topic.status(agent: agent)
      if let refusal = try session.publish(topic, AgentStatus.offline.encoded()) {
        access.ownRefusals.append("\(topic): \(refusal.message)")
      }
    }
    access.mayWriteForeign = try session.publish(foreignTopic, []) == nil
    if try session.subscribe(to: Topic.allStatuses) == nil {
      let own = Topic.status(agent: agent)
      let foreign = try session.message(within: foreignPatience) { message in
        message.topic != own && Topic.agent(in: message.topic, leaf: "status") != nil
      }
      access.readAgent = foreign.flatMap { Topic.agent(in: $0.topic, leaf: "status") }
    }
    return access
  }

  package static func examine(_ access: Access, agent: String, _ findings: CheckFindings) {
    if !access.ownRefusals.isEmpty {
      findings.add(
        "uplink_acl", .failed,
        Bilingual(
          "Broker của tỉnh không cho dùng chủ đề của mình: "
            + access.ownRefusals.joined(separator: "; "),
          "the province's broker refuses this agent's own topics"), remedy: remedy(agent))
    }
    if access.mayWriteForeign {
      findings.add(
        "uplink_acl", .warning,
        Bilingual(
          "Broker của tỉnh không từ chối khi ghi vào chủ đề của trạm khác",
          "the province's broker does not refuse what is written in another agent's name"),
        remedy: remedy(agent))
    }
    if let other = access.readAgent {
      findings.add(
        "uplink_acl", .warning,
        Bilingual(
          "Broker của tỉnh cho đọc trạng thái của trạm khác (\(other))",
          "the province's broker lets this agent read another one's status"),
        remedy: remedy(agent))
    }
    guard access.ownRefusals.isEmpty, !access.mayWriteForeign, access.readAgent == nil else {
      return
    }
    let own =
      access.isOwnTried
      ? Bilingual("ghi được chủ đề của mình", "may write its own topics")
      : Bilingual("ghi chủ đề của mình: xem bản ghi thử", "its own topics: see the test record")
    findings.add(
      "uplink_acl", .passed,
      Bilingual(
        "Quyền ở broker của tỉnh đúng: \(own.vi), chủ đề khác thì bị từ chối",
        "the rights at the province's broker are right: \(own.en), and no others"))
  }

  private static func remedy(_ agent: String) -> Bilingual {
    Bilingual(
      "Báo tỉnh: acl_file của broker phải theo mẫu \(InstalledFile.centralAccess) ở máy chủ tỉnh, "
        + "và chứng thư phải mang tên \(agent)",
      "tell the province: the broker's acl_file must be as that sample on the province's host, and "
        + "the certificate's name must be the agent's")
  }
}
