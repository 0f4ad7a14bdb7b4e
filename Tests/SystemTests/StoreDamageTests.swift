import Daemon
import SQLite
import TestSupport
import Testing

/// The aggregator's store with a byte that turned: who finds it, and what is shown then.
@Suite struct StoreDamageTests {
  @Test func `a store that was found damaged shows no figure until a person has seen to it`() throws
  {
    let site = try Site()
    try site.startAggregator()
    try site.startAgent()
    let publisher = Publisher(port: site.local.port, source: "thiet-bi-1")
    try publisher.publish(200)
    try site.waitUntilDelivered(through: publisher)
    let sound = try aggregator(site, "verify")
    #expect(sound.exitCode == 0)
    #expect(sound.text.contains(": 201 số đo của 1 luồng; cấu trúc, sổ và trạng thái nguyên vẹn, "))
    #expect(try aggregator(site, "backup", site.folder.file("sound.db")).exitCode == 0)
    try site.stopAggregator()

    let store = try Database(path: site.storePath)
    try store.execute("UPDATE segments SET arrived_ms = arrived_ms + 1 WHERE id = 1")
    for words in [["verify"], ["backup", site.folder.file("copy.db")], ["run"], ["check"]] {
      let answer = try aggregator(site, words)
      #expect(answer.exitCode == 1, "\(words) \(answer.text)")
      #expect(answer.text.contains("segment 1 is not what came"), "\(words)")
      #expect(answer.text.contains("put the last backup in its place"), "\(words)")
    }
    #expect(!Files.exists(site.folder.file("copy.db")))

    // As the daemon's daily look leaves it; the store itself is mended, but nobody has said so.
    site.folder.write("segment 1 is not what came\n", to: "hatang.db.damaged")
    try store.execute("UPDATE segments SET arrived_ms = arrived_ms - 1 WHERE id = 1")
    for words in [
      ["run"], ["check"], ["indicators"], ["report", "--year", "2026"],
      ["export", "indicators.csv"],
    ] {
      let answer = try aggregator(site, words)
      #expect(answer.exitCode == 1, "\(words) \(answer.text)")
      #expect(answer.text.contains("was found damaged: segment 1 is not what came"), "\(words)")
    }
    try Files.remove(site.folder.file("hatang.db.damaged"))
    #expect(try aggregator(site, "indicators").exitCode == 0)
    try site.startAggregator()
    #expect(try site.received().counts.count == 201)
  }

  private func aggregator(
    _ site: Site, _ words: String...
  ) throws -> (text: String, exitCode: Int32) { try aggregator(site, words) }

  private func aggregator(
    _ site: Site, _ words: [String]
  ) throws -> (text: String, exitCode: Int32) {
    try site.run("hatang-aggregator", words)
  }
}
