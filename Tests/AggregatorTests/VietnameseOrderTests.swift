import Aggregator
import TestSupport
import Testing

/// Tests/Browser/operators.py holds the same file against a browser's `localeCompare`.
@Suite struct VietnameseOrderTests {
  private func words() throws -> [String] {
    let text = try Repository.text("Tests/Resources/vietnamese-order.txt")
    return text.split(separator: "\n").map(String.init)
  }

  @Test(arguments: 1...5)
  func `words come in the order of the alphabet, whatever theirs was`(seed: UInt64) throws {
    let words = try words()
    var generator = SeededGenerator(seed: seed)
    let shuffled = words.shuffled(using: &generator)
    #expect(VietnameseOrder.sorted(shuffled) { $0 } == words, "seed \(seed)")
  }

  @Test func `letters in either form of Unicode are the same letters`() {
    let composed = ["Đ\u{1ed3}ng", "\u{1ea1}n"]
    let decomposed = ["Đo\u{302}\u{300}ng", "a\u{323}n"]
    for (a, b) in zip(composed, decomposed) {
      #expect(VietnameseOrder.folded(a) == VietnameseOrder.folded(b))
    }
    #expect(VietnameseOrder.sorted(decomposed + ["an", "e"]) { $0 } == ["an", "ạn", "Đồng", "e"])
  }

  @Test func `what is searched for needs no tones`() {
    #expect(VietnameseOrder.folded("Phủ Lý, ĐỒNG VĂN") == "phu ly, dong van")
    #expect(VietnameseOrder.folded("ươ ÊÔ 5G") == "uo eo 5g")
  }
}
