import Agent
import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// What the power cuts have found, each as a test of its own.
@Suite struct FoundTests {
  /// "agent, first start", seed 1: `SELECT value FROM meta WHERE key = 'generation': no row`, and
  /// never another start.
  @Test func `a buffer whose making was cut off is finished at the next start`() throws {
    let outcome = try PowerCut(scenario: BufferScenario(work: .firstStart)).replay(1, steps: 60)
    #expect(outcome.points == 60)
    #expect(outcome.failures == [])
  }

  /// "aggregator, backup", seed 2: the copy's journal came back, and took it to nothing.
  @Test func `a backup that is said to be made is there after a power cut`() throws {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let disk = try FaultDisk(folder)
    let traffic = FaultTraffic(seed: 2)
    let store = try SQLiteStore(path: "\(folder)/hatang.db")
    let ingestor = Ingestor(store: store, rules: StateRules())
    for group in traffic.groups { _ = try ingestor.ingest(group.arrivals, nowMs: group.atMs) }
    let path = "\(folder)/copy.db"
    try StoreReader(path: "\(folder)/hatang.db").backup(to: path)
    var model = DiskModel()
    for event in disk.events { model.apply(event) }
    disk.detach()

    Folder.write(model.durableImage, to: folder)
    #expect(!Files.exists(path + "-journal"))
    let ledger = try LedgerReport(try StoreReader(path: path))
    #expect(ledger.isBalanced)
    #expect(
      ledger.streams.map(\.next).max() == traffic.nextAfter.last?.values.max().map { Int64($0) })
  }
}
