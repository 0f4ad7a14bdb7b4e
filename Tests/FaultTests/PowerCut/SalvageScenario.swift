import Agent
import Daemon
import Protocol
import Synchronization
import TestSupport

/// A damaged buffer is set aside, replaced and salvaged while the intake goes on, and in the midst
/// of it the power goes. What could be read without the cut can be read after it, too.
final class SalvageScenario: CutScenario {
  var name: String { "agent, replacement and salvage" }
  /// Of the present run: what had been promised before the damage, and what that cost.
  private var before = AgentPromise()
  private var lostWithoutCut: [StreamID: Set<SequenceNumber>] = [:]

  private static let pageBytes = 1_024

  /// A buffer as a killed agent leaves it, with a log; some pages of the file became rubbish.
  func files(using generator: inout SeededGenerator) throws -> [String: [UInt8]] {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let disk = try FaultDisk(folder)
    defer { disk.detach() }
    before = AgentPromise()
    let host = try EdgeHost(folder)
    for _ in 0..<Int.random(in: 40...70, using: &generator) {
      let id = before.commits.last.map { $0.id + Int64($0.count) } ?? 0
      let count = Int.random(in: 10...150, using: &generator)
      let place = try host.store(count, from: id)
      before.commits.append(.init(id: id, count: count, stream: place.stream, first: place.first))
    }
    var model = DiskModel()
    for event in disk.events { model.apply(event) }
    host.close()
    var files = model.wholeImage()
    damage(&files["buffer.db", default: []], &generator)
    return files
  }

  private func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    let pages = bytes.count / SalvageScenario.pageBytes
    guard pages > 24 else { return }
    // Not the first page of all, whose loss is the loss of everything, and not the first pages of
    // the tables: what a rotten page does is asked elsewhere.
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let start = Int.random(in: 20..<pages, using: &generator) * SalvageScenario.pageBytes
      for index in start..<(start + SalvageScenario.pageBytes) {
        bytes[index] = UInt8.random(in: 0...255, using: &generator)
      }
    }
  }

  func perform(
    in folder: String, using generator: inout SeededGenerator, promise tell: (AgentPromise) -> Void
  ) throws {
    var promise = before
    tell(promise)
    let host = try EdgeHost(folder)
    defer { host.close() }
    for _ in 0..<6 {
      // The uplink reads, and meets what SQLite has not seen.
      _ = try? host.reader.streams().map { try host.held($0.id) }
      let id = promise.commits.last.map { $0.id + Int64($0.count) } ?? 0
      let count = Int.random(in: 1...40, using: &generator)
      promise.inFlight = (id, count)
      tell(promise)
      let place = try storeWhenReplaced(host, count, id)
      promise.inFlight = nil
      promise.commits.append(.init(id: id, count: count, stream: place.stream, first: place.first))
      tell(promise)
    }
    try host.settle()
    lostWithoutCut = [:]
    for stream in try host.reader.streams() {
      for hole in try host.holes(stream.id) {
        lostWithoutCut[stream.id, default: []].formUnion(hole.first...hole.last)
      }
    }
    _ = try check(host, promise)
  }

  private func storeWhenReplaced(
    _ host: EdgeHost, _ count: Int, _ id: Int64
  ) throws -> (stream: StreamID, first: SequenceNumber) {
    var place: (stream: StreamID, first: SequenceNumber)?
    let isStored = try eventually(within: .seconds(60)) {
      do {
        place = try host.store(count, from: id)
        return true
      } catch let error as BufferError where error.nature == .replacing {
        _ = try? host.reader.streams()
        return false
      }
    }
    guard isStored, let place else { throw Broken("nothing can be stored") }
    return place
  }

  func verify(
    _ folder: String, _ promise: AgentPromise?, using generator: inout SeededGenerator
  ) throws {
    let host = try EdgeHost(folder)
    defer { host.close() }
    try host.settle()
    try check(host, promise ?? before).checkThatNumberingGoesOn()
  }

  private func check(_ host: EdgeHost, _ promise: AgentPromise) throws -> AgentAudit {
    var audit = try AgentAudit(host, promise)
    let given = promise.commits.reduce(into: [StreamID: Set<SequenceNumber>]()) {
      $0[$1.stream, default: []].formUnion($1.first..<$1.end)
    }
    audit.lossAllowed = { _, reason in reason == .bufferDamaged }
    try audit.check()
    for (stream, lost) in audit.lost {
      let more = Set(lost.keys).intersection(given[stream] ?? [])
        .subtracting(lostWithoutCut[stream] ?? [])
      try hold(
        more.isEmpty, "\(more.count) were lost that need not be, first \(more.min() ?? 0)")
    }
    return audit
  }
}
