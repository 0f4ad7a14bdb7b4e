import Agent
import Daemon
import TestSupport
import Testing

@Suite struct ProbeStateTests {
  private func state(_ folder: TemporaryFolder, _ text: String? = nil) throws -> ProbeState {
    if let text { folder.write(text, to: "x.json") }
    return try ProbeState.load(folder.file("x.json"), kind: "service", name: "dvc").state
  }

  @Test func `what is kept comes back whole, with numbers that never repeat`() throws {
    let folder = TemporaryFolder()
    var first = try state(folder)
    first.keep([#"{"a":-98.5}"#, #"{"b":"ô"}"#], topic: "measure/service/dvc")
    first.end(.brokerAway, Bilingual("vắng", "away"), nowMs: 1_795_486_650_000)
    first.budget = DataBudget()
    _ = first.budget.reserve(100, of: 1_000, nowMs: 1_795_486_650_000)
    try first.save(folder.file("x.json"))
    var second = try state(folder)
    #expect(second == first && second.id.hasPrefix("probe/service/dvc/"))
    second.clearWaiting()
    second.keep(["{}"], topic: "t")
    #expect(second.next == 3 && second.batches(bytesMax: 1_000).map(\.batch.first) == [2])
  }

  @Test func `a damaged file is set aside, and the new state has an id of its own`() throws {
    let folder = TemporaryFolder()
    let first = try state(folder)
    try first.save(folder.file("x.json"))
    let text = try folder.text(of: "x.json")
    let second = try state(folder, String(text.dropLast(text.count / 2)))
    #expect(second.id != first.id && second.next == 0)
    #expect(folder.contains("x.json.damaged") && !folder.contains("x.json"))
  }

  @Test func `what waits is bounded, and what is dropped is counted`() throws {
    var state = try state(TemporaryFolder())
    state.keep(Array(repeating: "{}", count: ProbeState.waitingMax + 3), topic: "t")
    #expect(state.waiting.count == ProbeState.waitingMax && state.dropped == 3)
    #expect(state.batches(bytesMax: 100_000).first?.batch.first == 3)
  }

  @Test func `payloads keep to their size, to one topic, and to numbers in a row`() throws {
    var state = try state(TemporaryFolder())
    state.keep(Array(repeating: #"{"x":1}"#, count: 5), topic: "a")
    state.keep([#"{"x":1}"#], topic: "b")
    let batches = state.batches(bytesMax: 16)
    #expect(batches.map(\.topic) == ["a", "a", "a", "b"])
    #expect(batches.map(\.batch.first) == [0, 2, 4, 5])
    #expect(batches.map(\.batch.rows.count) == [2, 2, 1, 1])
  }

  @Test func `a month's budget ends with the month of Vietnam's clocks`() {
    // 2026-11-30T16:59:59Z is the last second of November in Hà Nam.
    let november = RFC3339.parse("2026-11-30T16:59:59Z") ?? 0
    var budget = DataBudget()
    let fits = budget.reserve(600, of: 1_000, nowMs: november)
    let isTooMuch = budget.reserve(600, of: 1_000, nowMs: november)
    #expect(fits != nil && isTooMuch == nil)
    #expect(budget.month == "2026-11" && budget.usedBytes == 600)
    let fitsAgain = budget.reserve(600, of: 1_000, nowMs: november + 1_000)
    #expect(fitsAgain != nil)
    #expect(budget.month == "2026-12" && budget.usedBytes == 600)
  }

  @Test func `without the right time no month begins, and what is used counts in the next known`() {
    var budget = DataBudget()
    func reserve(_ bytes: Int64, at time: String?) -> String {
      _ = budget.reserve(bytes, of: 1_000, nowMs: time.flatMap { RFC3339.parse($0) })
      return "\(budget.month ?? "-") \(budget.usedBytes)"
    }
    // Two boots of a host whose clock has no battery, before the first synchronisation.
    #expect(reserve(100, at: nil) == "- 100")
    #expect(reserve(100, at: nil) == "- 200")
    #expect(reserve(100, at: "2026-11-20T00:00:00Z") == "2026-11 300")
    // A boot in 1970 between two runs of one month.
    #expect(reserve(100, at: nil) == "2026-11 400")
    #expect(reserve(100, at: "2026-11-21T00:00:00Z") == "2026-11 500")
    #expect(reserve(100, at: "2026-12-01T00:00:00Z") == "2026-12 100")
    // A month that an older program wrote down by a clock of 2037.
    #expect(reserve(100, at: "2037-01-01T00:00:00Z") == "2037-01 100")
    #expect(reserve(100, at: "2026-12-02T00:00:00Z") == "2026-12 200")
    #expect(reserve(100, at: "2027-01-02T00:00:00Z") == "2027-01 100")
  }

  @Test func `what a test took takes the place of what was reserved`() throws {
    var budget = DataBudget()
    let first = budget.reserve(600, of: 1_000, nowMs: 0)
    let part = try #require(first)
    budget.settle(part, tookBytes: 250, isWhole: false)
    #expect(budget.usedBytes == 250 && budget.lastTestBytes == 0)
    let second = budget.reserve(600, of: 1_000, nowMs: 0)
    let whole = try #require(second)
    budget.settle(whole, tookBytes: 700, isWhole: true)
    #expect(budget.usedBytes == 950 && budget.lastTestBytes == 700)
  }

  @Test func `every outcome has a code of its own`() {
    let codes = ProbeOutcome.allCases.map(\.exitCode)
    #expect(Set(codes).count == codes.count)
    #expect(codes.allSatisfy { $0 != .usage && $0 != .configuration })
  }

  @Test func `a port's facts are read as the kernel writes them`() {
    let folder = TemporaryFolder()
    for (name, speed, type) in [("eth0", "1000", "1"), ("wlan0", "-1", "1"), ("wwan0", "", "519")] {
      run("/bin/mkdir", ["-p", folder.file("\(name)/statistics")])
      folder.write("\(speed)\n", to: "\(name)/speed")
      folder.write("\(type)\n", to: "\(name)/type")
      folder.write("up\n", to: "\(name)/operstate")
      folder.write("4200\n", to: "\(name)/statistics/rx_bytes")
      folder.write("17\n", to: "\(name)/statistics/tx_bytes")
    }
    run("/bin/mkdir", [folder.file("wlan0/wireless")])
    func port(_ name: String) -> NetworkInterface { NetworkInterface(name, root: folder.path) }
    #expect(port("eth0").linkBps == 1_000_000_000 && port("eth0").isWired == true)
    #expect(port("wlan0").linkBps == nil && port("wlan0").isWired == false)
    #expect(port("wwan0").linkBps == nil && port("wwan0").isWired == nil)
    #expect(port("eth0").counters == .init(received: 4_200, sent: 17))
    #expect(!port("eth1").exists && port("eth1").counters == nil)
  }
}
