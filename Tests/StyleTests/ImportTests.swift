import Testing

/// Which module may know which, where the package manifest cannot say it.
@Suite struct ImportTests {
  @Test func `no source knows which processor it is for`() throws {
    let marks = ["x86_64", "arm64", "aarch64", "immintrin", "Float80", "#if arch"]
    for path in Repository.files(in: ["Sources"], ending: [".swift", ".h"]) {
      let text = try Repository.text(path)
      for mark in marks { #expect(!text.contains(mark), "\(path) names \(mark)") }
    }
  }

  @Test func `no source imports Foundation, which would add megabytes to a binary`() throws {
    for (path, module) in try imports() {
      #expect(!module.hasPrefix("Foundation"), "\(path)")
    }
  }

  @Test func `each C library is known to one folder`() throws {
    let homes = [
      "CMosquitto": "Sources/MQTT/", "CSQLite": "Sources/SQLite/",
      "CMicrohttpd": "Sources/Aggregator/Web/", "CZlib": "Sources/Packing/",
    ]
    for (path, module) in try imports() {
      guard let home = homes[module] else { continue }
      #expect(path.hasPrefix(home), "\(path) imports \(module)")
    }
  }

  @Test func `Protocol and Indicators are pure: no clock, no file, no connection below them`()
    throws
  {
    for (path, module) in try imports() {
      if path.hasPrefix("Sources/Protocol/") {
        #expect(module == "Packing", "\(path) imports \(module)")
      }
      if path.hasPrefix("Sources/Indicators/") {
        // Glibc is there for log, atan and their like.
        #expect(["Protocol", "Glibc"].contains(module), "\(path) imports \(module)")
      }
    }
  }

  private func imports() throws -> [(path: String, module: String)] {
    var found: [(path: String, module: String)] = []
    for path in Repository.sources {
      for line in try Repository.lines(path) {
        let words = line.split(separator: " ").prefix(3).map(String.init)
        guard let index = words.firstIndex(of: "import"), words.count > index + 1 else { continue }
        if index > 0, !["public", "internal", "package", "private"].contains(words[0]) { continue }
        found.append((path, words[index + 1]))
      }
    }
    return found
  }
}
