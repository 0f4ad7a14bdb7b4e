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

  // MARK: What the programs say

  /// Each line of each literal of the programs, as its parts between the values.
  private func sayings() throws -> [[Substring]] {
    // An interpolation has parentheses in it, up to two deep.
    let value = /\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/
    let literal = /"((?:\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|[^"\\]|\\[^(])*)"/
    var sayings: [[Substring]] = []
    let modules = ["Agent", "Aggregator", "Daemon", "Enrolment"].map { "Sources/\($0)" }
    for path in Repository.files(in: modules, ending: [".swift"]) {
      var isInBlock = false
      // In a block a line may go on in the next.
      for line in try Repository.text(path).replacing(/\\\n */, with: "").split(separator: "\n") {
        let texts = isInBlock ? [line] : line.matches(of: literal).map(\.1)
        for text in texts.flatMap({ $0.lowercased().split(separator: "\\n") }) {
          let parts = text.split(separator: value, omittingEmptySubsequences: false)
          if parts.joined().filter(\.isLetter).count >= 8 { sayings.append(parts) }
        }
        if line.matches(of: /"""/).count % 2 == 1 { isInBlock.toggle() }
      }
    }
    return sayings
  }

  /// Whether a line is these parts, from end to end, with values between them.
  private func matches(_ line: Substring, _ parts: [Substring]) -> Bool {
    let first = unmarked(parts[0])
    guard parts.count > 1 else { return line == first }
    guard line.hasPrefix(first), line.dropFirst(first.count).hasSuffix(parts[parts.count - 1])
    else { return false }
    var rest = line.dropFirst(first.count).dropLast(parts[parts.count - 1].count)
    for part in parts.dropFirst().dropLast() {
      guard let place = rest.firstRange(of: part) else { return false }
      rest = rest[place.upperBound...]
    }
    return true
  }

  private func unmarked(_ line: Substring) -> Substring { line.drop { " ✓!✗→".contains($0) } }

  /// The lines below a command, and the Vietnamese between backticks.
  private func quotes(_ path: String) throws -> [Substring] {
    let lines = try Repository.lines(path)
    var printed: [Substring] = []
    var isBelowCommand = false
    for line in lines {
      isBelowCommand = line.hasPrefix("    ") && (isBelowCommand || line.hasPrefix("    $ "))
      guard isBelowCommand, !line.hasPrefix("    $ "), line != "    …" else { continue }
      printed.append(unmarked(line))
    }
    let prose = lines.filter { !$0.hasPrefix("    ") }.joined(separator: " ")
    return printed
      + prose.matches(of: /`([^`]+)`/).map(\.1).filter { code in
        code.contains { $0.isLetter && !$0.isASCII }
      }
  }

  @Test(arguments: [("docs/technician.md", 20), ("docs/technician.en.md", 15)])
  func `what it shows as printed is what the programs print`(path: String, least: Int) throws {
    let sayings = try sayings()
    let quotes = try quotes(path)
    for quote in quotes {
      #expect(
        sayings.contains { matches(quote.lowercased()[...], $0) },
        "\(path): no program says \"\(quote)\"")
    }
    #expect(quotes.count >= least, "\(quotes)")
  }

  @Test func `the twin has a row for each of its rows`() throws {
    let vietnamese = try rows("docs/technician.md", after: "| dòng đỏ")
    let english = try rows("docs/technician.en.md", after: "| red line")
    #expect(vietnamese.count == english.count)
  }
}
