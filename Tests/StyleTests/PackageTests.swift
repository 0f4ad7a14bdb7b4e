import Foundation
import Testing

/// What the packages say of the programs.
@Suite struct PackageTests {
  @Test func `the packages have the version that the programs say`() throws {
    let head = try #require(try Repository.lines("debian/changelog").first)
    let version = try #require(head.firstMatch(of: /^hatang \(([^)]+)\)/)?.1)
    for path in [
      "Sources/Agent/Commands/Commands.swift", "Sources/Aggregator/Commands/Commands.swift",
      "Sources/Simulator/Settings.swift",
    ] {
      let said = try Repository.text(path).firstMatch(of: /ersion = "([^"]+)"/)?.1
      #expect(said == version, "\(path)")
    }
  }

  /// 0 is closed to everything, 10 is open; docs/install.md shows the figures.
  ///
  /// Two of the probes start ping, which does not run without CAP_NET_RAW, netlink and capset.
  @Test(arguments: [
    ("hatang-agent", 1.5), ("hatang-aggregator", 1.5), ("hatang-probe-service@", 1.5),
    ("hatang-probe-coverage@", 1.6), ("hatang-probe-broadband@", 1.6),
  ])
  func `systemd rates each unit at its bound or better, as the documents say`(
    _ name: String, _ bound: Double
  ) throws {
    let said = try output(
      of: "systemd-analyze", "security", "--offline=yes", "--no-pager",
      "systemd/\(name).service")
    let rating = try #require(
      said.firstMatch(of: /Overall exposure level for \S+: ([0-9.]+)/)?.1, "\(said)")
    #expect(try #require(Double(rating)) <= bound)
    let document = try Repository.text("docs/install.md")
    #expect(document.contains("| `\(name).service` | \(rating) |"), "\(name): \(rating)")
    #expect(!said.contains("ignoring"), "\(said)")
  }

  @Test func `every file that the packages stage is there`() throws {
    let script = try Repository.text("tools/stage-packages.sh")
    let paths = script.matches(of: /\b(?:systemd|config|seeds|docs)\/[a-z0-9\/.-]+\.[a-z0-9]+\b/)
    #expect(paths.count > 10)
    for path in paths {
      #expect(Repository.exists(String(path.0)), "tools/stage-packages.sh names \(path.0)")
    }
  }

  /// Standard output and error together.
  private func output(of words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = Repository.top
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
