import Testing

/// docs/technician.md and its twin against the program that they speak of.
@Suite struct TechnicianTests {
  /// Rows of the table of red lines, head and rule left out.
  private func rows(_ path: String, after head: String) throws -> [Substring] {
    let lines = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix(head) }, "\(path): no \(head)")
    return Array(lines[(start + 2)...].prefix { $0.hasPrefix("|") })
  }

  /// The first words, three at most, that a literal says whatever its values are.
  private func words(_ literal: Substring) -> String {
    let parts = literal.split(separator: /\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/)
    let words = parts.map { part in
      part.prefix { $0 != "(" }.split { " :,".contains($0) }.prefix(3)
    }
    return (words.first { $0.count > 1 } ?? []).joined(separator: " ")
  }

  @Test func `every red line that check can print stands in the technician's table`() throws {
    let table = try rows("docs/technician.md", after: "| dòng đỏ")
      .joined(separator: "\n").replacing(/[:,]/, with: "")
    var count = 0
    for path in Repository.files(in: ["Sources/Agent/Commands/Check"], ending: [".swift"]) {
      let text = try Repository.text(path)
      let red =
        /\.failed,\s*(?:Bilingual\(\s*)?"((?:\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^"\\])*)"/
      for match in text.matches(of: red) {
        count += 1
        let begins = words(match.1)
        #expect(table.contains(begins), "\(path): \"\(begins)…\" is not in the table")
      }
    }
    #expect(count > 20, "only \(count) red lines found in the sources of check")
  }

  @Test func `the twin has a row for each of its rows`() throws {
    let vietnamese = try rows("docs/technician.md", after: "| dòng đỏ")
    let english = try rows("docs/technician.en.md", after: "| red line")
    #expect(vietnamese.count == english.count)
  }
}
