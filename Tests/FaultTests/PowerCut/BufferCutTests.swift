import Agent
import Protocol
import TestSupport
import Testing

/// The power goes at any step of the agent. `make test-faults` tries thousands of steps.
@Suite struct BufferCutTests {
  @Test(arguments: BufferScenario.Work.allCases)
  func `whenever the power goes, what was acknowledged is there once and numbering goes on`(
    work: BufferScenario.Work
  ) throws {
    try PowerCut(scenario: BufferScenario(work: work)).run()
  }

  @Test func `whenever the power goes during a salvage, it loses no more than the damage did`()
    throws
  {
    // Each starts threads that wait for one another.
    try PowerCut(scenario: SalvageScenario()).run(points: max(60, Effort.points / 4))
  }

  @Test func `a disk that ignores syncs is found to lose what was acknowledged`() throws {
    var cut = PowerCut(scenario: BufferScenario(work: .intake))
    cut.honoursSync = false
    let failures = try cut.attempt(points: 100).failures
    // A file that this tore is noticed, salvaged and declared; what was acknowledged is lost.
    #expect(failures.contains { $0.contains("is lost") || $0.contains("is gone") }, "\(failures)")
  }

  @Test func `a PUBACK before the COMMIT is found to lose what was acknowledged`() throws {
    var scenario = BufferScenario(work: .intake)
    scenario.acknowledgesFirst = true
    let failures = try PowerCut(scenario: scenario).attempt(points: 100).failures
    #expect(failures.contains { $0.contains("was acknowledged and is gone") }, "\(failures)")
  }
}
