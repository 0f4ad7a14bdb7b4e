import Aggregator
import Daemon
import Protocol
import SQLite
import TestSupport
import Testing

/// A store that is not what was written, and who says so.
@Suite struct VerifyCommandTests {
  @Test func `a segment with a byte that turned is found, and told with what to do`() throws {
    let site = try Site()
    let batch = Batch.of(StreamID(high: 1, low: 2), from: 0, [[.coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    let reader = try StoreReader(path: site.path)
    #expect(try StoreVerification.findings(reader) == [])
    try Database(path: site.path).execute(
      """
      UPDATE segments
        SET bytes = CAST(substr(bytes, 1, 20) || x'00' || substr(bytes, 22) AS BLOB)
      """)
    #expect(try StoreVerification.findings(reader) == ["segment 1 is not what came"])
    let error = #expect(throws: StoreError.self) { try StoreVerification.expectSound(site.path) }
    #expect(
      error?.description == """
        use \(site.path): the store is damaged: segment 1 is not what came; \
        \(StoreVerification.remedy)
        """)
  }

  @Test func `a figure that is not what its measurements say is found by making it again`() throws {
    let site = try Site()
    let batch = Batch.of(StreamID(high: 1, low: 2), from: 0, [[.coverage(), .coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    let reader = try StoreReader(path: site.path)
    let copy = site.folder.file("copy.db")
    #expect(try StoreVerification.findings(reader, rules: site.rules, copy: copy) == [])
    try Database(path: site.path).execute(
      "UPDATE coverage_days SET strong = 0, newest_ms = newest_ms + 1")
    #expect(try StoreVerification.findings(reader) == [])
    for path in [copy, StoreVerification.kept(beside: copy)] { try Files.remove(path) }
    #expect(
      try StoreVerification.findings(reader, rules: site.rules, copy: copy)
        == ["1 cells of coverage are not what the segments say"])
  }

  @Test func `a damaged store ends the daemon and is marked`() throws {
    let site = try Site()
    let batch = Batch.of(StreamID(high: 1, low: 2), from: 0, [[.coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    let sound = try StoreWatch.start(site.path, first: .zero)
    sound.requestStop()
    #expect(eventually { sound.hasStopped } && sound.fatal == nil)
    try StoreWatch.expectUnmarked(site.path)
    try Database(path: site.path).execute("UPDATE segments SET arrived_ms = arrived_ms + 1")
    let watch = try StoreWatch.start(site.path, first: .zero)
    #expect(eventually { watch.hasStopped })
    #expect(watch.fatal?.contains("the store is damaged: segment 1 is not what came; ") == true)
    #expect(
      try Files.text(StoreWatch.marker(of: site.path))
        == "the store is damaged: segment 1 is not what came\n")
    let error = #expect(throws: StoreError.self) { try StoreWatch.expectUnmarked(site.path) }
    #expect(error?.message.hasPrefix("the store was found damaged: the store is damaged: ") == true)
  }

  @Test func `a state made by other settings is not compared, which is no damage`() throws {
    let site = try Site()
    let batch = Batch.of(StreamID(high: 1, low: 2), from: 0, [[.coverage()]])
    try site.ingest([.batch("a", batch, at: dayStartMs)], at: dayStartMs)
    var rules = site.rules
    rules.coveredTenths -= 10
    let error = #expect(throws: StoreError.self) {
      try StoreVerification.findings(
        try StoreReader(path: site.path), rules: rules, copy: site.folder.file("copy.db"))
    }
    #expect(error?.operation == "compare" && error?.nature != .corrupt)
    #expect(error?.message.contains("its state of coverage was made by other settings") == true)
  }
}
