/// Finds what somebody meant who misspelt a word.
enum NearestWord {
  /// The known word with the smallest edit distance; `nil` if none is near enough to be meant.
  static func among(_ known: [String], to word: String) -> String? {
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = editDistance(Array(word.utf8), Array(candidate.utf8))
      if distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, max(word.utf8.count, best.word.utf8.count) / 3) else {
      return nil
    }
    return best.word
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
  static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
        var distance = min(previous[column + 1] + 1, current[column] + 1, replaced)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          distance = min(distance, before[column - 1] + 1)
        }
        current.append(distance)
      }
      (before, previous) = (previous, current)
    }
    return previous[right.count]
  }
}
