/// The order in which Vietnamese readers look for a name: a ă â b c d đ e ê … o ô ơ … u ư …, and,
/// where two words have the same letters, ngang huyền hỏi ngã sắc nặng; small letters before
/// capitals where nothing else differs. As the browsers' `localeCompare(…, "vi")` has it (Unicode
/// CLDR), which a test in the browser holds it against.
///
/// | in order | because |
/// |---|---|
/// | Bình Lục, Duy Tiên, Đọi Sơn, Hà Nam | d before đ before e |
/// | ma, mà, mả, mã, má, mạ, mai | tones decide only between equal letters |
package enum VietnameseOrder {
  /// What a text is sorted by.
  package struct Key: Comparable, Sendable {
    private let letters: [Int]
    private let tones: [Int]
    private let capitals: [Int]

    init(_ text: String) {
      let marks = text.map(VietnameseOrder.mark)
      letters = marks.map(\.letter)
      tones = marks.map(\.tone)
      capitals = marks.map(\.capital)
    }

    package static func < (a: Key, b: Key) -> Bool {
      if a.letters != b.letters { return a.letters.lexicographicallyPrecedes(b.letters) }
      if a.tones != b.tones { return a.tones.lexicographicallyPrecedes(b.tones) }
      return a.capitals.lexicographicallyPrecedes(b.capitals)
    }
  }

  package static func sorted<Item>(_ items: [Item], by text: (Item) -> String) -> [Item] {
    items.map { (key: Key(text($0)), item: $0) }.enumerated()
      .sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
      .map(\.element.item)
  }

  /// Without tones, hats and capitals: `Phủ Lý` is found by `phu ly`.
  package static func folded(_ text: String) -> String {
    String(text.map { character in plain[small(character)] ?? small(character) })
  }

  private struct Mark {
    let letter: Int
    var tone = 0
    var capital = 0
  }

  /// Each row: a letter with its five tones. Strings of Swift compare by canonical equivalence, so
  /// that letters in either form of Unicode are found.
  private static let rows = [
    "a": "aàảãáạ", "ă": "ăằẳẵắặ", "â": "âầẩẫấậ", "e": "eèẻẽéẹ", "ê": "êềểễếệ", "i": "iìỉĩíị",
    "o": "oòỏõóọ", "ô": "ôồổỗốộ", "ơ": "ơờởỡớợ", "u": "uùủũúụ", "ư": "ưừửữứự", "y": "yỳỷỹýỵ",
  ]
  private static let alphabet =
    " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789aăâbcdđeêfghijklm"
    + "noôơpqrstuưvwxyz"

  private static let places = Dictionary(
    uniqueKeysWithValues: alphabet.enumerated().map { ($0.element, $0.offset) })

  private static let toned: [Character: Mark] = {
    var marks: [Character: Mark] = [:]
    for (letter, forms) in rows {
      for (tone, form) in forms.enumerated() {
        marks[form] = Mark(letter: places[Character(letter)] ?? 0, tone: tone)
      }
    }
    return marks
  }()

  private static let plain: [Character: Character] = {
    var plain: [Character: Character] = ["đ": "d"]
    let bare: [String: Character] = ["ă": "a", "â": "a", "ê": "e", "ô": "o", "ơ": "o", "ư": "u"]
    for (letter, forms) in rows {
      for form in forms { plain[form] = bare[letter] ?? Character(letter) }
    }
    return plain
  }()

  private static func small(_ character: Character) -> Character {
    let text = character.lowercased()
    return text.count == 1 ? Character(text) : character
  }

  private static func mark(_ character: Character) -> Mark {
    let small = small(character)
    // What is not in the alphabet follows it, in Unicode's order.
    var mark =
      toned[small]
      ?? Mark(
        letter: places[small]
          ?? places.count + Int(small.unicodeScalars.first.map(\.value) ?? 0))
    mark.capital = small == character ? 0 : 1
    return mark
  }
}
