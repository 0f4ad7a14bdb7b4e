package import Daemon
import Synchronization

/// One part of `check`: it adds lines to what it found. Parts of one lane share a thread and come
/// one after the other; lanes run beside each other, so that a dead uplink costs no other part
/// time.
package struct CheckPart: Sendable {
  /// For programs, and for the line that says that it did not finish.
  package let name: String
  package let lane: Lane
  /// What to do where it does not finish.
  let ifHanging: Bilingual
  package let body: @Sendable (CheckSite, CheckFindings) -> Void

  package enum Lane: Hashable, Sendable {
    /// What this host knows at once.
    case host
    case local
    case uplink
    /// A lane for each.
    case probe(String)
  }

  var isOfProbe: Bool {
    if case .probe = lane { true } else { false }
  }

  private static let network = Bilingual(
    "Chạy lại; nếu vẫn treo, kiểm tra máy chủ tên miền và mạng",
    "run it again; if it hangs again, check the name server and the network")

  package init(
    _ name: String, _ lane: Lane, ifHanging: Bilingual? = nil,
    _ body: @escaping @Sendable (CheckSite, CheckFindings) -> Void
  ) {
    self.name = name
    self.lane = lane
    self.ifHanging = ifHanging ?? Self.network
    self.body = body
  }
}

/// What all parts are given.
package final class CheckSite: Sendable {
  package let configuration: AgentConfiguration
  /// Source of this check's record, so that nobody takes another's for it.
  package let recordSource: String
  /// The local broker has acknowledged the record.
  let isRecordPublished = Atomic<Bool>(false)
  /// How far the way to the province's broker was seen to work.
  let uplink = Mutex(UplinkStage.unknown)

  enum UplinkStage: Int, Comparable {
    case unknown, named, reached, connected

    static func < (one: UplinkStage, other: UplinkStage) -> Bool { one.rawValue < other.rawValue }
  }

  package init(_ configuration: AgentConfiguration) {
    self.configuration = configuration
    recordSource = "check-" + String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
  }

  package var status: AgentStatusFile {
    AgentStatusFile.read(configuration.statusFile, nowMs: wallClockMs())
  }

  func hasReached(_ stage: UplinkStage) -> Bool { uplink.withLock { $0 >= stage } }
}

/// The lines of one part, as they come.
package final class CheckFindings: Sendable {
  private let report = Mutex(CheckReport())

  package init() {}

  package var lines: [CheckReport.Line] { report.withLock { $0.lines } }

  /// For what adds to a report.
  func with(_ body: (inout CheckReport) -> Void) { report.withLock { body(&$0) } }

  package func add(
    _ part: String, _ result: CheckReport.Result, _ text: Bilingual, remedy: Bilingual? = nil
  ) {
    report.withLock { $0.add(part, result, text, remedy: remedy) }
  }
}

/// Runs parts within a bound, whatever hangs.
package struct CheckRun {
  private let site: CheckSite
  private let parts: [(part: CheckPart, findings: CheckFindings)]
  /// Whose rights the probes' lanes take; `nil`: ours.
  private let prober: SystemUser?
  private let board: Board

  /// Which parts have ended.
  private final class Board: Sendable {
    let ended = Mutex<Set<Int>>([])
    let wakeUp: WakeUp

    init() throws(FileError) { wakeUp = try WakeUp() }
  }

  /// - Parameter parts: in the order of the report.
  package init(_ parts: [CheckPart], _ site: CheckSite) throws(FileError) {
    self.site = site
    self.parts = parts.map { ($0, CheckFindings()) }
    prober = ProbeCheck.user(of: site.configuration)
    board = try Board()
  }

  package func run(within limit: Duration) throws(FileError) -> CheckReport {
    var lanes: [(lane: CheckPart.Lane, places: [Int])] = []
    for (place, (part, _)) in parts.enumerated() {
      if let index = lanes.firstIndex(where: { $0.lane == part.lane }) {
        lanes[index].places.append(place)
      } else {
        lanes.append((part.lane, [place]))
      }
    }
    for lane in lanes { try start(lane.places) }
    let deadline = monotonicNow() + limit
    var poller = Poller()
    poller.add(board.wakeUp.fileDescriptor, .readable)
    while board.ended.withLock({ $0.count }) < parts.count {
      let left = deadline - monotonicNow()
      guard left > .zero else { break }
      try poller.wait(timeout: left)
      board.wakeUp.drain()
    }
    return report(within: limit)
  }

  private func start(_ places: [Int]) throws(FileError) {
    let (site, board) = (site, board)
    let work = places.map { (place: $0, part: parts[$0].part, findings: parts[$0].findings) }
    let prober = parts[places[0]].part.isOfProbe ? prober : nil
    _ = try Thread(name: "check", stackBytes: 1 << 20) {
      let hindrance = prober.flatMap(ProbeCheck.take)
      for (place, part, findings) in work {
        if let hindrance {
          findings.add(part.name, .failed, hindrance)
        } else {
          part.body(site, findings)
        }
        _ = board.ended.withLock { $0.insert(place) }
        board.wakeUp.signal()
      }
    }
  }

  private func report(within limit: Duration) -> CheckReport {
    let ended = board.ended.withLock { $0 }
    var report = CheckReport()
    var hanging: Set<CheckPart.Lane> = []
    for (place, (part, findings)) in parts.enumerated() {
      for line in findings.lines { report.add(line) }
      // What comes after it in its lane has not begun.
      guard !ended.contains(place), hanging.insert(part.lane).inserted else { continue }
      let seconds = limit.components.seconds
      report.add(
        part.name, .failed,
        Bilingual(
          "\(part.name): không xong trong \(seconds) giây", "not finished within \(seconds) s"),
        remedy: part.ifHanging)
    }
    return report
  }
}
