import Testing

/// What may not stand in the code.
@Suite struct WordTests {
  @Test func `nothing is left to do`() throws {
    // In two parts, so that this file passes its own test.
    let words = ["TO" + "DO", "FIX" + "ME", " XX" + "X"]
    for path in Repository.swiftFiles {
      for (number, line) in try Repository.lines(path).enumerated() {
        for word in words where line.contains(word) {
          Issue.record("\(path):\(number + 1): \(word)")
        }
      }
    }
  }

  @Test func `what the compiler cannot check carries its proof in a comment beside it`() throws {
    let claims = ["@unchecked Sendable", "nonisolated(unsafe)"]
    for path in Repository.sources {
      let lines = try Repository.lines(path)
      for (index, line) in lines.enumerated() where !isComment(line) {
        guard claims.contains(where: line.contains) else { continue }
        let proof = lines[..<index].reversed().prefix(while: isComment).joined()
        #expect(proof.count >= 40, "\(path):\(index + 1): no proof above \(line)")
      }
    }
  }

  @Test func `tests wait for what they test and never sleep`() throws {
    for path in Repository.tests {
      let code = SwiftText(try Repository.text(path)).code
      let lines = String(decoding: code, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() where line.contains("sleep(") {
        Issue.record("\(path):\(number + 1): \(line)")
      }
    }
  }

  @Test func `no file names a folder of one machine`() throws {
    let folders = ["wo" + "rk", "ro" + "ot", "home/" + "user", "opt/" + "swift"].map { "/\($0)/" }
    let paths = Repository.files(
      in: Repository.ownFolders + [".ci"],
      ending: [".swift", ".md", ".json5", ".json", ".conf", ".service", ".sh", ".py", "/run"])
    for path in paths + ["Package.swift", "README.md", "CHANGELOG.md", "Makefile"] {
      for (number, line) in try Repository.lines(path).enumerated() {
        for folder in folders where line.contains(folder) {
          Issue.record("\(path):\(number + 1): \(folder)")
        }
      }
    }
  }

  private func isComment(_ line: Substring) -> Bool {
    line.drop { $0 == " " }.hasPrefix("//")
  }
}
