import Testing

/// The power goes at any step of the aggregator.
@Suite struct StoreCutTests {
  @Test(arguments: StoreScenario.Work.allCases)
  func `whenever the power goes, what was receipted is there once and the state follows from it`(
    work: StoreScenario.Work
  ) throws {
    try PowerCut(scenario: StoreScenario(work: work)).run()
  }

  @Test func `whenever the power goes during a migration, the file has one version or the next`()
    throws
  {
    try PowerCut(scenario: MigrationScenario()).run()
  }

  @Test func `a receipt before the commit is found to lose what was receipted`() throws {
    let scenario = StoreScenario(work: .ingest)
    scenario.receiptsFirst = true
    let failures = try PowerCut(scenario: scenario).attempt(points: 100).failures
    #expect(failures.contains { $0.contains("was receipted, the ledger expects") }, "\(failures)")
  }

  @Test func `a disk that ignores syncs is found to lose what was receipted`() throws {
    var cut = PowerCut(scenario: StoreScenario(work: .ingest))
    cut.honoursSync = false
    let failures = try cut.attempt(points: 100).failures
    #expect(failures.contains { $0.contains("was receipted, the ledger expects") }, "\(failures)")
  }
}
