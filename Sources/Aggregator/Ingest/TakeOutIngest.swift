import Daemon
package import Protocol

/// Takes a take-out file in, group by group, by the same `Ingestor` and into the same ledger as
/// what comes over the network. Used by the store's one writer: ingest's thread, or the command
/// while no daemon runs.
package final class TakeOutIngest {
  package let head: TakeOut.Head
  package private(set) var summary = Summary()
  private let file: InputFile
  private var reader = TakeOutReader()
  /// The group that the next step takes; kept where the store could not take it now.
  private var group: [Arrival] = []
  private var hasEnded = false
  /// For each stream the end of what the file carries.
  private var ends: [StreamID: SequenceNumber] = [:]
  private var firsts: [StreamID: SequenceNumber] = [:]
  /// For each stream what the ledger expects after the last group.
  private var nexts: [StreamID: SequenceNumber] = [:]

  /// What came of the file.
  package struct Summary: Equatable {
    package var batches: UInt64 = 0
    package var measurements: UInt64 = 0
    package var duplicates: UInt64 = 0
    /// Sentences, one a fault; bounded.
    package var faults: [String] = []
    fileprivate(set) package var faultCount = 0

    package var isWhole: Bool { faultCount == 0 }

    fileprivate mutating func add(_ fault: String) {
      faultCount += 1
      if faults.count < TakeOutIngest.faultsMax, !faults.contains(fault) { faults.append(fault) }
    }
  }

  /// One transaction, as from the network.
  private static let groupMessagesMax = 64
  private static let groupBytesMax = 1 << 20
  private static let faultsMax = 20

  /// Reads the head.
  package init(_ path: String) throws {
    file = try InputFile(path)
    let first: TakeOut.Record?
    do throws(TakeOutError) {
      first = try reader.next(file.read)
    } catch {
      throw TakeOutFileError(path: path, text: error.description)
    }
    guard case .head(let head)? = first else {
      throw TakeOutFileError(path: path, text: "has no head")
    }
    self.head = head
  }

  /// Reads a whole file without taking anything.
  /// - Returns: whose it is, what it holds, and why not all of it can be read.
  package static func check(
    _ path: String
  ) throws -> (head: TakeOut.Head, totals: TakeOut.Totals, fault: TakeOutError?) {
    let file = try InputFile(path)
    var reader = TakeOutReader()
    var head: TakeOut.Head?
    do throws(TakeOutError) {
      while let record = try reader.next(file.read) {
        if case .head(let found) = record { head = found }
      }
    } catch {
      if let failure = file.failure { throw failure }
      guard error.isPartial, let head else {
        throw TakeOutFileError(path: path, text: error.description)
      }
      return (head, reader.totals, error)
    }
    guard let head else { throw TakeOutFileError(path: path, text: "has no head") }
    return (head, reader.totals, nil)
  }

  /// Takes one group in.
  ///
  /// - Returns: `nil` once the file is done. On an error the same group is tried again next time.
  package func step(_ ingestor: Ingestor, nowMs: Int64) throws -> IngestOutcome? {
    if group.isEmpty { try gather(nowMs: nowMs) }
    guard !group.isEmpty else {
      try finish()
      return nil
    }
    let outcome: IngestOutcome
    do throws(StoreError) {
      outcome = try ingestor.ingest(group, nowMs: nowMs)
    } catch {
      guard error.nature == .lasting else { throw error }
      // As in `IngestLoop`: one message spoils the group, so the next steps take single ones.
      guard group.count == 1 else {
        rest = group.dropFirst() + rest
        group = [group[0]]
        return try step(ingestor, nowMs: nowMs)
      }
      try ingestor.refuse(group[0], error, nowMs: nowMs)
      summary.add(error.description)
      group = []
      return try step(ingestor, nowMs: nowMs)
    }
    summary.batches += UInt64(group.count)
    summary.measurements += outcome.measurements
    summary.duplicates += outcome.duplicates
    for refusal in outcome.refusals { summary.add(refusal.text) }
    for reply in outcome.replies { nexts[reply.receipt.stream] = reply.receipt.next }
    group = []
    return outcome
  }

  /// Batches that were read and wait for single steps.
  private var rest: ArraySlice<Arrival> = []
  /// The batch that was read and did not fit into the last group.
  private var held: Arrival?

  private func gather(nowMs: Int64) throws {
    if let first = rest.popFirst() {
      group = [first]
      return
    }
    var (bytes, samples) = (0, 0)
    while group.count < TakeOutIngest.groupMessagesMax, bytes < TakeOutIngest.groupBytesMax {
      guard let arrival = try held ?? nextArrival(nowMs: nowMs) else { break }
      samples += Admission.samples(in: arrival.decodedBatch)
      let fits = group.isEmpty || samples <= Admission.groupSamplesMax
      held = fits ? nil : arrival
      guard fits else { break }
      bytes += arrival.payload.count
      group.append(arrival)
    }
  }

  private func nextArrival(nowMs: Int64) throws -> Arrival? {
    guard !hasEnded, let payload = try nextBatch() else {
      hasEnded = true
      return nil
    }
    var arrival = Arrival(
      topic: Topic.batch(agent: head.agent), payload: payload, arrivedMs: nowMs, isCarried: true)
    arrival.decodedBatch = try? arrival.batch()
    if let batch = arrival.decodedBatch { note(batch) }
    return arrival
  }

  /// `nil` at the end, also where that comes too early: that is a fault, not an error.
  private func nextBatch() throws -> [UInt8]? {
    do throws(TakeOutError) {
      while let record = try reader.next(file.read) {
        if case .batch(let payload) = record { return payload }
      }
    } catch {
      if let failure = file.failure { throw failure }
      summary.add("the file \(error)")
    }
    return nil
  }

  private func note(_ batch: Batch) {
    let end = max(
      batch.segments.last?.end ?? batch.acknowledged,
      batch.holes.last.map { $0.last + 1 } ?? batch.acknowledged)
    ends[batch.stream] = max(ends[batch.stream] ?? 0, end)
    firsts[batch.stream] = firsts[batch.stream] ?? batch.acknowledged
  }

  /// What the file carries and the ledger could not join to what it has.
  private func finish() throws {
    for (stream, end) in ends.sorted(by: { $0.key.description < $1.key.description }) {
      guard let next = nexts[stream], next < end, let first = firsts[stream] else { continue }
      summary.add(
        """
        stream \(stream): the file goes from \(first) to \(end - 1), but the ledger here expects \
        \(next): what lies before is still with the agent; take out with --all there, or let its \
        uplink send
        """)
    }
    ends = [:]
  }
}

/// What is wrong with a file that was named on the command line.
package struct TakeOutFileError: Error, Equatable, CustomStringConvertible {
  let path: String
  let text: String

  package var description: String { "\(path) \(text)" }
}
