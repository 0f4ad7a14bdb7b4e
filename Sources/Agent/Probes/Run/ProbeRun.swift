package import Daemon
import Glibc
import MQTT
import Protocol

/// One run of a probe: measure, keep, publish, remember how it ended.
///
/// Order: the reading is on disk, with its numbers, before the broker sees it, and is taken off the
/// disk only when the broker has acknowledged it.
package final class ProbeRun {
  let kind: Kind
  let name: String
  private let source: String
  private let broker: BrokerSettings
  private let maxPayloadBytes: Int
  private let statePath: String
  /// The daemon's.
  let statusFile: String
  private let metricsPath: String?
  private let isPrinted: Bool
  /// No two runs of one probe at a time.
  private let lock: FileLock
  package private(set) var state: ProbeState
  private let damaged: String?

  /// How a run ended, in the line that it ends with.
  struct Ending {
    let outcome: ProbeOutcome
    let text: Bilingual
  }

  package init(
    _ settings: some ProbeSettings, in configuration: AgentConfiguration, isPrinted: Bool
  ) throws(FileError) {
    kind = type(of: settings).kind
    name = settings.name
    source = settings.source
    broker = configuration.local
    maxPayloadBytes = configuration.maxPayloadBytes
    statusFile = configuration.statusFile
    self.isPrinted = isPrinted
    let folder = configuration.probesFolder
    try Files.makeDirectory(folder)
    let path = "\(folder)/\(kind.name)-\(name)"
    statePath = "\(path).json"
    let metrics = "hatang-probe-\(kind.name)-\(name).prom"
    metricsPath = configuration.textfile.map { "\(Files.directory(of: $0))/\(metrics)" }
    lock = try FileLock(path: "\(path).lock", subject: "probe \(kind.name) \(name)")
    (state, damaged) = try ProbeState.load(statePath, kind: kind.name, name: name)
  }

  /// - Parameter measure: may change the state (a budget), and saves it through `save` where it has
  ///   to be on disk before what follows.
  func run(
    _ measure: (ProbeRun) throws(ProbeFailure) -> ProbeReading
  ) -> Ending {
    if let damaged {
      Log.error("probe state damaged, set aside; what waited in it is lost", [("file", damaged)])
    }
    var reading: ProbeReading?
    var failure: ProbeFailure?
    do throws(ProbeFailure) {
      let found = try measure(self)
      try Self.check(
        found.rows, kind: kind, source: source, payloadBytesMax: maxPayloadBytes)
      state.figures = found.figures.map { .init(name: $0.name, value: $0.value) }
      failure = found.failure
      reading = found
    } catch { failure = error }
    if isPrinted { return print(reading, failure) }
    return publish(reading, failure)
  }

  func change(_ body: (inout ProbeState) -> Void) { body(&state) }

  func save() throws(ProbeFailure) {
    do throws(FileError) {
      try state.save(statePath)
    } catch { throw ProbeRun.unkept(error) }
  }

  /// The same rules as at the intake, so that nothing is published that the agent would reject.
  static func check(
    _ rows: [String], kind: Kind, source: String, payloadBytesMax: Int
  ) throws(ProbeFailure) {
    var parser = PayloadParser(payloadBytesMax: payloadBytesMax)
    for row in rows {
      let parsed = parser.parse(
        topic: Topic.measurement(kind, source: source), payload: Array(row.utf8),
        arrivalMs: wallClockMs())
      guard let rejection = parsed.rejections.first else { continue }
      throw ProbeFailure(
        .outOfRange, "giá trị không hợp lệ, kết quả bị bỏ: \(rejection.reason)",
        "a value is not legal, the reading is not used: \(rejection.reason)")
    }
  }

  // MARK: Private helpers

  /// Nothing is published, and nothing kept but what the reading cost.
  private func print(_ reading: ProbeReading?, _ failure: ProbeFailure?) -> Ending {
    for row in reading?.rows ?? [] { Standard.output(row + "\n") }
    do throws(ProbeFailure) {
      try save()
    } catch { return Ending(outcome: error.outcome, text: error.text) }
    if let failure { return Ending(outcome: failure.outcome, text: failure.text) }
    let text = reading?.text ?? Bilingual("", "")
    return Ending(
      outcome: .done,
      text: Bilingual("\(text.vi); chỉ in ra, không gửi", "\(text.en); printed, not published"))
  }

  private func publish(_ reading: ProbeReading?, _ failure: ProbeFailure?) -> Ending {
    let before = state.waiting.count
    state.keep(reading?.rows ?? [], topic: Topic.measurement(kind, source: source))
    var ending = Ending(outcome: .done, text: reading?.text ?? Bilingual("", ""))
    do throws(ProbeFailure) {
      if !(reading?.rows ?? []).isEmpty { try save() }
      let count = state.waiting.count
      let cause = send()
      ending = Ending(
        outcome: cause == nil ? .done : .brokerAway,
        text: ProbeRun.said(ending.text, count: count, of: before, cause: cause))
    } catch { ending = Ending(outcome: error.outcome, text: error.text) }
    if let failure { ending = Ending(outcome: failure.outcome, text: failure.text) }
    state.end(ending.outcome, ending.text, nowMs: wallClockMs())
    do throws(ProbeFailure) {
      try save()
    } catch { ending = Ending(outcome: error.outcome, text: error.text) }
    writeMetrics()
    return ending
  }

  /// - Returns: why the broker did not take everything; `nil`: it did.
  private func send() -> String? {
    guard !state.waiting.isEmpty else { return nil }
    do {
      let publisher = try LogPublisher(broker, role: "probe-\(kind.name)-\(name)")
      // An envelope of id, number and brackets comes to the rows.
      for (topic, batch) in state.batches(bytesMax: max(1, maxPayloadBytes - 512)) {
        try publisher.publish([batch], id: state.id, topic: topic) { _ in }
      }
      publisher.close()
      state.clearWaiting()
      return nil
    } catch { return "\(error)" }
  }

  /// The reading's line, and what became of it and of what had waited.
  private static func said(
    _ text: Bilingual, count: Int, of before: Int, cause: String?
  ) -> Bilingual {
    guard let cause else {
      let older = Bilingual(
        before > 0 ? " (\(before) giữ từ trước)" : "", before > 0 ? " (\(before) kept before)" : "")
      return Bilingual(
        "\(text.vi); đã gửi \(count) kết quả\(older.vi)",
        "\(text.en); \(count) published\(older.en)")
    }
    return Bilingual(
      "\(text.vi); chưa gửi được, giữ lại \(count) kết quả cho lần sau: \(cause)",
      "\(text.en); not published, \(count) kept for the next run: \(cause)")
  }

  private static func unkept(_ error: FileError) -> ProbeFailure {
    ProbeFailure(
      .failed, "không ghi được trạng thái, kết quả không được gửi: \(error)",
      "the state cannot be written, nothing is published: \(error)")
  }

  private func writeMetrics() {
    guard let metricsPath else { return }
    do throws(FileError) {
      try Files.writeAtomically(
        metricsPath, Array(state.prometheus(kind: kind.name, name: name).utf8), isDurable: false)
    } catch { Log.warning("probe metrics not written", [("error", error)]) }
  }
}
