import Agent
import Daemon
import Protocol
import TestSupport
import Testing

/// Every page of a buffer rots, one at a time and in several ways: whatever it hits is noticed, or
/// does not matter; what was acknowledged is there, or declared lost.
@Suite struct BitRotTests {
  enum Rot: String, CaseIterable, Sendable {
    case bit = "one bit"
    case bytes = "sixteen bytes"
    case page = "the whole page"
    case zeros = "zeros"

    func hit(
      _ bytes: inout [UInt8], page: Int, of pageBytes: Int = BitRotTests.pageBytes,
      using generator: inout SeededGenerator
    ) {
      let start = page * pageBytes
      let range = start..<(start + pageBytes)
      switch self {
      case .bit:
        let place = Int.random(in: range, using: &generator)
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case .bytes:
        let place = Int.random(in: start...(range.upperBound - 16), using: &generator)
        for index in place..<(place + 16) {
          bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
      case .page:
        for index in range { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
      case .zeros: for index in range { bytes[index] = 0 }
      }
    }
  }

  static let pageBytes = 1_024

  @Test(arguments: Rot.allCases)
  func `wherever a buffer rots, it is noticed and what is lost is declared`(rot: Rot) throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let (files, promise) = try buffer(folder)
    let bytes = try #require(files["buffer.db"])
    let pages = bytes.count / BitRotTests.pageBytes
    #expect(pages > 30)
    var tried = 0
    for round in 0..<max(1, Effort.points / 500) {
      for page in 0..<pages {
        let seed = UInt64(round) << 32 | UInt64(page)
        if let wanted = Effort.seed, wanted != seed { continue }
        var generator = SeededGenerator(seed: seed)
        var rotten = files
        rot.hit(&rotten["buffer.db", default: []], page: page, using: &generator)
        tried += 1
        do {
          Folder.write(rotten, to: folder)
          try verify(folder, promise)
        } catch {
          Issue.record("HATANG_SEED=\(seed) (\(rot.rawValue) of page \(page)): \(error)")
        }
      }
    }
    print("bit rot: \(rot.rawValue): \(tried) pages of \(pages) in turn")
  }

  /// A buffer with everything in it that a buffer may have.
  private func buffer(_ folder: String) throws -> (files: [String: [UInt8]], AgentPromise) {
    let host = try EdgeHost(folder, EdgeHost.Settings(keepHours: 72))
    try host.waitForSalvage()
    var promise = AgentPromise()
    var id: Int64 = 0
    for round in 0..<45 {
      let count = 20 + round * 3
      if round == 20 { _ = try host.reader.beginStream() }
      let place = try host.store(count, from: id)
      promise.commits.append(
        .init(id: id, count: count, stream: place.stream, first: place.first))
      id += Int64(count)
      if round == 15 || round == 30 {
        promise.receipted[place.stream] = place.first
        try host.acknowledge(place.stream, place.first)
      }
    }
    host.close()
    return (try Folder.files(folder), promise)
  }

  private func verify(_ folder: String, _ promise: AgentPromise) throws {
    let host = try EdgeHost(folder, EdgeHost.Settings(keepHours: 72))
    defer { host.close() }
    try host.settle()
    // What intake and uplink do next may meet what reading did not.
    let newID: Int64 = 1 << 40
    let isStored = eventually(within: .seconds(60)) {
      (try? host.store(1, from: newID)) != nil || (try? host.settle()) == nil
    }
    try hold(isStored, "nothing can be stored any more")
    try host.settle()
    var audit = try AgentAudit(host, promise)
    audit.lossAllowed = { _, reason in reason == .bufferDamaged }
    try audit.checkCommits()
    try audit.checkAccounts()
  }
}
