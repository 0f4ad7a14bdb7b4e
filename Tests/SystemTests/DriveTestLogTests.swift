import Glibc
import SQLite
import TestSupport
import Testing

/// Drive-test logs all the way to the coverage state, against a second opinion in Python.
@Suite(.serialized) struct DriveTestLogTests {
  private static let options = [
    "--active", "--plmn", "45204", "--utc-offset", "+07:00", "--source", "xe-khao-sat",
  ]

  @Test func `a log of our own, imported twice, makes the state that Python makes of it`() throws {
    try compare([Repository.path("Tests/Resources/drive-ha-nam.csv")])
  }

  @Test(.enabled(if: realLogs != nil, "the real logs lie beside the project, not in it"))
  func `the 21 real logs, imported twice, make the state that Python makes of them`() throws {
    let logs = try #require(Self.realLogs)
    #expect(logs.count == 21)
    try compare(logs)
  }

  /// `../shared/data/cork-5g`, if the checkout has it beside it.
  private static let realLogs: [String]? = {
    let folder = Repository.path("../shared/data/cork-5g")
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var logs: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".csv.gz") { logs.append("\(folder)/\(name)") }
    }
    return logs.isEmpty ? nil : logs.sorted()
  }()

  private func compare(_ logs: [String]) throws {
    let site = try Site(keepRawDays: 36_500)
    try site.startAggregator()
    try site.startAgent()
    let expected = try secondOpinion(logs, in: site.folder)
    for round in 1...2 {
      let imported = try output(
        of: Repository.program("hatang-agent"),
        ["import", "gnettrack", "--config", site.agentConfiguration] + Self.options + logs,
        in: site.folder, within: .seconds(180))
      #expect(imported.exitCode == 0, "round \(round): \(imported.text)")
      try site.waitForAll(expected.samples)
      try waitUntil("the backlog is 0") { try site.agentStatus("backlog") == 0 }
    }
    let state = try coverageState(of: site.storePath)
    #expect(state.count > 10)
    let (ours, theirs) = (Set(state), Set(expected.state))
    let differences = ours.symmetricDifference(theirs).sorted().prefix(10)
    #expect(ours == theirs, "\(differences.joined(separator: "\n"))")
    let received = try site.received()
    #expect(received.isBalanced && received.lost == 0)
    #expect(received.streams.reduce(0) { $0 + $1.received } == Int64(expected.samples))
  }

  /// The script's lines, and how many samples it used.
  private func secondOpinion(
    _ logs: [String], in folder: TemporaryFolder
  ) throws -> (state: [String], samples: Int) {
    let script = Repository.path("Tests/Resources/coverage_state.py")
    let run = try output(of: "python3", [script] + Self.options + logs, in: folder)
    try #require(run.exitCode == 0, "\(run.text)")
    let lines = run.text.split(separator: "\n").map(String.init)
    // "43208 rows, 0 left out" goes to standard error.
    let isSummary = { (line: String) in line.hasSuffix(" left out") }
    let words = try #require(lines.first(where: isSummary)).split(separator: " ")
    let samples = try #require(Int(words[0])) - (try #require(Int(words[2])))
    return (lines.filter { !isSummary($0) }, samples)
  }

  private func coverageState(of store: String) throws -> [String] {
    let database = try Database(path: store, mode: .readOnly)
    let rows = try database.prepare(
      """
      SELECT plmn, cell, day, sources.name, conclusive, covered, strong, inconclusive
      FROM coverage_days JOIN operators ON operators.id = operator
        JOIN sources ON sources.id = source
      """)
    var lines: [String] = []
    while try rows.step() {
      let numbers = (4..<8).map { String(rows.integer(Int32($0))) }
      lines.append(
        "\(rows.text(0)) \(rows.integer(1)) \(rows.integer(2)) \(rows.text(3)) "
          + numbers.joined(separator: " "))
    }
    return lines
  }
}
